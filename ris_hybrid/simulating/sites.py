"""Premises → the site that is replayed, and what of burst.yaml the replay does not know (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from burst.decide import takes
from burst.replay.values import ReplayPool, Site
from ris_hybrid.simulating.premises import has_budget

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from burst.replay.values import Workload
    from ris_hybrid.planner_settings import Exclude
    from ris_hybrid.settings import BurstSettings, Pool
    from ris_hybrid.simulating.premises import Premises


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Jobs of a record that some pool takes, by queue and lab."""

    jobs: int
    of: int


def site_of(premises: Premises, workload: Workload) -> Site:
    """The site of these premises; pools that no queue or lab of the record may use are left out."""
    settings = premises.settings
    pools = tuple(
        found for pool in settings.pools if pool.max_nodes and (found := _pool(pool, premises, workload)) is not None
    )
    return Site(
        capacity=premises.capacity,
        pools=pools,
        max_nodes=settings.caps.nodes,
        spot_hazard=settings.planner.spot_hazard if any(pool.spot for pool in pools) else 0.0,
        rerunnable_queues=workload.queues if premises.names_ignored else settings.rerunnable_queues,
        commit_hours=settings.budget.commit_hours,
        usd_per_month=settings.budget.usd_per_month if has_budget(settings) else float("inf"),
        scheduling=premises.scheduling,
        seed=premises.seed,
    )


def without_excluded(site: Site, exclude: Exclude, workload: Workload) -> Site:
    """The site as the planner sees it: jobs of queues and labs that the admin excluded stay."""
    if not exclude.queues and not exclude.labs:
        return site
    pools = []
    for pool in site.pools:
        queues = _left(pool.queues or workload.queues, exclude.queues)
        labs = _left(pool.labs or workload.labs, exclude.labs)
        if queues and labs:
            pools.append(replace(pool, queues=queues, labs=labs))
    return replace(site, pools=tuple(pools))


def served(site: Site, workload: Workload) -> Served:
    """How many jobs any pool takes by their queue and lab. Their width is another matter."""
    taken = np.zeros(workload.jobs, dtype=bool)
    for pool in site.pools:
        queues = [not pool.queues or name in pool.queues for name in workload.queues]
        labs = [not pool.labs or name in pool.labs for name in workload.labs]
        taken |= np.array(queues)[workload.queue] & np.array(labs)[workload.lab]
    return Served(jobs=int(taken.sum()), of=workload.jobs)


def not_modelled(settings: BurstSettings) -> Iterator[str]:
    """What this burst.yaml says that the replay does not follow, a sentence each."""
    caps, planner = settings.caps, settings.planner
    if caps.per_lab is not None or caps.labs:
        yield "caps of single labs (caps.per_lab, caps.labs) are not replayed"
    if settings.budget.labs:
        yield "budgets of single labs (budget.labs) are not replayed"
    if planner.queues or planner.labs:
        yield f"planner.queues and planner.labs are not replayed: every job has v {planner.value:g}"
    if planner.exclude.users or planner.exclude.projects or planner.exclude.jobs:
        yield "users, projects and jobs that planner.exclude names are replayed as any others"
    if any(pool.purchase == "mixed" for pool in settings.pools):
        yield "a mixed pool is replayed as spot nodes at the mean price of its nodes"


def _pool(pool: Pool, premises: Premises, workload: Workload) -> ReplayPool | None:
    queues: tuple[str, ...] = ()
    labs: tuple[str, ...] = ()
    if not premises.names_ignored:
        names = [name for name in pool.queues or workload.queues if takes(pool, name, premises.settings)]
        queues = _held(names, workload.queues)
        labs = _held(pool.labs or workload.labs, workload.labs)
        if not queues or not labs:
            return None
    return ReplayPool(
        name=pool.name,
        cores=pool.slots,
        usd_per_hour=premises.node_usd(pool),
        boot_s=pool.boot_s,
        max_nodes=min(pool.max_nodes, premises.settings.caps.nodes),
        queues=() if set(queues) == set(workload.queues) else queues,
        labs=() if set(labs) == set(workload.labs) else labs,
        spot=pool.purchase != "on-demand",
    )


def _held(names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in known)


def _left(names: Sequence[str], out: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in out)
