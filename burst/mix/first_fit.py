"""First fit, decreasing: the largest classes first, on nodes that are there, else on the cheapest type that takes them.

It needs no solver, and is what the solver's answer is measured by. Pure.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from burst.mix.fit import can, nodes_each, per_node, piece_of, shares
from burst.mix.packing import Rack
from burst.mix.values import Single

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.mix.fit import Piece
    from burst.mix.laying import Task
    from burst.mix.values import Bounds, JobClass, NodeType

CHEAPEST = 5
"""So many of the cheapest types are each tried as the first one to open nodes of."""


def largest_first(classes: Sequence[JobClass], kinds: Sequence[NodeType]) -> list[JobClass]:
    """The classes by how much of the largest node one piece takes; whole nodes before all."""
    most = max(kind.slots for kind in kinds), max(kind.memory_mib for kind in kinds)

    def rank(job_class: JobClass) -> tuple[bool, int, float, str]:
        piece = piece_of(job_class)
        parts = [need / has for need, has in zip((piece.slots, piece.memory_mib), most, strict=True) if has]
        return shares(job_class), -piece.gpus, -max(parts), job_class.name

    return sorted(classes, key=rank)


def by_price(piece: Piece, kinds: Sequence[NodeType]) -> list[NodeType]:
    """The types that take such pieces, on a share of a node or on whole ones, the cheapest for one first."""
    usd = [(_usd_each(piece, kind), kind.name, at) for at, kind in enumerate(kinds)]
    return [kinds[at] for each, _, at in sorted(usd) if each < inf]


def _usd_each(piece: Piece, kind: NodeType) -> float:
    on_one = per_node(piece, kind)
    whole = nodes_each(piece.job_class, kind)
    return kind.usd_per_hour / on_one if on_one else kind.usd_per_hour * whole if whole else inf


def first_fit(
    classes: Sequence[JobClass], kinds: Sequence[NodeType], bounds: Bounds, prefer: NodeType | None = None
) -> Rack:
    """Nodes for the classes; new ones are of ``prefer`` where it takes the piece, else the cheapest for it."""
    rack = Rack.empty(bounds)
    for job_class in largest_first(classes, kinds):
        piece = piece_of(job_class)
        left = rack.put(piece, job_class.jobs * piece.per_job, best=False)
        ranked = by_price(piece, kinds)
        rack.open_for(piece, left, ([prefer] if prefer is not None and per_node(piece, prefer) else []) + ranked)
    return rack


def first_fits(
    kinds: Sequence[NodeType], classes: Sequence[JobClass], bounds: Bounds, single: Single | None = None
) -> list[Callable[[Task], Rack]]:
    """Ways to pack by first fit: by piece its cheapest type, one of the cheapest types first, or ``single`` alone."""
    able = [kind for kind in kinds if any(can(job_class, kind) for job_class in classes)]
    cheap = sorted(able, key=lambda kind: (kind.usd_per_hour / kind.slots, kind.name))[:CHEAPEST]

    def way(prefer: NodeType | None) -> Callable[[Task], Rack]:
        return lambda task: first_fit(task.classes, kinds, bounds, prefer)

    alone = [kind for kind in kinds if single is not None and kind.name == single.type]
    ways = [way(prefer) for prefer in (None, *cheap)]
    return [*ways, lambda task: first_fit(task.classes, alone, bounds)] if alone else ways


def whole_jobs(classes: Sequence[JobClass], rack: Rack) -> dict[str, int]:
    """Jobs of each class that lie on the rack with all their pieces."""
    placed = rack.placed()
    return {one.name: placed.get(one.name, 0) // piece_of(one).per_job for one in classes}


def best_single(classes: Sequence[JobClass], kinds: Sequence[NodeType], bounds: Bounds) -> Single | None:
    """The cheapest type that serves all classes alone, by first fit; None where no type does."""
    found: list[Single] = []
    for name in sorted({kind.name for kind in kinds}):
        alone = [kind for kind in kinds if kind.name == name]
        if classes and all(any(can(job_class, kind) for kind in alone) for job_class in classes):
            rack = first_fit(classes, alone, bounds)
            if whole_jobs(classes, rack) == {one.name: one.jobs for one in classes}:
                found.append(Single(type=name, nodes=rack.count, usd_per_hour=rack.usd_per_hour))
    return min(found, key=lambda single: (single.usd_per_hour, single.type), default=None)


def served_slots(classes: Sequence[JobClass], jobs: Mapping[str, int]) -> int:
    """Slots of so many jobs by class."""
    return sum(one.slots * jobs.get(one.name, 0) for one in classes)
