"""Ends a program at one of its calls to a cloud, to see what a kill there leaves behind (sandbox).

botocore tells us of every request before it goes out and after its answer was read; the program that is cut runs
unchanged. ``python -m ris_hybrid.sandbox.knife VERB -f FILE`` is ``ris-hybrid-rc`` with a knife in it: it kills
itself with SIGKILL where the environment says. Calls of libcloud are cut by ``ris_hybrid.sandbox.knife_http``.
"""

from __future__ import annotations

import http.client
import os
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from botocore import handlers

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

Point = Literal["before", "sent", "answered"]
POINTS: tuple[Point, ...] = ("before", "sent", "answered")
"""Before the request goes out; delivered, its answer not read; its answer read."""
CUT_VARIABLE = "RIS_HYBRID_SANDBOX_CUT"
"""``<call> <point>``, calls counted from 1, as in ``2 sent``."""
CALLS_VARIABLE = "RIS_HYBRID_SANDBOX_CALLS"
"""A file that gets the name of every call, one a line."""
_ANSWER_S = 30.0


class Killed(BaseException):
    """Stands in for SIGKILL inside a process: nothing that handles errors may catch it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where the program ends: at its ``call``-th request, counted from 1."""

    call: int
    point: Point


@dataclass(slots=True, kw_only=True)
class Knife:
    """Counts requests and calls ``end`` at the cut; ``end`` does not return."""

    cut: Cut | None = None
    end: Callable[[], object]
    seen: list[str] = field(default_factory=list)
    """Names of the requests so far, tries again included."""
    note: Callable[[str], object] = field(default=lambda _name: None)
    _lock: Lock = field(default_factory=Lock)

    def before_send(self, request: Any, event_name: str, **_: object) -> None:
        """botocore is about to send."""
        self.sending(event_name.rpartition(".")[2], request)

    def sending(self, name: str, request: Any) -> int:
        """A request of this name is about to go out; it has method, url, headers and body. Gives its number."""
        with self._lock:  # libcloud's calls may be of several threads
            self.seen.append(name)
            number = len(self.seen)
            self.note(name)
        if self._here("before", number):
            self.end()
        if self._here("sent", number):
            deliver(request.method, request.url, request.headers, request.body)
            self.end()
        return number

    def received(self, number: int = 0, **_: object) -> None:
        """An answer has been read, or given up on: of this request, or of the last."""
        if self._here("answered", number or len(self.seen)):
            self.end()

    def _here(self, point: Point, number: int) -> bool:
        return self.cut is not None and (self.cut.call, self.cut.point) == (number, point)


@contextmanager
def drawn(knife: Knife) -> Iterator[Knife]:
    """Every botocore session made in the block is cut by the knife."""
    ours: list[tuple[str, Callable[..., None]]] = [
        ("before-send", knife.before_send),
        ("response-received", knife.received),
    ]
    handlers.BUILTIN_HANDLERS.extend(ours)
    try:
        yield knife
    finally:
        for one in ours:
            handlers.BUILTIN_HANDLERS.remove(one)


def deliver(method: str, url: str, headers: Mapping[str, str | bytes], body: Any) -> None:
    """Send the request by a connection of our own and wait until it has been carried out; its answer is thrown away."""
    parts = urlsplit(url)
    if parts.hostname != "127.0.0.1":
        raise ConfigError(f"{url}: only calls to a sandbox are cut")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_ANSWER_S)
    try:
        texts = {key: value.decode() if isinstance(value, bytes) else value for key, value in headers.items()}
        connection.request(method, urlunsplit(("", "", parts.path or "/", parts.query, "")), body, texts)
        with suppress(ConnectionError, http.client.HTTPException):  # a fault on order may break it just here
            connection.getresponse()
    finally:
        connection.close()


def read_cut(text: str) -> Cut | None:
    """The variable's value; empty for no cut. Raises ``ConfigError`` for anything else."""
    if not text:
        return None
    call, _, point = text.partition(" ")
    if not call.isdecimal() or point not in POINTS:
        raise ConfigError(f"{CUT_VARIABLE}: expected a number and one of {', '.join(POINTS)}, found {text!r}")
    return Cut(call=int(call), point=point)


def write_command(path: Path, module: str = __spec__.name) -> Path:
    """An executable for RIS_HYBRID_RC: the provider's entry point with a knife in it, this module's or another's."""
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def main(drawn: Callable[[Knife], AbstractContextManager[Knife]] = drawn) -> None:
    """``ris-hybrid-rc``, cut as the environment says."""
    from ris_hybrid import hook

    calls = os.environ.get(CALLS_VARIABLE, "")

    def note(name: str) -> None:
        if calls:
            with Path(calls).open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")

    cut = read_cut(os.environ.get(CUT_VARIABLE, ""))
    with drawn(Knife(cut=cut, end=lambda: os.kill(os.getpid(), signal.SIGKILL), note=note)):
        hook.main()


if __name__ == "__main__":
    main()
