"""The solver's counts as nodes with jobs on them: best fit decreasing, nodes for what it leaves, then patterns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.mix.first_fit import by_price, largest_first, served_slots, whole_jobs
from burst.mix.fit import piece_of
from burst.mix.packing import Rack
from burst.mix.patterns import Cutting, racked, recombined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.mix.program import Solved
    from burst.mix.values import Bounds, JobClass, NodeType

_MOST_CLASSES = 40
"""With more of them a node's best filling is not found in time, and the packing as it is has enough to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be served, on what."""

    classes: Sequence[JobClass]
    kinds: Sequence[NodeType]
    bounds: Bounds

    def counts(self, served: Mapping[str, int]) -> Task:
        """The same with so many jobs by class; classes with none are gone."""
        some = [replace(one, jobs=served[one.name]) for one in self.classes if served.get(one.name)]
        return replace(self, classes=some)

    def served(self, rack: Rack) -> dict[str, int]:
        """Jobs by class that lie there whole."""
        return whole_jobs(self.classes, rack)

    def slots(self, jobs: Mapping[str, int]) -> int:
        """Slots of so many jobs."""
        return served_slots(self.classes, jobs)

    def best(self, racks: Sequence[Rack]) -> Rack:
        """The one that serves most slots, and of those the cheapest, with the fewest nodes; the first of equals."""

        def rank(rack: Rack) -> tuple[int, float, int]:
            return -self.slots(self.served(rack)), round(rack.usd_per_hour, 6), rack.count

        return min(racks, key=rank)


def settled(task: Task, way: Callable[[Task], Rack]) -> Rack:
    """Pack, without the jobs that would lie there in part, and with each node of the cheapest type that holds it."""
    while True:
        rack = way(task)
        whole, placed = task.served(rack), rack.placed()
        per_job = {one.name: piece_of(one).per_job for one in task.classes}
        if all(placed.get(name, 0) == jobs * per_job[name] for name, jobs in whole.items()):
            break
        task = task.counts(whole)
    rack.drop_empty()
    by_usd = sorted(task.kinds, key=lambda kind: (kind.usd_per_hour, kind.name))
    rack.trade(by_usd, {one.name: one for one in task.classes})
    return rack


def laid(asked: Task, task: Task, found: Solved) -> tuple[Rack, int]:
    """The solver's nodes with the jobs on them, and how many nodes were added for what did not fit.

    Args:
        asked: what the solver was asked, whose places its answer names.
        task: what is to be laid: the same, or less.
        found: the answer.
    """
    rack = Rack.empty(task.bounds)
    jobs = {one.name: one.jobs for one in task.classes}
    for (of, on), most in found.blocks.items():
        one = asked.classes[of]
        here = min(most, jobs.get(one.name, 0))
        if here:
            jobs[one.name] -= here - rack.block(one, here, (asked.kinds[on],))
    for on, nodes in found.nodes.items():
        rack.add(asked.kinds[on], nodes)
    added = 0
    for one in largest_first(task.classes, task.kinds):
        piece = piece_of(one)
        rest = rack.put(piece, jobs[one.name] * piece.per_job, best=True)
        before = rack.count
        rack.open_for(piece, rest, by_price(piece, task.kinds))
        added += rack.count - before
    return rack, added


def improved(task: Task, best: Rack, others: Sequence[Rack], seconds: float) -> Rack | None:
    """A packing of what ``best`` serves from the patterns of all; None where nothing lies on shared nodes."""
    served = task.served(best)
    whole = Rack(bounds=task.bounds, groups=[], blocks=list(best.blocks))
    on_blocks = whole.placed()
    shared = task.counts({name: jobs - on_blocks.get(name, 0) for name, jobs in served.items()}).classes
    if not shared or len(shared) > _MOST_CLASSES:
        return None
    cutting = Cutting(
        classes=shared,
        kinds=task.kinds,
        fixed=whole,
        seconds=seconds,
        gap=task.bounds.gap,
    )
    names = {one.name for one in shared}
    seeds = [
        (group.type, group.holds)
        for rack in (best, *others)
        for group in rack.groups
        if group.holds and names.issuperset(name for name, _ in group.holds)
    ]
    counts = recombined(cutting, seeds)
    return settled(task.counts(served), lambda _: racked(cutting, counts)) if counts else None
