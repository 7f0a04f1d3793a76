"""Which pools may run a job, at what cost, and why not the others (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.decide import Gates, gates_of, queues_up, served, serves, takes
from burst.planner.prices import offer, quote, share_of_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.fleet import Fleet
    from burst.planner.prices import Quote
    from burst.planner.values import Candidate, PoolOffer
    from burst.pressure import GroupPressure, Pressure
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One pool as jobs see it now."""

    pool: Pool
    offer: PoolOffer
    gates: Gates
    state: str
    """``on``, ``held`` or ``off``."""
    settings: BurstSettings


def shops_of(pressure: Pressure, fleet: Fleet, settings: BurstSettings) -> tuple[Shop, ...]:
    """Every pool, in order of priority."""
    return tuple(
        _shop(pool, served(pool, pressure), fleet, settings)
        for pool in sorted(settings.pools, key=lambda pool: (-pool.priority, pool.name))
    )


def _shop(pool: Pool, groups: tuple[GroupPressure, ...], fleet: Fleet, settings: BurstSettings) -> Shop:
    return Shop(
        pool=pool,
        offer=offer(pool, fleet, settings),
        gates=gates_of(pool, groups, settings, queues_up(pool, groups, fleet, settings)),
        state=fleet.marks_of(pool.name).state(fleet.now),
        settings=settings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The pools that may run one job."""

    new: tuple[Quote, ...]
    """Those that may grow for it, least cost first, waiting for the boot included."""
    there: tuple[Quote, ...]
    """Those whose nodes it may use where there is room: also of pools that may not grow now."""
    why: str
    """Why none may grow for it; empty when one may."""


def quotes_of(job: Candidate, shops: Sequence[Shop]) -> Found:
    """What the pools that may run it would cost.

    A pool that the cloud has no more nodes for, or whose gate has closed behind a job that was chosen, grows no more;
    but what is up or on its way was launched for these jobs, and is of use to nobody when they are sent back.
    """
    new, there, whys = [], [], []
    for shop in shops:
        never = _why_never(job, shop)
        shut = "" if never else _why_shut(job, shop)
        why = never or shut or ("" if shop.state == "on" else f"the pool is {shop.state}")
        if why:
            whys.append(f"{shop.pool.name}: {why}")
        if never or (shut and not job.chosen):
            continue
        one = quote(job, shop.offer)
        there.append(one)
        new += [] if why else [one]
    worth = job.value / 3600 * job.slots
    new.sort(key=lambda one: one.usd(one.offer.boot_s) + worth * one.offer.slot_cores * one.offer.boot_s)
    none = "" if new else "no pool may run it: " + "; ".join(whys)
    return Found(new=tuple(new), there=tuple(there), why=none)


def _why_never(job: Candidate, shop: Shop) -> str:
    """Why no node of this pool may run the job; empty when one may."""
    pool = shop.pool
    if not serves(pool, job.queue, job.lab):
        return f"does not serve queue {job.queue} for {job.lab or 'jobs without a lab'}"
    if shop.state == "off":
        return "the pool is off"
    if not takes(pool, job.queue, shop.settings):
        return _why_shut(job, shop)
    return _why_not_spot(job, shop) or _why_too_small(job, shop)


def _why_shut(job: Candidate, shop: Shop) -> str:
    """Why the gate of its queue is closed; empty when it is open."""
    if job.queue in shop.gates.opened:
        return ""
    said = shop.gates.said.get(job.queue)
    return f"{said.stage}: {said.text}" if said else f"gate: {job.queue} closed: nothing of it is pressure"


def _why_not_spot(job: Candidate, shop: Shop) -> str:
    if shop.pool.purchase == "on-demand":
        return ""
    if not job.rerunnable:
        return "its nodes are spot and the job is not rerunnable"
    return "" if job.names_spot else f"its nodes are spot and the job does not name {shop.settings.spot_flag}"


def _why_too_small(job: Candidate, shop: Shop) -> str:
    pool = shop.pool
    if job.gpus and not pool.gpus:
        return f"has no GPUs, the job asks for {job.gpus}"
    need = share_of_node(job, shop.offer)
    if job.one_host and need > 1.0:
        node = f"{pool.slots} slots, {pool.memory_mib} MiB and {pool.gpus} GPUs"
        return f"one node has {node}, and the job needs one host"
    most = most_nodes(pool, job.lab, shop.settings)
    if need > most:
        return f"wider than the pool may grow: {most} nodes of {pool.slots} slots"
    return ""


def most_nodes(pool: Pool, lab: str, settings: BurstSettings) -> int:
    """The most nodes that caps would ever let the pool have for this lab."""
    caps = settings.caps
    of_lab = caps.labs.get(lab, caps.per_lab)
    return min(pool.max_nodes, caps.nodes, caps.nodes if of_lab is None else of_lab)
