"""Replays a workload under one policy: lays the arrays out, runs the loop, reads what came of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from burst.planner.compiled import functions
from burst.replay.engine import DONE, GROW
from burst.replay.engine_nodes import LEAST_S
from burst.replay.engine_state import NONE, WAITING
from burst.replay.layout import column, grown, laid_out
from burst.replay.values import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from burst.replay.engine_state import World
    from burst.replay.values import Policy, Site, Workload

ENGINE = (
    "burst.planner.kernel",
    "burst.planner.pacing",
    "burst.replay.engine_state",
    "burst.replay.engine_heap",
    "burst.replay.engine_onprem",
    "burst.replay.engine_nodes",
    "burst.replay.engine_cloud",
    "burst.replay.engine_money",
    "burst.replay.engine_pack",
    "burst.replay.engine_gates",
    "burst.replay.engine_planned",
    "burst.replay.engine_peers",
    "burst.replay.engine",
)
"""Modules of the loop, callees first."""
_STEPS = 100_000
"""Moments between two words of progress."""


def replay(
    workload: Workload,
    site: Site,
    policy: Policy,
    progress: Callable[[int, int], None] | None = None,
    *,
    plain: bool = False,
) -> Outcome:
    """What would have come of it.

    Args:
        workload: the jobs.
        site: the cluster, and what it may burst to.
        policy: how nodes are started, and for whom.
        progress: told now and then how many jobs have ended, and of how many.
        plain: run the loop as plain Python, though numba is there; it comes to the same.

    Jobs that fit neither the cluster nor a pool never start: their times are NaN.
    """
    loop = _loop(plain=plain)
    world, sheet = laid_out(workload, site, policy, compiled=loop.compiled)
    while (why := loop.advance(world, sheet, _STEPS)) != DONE:
        if why == GROW:
            world = grown(world, site.seed, compiled=loop.compiled)
        if progress is not None:
            progress(world.state.ended, workload.jobs)
    if progress is not None:
        progress(world.state.ended, workload.jobs)
    return _outcome(world, site, policy, workload.jobs)


@cache
def _loop(*, plain: bool) -> SimpleNamespace:
    """The loop, compiled where numba is there."""
    return functions(ENGINE, plain=plain)


def _outcome(world: World, site: Site, policy: Policy, jobs: int) -> Outcome:
    nodes = int(world.state.nodes_ever)
    started, where = column(world.work, "started", jobs), column(world.work, "where", jobs)
    never = where == WAITING
    pool = column(world.nodes, "pool", nodes).astype(np.int64)
    launched, ended = column(world.nodes, "launched", nodes), column(world.nodes, "ended", nodes)
    prices = np.array([one.usd_per_hour / 3600 for one in site.pools] or [0.0])
    return Outcome(
        policy=policy,
        started=np.where(never, np.nan, started),
        ended=np.where(never, np.nan, column(world.work, "ended", jobs)),
        pool=np.where(never, NONE, where).astype(np.int64),
        node=np.where(where >= 0, column(world.work, "node", jobs), NONE).astype(np.int64),
        node_pool=pool,
        node_launched=launched,
        node_ended=ended,
        node_used_s=column(world.nodes, "used", nodes),
        usd=float((np.maximum(LEAST_S, ended - launched) * prices[pool]).sum()),
        restarts=int(world.state.restarts),
    )
