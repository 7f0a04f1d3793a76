"""The peers' rules, at each look: how many nodes they would launch. None chooses jobs; see ``burst.replay.peers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_gates import open_gates
from burst.replay.engine_money import count_room, pledge
from burst.replay.engine_pack import count_left, launch_for, launch_trial, open_trial, pack
from burst.replay.engine_state import NONE

if TYPE_CHECKING:
    from burst.replay.engine_state import World

NO_CLOUD, PLANNED, LSF, COUNTED, IMMEDIATE, KARPENTER, AQTP, GATES = range(8)
"""``rule.whole[KIND]``."""


def ask(world: World, now: float) -> None:
    """Launch what the peer's rule asks for."""
    kind = world.rule.kind
    if kind == KARPENTER or (kind == IMMEDIATE and world.rule.shared):
        _by_node(world, now)
        return
    first = world.state.pending
    if kind == LSF:
        _gate_by_queue(world, now)
    elif kind == GATES:
        open_gates(world, now)
    elif kind == COUNTED and _waiting(world, NONE, world.rule.age, now) < world.rule.jobs:
        first = 0
    elif kind == AQTP:
        _adapt(world, now)
        first = world.state.first
    _need(world, first, kind in (LSF, GATES))
    _launch_needed(world, now)


def _waiting(world: World, queue: int, age: float, now: float) -> int:
    """Pending jobs of a queue (``NONE``: of all) that have waited so long."""
    jobs, work = world.jobs, world.work
    end = len(work) - 1
    job = work[end].after
    found = 0
    while job != end and now - jobs[job].submitted >= age:
        if queue in (NONE, jobs[job].queue):
            found += 1
        job = work[job].after
    return found


def _gate_by_queue(world: World, now: float) -> None:
    """A queue's gate opens for all its jobs when any pair is met: so many of them pending for so long."""
    queues, pairs = world.queues, world.pairs
    for queue in range(len(queues)):
        queues[queue].opened = 0
        for index in range(0, len(pairs), 2):
            if not queues[queue].opened and _waiting(world, queue, pairs[index + 1], now) >= pairs[index]:
                queues[queue].opened = 1


def _need(world: World, first: int, gated: bool) -> None:
    """Cores that the first so many pending jobs need beyond the nodes that are there or on their way, by group."""
    jobs, work, groups = world.jobs, world.work, world.groups
    for group in range(len(groups)):
        groups[group].need = 0
    end = len(work) - 1
    job = work[end].after
    seen = 0
    while job != end and seen < first:
        seen += 1
        group = jobs[job].group
        if group != NONE and (not gated or world.queues[jobs[job].queue].opened):
            groups[group].need += _cores(world, job)
        job = work[job].after
    count_left(world)
    for group in range(len(groups)):
        groups[group].need = max(0, groups[group].need - groups[group].left)


def _cores(world: World, job: int) -> int:
    """Cores of nodes that one job takes: all of them where it needs several, or where nodes are not shared."""
    cores = world.pools[world.jobs[job].pool].cores
    if world.jobs[job].nodes > 0:
        return world.jobs[job].nodes * cores
    return world.jobs[job].slots if world.rule.shared else cores


def _adapt(world: World, now: float) -> None:
    """AQTP: look at one job more while the average wait is above the target's band, at one less below it."""
    jobs, work, state, rule = world.jobs, world.work, world.state, world.rule
    end = len(work) - 1
    job = work[end].after
    total = 0.0
    while job != end:
        total += now - jobs[job].submitted
        job = work[job].after
    average = total / max(1, state.pending)
    if average > rule.target + rule.band:
        state.first = min(state.first + 1, rule.first_most)
    elif average < rule.target - rule.band:
        state.first = max(0, state.first - 1)


def _launch_needed(world: World, now: float) -> None:
    """Launch nodes for the needed cores, as far as the step and the caps allow."""
    count_room(world)
    for group in range(len(world.groups)):
        pool = group % len(world.pools)
        cores = world.pools[pool].cores
        nodes = (world.groups[group].need + cores - 1) // cores
        while nodes > 0 and _step_allows(world, now) and pledge(world, pool, 1, 0.0):
            launch_for(world, group, now)
            world.state.stepped += 1
            nodes -= 1


def _step_allows(world: World, now: float) -> bool:
    """LSF's StepValue "N:M": at most N new nodes in M minutes, counted from the first of them."""
    state, rule = world.state, world.rule
    if now >= state.step_began + rule.step_s:
        state.stepped, state.step_began = 0, now
    return state.stepped < rule.step_nodes


def _by_node(world: World, now: float) -> None:
    """Karpenter, and Slurm: each pending job onto what is there or coming, else onto new nodes, by best fit.

    Slurm gives a job its nodes while they are powered down, so free cores scattered over nodes that each have too few
    do not keep it waiting.
    """
    work = world.work
    size = open_trial(world)
    end = len(work) - 1
    job = work[end].after
    while job != end:
        if world.jobs[job].group != NONE:
            size = max(size, pack(world, job, size))
        job = work[job].after
    launch_trial(world, size, now)
