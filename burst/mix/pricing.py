"""The filling of one node that is worth most: a small knapsack in slots, memory and GPUs (pure).

Depth first, the most valuable for its room first, cut where what is left of the node cannot be worth enough. The search
gives up after so many steps, so that its time is known; it then has a good filling, perhaps not the best.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from burst.mix.fit import per_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.mix.fit import Piece
    from burst.mix.values import NodeType

Room = tuple[int, int, int]
"""Slots, MiB and GPUs."""
Held = tuple[tuple[str, int], ...]
"""Pieces by class."""


class Filling(NamedTuple):
    """What lies on one node, and what it is worth."""

    usd: float
    held: Held


class _Good(NamedTuple):
    """One kind of piece, and the most that a slot, a MiB or a share of the node is worth in it or in those after it."""

    name: str
    usd: float
    needs: Room
    per_slot: float
    per_mib: float
    per_share: float


def worth_most(
    kind: NodeType, pieces: Sequence[Piece], usd: Sequence[float], least: float, steps: int
) -> tuple[Filling | None, int]:
    """The filling of an empty node worth most, if that is more than ``least``, else None; and the steps taken."""
    search = _Search(_ranked(kind, pieces, usd), kind, least, steps)
    search.go(0, (kind.slots, kind.memory_mib, kind.gpus), 0.0, ())
    return search.best, steps - search.steps


class _Search:
    def __init__(self, goods: Sequence[_Good], kind: NodeType, least: float, steps: int) -> None:
        self.goods, self.kind, self.least = goods, kind, least
        self.steps = steps
        self.best: Filling | None = None

    def go(self, at: int, room: Room, usd: float, held: Held) -> None:
        """Try the goods from ``at`` on, most of each first."""
        if usd > self.least:
            self.least, self.best = usd, Filling(usd, tuple(sorted(held)))
        if at == len(self.goods):
            return
        good = self.goods[at]
        slots, memory_mib, gpus = room
        needs_slots, needs_mib, needs_gpus = good.needs
        for count in range(_most(good.needs, room), -1, -1):
            if self.steps <= 0:
                return
            self.steps -= 1
            left = slots - count * needs_slots, memory_mib - count * needs_mib, gpus - count * needs_gpus
            worth = usd + count * good.usd
            if worth + _bound(self.goods, at + 1, left, self.kind) > self.least:
                self.go(at + 1, left, worth, (*held, (good.name, count)) if count else held)


def _ranked(kind: NodeType, pieces: Sequence[Piece], usd: Sequence[float]) -> list[_Good]:
    able = [
        (piece.name, each, (piece.slots, piece.memory_mib, piece.gpus))
        for piece, each in zip(pieces, usd, strict=True)
        if each > 0 and per_node(piece, kind)
    ]
    able.sort(key=lambda one: (-one[1] / _share(one[2], kind), one[0]))
    goods: list[_Good] = []
    per_slot = per_mib = per_share = 0.0
    for name, each, needs in reversed(able):
        per_slot = max(per_slot, each / needs[0])
        per_mib = max(per_mib, each / needs[1]) if needs[1] else inf
        per_share = max(per_share, each / _share(needs, kind))
        goods.append(_Good(name, each, needs, per_slot, per_mib, per_share))
    return goods[::-1]


def _bound(goods: Sequence[_Good], at: int, room: Room, kind: NodeType) -> float:
    """No filling of this room with the goods from ``at`` on is worth more."""
    if at == len(goods):
        return 0.0
    good = goods[at]
    return min(good.per_slot * room[0], good.per_mib * (room[1] + 1), good.per_share * _share(room, kind))


def _share(room: Room, kind: NodeType) -> float:
    """Of the node: of its slots, of its memory and of its GPUs, summed."""
    return room[0] / kind.slots + room[1] / max(1, kind.memory_mib) + room[2] / max(1, kind.gpus)


def _most(needs: Room, room: Room) -> int:
    return min(has // need for has, need in zip(room, needs, strict=True) if need)
