"""Every chosen job back to where it came from, for when nobody steers any more (pure).

A burst queue that is taken out of lsb.queues leaves its jobs to LSF's ``lost_and_found``, and a job with a flag that no
node carries never starts: both have to go back first, whoever put them there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.steering.moves import Move
from burst.steering.resreq import without_flag
from burst.steering.words import home, is_chosen
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.job_ask import JobTraits
    from ris_hybrid.model import Job
    from ris_hybrid.planner_settings import Steering

WHY = "nobody steers any more"
_WAITING = frozenset({JobStatus.PEND, JobStatus.PSUSP})


def waiting(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Those that can be moved, held ones too; what runs goes on where it is."""
    return tuple(job for job in jobs if job.status in _WAITING)


def homeward(jobs: Sequence[Job], traits: Mapping[str, JobTraits], steering: Steering) -> tuple[Move, ...]:
    """The moves; ``traits`` are asked for with ``way: flag`` alone."""
    chosen = (job for job in waiting(jobs) if is_chosen(job, traits.get(job.job_id), steering))
    return tuple(_back(job, traits.get(job.job_id), steering) for job in chosen)


def _back(job: Job, traits: JobTraits | None, steering: Steering) -> Move:
    if steering.way == "queue":
        return Move(job_id=job.job_id, kind="released", target=home(job.queue, steering), why=WHY)
    own = without_flag((traits.resreq if traits else None) or "", steering.flag)
    # A requirement that has our term was understood, so what is left of it is a text.
    return Move(job_id=job.job_id, kind="released", target=steering.flag, resreq=str(own), why=WHY)
