"""The WSGI application of the sandbox's AWS: counts calls, makes faults, corrects EC2, leaves the rest to moto.

One lock puts all calls in a row, so ids follow from the seed and the order of calls, and two calls with one token
never run at once. Ordered delays wait outside it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.aws import moto_view
from ris_hybrid.sandbox.aws.answering import applied
from ris_hybrid.sandbox.aws.control import PREFIX, control
from ris_hybrid.sandbox.aws.moto_app import Moto
from ris_hybrid.sandbox.aws.moto_clock import going_by
from ris_hybrid.sandbox.aws.state import State
from ris_hybrid.sandbox.aws.wire import Answer, Call, Environ, error_answer, read_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MOTO_PAGES = ("/moto-api", "/favicon.ico")


class Layer:
    """The application; give it to a WSGI server on loopback."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._state = State(moto=Moto(seed))

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(environ)
        phrase = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "Unknown"
        start_response(f"{answer.status} {phrase}", list(answer.headers))
        return [answer.body]

    def _answer(self, environ: Environ) -> Answer:
        path = environ.get("PATH_INFO", "")
        call = read_call(environ, moto_view.account_of)
        if path.startswith(PREFIX):
            with self._lock, going_by(self._state.clock):
                return control(self._state, environ["REQUEST_METHOD"], path, call.body, self._seed)
        if path.startswith(_MOTO_PAGES):
            with self._lock:
                return self._state.moto.answer(call)
        return self._faulty(call)

    def _faulty(self, call: Call) -> Answer:
        with self._lock:
            self._state.calls[call.key, call.name] += 1
            deed, book = self._state.faults.deed(call.name), self._state.book
        if deed.delay_s:
            time.sleep(deed.delay_s)
        if deed.reset == "before":
            _reset_connection(call.environ)
        if deed.error is not None:
            return error_answer(call, deed.error)
        with self._lock, going_by(self._state.clock):
            if self._state.book is not book:  # a reset came first: what was begun before it starts nothing after it
                _reset_connection(call.environ)
            answer = applied(self._state, call, deed.grant)
        if deed.hold_s:
            time.sleep(deed.hold_s)
        if deed.reset == "after":
            _reset_connection(call.environ)
        return answer


def _reset_connection(environ: Environ) -> None:
    """Break the connection with a TCP RST; raises ``ConnectionResetError``, at which the server gives up on it."""
    connection: socket.socket = environ["werkzeug.socket"]
    with contextlib.suppress(OSError):  # the client may be gone already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Closing the object only drops one of several references to it; closing its descriptor is what sends the RST.
    os.close(connection.detach())
    raise ConnectionResetError("reset on order")
