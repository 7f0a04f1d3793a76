"""How long a job is taken to run: its run limit, else what jobs like it took, else a mean, each said in words (pure).

The limit itself plans best where there is one (measured on three archive traces); a class is user, name and slots, as
in Tsafrir, Etsion, Feitelson, IEEE TPDS 18(6), 2007, by the time that four of five of its last runs did not pass.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from burst.planner.values import Length

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.job_ask import JobTraits
    from ris_hybrid.model import Job
    from ris_hybrid.past_job import PastJob

DEFAULT_RUN_S = 3600.0
KEPT = 50
"""So many last runs make a class."""
LEAST = 2
"""Fewer runs are no class."""
_QUANTILE = 0.8
LEAST_S = 60.0
_LIMIT = "RUNLIMIT"

Class = tuple[str, str, int]
"""User, name of job or application, slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What the last jobs of one class took."""

    count: int
    q80_s: float
    """Four of five ran no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Run times of the past by class."""

    classes: Mapping[Class, Runs] = field(default_factory=dict)
    at: float = 0.0
    """When it was made; 0 where there is none."""
    problem: str = ""
    """Why nothing of it counts; then there are no classes."""


NO_HISTORY = History()


def learn(past: Iterable[PastJob], at: float) -> History:
    """The classes of these jobs, given in the order in which they ended. What never started or has no name is none."""
    last: defaultdict[Class, deque[float]] = defaultdict(lambda: deque(maxlen=KEPT))
    for job in past:
        if job.name and job.started > 0.0 and job.ended > job.started:
            last[job.user, plain_name(job.name), job.slots].append(job.ended - job.started)
    classes = {key: runs_of(runs) for key, runs in sorted(last.items()) if len(runs) >= LEAST}
    return History(classes=classes, at=at)


def plain_name(name: str) -> str:
    """A job's name without the indices of its array."""
    return name.partition("[")[0]


def pending_length(job: Job, traits: JobTraits | None, history: History, means: Mapping[str, float]) -> Length:
    """How long this pending job is taken to run; ``means`` has the mean limit of each queue's other jobs."""
    if job.run_limit_s is not None:
        return Length(seconds=max(LEAST_S, job.run_limit_s), source=_LIMIT)
    for name in _names(traits):
        runs = history.classes.get((job.user, name, job.slots))
        if runs is not None:
            words = f"four of five of the last {runs.count} runs of {job.user}'s {name} with {job.slots} slots"
            return Length(seconds=max(LEAST_S, runs.q80_s), source=words)
    if job.queue in means:
        return Length(seconds=max(LEAST_S, means[job.queue]), source=f"mean RUNLIMIT of other jobs in {job.queue}")
    return Length(seconds=DEFAULT_RUN_S, source="no RUNLIMIT anywhere in its queue: an hour is taken")


def remaining_s(job: Job, means: Mapping[str, float]) -> float:
    """Seconds that a running job still keeps its slots.

    At its limit LSF ends it. One that outlives its estimate is taken to run until the estimate doubled as often as
    needed: what has lasted long lasts longer.
    """
    if job.run_limit_s is not None:
        return max(0.0, job.run_limit_s - job.run_s)
    estimate = max(LEAST_S, means.get(job.queue, DEFAULT_RUN_S))
    while estimate <= job.run_s:
        estimate *= 2
    return estimate - job.run_s


def _names(traits: JobTraits | None) -> tuple[str, ...]:
    if traits is None:
        return ()
    return tuple(filter(None, (plain_name(traits.name), traits.application)))


def runs_of(runs: Iterable[float]) -> Runs:
    """What these runs of one class come to; at least one."""
    ordered = sorted(runs)
    return Runs(count=len(ordered), q80_s=ordered[ceil(_QUANTILE * len(ordered)) - 1])
