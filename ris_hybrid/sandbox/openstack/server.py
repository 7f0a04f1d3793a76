"""The sandbox's OpenStack on loopback, in a thread of the process that wants it; clients may be in any."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from ris_hybrid.sandbox.openstack.answering import Cut, OpenStack, bad_document
from ris_hybrid.sandbox.openstack.control import PREFIX
from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack
from ris_hybrid.sandbox.openstack.wire import LOOPBACK, Answer, Call

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLL_S = 0.02


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.openstack = OpenStack()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours; any other is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(cast("Any", request), client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: else each answer waits 40 ms

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's own name for it
        """No log: requests carry secrets."""

    def _serve(self) -> None:
        server = cast("_Server", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self._answer(server, body)
        except Cut:
            self._break()
            return
        kind, text = answer.body()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if answer.status != 204:
            self.wfile.write(text)

    def _answer(self, server: _Server, body: bytes) -> Answer:
        parts = urlsplit(self.path)
        try:
            document = json.loads(body) if body else None
        except ValueError:
            return bad_document(parts.path)
        if parts.path.startswith(PREFIX):
            return server.openstack.control(self.command, parts.path, document)
        if not isinstance(document, dict | None):
            return bad_document(parts.path)
        return server.openstack.answer(
            Call(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                document=document or {},
                url=f"http://{LOOPBACK}:{server.server_port}",
            )
        )

    def _break(self) -> None:
        """End the connection with a TCP RST."""
        self.close_connection = True
        connection = cast("socket.socket", self.connection)
        with suppress(OSError):  # the client may be gone already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closing the object only drops one of several references to it; closing its descriptor is what sends the RST.
        os.close(connection.detach())


@contextmanager
def serving(port: int = 0) -> Iterator[SandboxOpenStack]:
    """Listen on loopback while the block runs, in a thread of this process; ``port`` 0 takes a free one."""
    server = _Server(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_S}, daemon=True)
    thread.start()
    try:
        yield SandboxOpenStack(f"http://{LOOPBACK}:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
