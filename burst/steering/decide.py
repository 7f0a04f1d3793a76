"""The moves of a turn: from what was chosen and what the scheduler shows to which jobs move where (pure).

    LSF shows          plan: chosen                  plan: not chosen
    not chosen         move, unless taken from us    nothing
    chosen, ours       nothing                       move back
    chosen, not ours   nothing                       left alone

Ours is what the audit log says we moved, or what is older than that log. A job that its owner or an admin put into a
burst queue, or took out of it after us, stays as it is. With ``way: flag`` the form of the term tells whose it is.
Nothing is moved that has started, is held (PSUSP), is excluded, was refused lately, or that the plan does not reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.steering.moves import Move, Moves, Seen, Stay
from burst.steering.resreq import Fixed, with_flag, without_flag
from burst.steering.words import excluded, home, is_chosen, shut, steerable, uneditable
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from burst.planner.values import Plan, PlannedJob
    from ris_hybrid.job_ask import JobTraits
    from ris_hybrid.model import Job
    from ris_hybrid.planner_settings import Planner, Steering


def decide(plan: Plan, seen: Seen, planner: Planner) -> Moves:
    """Every job of the plan once; those that go back first, then those that are sent, at most ``moves_per_turn``."""
    listed = {job.job_id: job for job in seen.jobs}
    planned = {one.job.job_id: one for one in plan.jobs}
    found = [_judged(one, listed.get(job_id), seen, planner) for job_id, one in planned.items()]
    moves = [one for one in found if isinstance(one, Move)]
    moves.sort(key=lambda move: move.kind == "chosen")
    most = max(planner.steering.moves_per_turn, 0)
    late = (
        Stay(job_id=move.job_id, why=f"moves_per_turn ({most}) is reached: next turn ({move.why})")
        for move in moves[most:]
    )
    return Moves(moves=tuple(moves[:most]), stays=(*(one for one in found if isinstance(one, Stay)), *late))


def _judged(one: PlannedJob, job: Job | None, seen: Seen, planner: Planner) -> Move | Stay | None:
    if job is None:
        return None  # ended since the plan looked
    steering, traits = planner.steering, seen.traits.get(job.job_id)
    chosen = is_chosen(job, traits, steering)
    why = excluded(job, planner.exclude, steering)
    if chosen == one.chosen:
        return None
    if why:
        again = "; it was chosen before that, and whoever excluded it takes it back" if chosen else ""
        return Stay(job_id=job.job_id, why=f"{why}{again}")
    why = _hands_off(job, seen) or steerable(job.queue, planner)
    if not why:
        why = _taken(job, seen, steering) if one.chosen else _not_ours(job, seen, steering)
    if why:
        return Stay(job_id=job.job_id, why=why)
    if steering.way == "flag":
        return _flagged(one, job, traits, steering)
    return _switched(one, job, seen, steering)


def _hands_off(job: Job, seen: Seen) -> str:
    if job.status is not JobStatus.PEND:
        return f"it is {job.status}, only PEND jobs are moved"
    refusal = seen.memory.refusals.get(job.job_id)
    if refusal is not None and refusal.holds(seen.now):
        return f"LSF refused lately, and is asked again later: {refusal.why}"
    return ""


def _taken(job: Job, seen: Seen, steering: Steering) -> str:
    target = steering.flag if steering.way == "flag" else steering.queues[job.queue]
    if not seen.memory.taken_from(job.job_id, target, seen.now - job.pend_s):
        return ""
    what = "flag out of its requirement" if steering.way == "flag" else "job out of the burst queue"
    return f"its owner or an admin took the {what} after we had put it there: left alone"


def _not_ours(job: Job, seen: Seen, steering: Steering) -> str:
    if steering.way == "flag" or seen.memory.put_there(job.job_id, seen.now - job.pend_s):
        return ""
    return f"its owner or an admin put it into {job.queue}: left there"


def _switched(one: PlannedJob, job: Job, seen: Seen, steering: Steering) -> Move | Stay:
    target = steering.queues[job.queue] if one.chosen else home(job.queue, steering)
    why = shut(target, seen.queues)
    if why:
        return Stay(job_id=job.job_id, why=f"{why}: nothing is moved into it")
    return Move(job_id=job.job_id, kind="chosen" if one.chosen else "released", target=target, why=one.why)


def _flagged(one: PlannedJob, job: Job, traits: JobTraits | None, steering: Steering) -> Move | Stay:
    """One that is chosen has our term in a requirement that we could read, so taking it off cannot fail."""
    flag = steering.flag
    why = uneditable(traits, flag) if one.chosen else ""
    own = (traits.resreq if traits else None) or ""
    text = with_flag(own, flag) if one.chosen else without_flag(own, flag)
    if why or isinstance(text, Fixed):
        return Stay(job_id=job.job_id, why=why)
    return Move(job_id=job.job_id, kind="chosen" if one.chosen else "released", target=flag, resreq=text, why=one.why)
