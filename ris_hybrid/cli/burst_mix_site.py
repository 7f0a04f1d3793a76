"""The pending jobs of a site as classes, for ``burst mix``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from burst.mix.classes import classes_of
from burst.pressure import why_no_pressure
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from burst.mix.values import JobClass
    from ris_hybrid.ports import Scheduler, Traits


def seen(scheduler: Scheduler, traits: Traits, depth: int, *, by_lab: bool) -> tuple[list[JobClass], tuple[str, ...]]:
    """The first so many jobs that more slots would start, by class, and what there is to say of them.

    Of an array one element is asked what it needs, and speaks for the others. Raises ``SiteUnavailable``.
    """
    jobs, queues = scheduler.jobs(), scheduler.queues()
    pending = [job for job in jobs if job.status is JobStatus.PEND]
    found = list(islice((job for job in pending if not why_no_pressure(job, jobs, queues)), depth))
    speakers: dict[str, str] = {}
    for job in found:
        speakers.setdefault(_array(job.job_id), job.job_id)
    told = traits.traits(list(speakers.values()))
    known = {job.job_id: told[one] for job in found if (one := speakers[_array(job.job_id)]) in told}
    notes = [f"{len(found)} of {len(pending)} pending jobs{_others(len(pending) - len(found))}"]
    if len(found) == depth:
        notes = [f"the first {depth} pending jobs that more slots would start: --depth looks at more"]
    if len(known) < len(found):
        notes.append(f"of {len(found) - len(known)} jobs nothing is known beside their slots")
    return classes_of(found, known, by_lab=by_lab), tuple(notes)


def _others(count: int) -> str:
    return ": the others would not start with more slots" if count else ""


def _array(job_id: str) -> str:
    return job_id.partition("[")[0]
