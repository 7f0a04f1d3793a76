"""Which pending jobs start on nodes that are there, first come first served: chosen ones, or any where none steers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_nodes import share, take_whole
from burst.replay.engine_onprem import since
from burst.replay.engine_state import NONE, READY

if TYPE_CHECKING:
    from burst.replay.engine_state import World


def start_on_nodes(world: World, first: int, now: float) -> None:
    """Start what finds room on nodes; jobs before ``first`` have been looked at, unless nodes have changed since."""
    state, work = world.state, world.work
    end = len(work) - 1
    job = work[end].after if state.cloud else since(world, first)
    state.cloud = 0
    steered = world.rule.steered
    left = state.chosen
    while job != end and state.open > 0 and (left > 0 or not steered):
        following = work[job].after
        if work[job].chosen:
            left -= 1
        if world.jobs[job].group != NONE and (work[job].chosen or not steered):
            _place(world, job, now)
        job = following


def _place(world: World, job: int, now: float) -> None:
    if world.jobs[job].slots > world.state.open or now < world.work[job].ready:
        return
    if world.jobs[job].nodes > 0:
        if _empty(world, world.jobs[job].group) >= world.jobs[job].nodes:
            take_whole(world, job, now)
        return
    node = _tightest(world, job)
    if node != NONE:
        share(world, job, node, now)


def _empty(world: World, group: int) -> int:
    """Nodes of this group that are there and have no job."""
    nodes = world.nodes
    found = 0
    for place in range(world.state.live):
        node = world.live[place]
        if nodes[node].group == group and nodes[node].state == READY and nodes[node].first == NONE:
            found += 1
    return found


def _tightest(world: World, job: int) -> int:
    """The node with the least room that the job fits (best fit), so that others empty and can be returned."""
    nodes, slots, group = world.nodes, world.jobs[job].slots, world.jobs[job].group
    best = NONE
    for place in range(world.state.live):
        node = world.live[place]
        if nodes[node].group != group or nodes[node].state != READY or nodes[node].free < slots:
            continue
        if best == NONE or nodes[node].free < nodes[best].free:
            best = node
    return best
