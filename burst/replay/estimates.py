"""What the planner would have taken for the run times of jobs without a limit, on the day they came (pure).

The rule is that of the live planner (``burst.planner.runtimes``): four of five of the last runs of the job's class,
user, name and slots; else the mean limit of its queue; else an hour. Only what had ended, or had come, before the job
was submitted is looked at.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from burst.planner.runtimes import DEFAULT_RUN_S, KEPT, LEAST, LEAST_S, runs_of

if TYPE_CHECKING:
    from burst.replay.values import Floats, Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Jobs that ran, by time of submission."""

    submitted: Floats
    ended: Floats
    run_s: Floats
    limit_s: Floats
    """NaN where there was none."""
    queue: Whole
    kind: Whole
    """The class of the job as a number; 0 where it has no name and so no class."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimated:
    """Limits, those that were missing estimated, and how many came from where."""

    limit_s: Floats
    by_class: int = 0
    by_queue: int = 0
    by_default: int = 0


def estimated(past: Past) -> Estimated:
    """Limits for all jobs."""
    missing = np.flatnonzero(np.isnan(past.limit_s))
    if not len(missing):
        return Estimated(limit_s=past.limit_s)
    limits = past.limit_s.copy()
    by_class = _by_class(past, missing)
    by_queue = _queue_means(past)[missing]
    known, fallback = ~np.isnan(by_class), ~np.isnan(by_queue)
    found = np.where(known, by_class, np.where(fallback, by_queue, DEFAULT_RUN_S))
    limits[missing] = np.maximum(LEAST_S, found)
    return Estimated(
        limit_s=limits,
        by_class=int(known.sum()),
        by_queue=int((fallback & ~known).sum()),
        by_default=int((~fallback & ~known).sum()),
    )


def _by_class(past: Past, missing: Whole) -> Floats:
    """For each missing one, from the jobs of its class that had ended when it came; NaN where they are too few."""
    wanted = set(past.kind[missing].tolist()) - {0}
    others = np.flatnonzero(np.isin(past.kind, list(wanted)))
    ends = others[np.argsort(past.ended[others], kind="stable")]
    last: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=KEPT))
    found = np.full(len(missing), np.nan)
    ended = zip(past.ended[ends].tolist(), past.kind[ends].tolist(), past.run_s[ends].tolist(), strict=True)
    following = next(ended, None)
    asked = zip(past.submitted[missing].tolist(), past.kind[missing].tolist(), strict=True)
    for place, (at, kind) in enumerate(asked):
        while following is not None and following[0] <= at:
            last[following[1]].append(following[2])
            following = next(ended, None)
        if kind in last and len(last[kind]) >= LEAST:
            found[place] = runs_of(last[kind]).q80_s
    return found


def _queue_means(past: Past) -> Floats:
    """The mean limit of earlier jobs of each job's queue; NaN where none had one."""
    found = np.full(len(past.queue), np.nan)
    for queue in np.unique(past.queue):
        here = np.flatnonzero(past.queue == queue)
        limits = past.limit_s[here]
        had = ~np.isnan(limits)
        sums = np.cumsum(np.where(had, limits, 0.0)) - np.where(had, limits, 0.0)
        counts = np.cumsum(had) - had
        found[here] = np.divide(sums, counts, out=np.full(len(here), np.nan), where=counts > 0)
    return found
