"""The sandbox's Google on loopback, in a thread of this process: ``with serving() as google:``."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ris_hybrid.sandbox.gce.account import Account
from ris_hybrid.sandbox.gce.covers import TOKEN, covered
from ris_hybrid.sandbox.gce.handle import SandboxGce
from ris_hybrid.sandbox.gce.wire import PROJECT, ApiError, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ris_hybrid.sandbox.aws.faults import Deed
    from ris_hybrid.sandbox.gce.wire import Json

LOOPBACK = "127.0.0.1"
_ROOT = f"/compute/v1/projects/{PROJECT}"
_PROJECTS = "/compute/v1/projects/"
_POLL_S = 0.02


class Dropped(Exception):
    """The connection is closed without an answer."""


class Server(ThreadingHTTPServer):
    """Answers one call at a time, as the state asks for."""

    daemon_threads = True

    def __init__(self, account: Account) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.account = account
        self.google = SandboxGce(f"http://{LOOPBACK}:{self.server_port}", account)
        self._turn = threading.Lock()

    def answer(self, method: str, target: str, body: str, bearer: str) -> tuple[int, Json]:
        """Status and document. Raises ``Dropped`` where a fault is ordered that drops the answer."""
        parts = urlsplit(target)
        name, found = self._named(method, parts.path)
        with self._turn:
            place = self.google.place
            deed = place.book.deed(name)
            place.calls[name] += 1
        time.sleep(deed.delay_s)
        with self._turn:
            return self._done(deed, lambda: self._told(name, found, dict(parse_qsl(parts.query)), body, bearer))

    def _done(self, deed: Deed, told: Callable[[], tuple[int, Json]]) -> tuple[int, Json]:
        if deed.reset == "before":
            raise Dropped
        if deed.error is not None:
            error = ApiError(deed.error.status, deed.error.code, deed.error.message)
            return error.status, error.document()
        try:
            done = told()
        except ApiError as error:
            done = error.status, error.document()
        if deed.reset == "after":
            raise Dropped
        return done

    def _named(self, method: str, path: str) -> tuple[str, Any]:
        if f"{method} {path}" == TOKEN:
            return TOKEN, None
        found = covered(method, path.removeprefix(_ROOT) or "/") if path.startswith(_ROOT) else None
        return (found[0].name, found) if found else (f"{method} {path}", None)

    def _told(self, name: str, found: Any, query: dict[str, str], body: str, bearer: str) -> tuple[int, Json]:
        place = self.google.place
        if name == TOKEN:
            return self.account.token(place, body)
        if bearer.removeprefix("Bearer ") not in place.tokens:
            raise ApiError(401, "authError", "Invalid Credentials")
        if found is None:
            project = name.partition(_PROJECTS)[2].partition("/")[0]
            if project and project != PROJECT:
                raise ApiError(404, "notFound", f"The resource 'projects/{project}' was not found")
            raise ApiError(501, "SandboxNotImplemented", f"{name}: this is the sandbox, not Google.")
        call, ids = found
        return 200, call.answer(place, Call(query=query, document=json.loads(body or "{}"), ids=ids))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms
    server: Server

    def _answered(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        try:
            status, document = self.server.answer(
                self.command, self.path, body, self.headers.get("Authorization") or ""
            )
        except Dropped:
            self.close_connection = True
            return
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answered  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[SandboxGce]:
    """A server of its own on a free port, with a service account of its own, while the block lasts."""
    server = Server(Account())
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
    thread.start()
    try:
        yield server.google
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
