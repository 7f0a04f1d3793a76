"""One turn: load what is, decide, and say why. The only callers of effects here are the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.decide import Decision, decide, decide_all
from burst.ledger import observe_fleet
from burst.pressure import Pressure, measure

if TYPE_CHECKING:
    from burst.fleet import Fleet
    from ris_hybrid.ports import Cloud, Scheduler, Spend
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything a decision looks at, as of one moment."""

    pressure: Pressure
    fleet: Fleet


def observe_pressure(scheduler: Scheduler, settings: BurstSettings) -> Pressure:
    """What is pending now. Raises ``SiteUnavailable`` when the scheduler cannot be asked."""
    return measure(scheduler.jobs(), scheduler.queues(), scheduler.hosts(), widest(settings))


def widest(settings: BurstSettings) -> int:
    """The most slots one job could get from one pool with every cap used up."""
    per_lab = max([settings.caps.per_lab or settings.caps.nodes, *settings.caps.labs.values()])
    return max(min(pool.max_nodes, settings.caps.nodes, per_lab) * pool.slots for pool in settings.pools)


def observe(scheduler: Scheduler, cloud: Cloud, spend: Spend, settings: BurstSettings, now: float) -> Observed:
    """Ask the scheduler and the ledger. Raises ``SiteUnavailable`` or ``CloudError`` when either is unknown."""
    pressure = observe_pressure(scheduler, settings)
    return Observed(pressure=pressure, fleet=observe_fleet(cloud, spend, now))


def plan(observed: Observed, settings: BurstSettings) -> tuple[Decision, ...]:
    """What would be launched now, for every pool and lab with pressure."""
    return decide_all(observed.pressure, observed.fleet, settings)


def allow(observed: Observed, settings: BurstSettings, pool: Pool, lab: str, new_demand: int) -> Decision:
    """How many of the nodes LSF asks for it may have."""
    return decide(pool, lab, observed.pressure, observed.fleet, settings, new_demand=new_demand)
