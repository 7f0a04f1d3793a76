"""What each job is to the loop: its shape, the pool that would run it cheapest, and what that costs.

Prices and limits do not change while the past is replayed, so this is found once for all jobs, as columns. It is the
arithmetic of ``burst.planner.prices``: p n' (r + b), n' all the cores of the nodes where a job takes several, and on
spot nodes what breaks add (``burst.planner.hazard``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from burst.planner.hazard import HOUR_S, billed_s, delay_s
from burst.replay.engine_state import NONE

if TYPE_CHECKING:
    from burst.replay.values import Flags, Floats, Policy, ReplayPool, Site, Whole, Workload


class _Quote(NamedTuple):
    """One pool's word to every job."""

    serves: Flags
    nodes: Whole
    cost: Floats
    there: Floats


def offers(workload: Workload, site: Site, policy: Policy) -> dict[str, Whole | Floats]:
    """The columns of ``engine_state.Job``."""
    plan = workload.run_s if policy.kind == "perfect" else workload.limit_s
    count = workload.jobs
    pool, nodes = np.full(count, NONE), np.zeros(count, np.int64)
    boot, cost, there = np.zeros(count), np.full(count, np.inf), np.full(count, np.inf)
    for index, one in enumerate(site.pools):
        word = _quote(workload, site, one, policy, plan)
        better = word.serves & (word.cost < cost)
        pool[better], nodes[better], boot[better] = index, word.nodes[better], one.boot_s
        cost[better], there[better] = word.cost[better], word.there[better]
    lab = workload.lab * len(site.pools) if site.nodes_by_lab else 0
    return {
        "submitted": workload.submitted,
        "run": workload.run_s,
        "limit": workload.limit_s,
        "plan": plan,
        "slots": workload.slots,
        "queue": workload.queue,
        "lab": workload.lab,
        "pool": pool,
        "group": np.where(pool == NONE, NONE, pool + lab),
        "nodes": nodes,
        "shape": _shapes(workload.slots, plan),
        "boot": boot,
        "cost": cost,
        "cost_there": there,
    }


def _shapes(slots: Whole, plan: Floats) -> Whole:
    """One index for each pair of slots and planned length."""
    order = np.lexsort((plan, slots))
    new = np.ones(len(slots), np.int64)
    new[1:] = (np.diff(slots[order]) != 0) | (np.diff(plan[order]) != 0)
    shape = np.empty(len(slots), np.int64)
    shape[order] = np.cumsum(new) - 1
    return shape


def _quote(workload: Workload, site: Site, pool: ReplayPool, policy: Policy, plan: Floats) -> _Quote:
    several = -(-workload.slots // pool.cores)
    cores = np.where(several > 1, several * pool.cores, workload.slots)
    serves = several <= min(pool.max_nodes, site.max_nodes)
    serves &= _named(workload.queue, workload.queues, pool.queues or workload.queues)
    serves &= _named(workload.lab, workload.labs, pool.labs or workload.labs)
    run, late = plan, np.zeros(workload.jobs)
    if pool.spot:
        serves &= _named(workload.queue, workload.queues, site.rerunnable_queues)
        hazards = site.spot_hazard * several
        run = np.array([billed_s(length, hazard) for length, hazard in zip(plan, hazards, strict=True)])
        delay = np.array([delay_s(length, hazard, pool.boot_s) for length, hazard in zip(plan, hazards, strict=True)])
        late = policy.v / HOUR_S * workload.slots * delay
    each = pool.usd_per_hour / pool.cores / HOUR_S
    return _Quote(
        serves, np.where(several > 1, several, 0), each * cores * (run + pool.boot_s) + late, each * cores * run + late
    )


def _named(indices: Whole, names: tuple[str, ...], wanted: tuple[str, ...]) -> Flags:
    """Which jobs are of the wanted queues or labs."""
    return np.isin(indices, [index for index, name in enumerate(names) if name in wanted])
