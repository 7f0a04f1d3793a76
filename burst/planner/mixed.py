"""Placed jobs dealt anew over their pools, where another way of packing them costs less (pure).

Who goes, and that the caps have room for all who go, is decided before. Each job stays within the pools that are worth
it, so that nothing here sends a job or keeps one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.mix.pools import SECONDS, PoolRoom, Wish, spread
from burst.mix.program import highs
from burst.mix.values import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.fleet import Fleet
    from burst.mix.solve import Solver
    from burst.planner.prices import Quote
    from burst.planner.ranking import Place
    from burst.planner.values import Candidate
    from ris_hybrid.settings import BurstSettings

MOST_KINDS = 60
"""Of more kinds of jobs the turn cannot wait for a choice, and each stays where it was placed."""
_LEAST_USD = 1e-6
"""Dollars an hour by which the other way must be cheaper: for less nothing is moved about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """Where the jobs go, by id, and the new nodes that makes."""

    jobs: Mapping[str, Quote]
    nodes: Mapping[Place, int]


def mixed(
    jobs: Sequence[tuple[Candidate, tuple[Quote, ...]]],
    nodes: Mapping[Place, int],
    fleet: Fleet,
    settings: BurstSettings,
    solver: Solver = highs,
) -> Dealt | None:
    """Another way for the jobs on new nodes, where all together cost less; None where they stay as they were placed.

    Args:
        jobs: best first: the job, and every pool that may run it and is worth it.
        nodes: the new nodes that they have as they were placed.
        fleet: what is up.
        settings: pools and caps.
        solver: chooses where there is something to choose.
    """
    worth = {job.job_id: {one.offer.pool: one for one in quotes} for job, quotes in jobs}
    wishes = [_wish(job, tuple(worth[job.job_id])) for job, _ in jobs]
    kinds = {replace(one, job_id="") for one in wishes}
    if all(len(one.pools) < 2 for one in kinds) or len(kinds) > MOST_KINDS:
        return None
    usd = _node_usd(quote for _, quotes in jobs for quote in quotes)
    rooms = [
        PoolRoom(pool=pool, usd_per_hour=usd[pool.name], left=pool.max_nodes - fleet.count(pool=pool.name))
        for pool in settings.pools
        if pool.name in usd
    ]
    found = spread(wishes, rooms, _bounds(fleet, settings, {job.lab for job, _ in jobs}), solver)
    before = sum(count * usd[pool] for (pool, _), count in nodes.items())
    if found.left or found.usd_per_hour > before - _LEAST_USD:
        return None
    dealt = {one: worth[one][pool] for (pool, _), ids in found.ids.items() for one in ids}
    return Dealt(jobs=dealt, nodes=found.nodes)


def _wish(job: Candidate, pools: tuple[str, ...]) -> Wish:
    return Wish(
        job_id=job.job_id,
        lab=job.lab,
        slots=job.slots,
        pools=pools,
        memory_mib=job.memory_mib,
        gpus=job.gpus,
        one_host=job.one_host,
    )


def _node_usd(quotes: Iterable[Quote]) -> dict[str, float]:
    """Dollars an hour of a whole node of each pool, the dearest way that a job would buy it."""
    usd: dict[str, float] = {}
    for quote in quotes:
        offer = quote.offer
        node = quote.usd_per_core_hour * offer.slot_cores * offer.cores
        usd[offer.pool] = max(node, usd.get(offer.pool, 0.0))
    return usd


def _bounds(fleet: Fleet, settings: BurstSettings, labs: Iterable[str]) -> Bounds:
    caps = settings.caps
    of_labs = {lab: caps.labs.get(lab, caps.per_lab) for lab in labs}
    left = {lab: max(0, cap - fleet.count(lab=lab)) for lab, cap in of_labs.items() if cap is not None}
    return Bounds(nodes=max(0, caps.nodes - fleet.count()), labs=left, seconds=SECONDS)
