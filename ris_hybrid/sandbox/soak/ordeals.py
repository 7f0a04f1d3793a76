"""What a seed makes of a day: bursts of jobs, and everything that goes wrong meanwhile (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.spec import JobRequest
from ris_hybrid.sandbox.lsf.swf import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

LABS = ("lee", "wu")
_HOUR = 3600.0
_EVERY_S = 2.0 * _HOUR
"""From one burst of jobs to the next, about."""
_TROUBLE_S = 3000.0
"""Trouble comes so long after a burst at most: while there are nodes it can hit."""


class Kind(StrEnum):
    """What can go wrong."""

    KILL = "kill"
    """A script dies at one of its calls to AWS, or before it has printed its answer."""
    THROTTLE = "throttle"
    ERROR = "error"
    """AWS answers 500 or 503."""
    RESET = "reset"
    """A connection breaks, before the call is carried out or after."""
    CAPACITY = "capacity"
    """There is no machine to be had for a while."""
    INTERRUPT = "interrupt"
    """A spot machine is taken."""
    VANISH = "vanish"
    """Somebody ends a machine, or stops it."""
    SILENCE = "silence"
    """LSF's commands do not answer for a while."""
    RESTART = "restart"
    """mbatchd and ebrokerd start again."""
    FAIL_OVER = "fail-over"
    """Another master takes over, with an empty data directory."""
    NO_JOIN = "no-join"
    """A node that comes up and never joins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    """One thing that goes wrong ``at`` seconds after the start; ``size`` is how much of it."""

    at: float
    kind: Kind
    size: int = 1


_AT_EACH_BURST: tuple[tuple[Kind, float, tuple[int, int]], ...] = (
    # kind, chance, from-to: calls hit, minutes it lasts, or machines
    (Kind.THROTTLE, 0.35, (1, 4)),
    (Kind.ERROR, 0.3, (1, 4)),
    (Kind.RESET, 0.4, (1, 3)),
    (Kind.CAPACITY, 0.35, (10, 40)),
    (Kind.INTERRUPT, 0.7, (1, 3)),
    (Kind.VANISH, 0.4, (1, 2)),
    (Kind.SILENCE, 0.3, (5, 15)),
    (Kind.RESTART, 0.4, (1, 1)),
    (Kind.FAIL_OVER, 0.3, (1, 1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Jobs and trouble of one seed; times are seconds after the start."""

    seed: int
    hours: float
    arrivals: tuple[Arrival, ...]
    ordeals: tuple[Ordeal, ...]
    kill_share: float = 0.05
    """Share of script calls that are killed."""
    no_join_share: float = 0.08
    """Share of machines that never join."""


def day_of(seed: int, hours: float) -> Day:
    """The same seed and hours give the same day."""
    draw = Random(f"soak {seed}")  # noqa: S311  # a draw of the sandbox, no secret
    bursts = tuple(_bursts(draw, hours * _HOUR))
    arrivals = [arrival for burst in bursts for arrival in _jobs(draw, burst)]
    ordeals = [ordeal for burst in bursts for ordeal in _trouble(draw, burst)]
    return Day(
        seed=seed,
        hours=hours,
        arrivals=tuple(sorted(arrivals, key=lambda one: one.at)),
        ordeals=tuple(sorted(ordeals, key=lambda one: (one.at, one.kind))),
    )


def never_joins(day: Day, machine_id: str) -> bool:
    """Whether this machine is one that comes up and never joins."""
    return Random(f"{day.seed} {machine_id}").random() < day.no_join_share  # noqa: S311  # no secret


def _bursts(draw: Random, until: float) -> Iterator[float]:
    at = draw.uniform(60, 600)
    while at < until - 0.4 * _HOUR:
        yield at
        at += draw.uniform(0.7, 1.3) * _EVERY_S


def _jobs(draw: Random, at: float) -> Iterator[Arrival]:
    lab = draw.choice(LABS)
    for _ in range(draw.randint(12, 50)):
        request = JobRequest(
            run_s=float(draw.randint(300, 1500)),
            slots=draw.choice((1, 2, 4, 8)),
            queue="general",
            user="ann",
            user_group=f"compute-{lab if draw.random() < 0.8 else draw.choice(LABS)}",
            rerunnable=True,
        )
        yield Arrival(at=at + float(draw.randint(0, 400)), request=request)


def _trouble(draw: Random, burst: float) -> Iterator[Ordeal]:
    for kind, chance, (least, most) in _AT_EACH_BURST:
        if draw.random() < chance:
            at = burst + draw.uniform(0, _TROUBLE_S)
            yield Ordeal(at=float(round(at)), kind=kind, size=draw.randint(least, most))
