"""The jobs of a scheduler whose bjobs knows few ``-o`` fields (Volclava) or no ``-o`` (OpenLava, LSF before 9.1).

Two questions in place of one: a short answer lists every job, the long form (``-UF``, else ``-l``) says of pending jobs
alone what the short one leaves out: slots, run limit, group, dependency, start time, reason, the second of submission.

What stays unknown, and what is made of it:

- slots of a pending job that the long form did not show: one, with a notice; a job is never zero slots;
- eligible time: every second since submission counts as pending, dependencies and holds included;
- run time and run limit of running jobs on the table: none, so the expected wait comes out too short;
- the user group of jobs the long form did not show: the job counts for no lab.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.lsf.long_form import LongJob, parse_long
from onprem.lsf.moments import since
from ris_hybrid.model import Job, JobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onprem.lsf.brief import BriefJob, BriefRead


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderRead:
    """The jobs of both answers, and what a person should know about them."""

    jobs: tuple[Job, ...]
    unknown: int
    """Pending jobs the long form did not show."""


def waits(read: BriefRead) -> bool:
    """Whether any job pends, so that the long form is worth asking for."""
    return any(one.job.status is JobStatus.PEND for one in read.jobs)


def joined(read: BriefRead, long_text: str, now: float | None) -> OlderRead:
    """Both answers as jobs; ``now`` turns LSF's moments into seconds, None leaves them at 0."""
    said = parse_long(long_text)
    jobs, unknown = [], 0
    for one in read.jobs:
        if one.job.status not in {JobStatus.PEND, JobStatus.PSUSP}:
            jobs.append(one.job._replace(run_s=since(one.started, now)))
            continue
        job_id = _id_of(one.job, said)
        long = said.get(job_id)
        unknown += long is None and one.job.status is JobStatus.PEND
        jobs.append(_pending(one, job_id, long, now))
    return OlderRead(jobs=tuple(jobs), unknown=unknown)


def _id_of(job: Job, said: Mapping[str, LongJob]) -> str:
    """A plain job whose name happens to end like an element's, ``x[3]``, is known by its number alone."""
    number = job.job_id.partition("[")[0]
    return number if job.job_id not in said and number in said else job.job_id


def _pending(one: BriefJob, job_id: str, long: LongJob | None, now: float | None) -> Job:
    if long is None:
        return one.job._replace(pend_s=since(one.submitted, now))
    return one.job._replace(
        job_id=job_id,
        lab=long.lab,
        slots=long.slots,
        pend_s=since(long.submitted, now),
        run_limit_s=long.run_limit_s,
        reason=long.reason,
        dependency=long.dependency,
        specified_start=long.specified_start,
    )
