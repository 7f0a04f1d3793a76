"""The cluster of the record: the queue, EASY backfilling and jobs that start and end on-premises.

EASY (Lifka, JSSPP 1995; Mu'alem, Feitelson, IEEE TPDS 12(6), 2001): the first job that does not fit gets the earliest
time at which the limits of what runs leave room for it (the shadow); a later job may start now if it ends by then, or
takes only slots that the first one leaves. Jobs that are chosen for the cloud reserve nothing, and start here all the
same where there is room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_heap import END, push
from burst.replay.engine_state import (
    NONE,
    WAITING,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.replay.engine_state import Run, World


FOREVER = 1e300
"""Seconds: no such time."""


def join(world: World, job: int, before: int) -> None:
    """Put a job into the queue before another one; before the end mark it is the last."""
    work = world.work
    last = work[before].before
    work[last].after = job
    work[job].before = last
    work[job].after = before
    work[before].before = job
    world.state.pending += 1


def leave(world: World, job: int) -> None:
    """Take a job that starts out of the queue."""
    work, state = world.work, world.state
    work[work[job].before].after = work[job].after
    work[work[job].after].before = work[job].before
    state.pending -= 1
    if work[job].chosen:
        work[job].chosen = 0
        state.chosen -= 1
    if state.head == job:
        state.known = 0


def requeue(world: World, job: int) -> None:
    """Put a job whose node was taken back to where it stood: jobs are numbered as they came."""
    work = world.work
    end = len(work) - 1
    later = work[end].after
    while later < job:
        later = work[later].after
    work[job].where, work[job].ended = WAITING, FOREVER
    join(world, job, later)
    world.state.known = 0


def insert(running: Sequence[Run], size: int, end: float, slots: int, job: int) -> None:
    """Keep the running jobs by planned end, those of the same time as they came."""
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        if running[middle].ends <= end:
            low = middle + 1
        else:
            high = middle
    for index in range(size, low, -1):
        _move(running, index - 1, index)
    running[low].ends, running[low].slots, running[low].job = end, slots, job


def drop(running: Sequence[Run], size: int, end: float, job: int) -> None:
    """Take a job out again; its planned end finds it."""
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        if running[middle].ends < end:
            low = middle + 1
        else:
            high = middle
    while running[low].job != job:
        low += 1
    for index in range(low, size - 1):
        _move(running, index + 1, index)


def _move(running: Sequence[Run], source: int, target: int) -> None:
    running[target].ends = running[source].ends
    running[target].slots, running[target].job = running[source].slots, running[source].job


def start_here(world: World, job: int, now: float) -> None:
    """Start a job on-premises."""
    jobs, work, state = world.jobs, world.work, world.state
    leave(world, job)
    work[job].started, work[job].ended = now, now + jobs[job].run
    work[job].where = NONE
    insert(world.running, state.busy, now + jobs[job].limit, jobs[job].slots, job)
    if world.rule.perfect:
        insert(world.planned, state.busy, now + jobs[job].plan, jobs[job].slots, job)
    state.busy += 1
    state.free -= jobs[job].slots
    push(world, work[job].ended, END, job)


def end_here(world: World, job: int) -> None:
    """Free the slots of a job that ended on-premises."""
    jobs, work, state = world.jobs, world.work, world.state
    drop(world.running, state.busy, work[job].started + jobs[job].limit, job)
    if world.rule.perfect:
        drop(world.planned, state.busy, work[job].started + jobs[job].plan, job)
    state.busy -= 1
    state.free += jobs[job].slots
    state.known = 0


def shadow(world: World, job: int) -> None:
    """Reserve: when the limits of what runs leave room for this job, and how many slots it leaves then."""
    state, running = world.state, world.running
    free = state.free
    index = 0
    while free < world.jobs[job].slots:
        free += running[index].slots
        index += 1
    state.head, state.extra = job, free - world.jobs[job].slots
    world.state.shadow = running[index - 1].ends


def since(world: World, first: int) -> int:
    """The first job in the queue that is not before this one: jobs are numbered, and queue, as they came."""
    work = world.work
    end = len(work) - 1
    job = work[end].before
    while job != end and job >= first:
        job = work[job].before
    return work[job].after


def start_what_fits(world: World, first: int, now: float) -> None:
    """Start what may start on-premises; jobs before ``first`` have been looked at, unless more than those changed."""
    state, work, jobs = world.state, world.work, world.jobs
    end = len(work) - 1
    job = since(world, first) if state.known else work[end].after
    if not state.known:
        state.head, state.known, state.shadow = NONE, 1, FOREVER
    while job != end and state.free > 0:
        following = work[job].after
        if jobs[job].slots <= state.free and _harmless(world, job, now):
            start_here(world, job, now)
        elif state.head == NONE and _reserves(world, job):
            shadow(world, job)
        job = following
    if job != end:
        state.known = 0


def _harmless(world: World, job: int, now: float) -> bool:
    """Whether it takes nothing from the reserved job; notes what it takes of the slots beside that."""
    if now + world.jobs[job].limit <= world.state.shadow:
        return True
    if world.jobs[job].slots > world.state.extra:
        return False
    world.state.extra -= world.jobs[job].slots
    return True


def _reserves(world: World, job: int) -> bool:
    """Whether the scheduler keeps room for it: EASY does, for one that is to run here and ever can."""
    return world.rule.easy == 1 and not world.work[job].chosen and world.jobs[job].slots <= world.rule.capacity
