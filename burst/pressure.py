"""Pending jobs → pressure per queue and lab, with what was left out and why (pure).

A pending job is pressure only if more slots would let it start. The pend reason alone cannot tell: while slots are
full LSF prints the same reason for held, dependent and future jobs too, so the job's own fields are read first.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from operator import attrgetter, itemgetter, neg
from typing import TYPE_CHECKING

from burst.outlook import job_data
from ris_hybrid.model import Job, JobStatus, UnknownWord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ris_hybrid.data.readiness import JobData
    from ris_hybrid.model import Host, Queue

DEFAULT_RUN_S = 3600.0  # a job without a run limit, where no job of the queue has one either
DATA = "data: "
"""Begins the reason of jobs that stay for want of data or image."""
_DEPENDENCY_TERM = re.compile(r"(?:done|ended|exit|started|post_done|post_err)\(\s*(\d+)\s*\)|([^\s()&|!]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Pending jobs that more slots would not start, by reason."""

    reason: str
    jobs: int
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPressure:
    """Eligible pending work of one queue and lab. ``expected_wait_s`` is the mean over its jobs."""

    queue: str
    lab: str
    jobs: int
    slots: int
    core_hours: float
    longest_wait_s: float
    expected_wait_s: float
    waits_s: tuple[float, ...]
    """Seconds each job has waited, longest first."""
    data_usd: float = 0.0
    """Dollars that sending its jobs costs in data: staging not yet paid, and egress of their results."""

    def waiting(self, seconds: float) -> int:
        """How many of its jobs have waited at least so long."""
        return bisect_right(self.waits_s, -seconds, key=neg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """What is pending on the whole cluster at one moment."""

    groups: tuple[GroupPressure, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    slots_in_service: int = 0
    data_known: bool = False
    """Whether jobs were looked at for their data; where not, every job's is taken to be there."""
    data_problem: str = ""
    """Why nothing is known of their data; empty when something is."""

    @property
    def jobs(self) -> int:
        """Eligible pending jobs."""
        return sum(group.jobs for group in self.groups)

    @property
    def data_usd(self) -> float:
        """What sending them all costs in data."""
        return math.fsum(group.data_usd for group in self.groups)

    @property
    def left_for_data(self) -> str:
        """How many jobs stay for want of data or image, in words; empty for none."""
        stay = "; ".join(f"{left.jobs} jobs: {left.reason}" for left in self.left_out if left.reason.startswith(DATA))
        return f"{stay} ({self.data_problem})" if stay and self.data_problem else stay

    @property
    def slots(self) -> int:
        """Slots they ask for."""
        return sum(group.slots for group in self.groups)


def measure(
    jobs: Sequence[Job],
    queues: Iterable[Queue],
    hosts: Iterable[Host],
    widest: float = math.inf,
    data: Mapping[str, JobData] | None = None,
) -> Pressure:
    """Sort the pending jobs into pressure and left out. No pool can ever give a job more slots than ``widest``.

    A job whose data or image is not in the cloud, as ``data`` says by job id, is left out: a node would not help it. A
    job that ``data`` does not know is left out as unknown; without ``data`` none is looked at.

    The expected wait is a fluid estimate: slot-seconds that are ahead of a job (remaining run limits of what runs,
    run limits of what was submitted before it) over the slots in service. It knows neither shape nor priority.
    """
    active = {queue.name: queue.is_active for queue in queues}
    in_service = sum(host.max_slots or 0 for host in hosts if host.takes_jobs)
    eligible: list[Job] = []
    left: dict[str, list[int]] = {}
    ahead = 0
    verdict = _verdicts(jobs, active)
    for job in jobs:
        why = verdict(job)
        if why == "" and job.slots > widest:
            why = "wider than any pool may grow"
        if data is not None and why == "":
            why = _why_by_data(job_data(job.job_id, data))
        if why == "":
            eligible.append(job)
        elif why is None:
            ahead += _left_to_run(job)
        else:
            tally = left.setdefault(why, [0, 0])
            tally[0] += 1
            tally[1] += job.slots
    groups = _groups(eligible, ahead, in_service)
    return Pressure(
        groups=groups if data is None else _with_dollars(groups, eligible, data),
        data_known=data is not None,
        left_out=tuple(LeftOut(reason=why, jobs=n, slots=slots) for why, (n, slots) in sorted(left.items())),
        slots_in_service=in_service,
    )


def waiting(jobs: Sequence[Job], queues: Iterable[Queue]) -> list[Job]:
    """The pending jobs that more slots would start, be they here or in the cloud: width and data are not looked at."""
    verdict = _verdicts(jobs, {queue.name: queue.is_active for queue in queues})
    return [job for job in jobs if verdict(job) == ""]


def _verdicts(jobs: Sequence[Job], active: dict[str, bool]) -> Callable[[Job], str | None]:
    """``_why_left_out`` for many: a hundred thousand jobs are a few hundred cases."""
    known: dict[object, str | None] = {}
    unfinished = cache(lambda: {job.job_id.partition("[")[0] for job in jobs})

    def verdict(job: Job) -> str | None:
        case = _CASE(job)
        try:
            return known[case]
        except KeyError:
            return known.setdefault(case, _why_left_out(job, active, unfinished))

    return verdict


def _why_by_data(data: JobData) -> str:
    """Few different words: a job's own are for ``burst explain``."""
    return "" if data.eligible else f"{DATA}{data.verdict}"


def _with_dollars(
    groups: tuple[GroupPressure, ...], eligible: Iterable[Job], data: Mapping[str, JobData]
) -> tuple[GroupPressure, ...]:
    dollars: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for job in eligible:
        dollars[job.queue, job.lab].append(job_data(job.job_id, data).usd)
    return tuple(replace(group, data_usd=math.fsum(dollars[group.queue, group.lab])) for group in groups)


def why_no_pressure(
    job: Job,
    jobs: Sequence[Job],
    queues: Iterable[Queue],
    widest: float = math.inf,
    data: Mapping[str, JobData] | None = None,
) -> str:
    """Why more slots would not start this pending job; empty when they would. ``jobs`` are all unfinished ones."""
    active = {queue.name: queue.is_active for queue in queues}
    why = _why_left_out(job, active, lambda: {other.job_id.partition("[")[0] for other in jobs})
    if why == "" and job.slots > widest:
        return "wider than any pool may grow"
    if why == "" and data is not None:
        return _why_by_data(job_data(job.job_id, data))
    return "" if why is None else why


_CASE = attrgetter("status", "queue", "pend_state", "dependency", "specified_start", "reason")
"""All that ``_why_left_out`` looks at."""


def _why_left_out(job: Job, active: dict[str, bool], unfinished: Callable[[], set[str]]) -> str | None:
    """Why this job is no pressure although it is pending; empty when it is pressure, None when it does not pend."""
    if job.status is not JobStatus.PEND:
        return _why_by_status(job.status)
    if not active.get(job.queue, False):
        return "queue inactive" if job.queue in active else "queue unknown"
    if job.pend_state == "IPEND":
        return "not eligible (IPEND)"
    if job.pend_state != "EPEND":
        if job.dependency and not _dependency_met(job, unfinished()):
            return "dependency"
        if job.specified_start:
            return "start time"
    return why_by_reason(job.reason)


def _why_by_status(status: JobStatus | UnknownWord) -> str | None:
    if isinstance(status, UnknownWord):
        return f"unknown state {status}"
    return "held (PSUSP)" if status is JobStatus.PSUSP else None


def _dependency_met(job: Job, unfinished: set[str]) -> bool:
    """Whether every job the condition names has left the system and LSF does not say it failed.

    Conditions by job name cannot be followed: they count as not met.
    """
    if "dependency" in job.reason.lower():
        return False
    terms = _DEPENDENCY_TERM.findall(job.dependency)
    return bool(terms) and all(number and number not in unfinished for number, _ in terms)


@lru_cache(maxsize=4096)
def why_by_reason(reason: str) -> str:
    """What a pend reason alone proves: empty when the job may be waiting for slots."""
    text = reason.lower()
    if "dependency" in text:
        return "dependency"
    if "start time" in text:
        return "start time"
    if "suspended" in text or "held" in text:
        return "held (PSUSP)"
    if "limit" in text and "job slot limit reached" not in text:
        return "limit"
    if "inactive" in text or "run window" in text:
        return "queue inactive"
    return ""


def _left_to_run(job: Job) -> int:
    """Slot-seconds a running job may still take."""
    if job.status is not JobStatus.RUN or job.run_limit_s is None:
        return 0
    return job.slots * max(0, int(job.run_limit_s - job.run_s))


def _groups(eligible: list[Job], ahead: int, in_service: int) -> tuple[GroupPressure, ...]:
    """Count the groups in order of waiting; jobs that have waited equally long are ahead of each other in nothing.

    Whole seconds are summed, so that no order of jobs changes a digit.
    """
    fallback = mean_limit_by_queue(eligible)
    rows: defaultdict[tuple[str, str], list[tuple[float, int, int, int]]] = defaultdict(list)
    newest, beside = math.inf, 0
    for waited, slots, limit, queue, lab in sorted(map(_WORK, eligible), key=itemgetter(0), reverse=True):
        if waited != newest:
            newest, ahead, beside = waited, ahead + beside, 0
        work = slots * int(fallback[queue] if limit is None else limit)
        rows[queue, lab].append((waited, slots, work, ahead))
        beside += work
    return tuple(_group(queue, lab, found, max(1, in_service)) for (queue, lab), found in sorted(rows.items()))


def _group(queue: str, lab: str, rows: list[tuple[float, int, int, int]], in_service: int) -> GroupPressure:
    waits, slots, work, ahead = zip(*rows, strict=True)
    return GroupPressure(
        queue=queue,
        lab=lab,
        jobs=len(waits),
        slots=sum(slots),
        core_hours=sum(work) / 3600,
        longest_wait_s=waits[0],
        expected_wait_s=sum(ahead) / len(waits) / in_service,
        waits_s=waits,
    )


_WORK = attrgetter("pend_s", "slots", "run_limit_s", "queue", "lab")


def mean_limit_by_queue(jobs: Iterable[Job]) -> defaultdict[str, float]:
    """For jobs without a run limit: the mean of their queue's others. Many jobs, few limits: they are counted first."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (queue, limit), count in Counter(map(attrgetter("queue", "run_limit_s"), jobs)).items():
        if limit is not None:
            sums[queue][0] += count
            sums[queue][1] += count * int(limit)
    means: defaultdict[str, float] = defaultdict(lambda: DEFAULT_RUN_S)
    means.update((queue, total / count) for queue, (count, total) in sums.items())
    return means
