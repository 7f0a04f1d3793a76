"""A manifest in the making: what is read of bucket and journal, and where its files are kept until all are known.

Files that lie in the bucket with their size, but that nobody compared, become a move that is over before it began: they
are compared before anything is moved.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.manifest import Verified
from ris_hybrid.staging.values import MoveRow, Which

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from ris_hybrid.data.batches import Batch
    from ris_hybrid.data.values import Dataset, ObjectSeen
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging.world import World


@dataclass(slots=True, kw_only=True)
class Manifesting:
    """The sources and the sink of one manifest."""

    world: World
    dataset: Dataset
    bucket: str
    mine: str
    """The staging's id."""
    old: Staging | None
    now: float
    lines: IO[str]
    moves: list[MoveRow] = field(default_factory=list)
    unproven: dict[str, int] = field(default_factory=dict)
    """Keys of objects that nobody compared, with their sizes."""
    listed_bytes: int = 0

    def objects(self) -> Iterator[ObjectSeen]:
        """What the bucket holds below the dataset's prefix."""
        if not self.bucket:
            return
        proven = self.verified()
        at = next(proven, None)
        for seen in self.world.objects.listed(self.bucket, self.dataset.prefix):
            while at is not None and at.key < seen.key:
                at = next(proven, None)
            if at is None or at.key != seen.key or not at.mtime_ns:  # the time of what came back was not looked at
                self.unproven[seen.key] = seen.size
            self.listed_bytes += seen.size
            yield seen

    def verified(self) -> Iterator[Verified]:
        """What the journal knows as compared, the later of two ways."""
        if self.old is None:
            return
        compared_at = self._compared_at(self.old)
        files = self.world.journal.files
        rows = merge(
            *(files(self.mine, Which(direction=way, state="ok")) for way in ("in", "out")),
            key=lambda row: (row.path, row.direction),
        )
        for path, both in groupby(rows, lambda row: row.path):
            row = tuple(both)[-1]
            yield Verified(f"{self.dataset.prefix}{path}", row.size, row.mtime_ns, compared_at)

    def _compared_at(self, old: Staging) -> float:
        """When all objects were accounted for last: staged, or returned. What is not staged yet no job has touched."""
        lines = self.world.history.history(self.mine)
        returned = [line.at for line in lines if line.event is StagingEvent.BROUGHT]
        return max([old.verified_at, *returned]) or self.now

    def take(self, batch: Batch) -> None:
        """A batch that is to be moved; what lies there unproven becomes a move that is over."""
        prefix = self.dataset.prefix
        there = [one for one in batch.files if self.unproven.get(f"{prefix}{one.path}") == one.size]
        found = set(there)
        for files, over in ((there, True), ([one for one in batch.files if one not in found], False)):
            if files:
                self._add(files, over=over)

    def bucket_bytes(self, allocation: AllocationPlan | None) -> int | None:
        """What the whole bucket holds, where a quota asks for it."""
        if allocation is None or allocation.quota_bytes is None:
            return None
        if not self.dataset.prefix:
            return self.listed_bytes
        return sum(seen.size for seen in self.world.objects.listed(self.bucket, ""))

    def _add(self, files: Iterable[tuple[str, int, int]], *, over: bool) -> None:
        number = len(self.moves) + sum(1 for one in (self.old.moves if self.old else ()) if one.direction == "in") + 1
        count = size = 0
        for path, length, mtime_ns in files:
            self.lines.write(f"{len(self.moves)}\0{path}\0{length}\0{mtime_ns}\n")
            count, size = count + 1, size + length
        move = MoveRow(move_id=f"{self.mine}-in-{number:06d}", direction="in", files=count, bytes=size)
        self.moves.append(replace(move, stage="over", reason="there already: compared first") if over else move)


def spilled(run: list[str]) -> Iterator[str]:
    """A sorted run in a file without a name: names of files are nowhere but in the journal."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        file.writelines(f"{record}\n" for record in run)
        run.clear()
        file.seek(0)
        for line in file:
            yield line.rstrip("\n")
