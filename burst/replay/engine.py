"""The replay's loop: what happens next, whom it lets start, and when the policy looks.

At one time ends come first, then nodes that join or are taken, then arrivals, then the scheduler, then the policy, and
the scheduler once more where the policy changed anything.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from burst.replay.engine_cloud import start_on_nodes
from burst.replay.engine_heap import BOOT, END, STEERED, TAKE, index_of, kind_of, pop
from burst.replay.engine_money import UNBOUND, turn_month
from burst.replay.engine_nodes import joined, look, over, taken
from burst.replay.engine_onprem import FOREVER, end_here, join, start_what_fits
from burst.replay.engine_peers import IMMEDIATE, KARPENTER, NO_CLOUD, PLANNED, ask
from burst.replay.engine_planned import plan
from burst.replay.engine_state import (
    NONE,
    WAITING,
)

if TYPE_CHECKING:
    from burst.replay.engine_state import Sheet, World

DONE, GROW, MORE = 0, 1, 2
"""Why ``advance`` returned: all is over; the arrays of nodes and events need room; so many steps are done."""


PATIENCE_S = 2 * 86_400.0
"""Once every job has come and none runs, rules stop looking at those that pend when none has started for so long."""


def advance(world: World, sheet: Sheet, steps: int) -> int:
    """Replay so many moments at most; why it stopped."""
    for _ in range(steps):
        if _full(world):
            return GROW
        now = min(_next_event(world), _next_look(world))
        if now >= FOREVER:
            return DONE
        world.state.now = now
        turn_month(world)
        first = world.state.arrived
        _happen(world, now)
        _arrive(world, now)
        schedule(world, first, now)
        if _next_look(world) <= now:
            _look(world, sheet, now)
            schedule(world, len(world.work), now)
    return MORE


def _full(world: World) -> bool:
    """Whether the next moment might need more room than there is."""
    state, most = world.state, world.rule.most
    events = len(world.jobs) + state.restarts + 3 * most + 64
    if world.rule.steer > 0.0:
        events = max(events, state.events + 3 * most + world.rule.depth + 64)
    return state.nodes_ever + most > len(world.nodes) or events > len(world.heap)


def _next_event(world: World) -> float:
    state, jobs = world.state, world.jobs
    arrival = jobs[state.arrived].submitted if state.arrived < len(jobs) else FOREVER
    return min(arrival, world.heap[0].at) if state.events > 0 else arrival


def _next_look(world: World) -> float:
    """When the policy looks next: never while nothing pends, nor where nothing has changed that its rule sees."""
    state, kind = world.state, world.rule.kind
    if kind == NO_CLOUD or state.pending == 0 or not _curious(world):
        return FOREVER
    if kind == IMMEDIATE:
        return state.now
    rule = world.rule
    if kind == KARPENTER:
        return max(state.now, min(state.batch + rule.batch_most, state.batch_last + rule.batch_idle))
    at = ceil(state.now / rule.tick) * rule.tick
    return at if at > state.looked else at + rule.tick


def _curious(world: World) -> bool:
    """Whether there is anything new: for rules that look at ages or at a month's money, time itself is."""
    state, rule = world.state, world.rule
    none_runs = state.arrived == len(world.jobs) and state.arrived == state.ended + state.pending
    if none_runs and state.now - state.moved >= PATIENCE_S:
        return False
    if state.dirty:
        return True
    if rule.kind == PLANNED:
        return rule.aged == 1 or rule.budget < UNBOUND
    return rule.kind not in (IMMEDIATE, KARPENTER)


def _happen(world: World, now: float) -> None:
    """All that ends, joins, or is taken by now."""
    state = world.state
    while state.events > 0 and world.heap[0].at <= now:
        at = world.heap[0].at
        code = pop(world)
        kind, index = kind_of(code), index_of(code)
        state.dirty = 1
        if kind == END:
            _end(world, index, at)
        elif kind == BOOT:
            joined(world, index, now)
        elif kind == TAKE:
            taken(world, index, now)
        elif kind == STEERED:
            state.cloud = 1
        else:
            look(world, index, now)


def _end(world: World, job: int, at: float) -> None:
    """A job ends, unless its node was taken meanwhile."""
    work = world.work
    if work[job].ended != at or work[job].where == WAITING:
        return
    world.state.ended += 1
    world.state.moved = at
    if work[job].where == NONE:
        end_here(world, job)
    else:
        over(world, job, at)


def _arrive(world: World, now: float) -> None:
    """All that is submitted by now."""
    state, jobs = world.state, world.jobs
    end = len(world.work) - 1
    while state.arrived < end and jobs[state.arrived].submitted <= now:
        if state.batch <= state.looked:
            state.batch = now
        state.batch_last, state.moved, state.dirty = now, now, 1
        join(world, state.arrived, end)
        state.arrived += 1


def schedule(world: World, first: int, now: float) -> None:
    """Start jobs on-premises and on nodes; where a node took the job whose start was reserved, look again."""
    start_what_fits(world, first, now)
    if world.state.open > 0:
        start_on_nodes(world, first, now)
        if not world.state.known:
            start_what_fits(world, first, now)


def _look(world: World, sheet: Sheet, now: float) -> None:
    world.state.dirty, world.state.looked = 0, now
    if world.rule.kind == PLANNED:
        plan(world, sheet, now)
    else:
        ask(world, now)
