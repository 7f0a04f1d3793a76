"""Cloud nodes: launched, joined, shared by jobs or taken whole, idle, returned, or taken away; and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_heap import BOOT, END, LOOK, TAKE, push
from burst.replay.engine_onprem import leave, requeue
from burst.replay.engine_state import (
    BOOTING,
    GONE,
    NONE,
    READY,
)

if TYPE_CHECKING:
    from burst.replay.engine_state import World

LEAST_S = 60.0
"""EC2 bills by the second, a minute at least."""

MOST_BREAKS = 100
"""Runs of one job that taken nodes may end; with a hazard of 0.1 an hour a job of two days has as many on average."""


def launch(world: World, pool: int, group: int, lab: int, now: float) -> int:
    """Start one node at this time, or a little later than now; its index."""
    nodes, pools, state = world.nodes, world.pools, world.state
    node = state.nodes_ever
    state.nodes_ever += 1
    nodes[node].pool, nodes[node].group, nodes[node].lab = pool, group, lab
    nodes[node].state, nodes[node].free, nodes[node].first = BOOTING, pools[pool].cores, NONE
    nodes[node].launched, nodes[node].used, nodes[node].checked = now, 0.0, 0
    world.live[state.live] = node
    nodes[node].place = state.live
    state.live += 1
    pools[pool].up += 1
    world.state.rate += pools[pool].usd_s
    world.state.rate_launch += pools[pool].usd_s * now
    push(world, now + pools[pool].boot, BOOT, node)
    if pools[pool].hazard_s > 0.0:
        push(world, now + nodes[node].luck / pools[pool].hazard_s, TAKE, node)
    return node


def joined(world: World, node: int, now: float) -> None:
    """A node is there: jobs may start on it."""
    if world.nodes[node].state != BOOTING:
        return
    world.nodes[node].state = READY
    world.state.open += world.nodes[node].free
    world.state.cloud = 1
    rest(world, node, now)


def rest(world: World, node: int, now: float) -> None:
    """A node has no job any more: look at it again once it has been idle for long enough."""
    nodes = world.nodes
    nodes[node].idle = now
    if not nodes[node].checked:
        nodes[node].checked = 1
        push(world, due(world, node), LOOK, node)


def due(world: World, node: int) -> float:
    """When an idle node is to be returned: never in the minute that is billed anyway."""
    return max(world.nodes[node].idle + world.pools[world.nodes[node].pool].idle, world.nodes[node].launched + LEAST_S)


def look(world: World, node: int, now: float) -> None:
    """Return a node that has been idle for long enough, unless a job that takes several still gathers them."""
    nodes = world.nodes
    nodes[node].checked = 0
    if nodes[node].state != READY or nodes[node].first != NONE:
        return
    at = due(world, node)
    if at <= now and not held(world, nodes[node].group):
        end_node(world, node, now)
        return
    nodes[node].checked = 1
    push(world, at if at > now else now + world.rule.tick, LOOK, node)


def held(world: World, group: int) -> bool:
    """Whether a chosen job that takes whole nodes of this group waits."""
    if not world.rule.steered or not world.state.chosen:
        return False
    work, jobs = world.work, world.jobs
    end = len(work) - 1
    job = work[end].after
    left = world.state.chosen
    while job != end and left > 0:
        if work[job].chosen:
            left -= 1
            if jobs[job].nodes > 0 and jobs[job].group == group:
                return True
        job = work[job].after
    return False


def end_node(world: World, node: int, now: float) -> None:
    """Return a node, or let it be taken; it is empty by now."""
    nodes, pools, state = world.nodes, world.pools, world.state
    pool = nodes[node].pool
    if nodes[node].state == READY:
        state.open -= nodes[node].free
    nodes[node].state, nodes[node].ended = GONE, now
    state.live -= 1
    place, last = nodes[node].place, world.live[state.live]
    world.live[place] = last
    nodes[last].place = place
    pools[pool].up -= 1
    world.state.rate -= pools[pool].usd_s
    world.state.rate_launch -= pools[pool].usd_s * nodes[node].launched
    world.state.closed_usd += pools[pool].usd_s * max(LEAST_S, now - nodes[node].launched)


def begin(world: World, job: int, node: int, now: float) -> None:
    """Start a job in the cloud; ``node`` is the one it shares, or the first of those it takes."""
    jobs, work = world.jobs, world.work
    leave(world, job)
    work[job].started, work[job].ended = now, now + jobs[job].run
    work[job].where, work[job].node = world.nodes[node].pool, node
    push(world, work[job].ended, END, job)


def share(world: World, job: int, node: int, now: float) -> None:
    """Start a job on a node that has room for it."""
    nodes, slots = world.nodes, world.jobs[job].slots
    begin(world, job, node, now)
    nodes[node].free -= slots
    world.state.open -= slots
    world.work[job].mate = nodes[node].first
    nodes[node].first = job


def take_whole(world: World, job: int, now: float) -> None:
    """Start a job on as many empty nodes of its group as it takes; they are there."""
    nodes, group = world.nodes, world.jobs[job].group
    needed = world.jobs[job].nodes
    for place in range(world.state.live):
        node = world.live[place]
        if needed > 0 and nodes[node].group == group and nodes[node].state == READY and nodes[node].first == NONE:
            if needed == world.jobs[job].nodes:
                begin(world, job, node, now)
            needed -= 1
            world.state.open -= nodes[node].free
            nodes[node].free, nodes[node].first = 0, job
    world.work[job].mate = NONE


def over(world: World, job: int, now: float) -> None:
    """Take a job off its node or nodes: it ended, or one of them was taken."""
    node = world.work[job].node
    if world.jobs[job].nodes == 0:
        _unshare(world, job, node, now)
        return
    each = world.jobs[job].slots * (now - world.work[job].started) / world.jobs[job].nodes
    for place in range(world.state.live):
        node = world.live[place]
        if world.nodes[node].first == job:
            world.nodes[node].used += each
            world.nodes[node].first = NONE
            world.nodes[node].free = world.pools[world.nodes[node].pool].cores
            world.state.open += world.nodes[node].free
            rest(world, node, now)
    world.state.cloud = 1


def _unshare(world: World, job: int, node: int, now: float) -> None:
    nodes, work, slots = world.nodes, world.work, world.jobs[job].slots
    if nodes[node].first == job:
        nodes[node].first = work[job].mate
    else:
        other = nodes[node].first
        while work[other].mate != job:
            other = work[other].mate
        work[other].mate = work[job].mate
    nodes[node].free += slots
    nodes[node].used += slots * (now - work[job].started)
    world.state.open += slots
    world.state.cloud = 1
    if nodes[node].first == NONE:
        rest(world, node, now)


def taken(world: World, node: int, now: float) -> None:
    """The cloud takes a spot node: its jobs start again from the queue.

    One that was broken off ``MOST_BREAKS`` times stays on-premises from then on: a job that lasts far longer than
    nodes do would start again for ever.
    """
    if world.nodes[node].state == GONE:
        return
    while world.nodes[node].first != NONE:
        job = world.nodes[node].first
        over(world, job, now)
        requeue(world, job)
        world.state.restarts += 1
        world.work[job].breaks += 1
        if world.work[job].breaks >= MOST_BREAKS:
            world.jobs[job].group = NONE
    end_node(world, node, now)
