"""Loaded by every Python of a journey, by PYTHONPATH: notes what is run, and ends a command where it is told to.

``RIS_WATCH`` is a folder: ``argv`` gets what every process was started with and what it starts, a line of JSON each;
``sent`` every credential that a request had in its Authorization, as it went over the wire; ``steps`` how many steps
of each kind a command took that was not ended; ``kills`` where one was. Kinds of steps: ``transfer``, a request to
Globus of or about a transfer; ``room``, another one to the site's services; ``aws``, a request to AWS; ``site``, a
file of the site's tree is opened; ``journal``, a transaction of the journal begins or is committed.

``RIS_WATCH_CUT=KIND N HOW`` acts at the N-th step of a kind: ``before`` ends the command before it, ``sent`` after a
request was delivered and answered, its answer not read; ``room`` ends the site's services and lets the command go on.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import re
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_FOLDER = os.environ.get("RIS_WATCH", "")
_CUT = os.environ.pop("RIS_WATCH_CUT", "")
_STARTS = {"subprocess.Popen": 1, "os.exec": 1, "os.posix_spawn": 1, "os.system": 0}
_TREE = "/site/storage1/"
_JOURNAL = "/journal.db"
_KINDS = ("transfer", "room", "aws", "site", "journal")
_REQUEST = re.compile(rb"(?:GET|PUT|POST|HEAD|DELETE) ")
_TRANSFER = re.compile(r" /v0\.10/(submission_id|transfer|task)\b")
_SECRET = re.compile(rb"(?i)\r\nauthorization: (?:bearer|basic) (\S+)")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: [1-9]")
_ANSWER_S = 30.0


def _note(name: str, words: object) -> None:
    line = json.dumps(words, default=repr) + "\n"
    file = os.open(Path(_FOLDER) / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line.encode("utf-8", "backslashreplace"))
    os.close(file)


class Watch:
    """Counts steps, and acts at one of them."""

    def __init__(self, cut: str) -> None:
        kind, number, self._how = (*cut.split(), "", "0", "")[:3] if cut else ("", "0", "")
        self._at = (kind, int(number))
        self._counts = {one: itertools.count(1) for one in _KINDS}
        self.seen = dict.fromkeys(_KINDS, 0)
        self._body_of: Any = None

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit event of Python."""
        if event in _STARTS:
            _note("argv", arguments[_STARTS[event]])
        elif event == "http.client.send":
            self._sends(*arguments)
        elif event == "open" and isinstance(arguments[0], (str, bytes)) and _TREE in os.fsdecode(arguments[0]):
            self._step("site", "a file of the site is opened")

    def journal(self) -> None:
        """Have the transactions of the journal counted, too: Python tells of no statement but by a connection's own."""
        import sqlite3  # noqa: PLC0415 - only what has a journal needs it

        really = sqlite3.connect

        def connect(database: Any, *arguments: Any, **named: Any) -> sqlite3.Connection:
            made: sqlite3.Connection = really(database, *arguments, **named)
            if _JOURNAL in os.fsdecode(database):
                made.set_trace_callback(self._states)
            return made

        sqlite3.connect = connect  # type: ignore[assignment]  # one of several signatures is enough here

    def _states(self, statement: str) -> None:
        if statement.startswith(("BEGIN", "COMMIT")):
            self._step("journal", statement)

    def _sends(self, connection: Any, data: Any) -> None:
        if self._body_of is not None and self._body_of is connection:
            self._deliver(connection, data)
        if not isinstance(data, bytes) or not _REQUEST.match(data):
            return
        for secret in _SECRET.findall(data):
            _note("sent", secret.decode())
        line = data.partition(b"\r\n")[0].decode(errors="replace")
        self._step(_asked(connection.port, line), line.partition("?")[0], lambda: self._sent(connection, data))

    def _step(self, kind: str, where: str, deliver: Callable[[], object] = lambda: None) -> None:
        number = next(self._counts[kind])
        self.seen[kind] = number
        if (kind, number) != self._at:
            return
        _note("kills", [kind, number, self._how, where, sys.orig_argv[2:4]])
        if self._how == "room":
            state = Path(os.environ["RIS_HYBRID_SANDBOX"]) / "service" / "data" / "room.json"
            os.kill(int(json.loads(state.read_text())["pid"]), signal.SIGKILL)
            return
        if self._how == "sent" and kind in {"transfer", "room", "aws"}:
            deliver()
        else:
            _end()

    def _sent(self, connection: Any, data: bytes) -> None:
        if _LENGTH.search(data) and data.endswith(b"\r\n\r\n"):
            self._body_of = connection  # its body comes next
        else:
            self._deliver(connection, data)

    def _deliver(self, connection: Any, data: Any) -> None:
        if isinstance(data, bytes):
            connection.sock.sendall(data)
            select.select([connection.sock], [], [], _ANSWER_S)
        _end()


def _asked(port: int, line: str) -> str:
    if port == urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).port:
        return "aws"
    return "transfer" if _TRANSFER.search(line) else "room"


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if _FOLDER:
    _note("argv", sys.orig_argv)
    _watch = Watch(_CUT)
    sys.addaudithook(_watch.hook)
    if any(Path(word).name == "ris-hybrid" for word in sys.orig_argv[:2]):
        _watch.journal()
        atexit.register(lambda: _note("steps", [_watch.seen, *sys.orig_argv[2:]]))
