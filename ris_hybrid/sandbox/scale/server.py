"""The sandbox's Spectrum Scale GUI on loopback: HTTP Basic, REST v2's paths and envelopes."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64decode
from binascii import Error as NotBase64
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from ris_hybrid.sandbox.scale import answers
from ris_hybrid.sandbox.scale.routes import READERS, WRITERS, answered

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.scale.answers import Json
    from ris_hybrid.sandbox.scale.state import Scale

_BASE = "/scalemgmt/v2/"
CACHE_ROUTE = "/_sandbox/cache"
"""The sandbox's own: POST ``file_system``, ``fileset``, ``state``, ``queued`` as JSON sets how a cache stands."""


class ScaleGui:
    """A running server; ``stop`` ends it."""

    def __init__(self, server: _Server, scheme: str) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.scale = server.scale
        self.url = f"{scheme}://127.0.0.1:{server.server_port}"

    def stop(self) -> None:
        """End it and let its port go."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def start(scale: Scale, *, port: int = 0, file: Path | None = None, certificate: Path | None = None) -> ScaleGui:
    """Serve this cluster on loopback; ``file`` keeps its state, ``certificate`` (with its key) makes it HTTPS."""
    if file is not None and file.exists():
        scale.load(file)
    server = _Server(("127.0.0.1", port), _Handler)
    server.scale, server.file = scale, file
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return ScaleGui(server, "http" if certificate is None else "https")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    scale: Scale
    file: Path | None = None

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]  # passed on as they came
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: else each answer waits 40 ms

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's own name for it
        """No log: requests carry secrets."""

    def _serve(self) -> None:
        server = cast("_Server", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with server.lock:
            answer = self._answer(server.scale, body)
            if server.file is not None and self.command != "GET":
                server.scale.save(server.file)
        if answer is None:
            self.close_connection = True
            return
        code, document = answer
        text = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answer(self, scale: Scale, body: bytes) -> tuple[int, Json] | None:
        """None where the answer is lost; what was asked is done all the same."""
        parts = urlsplit(self.path)
        if parts.path == CACHE_ROUTE and self.command == "POST":
            return _set_cache(scale, json.loads(body))
        path = parts.path.removeprefix(_BASE)
        scale.calls.append(f"{self.command} {path}")
        refused = _scripted(scale) or self._refusal(scale)
        if refused:
            return refused
        document = json.loads(body) if body else {}
        names = "/".join(map(unquote, path.split("/")))
        result = answered(scale, self.command, names, dict(parse_qsl(parts.query)), document)
        if scale.script.drop:
            scale.script.drop -= 1
            return None
        return result

    def _refusal(self, scale: Scale) -> tuple[int, Json] | None:
        user, password = _basic(self.headers.get("Authorization", ""))
        known = scale.users.get(user)
        if known is None or known[0] != password:
            return 401, answers.status(401, "Unauthorized: user or password is wrong.")
        if known[1] not in (READERS if self.command == "GET" else WRITERS):
            return 403, answers.status(403, "The user is not authorized to run this request.")
        return None


def _set_cache(scale: Scale, posted: Json) -> tuple[int, Json]:
    of = scale.file_systems.get(str(posted.get("file_system")))
    found = of.fileset(str(posted.get("fileset"))) if of else None
    if found is None:
        return 404, answers.status(404, "the sandbox has no such cache")
    found.cache_state, found.queued = str(posted.get("state", "Dirty")), int(str(posted.get("queued", 1)))
    return 200, answers.status(200)


def _scripted(scale: Scale) -> tuple[int, Json] | None:
    """What shall go wrong with this call."""
    script = scale.script
    code = script.statuses.pop(0) if script.statuses else script.after.get(len(scale.calls) - 1)
    return None if code is None else (code, answers.status(code, "told so by the sandbox"))


def _basic(header: str) -> tuple[str, str]:
    try:
        user, _, password = b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError):
        return "", ""
    return user, password
