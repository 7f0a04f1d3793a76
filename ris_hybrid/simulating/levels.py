"""How much of something was there at a time: slots in use, nodes up, jobs pending, from their beginnings and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from burst.replay.values import Floats, Outcome, Workload

BINS = 600
"""Points of a timeline: about one for each pixel and a half of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """Means over equal stretches of time."""

    hours: Floats
    """Where each stretch begins, hours from the first submission; one more than there are stretches."""
    pending_slots: Floats
    onprem_slots: Floats
    cloud_slots: Floats
    nodes: Floats


def timeline(workload: Workload, outcome: Outcome, until: float, bins: int = BINS) -> Timeline:
    """One replay over time, from the first submission to ``until`` seconds."""
    edges = np.linspace(0.0, max(until, 1.0), bins + 1)
    slots = workload.slots.astype(np.float64)
    ran_at_all = np.isfinite(outcome.started)
    here = ran_at_all & (outcome.pool < 0)

    def ran(those: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
        return mean_levels(outcome.started[those], outcome.ended[those], slots[those], edges)

    return Timeline(
        hours=edges / 3600,
        pending_slots=mean_levels(workload.submitted, np.where(ran_at_all, outcome.started, edges[-1]), slots, edges),
        onprem_slots=ran(here),
        cloud_slots=ran(ran_at_all & ~here),
        nodes=mean_levels(outcome.node_launched, outcome.node_ended, np.ones(len(outcome.node_pool)), edges),
    )


def mean_levels(begins: Floats, ends: Floats, weights: Floats, edges: Floats) -> Floats:
    """The mean of the sum of weights between each two edges. An entry counts from its begin until its end."""
    times, area = _area(begins, ends, weights)
    return np.asarray(np.diff(np.interp(edges, times, area)) / np.diff(edges))


def _area(begins: Floats, ends: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The integral of the level at every moment at which it changes; straight lines lie between them."""
    times = np.concatenate(([0.0], begins, ends))
    steps = np.concatenate(([0.0], weights, -weights))
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(steps[order])
    area = np.concatenate(([0.0], np.cumsum(level[:-1] * np.diff(times))))
    return times, area
