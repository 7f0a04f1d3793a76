"""A walked JOB_FINISH record as a job of the past, and the checks that its figures can be true (pure)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from onprem.lsf.acct.walk import Misfit, slots_of
from onprem.lsf.fields import lab_of
from ris_hybrid.past_job import PastJob

if TYPE_CHECKING:
    from onprem.lsf.acct.walk import Walked

LabBy = Literal["account", "project", "user", "queue"]
"""Where a job's lab is read from. ``account``: the user group in the fair-share account that it was charged to
(``chargedSAAP``, ``/compute-abc/kim``), as the scheduler's own answers are read; the record has no other group."""

_EXIT, _DONE = 32, 64
_NO_LIMIT = 2**31 - 1
_EARLIEST, _LATEST = 631_152_000, 4_102_444_800
"""1990 to 2100: no LSF wrote a record before, and none that is read was written after."""
_MOST_SLOTS = 10_000_000
_SKEW_S = 60
"""Hosts' clocks differ by a little; more than this is no time."""
_MEMORY = re.compile(r"\brusage\[[^\]]*?\bmem=([\d.]+)([KMGT]?)", re.IGNORECASE)
_MIB = {"K": 1 / 1024, "M": 1.0, "": 1.0, "G": 1024.0, "T": 1024.0**2}


def past_job(record: Walked, lab_by: LabBy) -> PastJob:
    """The job; ``started`` is 0 where it never ran. Raises ``Misfit`` where figures cannot be true."""
    submitted, started, ended = _times(record)
    status = record.needed("jStatus")
    if not status & (_EXIT | _DONE):
        raise Misfit("jStatus: neither EXIT nor DONE")
    limit = record.number("runLimit")
    string = record.string
    user, queue, project = name_of(string("userName")), name_of(string("queue")), name_of(string("projectName"))
    return PastJob(
        job_id=_job_id(record),
        submitted=submitted,
        started=started,
        ended=ended,
        slots=_slots(record),
        run_limit_s=float(limit) if limit is not None and 0 < limit < _NO_LIMIT else None,
        queue=queue,
        user=user,
        lab=_lab(record, lab_by, (user, queue, project)),
        project=project,
        name=name_of(string("jobName") or string("app")),
        ineligible_s=_ineligible_s(record, submitted, started),
        memory_mib=_asked_mib(string("effectiveResReq") or string("resReq"))
        or max(0, record.number("maxRMem") or 0) // 1024,
        failed=bool(status & _EXIT),
    )


def name_of(text: str) -> str:
    """A name as it was written, UTF-8 where it is that: lines come a byte a character."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


def group_of(account: str, user: str) -> str:
    """The user group of a fair-share account: ``/compute-abc/kim`` of kim is charged to compute-abc; empty for none.

    ``/others*0`` is LSF's way to say that the account stands for each of many; the number is no part of the name.
    """
    parts = [part for part in account.partition("*")[0].split("/") if part]
    if parts and parts[-1] == user:
        parts.pop()
    return parts[-1] if parts else ""


def _times(record: Walked) -> tuple[float, float, float]:
    submitted, started = record.needed("submitTime"), record.needed("startTime")
    ended = record.needed("eventTime")
    if not _EARLIEST <= submitted <= _LATEST:
        raise Misfit("submitTime: not a time")
    if ended > _LATEST:
        raise Misfit("eventTime: not a time")
    if ended < submitted - _SKEW_S:
        raise Misfit("eventTime: before submitTime")
    if started and not submitted - _SKEW_S <= started <= ended + _SKEW_S:
        raise Misfit("startTime: not between submitTime and eventTime")
    if started:
        started = max(started, submitted)
    return float(submitted), float(started), float(max(ended, started, submitted))


def _job_id(record: Walked) -> str:
    index = record.number("idx")
    job_id = record.needed("jobId")
    return f"{job_id}[{index}]" if index and index > 0 else str(job_id)


def _slots(record: Walked) -> int:
    """Slots allocated, else slots of the hosts it ran on, else asked for: a job may use more than it asked for."""
    hosts = record.entries("numAllocSlots") or record.entries("numExHosts")
    slots = sum(map(slots_of, hosts)) if hosts else record.needed("numProcessors")
    if not 0 < slots <= _MOST_SLOTS:
        raise Misfit("numProcessors: not a number of slots")
    return slots


def _ineligible_s(record: Walked, submitted: float, started: float) -> float:
    """``ineligiblePendTime``, -1 where LSF does not keep it; or what was before its last requeue, if that is more.

    The reference says of ``requeueTime`` only that it is "the job's requeue time": it is used where it is a moment
    between submission and start.
    """
    if not started:
        return 0.0
    requeued = record.number("requeueTime") or 0
    before = requeued - submitted if submitted < requeued <= started else 0.0
    return min(started - submitted, max(0.0, before, float(record.number("ineligiblePendTime") or 0)))


@lru_cache(maxsize=4096)
def _asked_mib(resreq: str) -> int:
    """``mem`` of ``rusage[...]``, MB where it has no unit (LSF's default; LSF_UNIT_FOR_LIMITS is not in the record)."""
    found = _MEMORY.search(resreq)
    if found is None:
        return 0
    try:
        return int(float(found[1]) * _MIB[found[2].upper()])
    except ValueError:
        return 0


def _lab(record: Walked, lab_by: LabBy, names: tuple[str, str, str]) -> str:
    user, queue, project = names
    if lab_by == "account":
        return lab_of(group_of(name_of(record.string("chargedSAAP")), user))
    return {"project": lab_of(project), "user": user, "queue": queue}[lab_by]
