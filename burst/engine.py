"""One turn: load what is, decide, and say why. The only callers of effects here are the ports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.decide import Decision, decide, decide_all
from burst.ledger import observe_fleet
from burst.pressure import Pressure, measure

if TYPE_CHECKING:
    from burst.fleet import Fleet
    from burst.outlook import Word
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


def observe_pressure(scheduler: Scheduler, provider: Provider) -> Pressure:
    """What is pending now. Raises ``SiteUnavailable`` when the scheduler cannot be asked."""
    return look(scheduler, provider)[0]


def widest(settings: BurstSettings) -> int:
    """The most slots one job could get from one pool with every cap used up."""
    per_lab = max([settings.caps.per_lab or settings.caps.nodes, *settings.caps.labs.values()])
    return max(min(pool.max_nodes, settings.caps.nodes, per_lab) * pool.slots for pool in settings.pools)


def look(scheduler: Scheduler, provider: Provider, word: Word | None = None) -> tuple[Pressure, tuple[Host, ...]]:
    """Ask the scheduler alone, and the data plane's ``word`` if it is not given. Raises ``SiteUnavailable``."""
    jobs, queues, hosts = scheduler.jobs(), scheduler.queues(), scheduler.hosts()
    word = word or provider.word()
    pressure = measure(jobs, queues, hosts, widest(provider.settings), word.jobs if word else None)
    return (replace(pressure, data_problem=word.problem) if word else pressure), hosts


def observe(scheduler: Scheduler, provider: Provider) -> Observed:
    """Ask the scheduler and the ledger. Raises ``SiteUnavailable`` or ``CloudError`` when either is unknown."""
    word = provider.word()
    pressure, hosts = look(scheduler, provider, word)
    return Observed(pressure=pressure, fleet=with_word(observe_fleet(provider), word), hosts=hosts)


def with_word(fleet: Fleet, word: Word | None) -> Fleet:
    """The fleet with the dollars that the data plane has spent or owes this month."""
    return replace(fleet, data_usd=word.spent) if word else fleet


def plan(observed: Observed, settings: BurstSettings) -> tuple[Decision, ...]:
    """What would be launched now, for every pool and lab with pressure."""
    return decide_all(observed.pressure, observed.fleet, settings)


def allow(observed: Observed, settings: BurstSettings, pool: Pool, lab: str, new_demand: int) -> Decision:
    """How many of the nodes LSF asks for it may have."""
    return decide(pool, lab, observed.pressure, observed.fleet, settings, new_demand=new_demand)
