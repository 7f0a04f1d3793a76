"""The journal in memory, for tests; what it is told outlives the engine that told it."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.staging.values import Count, Spent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.values import Direction
    from ris_hybrid.staging.values import Change, FileRow, FileState, Lease, MoveRow, Spend, Staging, Transition, Which


class FakeJournal:
    """The ports ``StagingJournal`` and ``JournalHistory``."""

    def __init__(self) -> None:
        self._stagings: dict[str, Staging] = {}
        self._moves: defaultdict[str, dict[str, MoveRow]] = defaultdict(dict)
        self._leases: defaultdict[str, dict[str, Lease]] = defaultdict(dict)
        self._files: defaultdict[str, dict[tuple[Direction, str], FileRow]] = defaultdict(dict)
        self._log: defaultdict[str, list[Transition]] = defaultdict(list)
        self._spends: dict[str, tuple[str, Spend]] = {}

    def stagings(self) -> tuple[Staging, ...]:
        """All of them, the oldest first."""
        found = sorted(self._stagings.values(), key=lambda one: (one.plan.created, one.staging_id))
        return tuple(
            replace(
                one,
                moves=tuple(move for _, move in sorted(self._moves[one.staging_id].items())),
                leases=tuple(sorted(self._leases[one.staging_id].values(), key=lambda each: (each.since, each.job_id))),
            )
            for one in found
        )

    def files(self, staging_id: str, which: Which) -> Iterator[FileRow]:
        """Those asked for, as they are when this begins."""
        found = [row for row in self._files[staging_id].values() if _matches(row, which)]
        yield from sorted(found, key=lambda row: (row.direction, os.fsencode(row.path)))

    def record(self, change: Change) -> None:
        """All of it: the files are taken first, for making them may fail."""
        files, mine = tuple(change.files), change.staging_id
        if change.anew:
            rows = self._files[mine].items()
            self._files[mine] = {key: row for key, row in rows if row.direction == "in" and row.state == "ok"}
        if change.staging is not None:
            self._stagings[mine] = change.staging.without_parts()
        self._moves[mine].update({one.move_id: one for one in change.moves})
        self._leases[mine].update({one.job_id: one for one in change.leases})
        self._files[mine].update({(row.direction, row.path): row for row in files})
        for one in change.spends:
            self._spends.setdefault(one.key, (mine, one))
        if change.transition is not None:
            self._log[mine].append(change.transition)

    def history(self, staging_id: str) -> tuple[Transition, ...]:
        """The log of one staging."""
        return tuple(self._log[staging_id])

    def counts(self, staging_id: str) -> tuple[Count, ...]:
        """Files by direction and state."""
        sums: defaultdict[tuple[Direction, FileState], list[int]] = defaultdict(list)
        for row in self._files[staging_id].values():
            sums[row.direction, row.state].append(row.size)
        return tuple(
            Count(direction=direction, state=state, files=len(sizes), bytes=sum(sizes))
            for (direction, state), sizes in sorted(sums.items())
        )

    def spent(self, month: str) -> Spent:
        """What was reserved in that month."""
        found = [(staging_id, one) for staging_id, one in self._spends.values() if one.month == month]
        by_staging: defaultdict[str, float] = defaultdict(float)
        for staging_id, one in found:
            by_staging[staging_id] += one.usd
        egress = sum(one.bytes for _, one in found if one.kind == "egress")
        return Spent(usd=sum(by_staging.values()), egress_bytes=egress, by_staging=dict(by_staging))


def _matches(row: FileRow, which: Which) -> bool:
    pairs = ((which.direction, row.direction), (which.state, row.state), (which.move_id, row.move_id))
    return row.path.startswith(which.below) and all(wanted is None or wanted == found for wanted, found in pairs)
