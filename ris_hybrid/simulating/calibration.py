"""Whether a replay without cloud waits as the record did, and the capacity at which it does.

A log does not say which nodes were down, drained or reserved, nor who came first: a replay on the full cluster mostly
waits less than people did, and what a policy saves there is not what it saves here. So this is looked at first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, isfinite
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.replay.values import Floats, Outcome, Workload

    Without = Callable[[int], Outcome]
    """Replays the record without cloud on so many slots."""

FAR = 1.25
"""Mean waits that differ by more than this factor are worth a warning."""
CLOSE = 0.02
"""Mean waits within this share of each other agree."""
LEAST_S = 1.0
"""Seconds added to both waits before they are compared, so that two that are next to nothing agree."""
WIDE = 0.99
"""This share of jobs must fit."""
TRIES = 14
"""Replays that the search for a capacity may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Of the jobs whose wait the record knows, seconds."""

    mean_s: float
    p50_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The record's waits beside those of the replay without cloud."""

    recorded: Waits | None
    """None where the record does not know when its jobs started."""
    replayed: Waits
    jobs: int
    """How many jobs are compared."""
    capacity: int
    capacity_before: int
    """The same as ``capacity`` unless it was scaled."""
    scaled: bool = False
    problem: str = ""
    """Why no capacity makes them agree, in words; empty when one does, or none was looked for."""

    @property
    def ratio(self) -> float | None:
        """Replayed mean wait over the recorded one; None where that is not known."""
        return None if self.recorded is None else _ratio(self.replayed.mean_s, self.recorded.mean_s)

    @property
    def far(self) -> bool:
        """Whether they differ by more than a factor that lets savings be trusted."""
        return self.ratio is not None and not 1 / FAR <= self.ratio <= FAR


def compare(workload: Workload, outcome: Outcome, capacity: int) -> Calibration:
    """The calibration as it stands."""
    waits = outcome.started - workload.submitted
    ran = np.isfinite(waits)
    known = ran & np.isfinite(workload.recorded_wait_s)
    if not known.any():
        return Calibration(
            recorded=None, replayed=_waits(waits[ran]), jobs=0, capacity=capacity, capacity_before=capacity
        )
    return Calibration(
        recorded=_waits(workload.recorded_wait_s[known]),
        replayed=_waits(waits[known]),
        jobs=int(known.sum()),
        capacity=capacity,
        capacity_before=capacity,
    )


def calibrate(workload: Workload, first: Calibration, without: Without) -> Calibration:
    """The capacity at which mean waits agree, by bisection; more slots let nobody wait longer, but for rare exceptions.

    EASY has such exceptions, so where the search fails it says that none of those it tried agrees, not that none does.

    ``without`` replays jobs that are wider than the capacity as wide as it is (``cut_to``); no more than one job in a
    hundred may be. It ends at the closest found when no capacity up to four times the first one does, and says so.
    """
    if first.recorded is None:
        return replace(first, problem="the record does not say when its jobs started: there is nothing to scale to")
    if _agree(first):
        return first
    low, high = _bounds(workload, first)
    best = first
    tries = 0
    while high - low > 1 and tries < TRIES:
        tries += 1
        middle = (low + high) // 2
        tried = replace(compare(workload, without(middle), middle), capacity_before=first.capacity, scaled=True)
        if _gap(tried) <= _gap(best):
            best = tried
        if _agree(tried):
            return tried
        if _waits_longer(tried):
            low = middle
        else:
            high = middle
    return replace(best, problem=_why(workload, best))


def _bounds(workload: Workload, first: Calibration) -> tuple[int, int]:
    """Between them lies the capacity: below the one waits are longer, at the other shorter."""
    if _waits_longer(first):
        return first.capacity, 4 * first.capacity
    span = max(1.0, float(workload.submitted[-1] - workload.submitted[0]))
    load = ceil(float((workload.slots * workload.run_s).sum()) / (4 * span))
    return max(_least(workload), load) - 1, first.capacity


def _least(workload: Workload) -> int:
    """Slots that all but one job in a hundred fit into."""
    return int(np.quantile(workload.slots, WIDE, method="higher"))


def cut_to(workload: Workload, capacity: int) -> Workload:
    """The same jobs, none wider than the capacity; how many were is noted."""
    wide = int((workload.slots > capacity).sum())
    if not wide:
        return workload
    note = f"jobs wider than the scaled capacity, replayed as wide as its {capacity} slots: {wide}"
    return replace(workload, slots=np.minimum(workload.slots, capacity), notes=(*workload.notes, note))


def _waits_longer(one: Calibration) -> bool:
    return one.ratio is not None and one.ratio > 1


def _agree(one: Calibration) -> bool:
    return _gap(one) <= CLOSE


def _gap(one: Calibration) -> float:
    """How far the ratio is from 1, alike to both sides."""
    return float("inf") if not one.ratio else max(one.ratio, 1 / one.ratio) - 1


def _ratio(replayed: float, recorded: float) -> float:
    return (replayed + LEAST_S) / (recorded + LEAST_S) if isfinite(replayed) else float("inf")


def _why(workload: Workload, best: Calibration) -> str:
    recorded = best.recorded.mean_s if best.recorded else 0.0
    text = f"no capacity that was tried makes mean waits agree to {CLOSE:.0%}: "
    text += f"at {best.capacity} slots, the closest, the replay's is "
    text += f"{best.replayed.mean_s:.0f} s and the record's {recorded:.0f} s"
    if not best.far:
        return text
    if best.capacity <= _least(workload):
        return f"{text}, and fewer slots have no room for one job in a hundred"
    return f"{text}; waits of the record may have causes that no capacity has: outages, limits, priorities"


def _waits(waits: Floats) -> Waits:
    if not len(waits):
        return Waits(mean_s=0.0, p50_s=0.0, p95_s=0.0)
    p50, p95 = np.quantile(waits, (0.5, 0.95))
    return Waits(mean_s=float(waits.mean()), p50_s=float(p50), p95_s=float(p95))
