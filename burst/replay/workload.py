"""Jobs of the past into arrays to replay.

Memory is some hundred bytes a job: figures go into flat arrays as they come, and names are kept once. That a job was
given twice (rotated files read twice) is seen by its id and start, compared by a hash of 64 bits.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from burst.planner.runtimes import plain_name
from burst.replay.estimates import Estimated, Past, estimated
from burst.replay.values import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from burst.replay.values import Floats, Whole
    from ris_hybrid.past_job import PastJob

_EPOCH = 1e8
"""Times above are epoch seconds (1973), below a trace's own."""


def workload(
    jobs: Iterable[PastJob],
    *,
    name: str = "",
    notes: Callable[[], Iterable[str]] = tuple,
    queue_limits: Mapping[str, float] | None = None,
) -> Workload:
    """Jobs that ran, by time of submission; ``notes`` is asked once all are read, and what was left out is added.

    Left out are jobs that never started or ran for no time, and all but one of those given twice. Runs over the job's
    own limit are cut to it; ``queue_limits`` (seconds) stands in for those that are missing. What then has none is
    estimated, and may run longer than that.
    """
    columns = _Columns()
    for job in jobs:
        columns.add(job)
    return _made(columns, name, notes, queue_limits or {})


@dataclass(slots=True, kw_only=True)
class _Columns:
    """One flat array a figure, filled job by job."""

    submitted: array[float] = field(default_factory=lambda: array("d"))
    started: array[float] = field(default_factory=lambda: array("d"))
    ended: array[float] = field(default_factory=lambda: array("d"))
    ineligible_s: array[float] = field(default_factory=lambda: array("d"))
    limit_s: array[float] = field(default_factory=lambda: array("d"))
    slots: array[int] = field(default_factory=lambda: array("q"))
    queue: array[int] = field(default_factory=lambda: array("i"))
    lab: array[int] = field(default_factory=lambda: array("i"))
    kind: array[int] = field(default_factory=lambda: array("q"))
    once: array[int] = field(default_factory=lambda: array("q"))
    unknown: array[int] = field(default_factory=lambda: array("b"))
    queues: dict[str, int] = field(default_factory=dict)
    labs: dict[str, int] = field(default_factory=dict)
    never: int = 0
    no_time: int = 0

    def add(self, job: PastJob) -> None:
        """Take one job, unless it never ran."""
        if job.started <= 0.0 or job.slots < 1:
            self.never += 1
            return
        if job.ended <= job.started:
            self.no_time += 1
            return
        self.submitted.append(job.submitted)
        self.started.append(job.started)
        self.ended.append(job.ended)
        self.ineligible_s.append(job.ineligible_s)
        self.limit_s.append(float("nan") if job.run_limit_s is None else job.run_limit_s)
        self.slots.append(job.slots)
        self.queue.append(self.queues.setdefault(job.queue, len(self.queues)))
        self.lab.append(self.labs.setdefault(job.lab, len(self.labs)))
        self.kind.append(hash((job.user, plain_name(job.name), job.slots)) if job.name else 0)
        self.once.append(hash((job.job_id, job.started)))
        self.unknown.append(job.wait_unknown)


def _made(
    columns: _Columns, name: str, notes: Callable[[], Iterable[str]], queue_limits: Mapping[str, float]
) -> Workload:
    order, twice = _order(columns)
    started = _floats(columns.started)[order]
    submitted = np.minimum(_floats(columns.submitted)[order] + _floats(columns.ineligible_s)[order], started)
    limit_s, run_s = _floats(columns.limit_s)[order], _floats(columns.ended)[order] - started
    queue = _whole(columns.queue)[order]
    cut = run_s > limit_s
    run_s = np.where(cut, limit_s, run_s)
    limit_s = _with_queues(limit_s, run_s, queue, [queue_limits.get(word, np.nan) for word in columns.queues])
    past = Past(
        submitted=submitted,
        ended=started + run_s,
        run_s=run_s,
        limit_s=limit_s,
        queue=queue,
        kind=_whole(columns.kind)[order],
    )
    limits = estimated(past)
    first = float(submitted[0]) if len(order) else 0.0
    return Workload(
        submitted=submitted - first,
        run_s=run_s,
        limit_s=limits.limit_s,
        slots=_whole(columns.slots)[order],
        queue=queue,
        lab=_whole(columns.lab)[order],
        recorded_wait_s=np.where(_whole(columns.unknown)[order], np.nan, started - submitted),
        queues=tuple(columns.queues),
        labs=tuple(columns.labs),
        name=name,
        began=first if first > _EPOCH else 0.0,
        notes=(*notes(), *_notes(columns, limits, twice, int(cut.sum()))),
    )


def _order(columns: _Columns) -> tuple[Whole, int]:
    """Places of jobs by when they could have started, each job once; and how many were given again."""
    first = np.unique(_whole(columns.once), return_index=True)[1]
    first.sort()
    eligible = np.minimum(_floats(columns.submitted) + _floats(columns.ineligible_s), _floats(columns.started))
    return first[np.argsort(eligible[first], kind="stable")], len(columns.once) - len(first)


def _with_queues(limit_s: Floats, run_s: Floats, queue: Whole, by_queue: list[float]) -> Floats:
    """Limits of queues where jobs have none; a job that ran longer shows that the limit was another then."""
    if not by_queue:
        return limit_s
    theirs = np.array(by_queue)[queue]
    return np.where(np.isnan(limit_s) & (run_s <= theirs), theirs, limit_s)


def _notes(columns: _Columns, limits: Estimated, twice: int, cut: int) -> tuple[str, ...]:
    counted = (
        (columns.never, "jobs that never started, left out"),
        (columns.no_time, "jobs that ran for no time, left out"),
        (twice, "records of a job met before, left out"),
        (cut, "jobs that ran past their limit, cut to it"),
        (limits.by_class, "jobs without a run limit, planned by what jobs like them had taken by then"),
        (limits.by_queue, "jobs without a run limit, planned by the mean limit of their queue"),
        (limits.by_default, "jobs without a run limit, planned as an hour: nothing else was known"),
    )
    return tuple(f"{words}: {count}" for count, words in counted if count)


def _floats(column: array[float]) -> Floats:
    return np.frombuffer(column, np.float64)


def _whole(column: array[int]) -> Whole:
    return np.frombuffer(column, f"i{column.itemsize}").astype(np.int64)
