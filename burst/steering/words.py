"""Whether the planner may touch a job, and whether it is chosen now, as the scheduler itself shows (pure).

What was chosen is read from LSF: a job in a burst queue, or with our term in its own requirement. A plan file that is
lost, or a fail-over, so loses nothing. Each word is a sentence for the admin, empty where nothing is in the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.steering.resreq import Fixed, is_one_piece, standing_of, with_flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.job_ask import JobTraits
    from ris_hybrid.model import Job, Queue
    from ris_hybrid.planner_settings import Exclude, Planner, Steering


def home(queue: str, steering: Steering) -> str:
    """The queue a job belongs to: of a burst queue its ordinary one, any other is its own."""
    if steering.way == "flag":
        return queue
    return next((own for own, burst in steering.queues.items() if burst == queue), queue)


def steerable(queue: str, planner: Planner) -> str:
    """Why no job of this queue can be steered; a burst queue is asked about as its ordinary one."""
    steering = planner.steering
    if steering.way == "flag" or home(queue, steering) in steering.queues:
        return ""
    return f"queue {queue} has no burst queue (planner.steering.queues)"


def excluded(job: Job, exclude: Exclude, steering: Steering) -> str:
    """Why the admin bars this job; an array's id stands for its elements, a queue for its burst queue too."""
    if {job.job_id, job.job_id.partition("[")[0]} & set(exclude.jobs):
        return f"job {job.job_id} is excluded (planner.exclude.jobs)"
    named = (
        ("users", job.user, exclude.users),
        ("labs", job.lab, exclude.labs),
        ("queues", home(job.queue, steering), exclude.queues),
        ("queues", job.queue, exclude.queues),
        ("projects", job.project, exclude.projects),
    )
    return next((f"{name} {key} are excluded (planner.exclude.{key})" for key, name, some in named if name in some), "")


def is_chosen(job: Job, traits: JobTraits | None, steering: Steering) -> bool:
    """Whether only the cloud's nodes are to run it, as LSF shows. A requirement that is not known chooses nothing."""
    if steering.way == "queue":
        return job.queue in steering.queues.values()
    if traits is None or traits.resreq is None:
        return False
    return standing_of(traits.resreq, steering.flag) == "ours"


def uneditable(traits: JobTraits | None, flag: str) -> str:
    """Why the flag cannot be put into this job's requirement.

    An application's or a queue's compound requirement is dropped by LSF as soon as the job has one of its own (IBM
    Spectrum LSF 10.1, "Resource requirement strings"): such a job is left as it is.
    """
    if traits is None or traits.resreq is None:
        return "its own resource requirement is not known"
    if not is_one_piece(traits.combined):
        return "its queue or application requires something compound, which a flag of its own would put out of force"
    edited = with_flag(traits.resreq, flag)
    return f"its resource requirement cannot be edited safely: {edited.why}" if isinstance(edited, Fixed) else ""


def shut(queue: str, queues: Sequence[Queue]) -> str:
    """Why no job can be moved into a queue now."""
    found = next((one for one in queues if one.name == queue), None)
    if found is None:
        return f"LSF has no queue {queue}"
    if not found.is_open:
        return f"queue {queue} is closed"
    return stopped(queue, queues)


def stopped(queue: str, queues: Sequence[Queue]) -> str:
    """Why a queue starts no job now; a queue that is not listed is not known to."""
    inactive = any(one.name == queue and not one.is_active for one in queues)
    return f"queue {queue} is inactive" if inactive else ""


def barred(job: Job, traits: JobTraits | None, queues: Sequence[Queue], planner: Planner) -> str:
    """Why a job may not be chosen. What is in the way of a move alone does not bar one that is chosen already.

    A burst queue that is inactive is more than that: no node would ever be used by the jobs in it.
    """
    steering = planner.steering
    why = excluded(job, planner.exclude, steering) or steerable(job.queue, planner)
    if why:
        return why
    if is_chosen(job, traits, steering):
        return "" if steering.way == "flag" else stopped(job.queue, queues)
    if steering.way == "flag":
        return uneditable(traits, steering.flag)
    return shut(steering.queues[job.queue], queues)
