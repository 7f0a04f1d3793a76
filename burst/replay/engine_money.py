"""What is spent and committed this month, how far that lowers v, and how many nodes caps and money still allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.planner.pacing import share
from burst.replay.engine_state import NONE

if TYPE_CHECKING:
    from burst.replay.engine_state import Sheet, World

UNBOUND = 1e300
"""Dollars: no budget."""


def spent(world: World) -> float:
    """Dollars of all nodes until now."""
    state = world.state
    return state.closed_usd + state.rate * state.now - state.rate_launch


def left_usd(world: World) -> float:
    """Dollars of this month's budget that are not committed: each node that is up is taken to run on for a while."""
    state, rule = world.state, world.rule
    return rule.budget - (spent(world) - state.month_usd + state.rate * rule.commit_s)


def value(world: World) -> float:
    """v in force, dollars a second and core: lowered while the month's money goes faster than the month."""
    rule, months, month = world.rule, world.months, world.state.month
    if not rule.pacing or rule.budget >= UNBOUND:
        return rule.value
    ahead = (months[month + 1] - world.state.now) / (months[month + 1] - months[month])
    return rule.value * share(left_usd(world), rule.budget, ahead)


def turn_month(world: World) -> None:
    """Note what was spent until the month began; nothing has happened since the moment before this one.

    The last month of the table, a hundred years on, does not end: an absurd record comes there.
    """
    state, months = world.state, world.months
    while state.month + 2 < len(months) and state.now >= months[state.month + 1]:
        state.month += 1
        begin = months[state.month]
        state.month_usd = state.closed_usd + state.rate * begin - state.rate_launch


def count_room(world: World) -> None:
    """How many nodes may still be launched, by pool and over all; nothing is pledged."""
    pools, state = world.pools, world.state
    for pool in range(len(pools)):
        pools[pool].room = max(0, pools[pool].most - pools[pool].up)
    state.room = max(0, world.rule.most - state.live)
    state.pledged = 0.0


def pledge(world: World, pool: int, wanted: int, run_usd: float) -> bool:
    """Take so many nodes of the pool out of the room under every cap and the budget; False: there is not so much.

    ``run_usd`` counts where it is more than what so many nodes commit (``run_cost``).
    """
    row, state = world.pools[pool], world.state
    usd = max(run_usd, wanted * row.usd_s * world.rule.commit_s)
    if wanted > row.room or wanted > state.room:
        return False
    if world.rule.budget < UNBOUND and usd > 0.0 and state.pledged + usd > left_usd(world):
        return False
    row.room -= wanted
    state.room -= wanted
    state.pledged += usd
    return True


def run_cost(world: World, job: int, new: int) -> float:
    """Dollars of the job's whole run this month on nodes of which so many are new; 0 for peers, who choose no jobs.

    The rule is that of ``burst.planner.owed``: the budget holds what is left of a chosen job's run.
    """
    if not world.rule.steered:
        return 0.0
    one = world.jobs[job]
    return _usd_s(world, job) * min(one.plan + (one.boot if new else 0.0), _month_left(world))


def owe(world: World, sheet: Sheet, count: int) -> None:
    """Pledge what jobs will cost beyond what nodes commit: those on nodes, and chosen ones that have room there."""
    if world.rule.budget >= UNBOUND:
        return
    nodes, work = world.nodes, world.work
    for place in range(world.state.live):
        node = world.live[place]
        job = nodes[node].first
        while job != NONE:
            if work[job].node == node:
                left = work[job].started + world.jobs[job].plan - world.state.now
                world.state.pledged += _usd_s(world, job) * _beyond(world, left)
            job = work[job].mate
    for row in range(count):
        if sheet.chosen[row] and (sheet.there[row] or sheet.boot[row] <= 0.0):
            job = sheet.job[row]
            world.state.pledged += _usd_s(world, job) * _beyond(world, world.jobs[job].plan)


def _usd_s(world: World, job: int) -> float:
    """Dollars a second of its share of nodes, all of them where it takes several."""
    row = world.pools[world.jobs[job].pool]
    cores = world.jobs[job].nodes * row.cores if world.jobs[job].nodes > 0 else world.jobs[job].slots
    return row.usd_s * cores / row.cores


def _beyond(world: World, seconds: float) -> float:
    return max(0.0, min(seconds, _month_left(world)) - world.rule.commit_s)


def _month_left(world: World) -> float:
    return world.months[world.state.month + 1] - world.state.now
