"""From candidates to the kernel's arrays and back: each job's planned wait, and whether it is worth a node (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from burst.planner import kernel
from burst.planner.hazard import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.planner.prices import Quote
    from burst.planner.ranking import Place
    from burst.planner.room import Room
    from burst.planner.values import Candidate

Running = tuple[list[float], list[int]]
"""Seconds until each running job ends, ascending, and its slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The kernel as it stands, or a compiled copy of it, with the arrays that it works on."""

    open_profile: Callable[..., int]
    plan_queue: Callable[..., int]
    floats: Callable[[list[float]], Any]
    """A list of floats as the kernel takes it."""
    whole: Callable[[list[int]], Any]


PLAIN = Rule(open_profile=kernel.open_profile, plan_queue=kernel.plan_queue, floats=list, whole=list)


@dataclass(frozen=True, slots=True)
class Offered:
    """One candidate, and the pools that may run it."""

    job: Candidate
    quotes: tuple[Quote, ...]
    """Of pools that may grow for it, least expected cost first; none where none may."""
    nears: tuple[Quote, ...] = ()
    """Of pools that have room for it on nodes that are there, the least first."""
    why: str = ""
    """Why no pool may grow for it."""
    lent: bool = False
    """Whether room of the first of ``nears`` is kept for it, so that nobody before it in the queue takes it."""

    @property
    def near(self) -> Quote | None:
        """The least of those with room: the one that the kernel weighs it against."""
        return self.nears[0] if self.nears else None


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the kernel found of one candidate."""

    offered: Offered
    wait_s: float
    chosen: bool
    there: bool
    """Weighed against room on nodes that are there: no boot."""

    @property
    def quote(self) -> Quote | None:
        """The pool it was weighed for."""
        near, quotes = self.offered.near, self.offered.quotes
        return near if self.there else (quotes[0] if quotes else None)


def nears_of(job: Candidate, quotes: Sequence[Quote], rooms: Mapping[Place, Room]) -> tuple[Quote, ...]:
    """The quotes whose pool has room for the job on nodes of its lab, the least first."""
    return tuple(sorted((one for one in quotes if fits(job, one, rooms)), key=lambda one: one.usd_there()))


def weigh(
    offered: Sequence[Offered],
    capacity: int,
    running: Running,
    rooms: Mapping[Place, Room],
    release: float,
    rule: Rule = PLAIN,
) -> list[Weighed]:
    """Plan the queue in this order; ``release`` is the factor of the cost for a job that is chosen already."""
    places = {place: index for index, place in enumerate(sorted(rooms))}
    shapes: dict[tuple[int, float], int] = {}
    rows = [_row(one, shapes, places, release) for one in offered]
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(_WHOLE)
    arrays = [
        (rule.whole if whole else rule.floats)(list(column)) for whole, column in zip(_WHOLE, columns, strict=True)
    ]
    ends, slots = running
    steps = len(ends) + len(offered) + 2
    times, free = rule.floats([0.0] * steps), rule.whole([0] * steps)
    size = rule.open_profile(capacity, rule.floats(ends), rule.whole(slots), times, free)
    left = rule.whole([rooms[place].slots for place in sorted(rooms)] or [0])
    found = (
        rule.floats([0.0] * len(offered)),
        rule.whole([0] * len(offered)),
        rule.whole([0] * len(offered)),
    )
    cursor = rule.floats([0.0] * max(1, len(shapes)))
    rule.plan_queue((times, free, size), capacity, tuple(arrays[:7]), (left, *arrays[7:]), cursor, found)
    waits, chosen, there = (list(column) for column in found)
    return [
        Weighed(one, float(waits[index]), bool(chosen[index]), bool(there[index]) or one.lent)
        for index, one in enumerate(offered)
    ]


_NO_NEW = 2 * kernel.NEVER
"""Seconds of boot where no pool may grow: no wait is as long, so that such a job goes only where there is room."""
_WHOLE = (True, False, True, False, False, False, False, True, True, False)
"""Which columns are whole numbers: slots, length, shape, value, boot, cost, release; group, size, cost there."""


def _row(
    one: Offered, shapes: dict[tuple[int, float], int], places: Mapping[tuple[str, str], int], release: float
) -> tuple[Any, ...]:
    job = one.job
    shape = shapes.setdefault((job.slots, job.length.seconds), len(shapes))
    near = one.near
    quote = one.quotes[0] if one.quotes else near
    if quote is None:
        return job.slots, job.length.seconds, shape, 0.0, 0.0, 0.0, -1.0, -1, job.slots, 0.0
    if near is not None and one.lent:
        usd = near.usd_there()
        return job.slots, job.length.seconds, shape, value_s(job, near), 0.0, usd, release, -1, job.slots, usd
    return (
        job.slots,
        job.length.seconds,
        shape,
        value_s(job, quote),
        quote.offer.boot_s if one.quotes else _NO_NEW,
        quote.usd(quote.offer.boot_s),
        release if job.chosen else 1.0,
        -1 if near is None else places[near.offer.pool, job.lab],
        job.slots if near is None else near.own_slots,
        0.0 if near is None else near.usd_there(),
    )


def value_s(job: Candidate, quote: Quote) -> float:
    """v n: dollars that a second of its waiting is worth."""
    return job.value / HOUR_S * job.slots * quote.offer.slot_cores


def fits(job: Candidate, quote: Quote, rooms: Mapping[Place, Room]) -> bool:
    """Whether the quote's pool has room for the job."""
    room = rooms.get((quote.offer.pool, job.lab))
    if room is None:
        return False
    return quote.own_slots <= (room.widest if job.one_host else room.slots)
