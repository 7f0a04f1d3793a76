"""The audit log: one JSON line per call, decision and reason. Losing it loses history, never a machine."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from typing import TYPE_CHECKING

from ris_hybrid.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.ports import Audit

_ROTATE_BYTES = 10_000_000
_KEEP = 5


class AuditFile:
    """Appends to one file and rotates it by size; a log that cannot be written never stops the caller."""

    def __init__(self, path: Path, rotate_bytes: int = _ROTATE_BYTES) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes

    def record(self, event: Event) -> None:
        """One line: at, kind, then the event's own fields."""
        line = json.dumps({"at": event.at, "kind": event.kind, **event.fields}, default=str)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # another call may be rotating too: the line still has a place
                self._rotate()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def _rotate(self) -> None:
        if not self._path.exists() or self._path.stat().st_size < self._rotate_bytes:
            return
        for number in range(_KEEP - 1, 0, -1):
            older = self._path.with_suffix(f"{self._path.suffix}.{number}")
            if older.exists():
                older.replace(self._path.with_suffix(f"{self._path.suffix}.{number + 1}"))
        self._path.replace(self._path.with_suffix(f"{self._path.suffix}.1"))


def rotated(path: Path) -> list[Path]:
    """The log with its rotated parts, oldest first."""
    return [*(path.with_suffix(f"{path.suffix}.{number}") for number in range(_KEEP, 0, -1)), path]


class FakeAudit:
    """The same promise in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)


@contextlib.contextmanager
def warnings_in(audit: Audit, now: float) -> Iterator[None]:
    """Python's logged warnings as events: left alone they go to stderr, which LSF takes for a part of the answer."""
    handler = _Warnings(audit, now)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class _Warnings(logging.Handler):
    def __init__(self, audit: Audit, now: float) -> None:
        super().__init__(logging.WARNING)
        self._audit = audit
        self._now = now
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._thread:
            return  # said over another call that this process answers
        fields = {"logger": record.name, "message": record.getMessage()}
        self._audit.record(Event(at=self._now, kind="warning", fields=fields))
