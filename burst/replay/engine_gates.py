"""burst.yaml's gates, at each look: which queues are open, as ``burst.decide`` has it for a site with a scheduler.

Nodes of any pool hold a queue open here, not those of each pool by itself. What is ahead of a job is counted against
the slots on-premises alone, without those of nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_state import NONE

if TYPE_CHECKING:
    from burst.replay.engine_state import World


def open_gates(world: World, now: float) -> None:
    """Open each queue that meets a gate, or is held open while nodes are up; close the others."""
    queues, rule = world.queues, world.rule
    _count(world, now)
    for queue in range(len(queues)):
        busy = queues[queue].jobs >= rule.release_jobs or queues[queue].slots >= rule.release_slots
        queues[queue].opened = 1 if world.state.live > 0 and busy else 0
        for gate in range(len(world.gates)):
            if not queues[queue].opened and _met(world, queue, gate, now):
                queues[queue].opened = 1


def _met(world: World, queue: int, gate: int, now: float) -> bool:
    """Whether every figure that the gate gives is reached. A queue without a job that may go meets none."""
    row, asked = world.queues[queue], world.gates[gate]
    if row.jobs == 0 or (asked.slots >= 0 and row.slots < asked.slots):
        return False
    if asked.wait >= 0 and row.wait < asked.wait * row.jobs:
        return False
    return asked.jobs < 0 or _waiting(world, queue, asked.age, now) >= asked.jobs


def _waiting(world: World, queue: int, age: float, now: float) -> int:
    """Pending jobs of the queue that a pool takes and that have waited so long."""
    jobs, work = world.jobs, world.work
    end = len(work) - 1
    job = work[end].after
    found = 0
    while job != end and now - jobs[job].submitted >= age:
        if queue == jobs[job].queue and jobs[job].group != NONE:
            found += 1
        job = work[job].after
    return found


def _count(world: World, now: float) -> None:
    """Jobs, slots and expected waits, all of them together, of the pending jobs that a pool takes, by queue.

    Jobs that came at one time are ahead of each other in nothing, as in ``burst.pressure``.
    """
    queues, jobs, work = world.queues, world.jobs, world.work
    for queue in range(len(queues)):
        queues[queue].jobs, queues[queue].slots, queues[queue].wait = 0, 0, 0.0
    ahead = 0.0
    for place in range(world.state.busy):
        ahead += world.running[place].slots * max(0.0, world.running[place].ends - now)
    newest, beside = -1.0, 0.0
    end = len(work) - 1
    job = work[end].after
    while job != end:
        row = jobs[job]
        if row.submitted != newest:
            newest, ahead, beside = row.submitted, ahead + beside, 0.0
        if row.group != NONE:
            queues[row.queue].jobs += 1
            queues[row.queue].slots += row.slots
            queues[row.queue].wait += ahead / world.rule.capacity
        beside += row.slots * row.limit
        job = work[job].after
