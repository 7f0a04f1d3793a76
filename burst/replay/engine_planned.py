"""Our rule, at each tick: plan the queue, choose what is worth the cloud, launch what the chosen need.

The functions of ``burst.planner.kernel`` decide, as they do live. What a cap leaves no room for goes back to the queue
(the jobs whose waiting is worth most for the money stay chosen), and is weighed again at the next tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.planner.kernel import open_profile, plan_queue
from burst.replay.engine_gates import open_gates
from burst.replay.engine_heap import STEERED, push
from burst.replay.engine_money import owe, value
from burst.replay.engine_pack import count_left, launch_trial, open_trial, pack
from burst.replay.engine_state import NONE

if TYPE_CHECKING:
    from collections.abc import MutableSequence

    from burst.replay.engine_state import Sheet, World


def plan(world: World, sheet: Sheet, now: float) -> None:
    """Plan, choose and launch."""
    if world.rule.gated:
        open_gates(world, now)
    count = list_candidates(world, sheet)
    count_left(world)
    lend(world, sheet, count)
    for group in range(len(sheet.left)):
        sheet.left[group] = world.groups[group].left
    plan_queue(
        (sheet.times, sheet.free, _profile(world, sheet, now)),
        world.rule.capacity,
        (sheet.slots[:count], sheet.length, sheet.shape, sheet.value, sheet.boot, sheet.cost, sheet.release),
        (sheet.left, sheet.group, sheet.slots, sheet.cost_there),
        sheet.cursor,
        (sheet.waits, sheet.chosen, sheet.there),
    )
    launch_trial(world, settle(world, sheet, count), now)
    mark(world, sheet, count)


def list_candidates(world: World, sheet: Sheet) -> int:
    """Write the first pending jobs down, first come first; how many."""
    work, rule = world.work, world.rule
    each = value(world)
    end = len(work) - 1
    job = work[end].after
    count = 0
    while job != end and count < rule.depth:
        row = world.jobs[job]
        sheet.job[count], sheet.slots[count], sheet.length[count] = job, row.slots, row.plan
        sheet.shape[count], sheet.value[count] = row.shape, each * row.slots
        sheet.boot[count], sheet.cost[count], sheet.cost_there[count] = row.boot, row.cost, row.cost_there
        sheet.release[count] = rule.release if work[job].chosen else 1.0
        if row.group == NONE or (rule.gated and not world.queues[row.queue].opened):
            sheet.release[count] = -1.0
        sheet.group[count] = row.group if row.nodes == 0 else NONE
        sheet.cursor[row.shape] = 0.0
        count += 1
        job = work[job].after
    return count


def lend(world: World, sheet: Sheet, count: int) -> None:
    """Chosen jobs pay no boot where there is room for them on nodes that are there or on their way, first come first.

    They are weighed before the others, as live (``burst.planner.lending``): the nodes were launched for them.
    """
    for row in range(count):
        job = sheet.job[row]
        if world.work[job].chosen and world.jobs[job].group != NONE and _lent(world, job):
            sheet.boot[row], sheet.cost[row], sheet.group[row] = 0.0, world.jobs[job].cost_there, NONE


def _lent(world: World, job: int) -> bool:
    one = world.jobs[job]
    group = world.groups[one.group]
    cores = one.nodes * world.pools[one.pool].cores if one.nodes > 0 else one.slots
    if one.nodes > group.whole or cores > group.left:
        return False
    group.whole -= one.nodes
    group.left -= cores
    return True


def _profile(world: World, sheet: Sheet, now: float) -> int:
    running, size = world.planned, world.state.busy
    for index in range(size):
        sheet.ends[index], sheet.widths[index] = running[index].ends - now, running[index].slots
    return open_profile(world.rule.capacity, sheet.ends[:size], sheet.widths, sheet.times, sheet.free)


def settle(world: World, sheet: Sheet, count: int) -> int:
    """Give the chosen their nodes on paper; where a cap binds, by rank. How many nodes are laid out then."""
    size = open_trial(world)
    owe(world, sheet, count)
    short = 0
    for row in range(count):
        if sheet.chosen[row]:
            found = pack(world, sheet.job[row], size)
            short += found == NONE
            size = max(size, found)
    return _by_rank(world, sheet, count) if short else size


def _by_rank(world: World, sheet: Sheet, count: int) -> int:
    worthy = 0
    for row in range(count):
        if sheet.chosen[row]:
            sheet.rank[worthy], sheet.order[worthy] = _rank(world, sheet, row), row
            worthy += 1
    sort_down(sheet.rank, sheet.order, worthy)
    size = open_trial(world)
    owe(world, sheet, count)
    for index in range(worthy):
        row = sheet.order[index]
        found = pack(world, sheet.job[row], size)
        if found == NONE:
            sheet.chosen[row] = 0
        size = max(size, found)
    return size


def _rank(world: World, sheet: Sheet, row: int) -> float:
    """Seconds of waiting saved per dollar, core for core; what is chosen already counts for more."""
    job = world.jobs[sheet.job[row]]
    saved = max(0.0, sheet.waits[row] - job.boot) / max(sheet.release[row], 1e-9)
    return saved * job.slots / max(job.cost, 1e-12)


def sort_down(keys: MutableSequence[float], rows: MutableSequence[int], count: int) -> None:
    """Sort both by key, largest first, equal ones by row: Shell's sort, in place."""
    gap = count // 2
    while gap > 0:
        for index in range(gap, count):
            key, row = keys[index], rows[index]
            hole = index
            while hole >= gap and _lower(keys[hole - gap], rows[hole - gap], key, row):
                keys[hole], rows[hole] = keys[hole - gap], rows[hole - gap]
                hole -= gap
            keys[hole], rows[hole] = key, row
        gap //= 2


def _lower(key: float, row: int, other_key: float, other_row: int) -> bool:
    return key < other_key or (key == other_key and row > other_row)


def mark(world: World, sheet: Sheet, count: int) -> None:
    """Let the queue know who is chosen; the scheduler looks again where that changed."""
    work, state = world.work, world.state
    for row in range(count):
        job = work[sheet.job[row]]
        if job.chosen != sheet.chosen[row]:
            state.chosen += sheet.chosen[row] - job.chosen
            job.chosen = sheet.chosen[row]
            if job.chosen and world.rule.steer > 0.0:
                job.ready = world.state.now + world.rule.steer
                push(world, job.ready, STEERED, sheet.job[row])
            state.known = 0
            state.cloud = 1
