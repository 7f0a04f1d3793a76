"""Pieces of jobs onto nodes, a class at a time: what no aggregate can promise, a packing shows (pure).

Equal nodes that hold the same are one group, and equal pieces are put as one, so that the work grows with the number of
classes and not with that of jobs. First fit and best fit fill a node with equal pieces before they turn to the next,
so that this packs as job by job would.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from burst.mix.fit import allowed, holds, nodes_each, per_node, shares
from burst.mix.values import Block, Packed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.mix.fit import Piece
    from burst.mix.values import Bounds, JobClass, NodeType

_UNBOUND = 10**9
"""Nodes that may come where no cap says how many."""


@dataclass(slots=True)
class Rack:
    """Nodes that are being packed, and how many more there may be. Changed in place by who packs."""

    bounds: Bounds
    groups: list[Packed]
    blocks: list[Block]

    @classmethod
    def empty(cls, bounds: Bounds) -> Rack:
        """No node yet."""
        return cls(bounds=bounds, groups=[], blocks=[])

    @property
    def parts(self) -> tuple[Packed | Block, ...]:
        """Nodes that are shared, then those that jobs have whole."""
        return (*self.groups, *self.blocks)

    @property
    def usd_per_hour(self) -> float:
        """Of all nodes."""
        return sum(part.usd_per_hour for part in self.parts)

    @property
    def count(self) -> int:
        """Of all nodes."""
        return sum(part.nodes for part in self.parts)

    def room(self, kind: NodeType) -> int:
        """Nodes of this type that may still come."""
        left = [self.left_of(kind)]
        if self.bounds.nodes is not None:
            left.append(self.bounds.nodes - self.count)
        if kind.lab is not None and kind.lab in self.bounds.labs:
            left.append(self.bounds.labs[kind.lab] - self._up(lab=kind.lab))
        return max(0, min(left))

    def _up(self, *, name: str | None = None, lab: str | None = None) -> int:
        return sum(part.nodes for part in self.parts if name in (None, part.type.name) and lab in (None, part.type.lab))

    def left_of(self, kind: NodeType) -> int:
        """Nodes of this type that its own cap leaves."""
        if kind.most is None:
            return _UNBOUND
        return kind.most - self._up(name=kind.name)

    def add(self, kind: NodeType, nodes: int, each: Sequence[tuple[Piece, int]] = ()) -> None:
        """Nodes of this type, each with so many of these pieces on it; whoever adds them knows that they fit."""
        group = Packed(type=kind, nodes=nodes)
        for piece, count in each:
            group = _with(group, piece, nodes, count)
        self.groups.append(group)

    def put(self, piece: Piece, count: int, *, best: bool, only: NodeType | None = None) -> int:
        """Put so many pieces on nodes that are there; how many found no room.

        ``best``: the fullest node that has room first, else in the order in which nodes were added.
        """
        order = sorted(range(len(self.groups)), key=self._fullness) if best else range(len(self.groups))
        after: dict[int, list[Packed]] = {}
        for index in order:
            group = self.groups[index]
            if count and _may(piece, group.type) and only in (None, group.type):
                after[index], count = _filled(group, piece, count)
        self.groups = [part for index, group in enumerate(self.groups) for part in after.get(index, [group])]
        return count

    def open_for(self, piece: Piece, count: int, kinds: Sequence[NodeType]) -> int:
        """Add nodes for so many pieces, of the first of these types that may grow, then the next; what is left."""
        for kind in kinds:
            each = per_node(piece, kind)
            if not each:
                count = self.block(piece.job_class, count, (kind,))
                continue
            nodes = min(self.room(kind), ceil(count / each))
            if nodes:
                parts, count = _filled(Packed(type=kind, nodes=nodes), piece, count)
                self.groups.extend(parts)
        return count

    def block(self, job_class: JobClass, jobs: int, kinds: Sequence[NodeType]) -> int:
        """Add whole nodes for so many jobs, all of a job's of one type; how many jobs have none."""
        for kind in kinds:
            each = nodes_each(job_class, kind)
            fit = min(self.room(kind) // each, jobs) if each else 0
            if fit > 0:
                self.blocks.append(Block(type=kind, job_class=job_class.name, jobs=fit, nodes_each=each))
                jobs -= fit
        return jobs

    def drop_empty(self) -> None:
        """Give up nodes that hold nothing."""
        self.groups = [group for group in self.groups if group.holds]

    def trade(self, kinds: Sequence[NodeType], classes: Mapping[str, JobClass]) -> None:
        """Take for each node the cheapest type that holds what is on it, as far as it may grow; ``kinds`` by price."""
        for group in tuple(self.groups):
            able = (kind for kind in kinds if kind.usd_per_hour < group.type.usd_per_hour and self.left_of(kind) > 0)
            better = next((kind for kind in able if _takes(kind, group, classes)), None)
            if better is not None:
                nodes = min(group.nodes, self.left_of(better))
                rest = [replace(group, nodes=group.nodes - nodes)] if nodes < group.nodes else []
                at = self.groups.index(group)
                self.groups[at : at + 1] = [replace(group, type=better, nodes=nodes), *rest]

    def placed(self) -> dict[str, int]:
        """Pieces by class, and jobs of those that have whole nodes."""
        found: dict[str, int] = {}
        for group in self.groups:
            for name, each in group.holds:
                found[name] = found.get(name, 0) + each * group.nodes
        for block in self.blocks:
            found[block.job_class] = found.get(block.job_class, 0) + block.jobs
        return found

    def _fullness(self, index: int) -> tuple[int, int, int, int]:
        group = self.groups[index]
        kind = group.type
        return kind.gpus - group.gpus, kind.slots - group.slots, kind.memory_mib - group.memory_mib, index


def _may(piece: Piece, kind: NodeType) -> bool:
    return shares(piece.job_class) and allowed(piece.job_class, kind)


def _takes(kind: NodeType, group: Packed, classes: Mapping[str, JobClass]) -> bool:
    return (
        kind.slots >= group.slots
        and kind.memory_mib >= group.memory_mib
        and kind.gpus >= group.gpus
        and kind.lab == group.type.lab
        and all(allowed(classes[name], kind) for name, _ in group.holds)
    )


def _filled(group: Packed, piece: Piece, count: int) -> tuple[list[Packed], int]:
    """A group with so many pieces put on it, cut where its nodes no longer hold the same; what is left over."""
    kind = group.type
    each = holds(piece, kind.slots - group.slots, kind.memory_mib - group.memory_mib, kind.gpus - group.gpus)
    if each == 0:
        return [group], count
    full = min(group.nodes, count // each)
    part = min(each, count - full * each) if full < group.nodes else 0
    rest = group.nodes - full - (1 if part else 0)
    cut = ((full, each), (1 if part else 0, part), (rest, 0))
    return [_with(group, piece, nodes, more) for nodes, more in cut if nodes], count - full * each - part


def _with(group: Packed, piece: Piece, nodes: int, more: int) -> Packed:
    if not more:
        return replace(group, nodes=nodes)
    held = dict(group.holds)
    held[piece.name] = held.get(piece.name, 0) + more
    return replace(
        group,
        nodes=nodes,
        holds=tuple(sorted(held.items())),
        slots=group.slots + more * piece.slots,
        memory_mib=group.memory_mib + more * piece.memory_mib,
        gpus=group.gpus + more * piece.gpus,
    )
