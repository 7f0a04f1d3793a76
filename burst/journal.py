"""Which launches were begun on this master and answered to LSF: a small local file, and a fake in memory.

    begin ──launch──▶ answer        a request begun and never answered is one LSF does not know of

Its machines can then be given to the next request that matches, at once. And what was launched a moment ago counts
against the caps before the cloud lists it. Without the file machines are found by their tags some minutes later: losing
it costs minutes, never a machine.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Begun

if TYPE_CHECKING:
    from pathlib import Path

_BEGIN, _ANSWER = "begin", "answer"
_KEEP = 2000  # lines of one part; older launches have been answered, or their machines reaped, long ago


class JournalFile:
    """One line an entry, ``begin ID {figures}`` or ``answer ID``; two parts, of which the older is dropped as a whole.

    Answers are written without the launch lock. Nothing is ever written anew, so no line that another call writes at
    that moment is lost: one that still has the older part open adds to that, and it is read too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._older = path.with_suffix(".older")

    def begin(self, begun: Begun) -> None:
        """Append and flush to the disk, before the cloud is asked."""
        figures = {"pool": begun.pool, "lab": begun.lab, "nodes": begun.nodes, "at": begun.at}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._shorten()
            self._append(f"{_BEGIN} {begun.request_id} {json.dumps(figures)}")
        except OSError as error:
            raise SiteUnavailable(
                f"{self._path}: cannot be written: {error.strerror}",
                "the data directory must be writable by the LSF admin",
            ) from error

    def answer(self, request_id: str) -> None:
        """Append; a failure only makes the launch look unanswered, and its machines are then watched by their tags."""
        with contextlib.suppress(OSError):
            self._append(f"{_ANSWER} {request_id}")

    def begun(self) -> tuple[Begun, ...]:
        """Every launch with its last figures. A file that is gone or cannot be read knows of none."""
        found: dict[str, Begun] = {}
        answered: set[str] = set()
        for line in (*_lines(self._older), *_lines(self._path)):
            word, _, rest = line.partition(" ")
            request_id, _, figures = rest.partition(" ")
            if request_id and word == _BEGIN:
                found[request_id] = _read(request_id, figures)
            elif request_id:
                answered.add(request_id)
        return tuple(replace(one, answered=one.request_id in answered) for one in found.values())

    def _append(self, line: str) -> None:
        torn = self._torn()
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{chr(10) * torn}{line}\n")
            file.flush()
            os.fsync(file.fileno())

    def _torn(self) -> bool:
        """Whether the last line was cut by a kill: what follows must not grow onto it."""
        try:
            with self._path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        except OSError:
            return False

    def _shorten(self) -> None:
        if len(_lines(self._path)) >= _KEEP:
            self._path.replace(self._older)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _read(request_id: str, figures: str) -> Begun:
    """A line without figures, or with odd ones, still tells that the launch was begun."""
    try:
        row = json.loads(figures)
        pool, lab, nodes, at = str(row["pool"]), str(row["lab"]), int(row["nodes"]), float(row["at"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return Begun(request_id=request_id)
    return Begun(request_id=request_id, pool=pool, lab=lab, nodes=nodes, at=at)


class FakeJournal:
    """The same promise in memory."""

    def __init__(self) -> None:
        self._begun: dict[str, Begun] = {}
        self._answered: set[str] = set()

    def begin(self, begun: Begun) -> None:
        """Note it."""
        self._begun[begun.request_id] = replace(begun, answered=False)

    def answer(self, request_id: str) -> None:
        """Note it."""
        self._answered.add(request_id)

    def begun(self) -> tuple[Begun, ...]:
        """What was noted."""
        return tuple(replace(one, answered=one.request_id in self._answered) for one in self._begun.values())
