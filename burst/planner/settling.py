"""Room that is there, used up job by job; and what of it is left of other pools for those who found none (pure).

The kernel weighs a job against the room of one pool, the least of those that have some, and counts it down. Jobs for
whom it was too little would ask for new nodes though another pool's are free or booting: turn after turn, until a cap.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.planner.kernel import worth_it
from burst.planner.room import Room
from burst.planner.weigh import Weighed, fits, value_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.planner.prices import Quote
    from burst.planner.ranking import Place


def settled(weighed: Sequence[Weighed], rooms: Mapping[Place, Room], release: float) -> list[Weighed]:
    """Jobs that go, or went before, on what room is left of any pool, first come first; the others as they were."""
    left = less(rooms, weighed)
    found = []
    for one in weighed:
        near = _near(one, left, release)
        found.append(one if near is None else _there(one, near))
        left = left if near is None else less(left, found[-1:])
    return found


def less(rooms: Mapping[Place, Room], weighed: Iterable[Weighed]) -> dict[Place, Room]:
    """What of the room these jobs leave; what was lent is out of it already."""
    left = dict(rooms)
    for one in weighed:
        near = one.offered.near
        if one.chosen and one.there and near is not None and not one.offered.lent:
            _use(left, (near.offer.pool, one.offered.job.lab), near.own_slots)
    return left


def _use(left: dict[Place, Room], place: Place, slots: int) -> None:
    slots = max(0, left[place].slots - slots)
    left[place] = Room(slots=slots, widest=min(left[place].widest, slots))


def _there(one: Weighed, near: Quote) -> Weighed:
    return Weighed(replace(one.offered, nears=(near,)), one.wait_s, chosen=True, there=True)


def _near(one: Weighed, left: Mapping[Place, Room], release: float) -> Quote | None:
    """The least room that is worth it without a boot; None for a job that has room, or is not to go."""
    job = one.offered.job
    if one.there or not (one.chosen or job.chosen):
        return None
    ratio = release if job.chosen else 1.0
    worth = (
        near
        for near in one.offered.nears
        if fits(job, near, left) and worth_it(value_s(job, near), one.wait_s, 0.0, near.usd_there(), ratio)
    )
    return next(worth, None)
