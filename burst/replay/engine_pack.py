"""Jobs into nodes on paper: the room of those that are there or on their way, then new ones as far as caps allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_money import count_room, pledge, run_cost
from burst.replay.engine_nodes import launch
from burst.replay.engine_state import NONE

if TYPE_CHECKING:
    from burst.replay.engine_state import World


def open_trial(world: World) -> int:
    """Lay the live nodes out as they are; how many there are."""
    nodes, trial = world.nodes, world.trial
    for place in range(world.state.live):
        node = world.live[place]
        trial[place].free, trial[place].group = nodes[node].free, nodes[node].group
    count_room(world)
    return world.state.live


def pack(world: World, job: int, size: int) -> int:
    """Find room for a job among so many nodes; how many there are then, ``NONE`` where caps leave no room for it."""
    if world.jobs[job].nodes > 0:
        return _pack_whole(world, job, size)
    best = _tightest(world, job, size)
    new = 1 if best == NONE else 0
    pool = world.jobs[job].pool
    laid_out = new == 1 or best >= world.state.live
    if laid_out and not pledge(world, pool, new, run_cost(world, job, new)):
        return NONE
    if not new:
        world.trial[best].free -= world.jobs[job].slots
        return size
    world.trial[size].free = world.pools[pool].cores - world.jobs[job].slots
    world.trial[size].group = world.jobs[job].group
    return size + 1


def _tightest(world: World, job: int, size: int) -> int:
    """The node on which the least is left over (best fit); ``NONE`` where none has room."""
    trial, group, slots = world.trial, world.jobs[job].group, world.jobs[job].slots
    best = NONE
    for place in range(size):
        if trial[place].group != group or trial[place].free < slots:
            continue
        if best == NONE or trial[place].free < trial[best].free:
            best = place
            if trial[place].free == slots:
                break
    return best


def _pack_whole(world: World, job: int, size: int) -> int:
    """All the nodes that it takes, or none."""
    trial, group, needed = world.trial, world.jobs[job].group, world.jobs[job].nodes
    cores = world.pools[world.jobs[job].pool].cores
    empty = 0
    for place in range(size):
        if trial[place].group == group and trial[place].free == cores:
            empty += 1
    new = max(0, needed - empty)
    if new and not pledge(world, world.jobs[job].pool, new, run_cost(world, job, new)):
        return NONE
    old = needed - new
    for place in range(size):
        if old > 0 and trial[place].group == group and trial[place].free == cores:
            trial[place].free = 0
            old -= 1
    for place in range(size, size + new):
        trial[place].free, trial[place].group = 0, group
    return size + new


def launch_trial(world: World, size: int, now: float) -> None:
    """Launch what was laid out beyond the nodes that were there."""
    for place in range(world.state.live, size):
        launch_for(world, world.trial[place].group, now + world.rule.steer)


def launch_for(world: World, group: int, now: float) -> None:
    """Launch one node of a group: of a pool, and for one lab where nodes are a lab's."""
    pools = len(world.pools)
    lab = group // pools if world.rule.by_lab else NONE
    launch(world, group % pools, group, lab, now)


def count_left(world: World) -> None:
    """Cores, and whole nodes, that nodes have free, by group: of those that are there or on their way."""
    nodes, groups = world.nodes, world.groups
    for group in range(len(groups)):
        groups[group].left = groups[group].whole = 0
    for place in range(world.state.live):
        node = world.live[place]
        row = groups[nodes[node].group]
        row.left += nodes[node].free
        if nodes[node].first == NONE:
            row.whole += 1
