"""One turn: load what is, decide, and say why. The only callers of effects here are the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.decide import Decision, decide, decide_all
from burst.ledger import observe_fleet
from burst.pressure import Pressure, measure

if TYPE_CHECKING:
    from burst.fleet import Fleet
    from burst.provider import Provider
    from ris_hybrid.model import Host
    from ris_hybrid.ports import Scheduler
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything a decision looks at, as of one moment."""

    pressure: Pressure
    fleet: Fleet
    hosts: tuple[Host, ...] = ()


def observe_pressure(scheduler: Scheduler, settings: BurstSettings) -> Pressure:
    """What is pending now. Raises ``SiteUnavailable`` when the scheduler cannot be asked."""
    return measure(scheduler.jobs(), scheduler.queues(), scheduler.hosts(), widest(settings))


def widest(settings: BurstSettings) -> int:
    """The most slots one job could get from one pool with every cap used up."""
    per_lab = max([settings.caps.per_lab or settings.caps.nodes, *settings.caps.labs.values()])
    return max(min(pool.max_nodes, settings.caps.nodes, per_lab) * pool.slots for pool in settings.pools)


def look(scheduler: Scheduler, settings: BurstSettings) -> tuple[Pressure, tuple[Host, ...]]:
    """Ask the scheduler alone. Raises ``SiteUnavailable`` when it is unknown."""
    jobs, queues, hosts = scheduler.jobs(), scheduler.queues(), scheduler.hosts()
    return measure(jobs, queues, hosts, widest(settings)), hosts


def observe(scheduler: Scheduler, provider: Provider) -> Observed:
    """Ask the scheduler and the ledger. Raises ``SiteUnavailable`` or ``CloudError`` when either is unknown."""
    pressure, hosts = look(scheduler, provider.settings)
    return Observed(pressure=pressure, fleet=observe_fleet(provider), hosts=hosts)


def plan(observed: Observed, settings: BurstSettings) -> tuple[Decision, ...]:
    """What would be launched now, for every pool and lab with pressure."""
    return decide_all(observed.pressure, observed.fleet, settings)


def allow(observed: Observed, settings: BurstSettings, pool: Pool, lab: str, new_demand: int) -> Decision:
    """How many of the nodes LSF asks for it may have."""
    return decide(pool, lab, observed.pressure, observed.fleet, settings, new_demand=new_demand)
