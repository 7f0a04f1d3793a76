"""Which launches were begun on this master and answered to LSF: a small local file, and a fake in memory.

    begin ──launch──▶ answer        a request begun and never answered is one LSF does not know of

Its machines can then be given to the next request that matches, at once. Without the file they are found by their
tags some minutes later: losing it costs minutes, never a machine.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

_BEGIN, _ANSWER = "begin", "answer"
_KEEP = 2000  # lines; older launches have been answered, or their machines reaped, long ago


class JournalFile:
    """One line an entry, ``begin ID`` or ``answer ID``. Written under the launch lock, so lines never mix."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, request_id: str) -> None:
        """Append and flush to the disk, before the cloud is asked."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._shorten()
            self._append(_BEGIN, request_id)
        except OSError as error:
            raise SiteUnavailable(
                f"{self._path}: cannot be written: {error.strerror}",
                "the data directory must be writable by the LSF admin",
            ) from error

    def answer(self, request_id: str) -> None:
        """Append; a failure only makes the launch look unanswered, and its machines are then watched by their tags."""
        with contextlib.suppress(OSError):
            self._append(_ANSWER, request_id)

    def unanswered(self) -> frozenset[str]:
        """Begun, never answered. A file that is gone or cannot be read knows of none."""
        begun: set[str] = set()
        answered: set[str] = set()
        for line in self._lines():
            word, _, request_id = line.partition(" ")
            if request_id:
                (begun if word == _BEGIN else answered).add(request_id)
        return frozenset(begun - answered)

    def _append(self, word: str, request_id: str) -> None:
        torn = self._torn()
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{chr(10) * torn}{word} {request_id}\n")
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
        lines = self._lines()
        if len(lines) > 2 * _KEEP:
            draft = self._path.with_suffix(".new")
            draft.write_text("".join(f"{line}\n" for line in lines[-_KEEP:]), encoding="utf-8")
            draft.replace(self._path)

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []


class FakeJournal:
    """The same promise in memory."""

    def __init__(self) -> None:
        self._begun: dict[str, bool] = {}

    def begin(self, request_id: str) -> None:
        """Note it."""
        self._begun.setdefault(request_id, False)

    def answer(self, request_id: str) -> None:
        """Note it."""
        self._begun[request_id] = True

    def unanswered(self) -> frozenset[str]:
        """Begun, never answered."""
        return frozenset(request_id for request_id, answered in self._begun.items() if not answered)
