"""What a node of each pool gives and costs, and what one job would cost on it (pure).

Dollars are list prices per physical core of the pool's dearest type, because which type comes is the cloud's choice. A
job within one node is billed for its share of it, by slots, memory or GPUs, whichever is most, for other jobs take the
rest; a job over several nodes for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from burst.fleet import dearest, price_of
from burst.planner.hazard import HOUR_S, billed_s, delay_s
from burst.planner.values import PoolOffer

if TYPE_CHECKING:
    from burst.fleet import Fleet
    from burst.planner.values import Candidate
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one job would cost in one pool."""

    offer: PoolOffer
    purchase: str
    nodes: int
    """How many it needs; 1 where it shares one."""
    slots: int
    """Of those nodes, what no other job can use: all of them when it needs several."""
    own_slots: int
    """What it takes of nodes that are there: its slots, or its share of memory or GPUs where that is more."""
    usd_per_core_hour: float
    """p, of what is bought: between spot and on demand in a mixed pool."""
    run_s: float
    """What is billed for the run itself: longer than the run by what breaks of spot nodes cost."""
    delay_usd: float
    """What the breaks' delay is worth at the job's v; 0 without spot."""
    data_usd: float

    @property
    def cores(self) -> float:
        """n': physical cores that are billed."""
        return self.slots * self.offer.slot_cores

    def usd(self, boot_s: float) -> float:
        """p n' (r + b), its data, and what the delay by breaks is worth."""
        return self._usd(self.slots, self.run_s + boot_s)

    def usd_there(self) -> float:
        """The same on nodes that are there or on their way: their boot is paid already, and others take the rest."""
        return self._usd(self.own_slots, self.run_s)

    def _usd(self, slots: int, billed: float) -> float:
        run = self.usd_per_core_hour * self.offer.slot_cores * slots * billed / HOUR_S
        return run + self.data_usd + self.delay_usd


def offer(pool: Pool, fleet: Fleet, settings: BurstSettings) -> PoolOffer:
    """What the pool offers now: boot time as measured lately, else as burst.yaml expects."""
    cores = pool.cores or pool.slots
    usd = price_of(dearest(pool, settings.prices), settings.prices) / cores
    return PoolOffer(
        pool=pool.name,
        cores=pool.slots,
        usd_per_core_hour=usd,
        boot_s=fleet.marks_of(pool.name).boot_s or pool.boot_s,
        memory_mib=pool.memory_mib,
        gpus=pool.gpus,
        spot_usd_per_core_hour=None if pool.purchase == "on-demand" else usd * settings.planner.spot_ratio,
        slot_cores=cores / pool.slots,
        purchase=pool.purchase,
        on_demand_ratio={"on-demand": 1.0, "spot": 0.0, "mixed": pool.on_demand_ratio}[pool.purchase],
        hazard=settings.planner.spot_hazard,
    )


def share_of_node(job: Candidate, one: PoolOffer) -> float:
    """How much of a node the job needs, above 1 for more than one: the most of slots, memory and GPUs."""
    memory = job.memory_mib / one.memory_mib if one.memory_mib else 0.0
    return max(job.slots / one.cores, memory, job.gpus / one.gpus if one.gpus else 0.0)


def quote(job: Candidate, one: PoolOffer) -> Quote:
    """What the job would cost there, on spot nodes with the breaks that are to be expected."""
    need = share_of_node(job, one)
    nodes = max(1, ceil(need - 1e-9))
    own = ceil(need * one.cores - 1e-9)
    spot = 0.0 if one.spot_usd_per_core_hour is None else 1.0 - one.on_demand_ratio
    hazard = one.hazard * spot * nodes
    price = one.usd_per_core_hour * (1.0 - spot) + (one.spot_usd_per_core_hour or 0.0) * spot
    worth = job.value / HOUR_S * job.slots * one.slot_cores
    return Quote(
        offer=one,
        purchase=one.purchase,
        nodes=nodes,
        slots=own if nodes == 1 else nodes * one.cores,
        own_slots=own,
        usd_per_core_hour=price,
        run_s=billed_s(job.length.seconds, hazard),
        delay_usd=worth * delay_s(job.length.seconds, hazard, one.boot_s),
        data_usd=job.data_usd,
    )
