"""What of a job a node can hold (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.mix.values import Bounds, JobClass, NodeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The smallest part of a class's jobs that lies on one node."""

    job_class: JobClass
    slots: int
    memory_mib: int
    gpus: int
    per_job: int
    """Pieces of one job."""

    @property
    def name(self) -> str:
        """Of its class."""
        return self.job_class.name


def piece_of(job_class: JobClass) -> Piece:
    """A whole job; of one that may lie on any hosts, as little as keeps its GPUs and their slots together."""
    parts = 1
    if job_class.span == "hosts":
        parts = gcd(job_class.slots, job_class.gpus) if job_class.gpus else job_class.slots
    return Piece(
        job_class=job_class,
        slots=job_class.slots // parts,
        memory_mib=ceil(job_class.memory_mib / parts),
        gpus=job_class.gpus // parts,
        per_job=parts,
    )


def shares(job_class: JobClass) -> bool:
    """Whether its jobs may lie on nodes with others."""
    return job_class.span != "nodes"


def allowed(job_class: JobClass, kind: NodeType) -> bool:
    """Whether its lab's jobs may use nodes of this type at all."""
    return (not job_class.types or kind.name in job_class.types) and kind.lab in (None, job_class.lab)


def holds(piece: Piece, slots: int, memory_mib: int, gpus: int) -> int:
    """How many pieces so much room holds."""
    most = slots // piece.slots
    if piece.memory_mib:
        most = min(most, memory_mib // piece.memory_mib)
    if piece.gpus:
        most = min(most, gpus // piece.gpus)
    return max(0, most)


def per_node(piece: Piece, kind: NodeType) -> int:
    """How many pieces an empty node of this type holds; 0 where it may hold none, or where they need whole nodes."""
    if not shares(piece.job_class) or not allowed(piece.job_class, kind):
        return 0
    return holds(piece, kind.slots, kind.memory_mib, kind.gpus)


def nodes_each(job_class: JobClass, kind: NodeType) -> int:
    """Whole nodes of this type that one job over several takes; 0 where it cannot, or where it needs none whole."""
    if job_class.span not in {"nodes", "any"} or not kind.together or not allowed(job_class, kind):
        return 0
    if job_class.span == "any" and per_node(piece_of(job_class), kind):
        return 0
    needs = [(job_class.slots, kind.slots), (job_class.memory_mib, kind.memory_mib), (job_class.gpus, kind.gpus)]
    if any(need and not has for need, has in needs):
        return 0
    return max(ceil(need / has) for need, has in needs if need)


def can(job_class: JobClass, kind: NodeType) -> bool:
    """Whether nodes of this type serve the class."""
    return per_node(piece_of(job_class), kind) > 0 or nodes_each(job_class, kind) > 0


def why_none(job_class: JobClass, kinds: Sequence[NodeType]) -> str:
    """Why no type serves a class, by what is short; empty when one does."""
    if any(can(job_class, kind) for kind in kinds):
        return ""
    mine = [kind for kind in kinds if allowed(job_class, kind)]
    if not mine:
        return "no type may take it"
    if job_class.span in {"nodes", "any"} and not any(kind.together for kind in mine):
        return "it needs whole nodes that work together, and no type has EFA"
    piece = piece_of(job_class)
    several = job_class.span in {"nodes", "any"}
    short = [
        f"{need} {unit} (the most there is: {most})"
        for need, most, unit in (
            (piece.slots, max(kind.slots for kind in mine), "slots"),
            (piece.memory_mib, max(kind.memory_mib for kind in mine), "MiB"),
            (piece.gpus, max(kind.gpus for kind in mine), "GPUs"),
        )
        if need > most and not (several and most)
    ]
    return f"no type has {', '.join(short)}" if short else "no type has all of it at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """These types, by their places, have so many nodes together at most."""

    kinds: tuple[int, ...]
    nodes: int


def caps_on(kinds: Sequence[NodeType], bounds: Bounds) -> list[Cap]:
    """All caps: of a type over all labs, of a lab, of all."""
    named = {kind.name: kind.most for kind in kinds if kind.most is not None}
    caps = [Cap(kinds=_places(kinds, name=name), nodes=most) for name, most in sorted(named.items())]
    caps += [Cap(kinds=_places(kinds, lab=lab), nodes=most) for lab, most in sorted(bounds.labs.items())]
    return caps if bounds.nodes is None else [*caps, Cap(kinds=tuple(range(len(kinds))), nodes=bounds.nodes)]


def _places(kinds: Sequence[NodeType], *, name: str | None = None, lab: str | None = None) -> tuple[int, ...]:
    return tuple(at for at, kind in enumerate(kinds) if name in (None, kind.name) and lab in (None, kind.lab))


def undominated(classes: Sequence[JobClass], kinds: Sequence[NodeType]) -> list[NodeType]:
    """The types without those that another one, uncapped, is at least as good as in everything for no more money."""
    if any(one.types for one in classes):
        return list(kinds)
    return [kind for at, kind in enumerate(kinds) if not any(_beats(kinds, other, at) for other in range(len(kinds)))]


def _beats(kinds: Sequence[NodeType], other: int, at: int) -> bool:
    better, kind = kinds[other], kinds[at]
    if other == at or better.most is not None or better.lab != kind.lab or better.usd_per_hour > kind.usd_per_hour:
        return False
    has, of = ((one.slots, one.memory_mib, one.gpus, one.together) for one in (better, kind))
    if any(a < b for a, b in zip(has, of, strict=True)):
        return False
    same = has == of and better.usd_per_hour == kind.usd_per_hour and kind.most is None
    return other < at or not same
