"""Parts and multiples of a workload, and how many slots its record had in use at once (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from burst.replay.values import Workload


def between(load: Workload, start_s: float, end_s: float) -> Workload:
    """Jobs submitted from ``start_s`` until before ``end_s``; the first of them is at second 0 again."""
    first, last = np.searchsorted(load.submitted, (start_s, end_s))
    here = slice(int(first), int(last))
    moved = float(load.submitted[here][0]) if last > first else 0.0
    return replace(
        load,
        submitted=load.submitted[here] - moved,
        run_s=load.run_s[here],
        limit_s=load.limit_s[here],
        slots=load.slots[here],
        queue=load.queue[here],
        lab=load.lab[here],
        recorded_wait_s=load.recorded_wait_s[here],
        began=load.began + moved if load.began else 0.0,
    )


def halves(load: Workload) -> tuple[Workload, Workload]:
    """The first and the second half of the time between the first and the last submission."""
    if not load.jobs:
        return load, load
    middle = float(load.submitted[-1]) / 2
    return between(load, 0.0, middle), between(load, middle, np.inf)


def tiled(load: Workload, times: int) -> Workload:
    """The workload so many times, one after the other, for measuring how long a replay takes. Nothing real."""
    if not load.jobs:
        return load
    span = float(load.submitted[-1]) * (1 + 1 / load.jobs)
    return replace(
        load,
        submitted=np.concatenate([load.submitted + copy * span for copy in range(times)]),
        run_s=np.tile(load.run_s, times),
        limit_s=np.tile(load.limit_s, times),
        slots=np.tile(load.slots, times),
        queue=np.tile(load.queue, times),
        lab=np.tile(load.lab, times),
        recorded_wait_s=np.tile(load.recorded_wait_s, times),
        name=f"{load.name} x {times}",
    )


def peak_slots(load: Workload) -> int:
    """The most slots that the record had in use at once, a hint of the cluster's size; 0 where no start is known.

    Records are not exact: KTH-SP2 comes to 104, and its header says 100.
    """
    known = ~np.isnan(load.recorded_wait_s)
    started = load.submitted[known] + load.recorded_wait_s[known]
    times = np.concatenate([started, started + load.run_s[known]])
    change = np.concatenate([load.slots[known], -load.slots[known]])
    order = np.lexsort((change, times))
    return int(np.cumsum(change[order]).max(initial=0))
