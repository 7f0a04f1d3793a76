"""The service's socket: one line in, one line out, a thread for each connection, everything bounded.

A client that sends garbage, too much, nothing, or too slowly is cut off without an answer; its hook then answers by
itself. Only the user who runs the service can connect.
"""

from __future__ import annotations

import logging
import os
import socketserver
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any

from burst.lock import if_free
from ris_hybrid import relay
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_S = 0.1  # how soon a stop is noticed
_CHUNK = 1 << 16
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What clients may ask of the service; beyond it they are cut off."""

    at_once: int = 32
    """Connections."""
    line_s: float = 5.0
    """Seconds to send a request, and to take an answer."""
    most_bytes: int = relay.MOST_BYTES


_BOUNDS = Bounds()


@contextmanager
def listening(path: Path, answer: Callable[[bytes], bytes | None], bounds: Bounds = _BOUNDS) -> Iterator[Thread]:
    """Answer at ``path`` until the block ends; then what runs is finished and the socket is gone.

    ``answer`` gives the line to send, or None to cut the client off. Gives the thread that listens.

    Raises:
        ConfigError: a service listens there already.
        SiteUnavailable: the socket cannot be made.
    """
    with if_free(path.with_suffix(".lock")) as ours:  # it falls with its holder: a dead service holds nothing up
        if not ours:
            raise ConfigError(
                f"a service listens at {path} already", "stop that one first; systemctl status shows whose it is"
            )
        listener = _made(path, answer, bounds)
        thread = Thread(target=listener.serve_forever, args=(_POLL_S,), name="listener")
        thread.start()
        try:
            yield thread
        finally:
            listener.shutdown()
            thread.join()
            path.unlink(missing_ok=True)  # first: who comes now answers by himself
            listener.server_close()  # waits for the calls that run


def _made(path: Path, answer: Callable[[bytes], bytes | None], bounds: Bounds) -> _Listener:
    before = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)  # a dead service left it behind: the lock is ours
        return _Listener(path, answer, bounds)
    except OSError as error:
        raise SiteUnavailable(f"{path}: cannot listen: {error.strerror or error}") from error
    finally:
        os.umask(before)


class _Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, path: Path, answer: Callable[[bytes], bytes | None], bounds: Bounds) -> None:
        self.answer = answer
        self.bounds = bounds
        self._free = BoundedSemaphore(bounds.at_once)
        super().__init__(relay.reachable(str(path)), _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address
        _LOG.exception("a call failed")


class _Connection(socketserver.BaseRequestHandler):
    server: _Listener
    request: socket.socket

    def handle(self) -> None:
        with suppress(OSError):  # it went away, or took too long: nobody is left to be told
            line = _line(self.request, self.server.bounds)
            told = self.server.answer(line) if line else None
            if told is not None:
                self.request.settimeout(self.server.bounds.line_s)
                self.request.sendall(told)


def _line(connection: socket.socket, bounds: Bounds) -> bytes:
    """The request; empty when it is none, or was not whole in time."""
    deadline, parts, size = time.monotonic() + bounds.line_s, [], 0
    while (left_s := deadline - time.monotonic()) > 0 and size <= bounds.most_bytes:
        connection.settimeout(left_s)
        chunk = connection.recv(_CHUNK)
        parts.append(chunk)
        size += len(chunk)
        if chunk.endswith(b"\n"):
            return b"".join(parts)
        if not chunk:
            break
    return b""
