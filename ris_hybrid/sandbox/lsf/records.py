"""A job as the virtual LSF keeps it, as it is shown, and why it waits (sandbox)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from ris_hybrid.errors import ConfigError
from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.spec import FinishedJob
from ris_hybrid.sandbox.lsf.working import Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.lsf.dispatch import Lane, Plan
    from ris_hybrid.sandbox.lsf.resreq import Wish
    from ris_hybrid.sandbox.lsf.spec import JobRequest, QueueSpec

_CONDITION = re.compile(r"\s*(?P<word>done|ended|exit)\(\s*(?P<job>\d+)\s*\)\s*")


class Blocked(StrEnum):
    """Why a pending job is not eligible; the words are LSF's single pending reasons."""

    HELD = "The job was suspended by the user while pending;"
    START_TIME = "The job has a specified start time;"
    DEPENDENCY = "Job dependency condition not satisfied;"
    NEVER = "Dependency condition invalid or never satisfied;"
    QUEUE = "The queue is inactivated by the administrator;"


@dataclass(slots=True, kw_only=True)
class JobRecord:
    """One job with its mutable state; never leaves the cluster."""

    job_id: str
    order: int
    """Its place, by submission: a switched, changed or requeued job keeps it."""
    request: JobRequest
    queue: QueueSpec
    account: str
    wish: Wish
    """What it and its queue select hosts by."""
    lane: Lane
    submitted: float
    pending_since: float
    status: JobStatus = JobStatus.PEND
    blocked: Blocked | None = None
    blocked_since: float = 0.0
    blocked_s: float = 0.0
    """Seconds it was not eligible, without the stretch that is going on."""
    started: float | None = None
    ended: float | None = None
    runs: int = 0
    plan: Plan = ()
    borrowed: bool = False
    exit_code: int | None = None
    exit_reason: str = ""

    @property
    def waiting(self) -> bool:
        """PEND or PSUSP."""
        return self.status in {JobStatus.PEND, JobStatus.PSUSP}

    @property
    def span_s(self) -> float:
        """Seconds it will hold its slots: its real run time, or its run limit if that comes first."""
        limit = self.request.run_limit_s
        return self.request.run_s if limit is None else min(self.request.run_s, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as bjobs shows it; times are epoch seconds, durations seconds."""

    job_id: str
    status: JobStatus
    queue: str
    queue_resreq: str
    account: str
    request: JobRequest
    submitted: float
    started: float | None
    ended: float | None
    pend_s: float
    eligible_s: float
    run_s: float
    pend_state: Literal["EPEND", "IPEND", "NOTPEND"]
    reason: str
    hosts: Plan
    exit_code: int | None
    exit_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Jobs and slots of the cluster at one moment. Held (PSUSP) jobs are not counted as pending."""

    pending_jobs: int
    pending_slots: int
    running_jobs: int
    running_slots: int
    onprem_slots_used: int
    cloud_slots_used: int
    cloud_slots: int
    """Slots of the borrowed hosts that have joined."""


def work_of(job: JobRecord) -> Work:
    """What its command is told."""
    request = job.request
    return Work(
        job_id=job.job_id,
        user=request.user,
        command=request.command,
        description=request.description,
        hosts=tuple(name for name, _ in job.plan),
    )


def dependency_of(condition: str) -> tuple[str, str] | None:
    """``done(12)`` to ("done", "12"), None without a condition; ``ConfigError`` when not understood."""
    if not condition.strip():
        return None
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise ConfigError(
            f"{condition}: Bad syntax in dependency condition",
            "the sandbox understands done(ID), ended(ID) and exit(ID) of one job",
        )
    return match["word"], match["job"]


def dependency_block(word: str, status: JobStatus) -> Blocked | None:
    """What a condition on a job of this status means for the job that waits for it."""
    if status not in {JobStatus.DONE, JobStatus.EXIT}:
        return Blocked.DEPENDENCY
    met = word == "ended" or (word == "done") == (status is JobStatus.DONE)
    return None if met else Blocked.NEVER


def block_of(job: JobRecord, now: float, status_of: Callable[[str], JobStatus]) -> Blocked | None:
    """Why the pending job may not be considered at all, or None: it is eligible."""
    if job.status is JobStatus.PSUSP:
        return Blocked.HELD
    if job.request.begin is not None and job.request.begin > now:
        return Blocked.START_TIME
    condition = dependency_of(job.request.dependency)
    if condition is not None:
        blocked = dependency_block(condition[0], status_of(condition[1]))
        if blocked is not None:
            return blocked
    return None if job.queue.is_active else Blocked.QUEUE


def pend_reason(job: JobRecord, now: float, queue_room: int | None) -> str:
    """The reason bjobs prints: LSF's words and a ``;``. ``queue_room`` is what the queue's limit leaves."""
    if job.blocked is not None:
        return job.blocked
    if job.pending_since == now:
        return "New job is waiting for scheduling;"
    if queue_room is not None and queue_room < job.request.slots:
        return "The queue has reached its job slot limit;"
    pools = job.lane.pools
    hosts = sum(pool.hosts for pool in pools)
    if sum(pool.capacity for pool in pools) < job.request.slots:
        return "There are no suitable hosts for the job;"
    with_room = sum(pool.hosts_with_room for pool in pools)
    text = "Not enough job slot(s)" if with_room else "Job slot limit reached"
    return f"{text}: {hosts} host{'s' if hosts != 1 else ''};"


def view_of(job: JobRecord, now: float, queue_room: int | None) -> JobView:
    """Everything bjobs may be asked about the job at ``now``."""
    until = job.started if job.started is not None else job.ended
    pend_s = (now if until is None else until) - job.pending_since
    blocked_s = job.blocked_s
    if job.blocked is not None and until is None:
        blocked_s += now - job.blocked_since
    run_s = 0.0 if job.started is None else (now if job.ended is None else job.ended) - job.started
    state: Literal["EPEND", "IPEND", "NOTPEND"] = "NOTPEND"
    if job.waiting:
        state = "EPEND" if job.blocked is None else "IPEND"
    return JobView(
        job_id=job.job_id,
        status=job.status,
        queue=job.queue.name,
        queue_resreq=job.queue.res_req,
        account=job.account,
        request=job.request,
        submitted=job.submitted,
        started=job.started,
        ended=job.ended,
        pend_s=pend_s,
        eligible_s=pend_s - blocked_s,
        run_s=run_s,
        pend_state=state,
        reason=pend_reason(job, now, queue_room) if job.waiting else "",
        hosts=job.plan,
        exit_code=job.exit_code,
        exit_reason=job.exit_reason,
    )


def finished_of(job: JobRecord, lab: str) -> FinishedJob | None:
    """The accounting record of an ended job; None when it never ran."""
    if job.started is None or job.ended is None:
        return None
    return FinishedJob(
        job_id=job.job_id,
        queue=job.queue.name,
        lab=lab,
        slots=job.request.slots,
        submitted=job.submitted,
        started=job.started,
        ended=job.ended,
        hosts=tuple(host for host, _ in job.plan),
        borrowed=job.borrowed,
    )
