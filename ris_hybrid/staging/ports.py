"""The journal's ports, kept by SQLite and by a fake: one process writes, any number read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.staging.values import Change, Count, FileRow, Spent, Staging, Transition, Which


class StagingJournal(Protocol):
    """Where stagings stand. Raises ``ConfigError`` when the file cannot be read or written."""

    def stagings(self) -> tuple[Staging, ...]:
        """All of them with moves and leases, the oldest first."""
        ...

    def files(self, staging_id: str, which: Which) -> Iterator[FileRow]:
        """Of one staging, in order of direction and path's bytes. ``record`` may be called while this goes on."""
        ...

    def record(self, change: Change) -> None:
        """All of the change or nothing; when this comes back it outlives a power cut."""
        ...


class JournalHistory(Protocol):
    """What happened, and what it comes to."""

    def history(self, staging_id: str) -> tuple[Transition, ...]:
        """Every transition, the oldest first."""
        ...

    def counts(self, staging_id: str) -> tuple[Count, ...]:
        """Files by direction and state."""
        ...

    def spent(self, month: str) -> Spent:
        """What was reserved in a month (``2026-11``)."""
        ...
