"""One turn: load what is, decide, and say why. The only callers of effects here are the ports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.decide import Decision, decide, decide_all, decide_planned
from burst.ledger import observe_fleet
from burst.plan_file import came_since
from burst.planner.own_queue import homed
from burst.planner.values import NOTHING
from burst.pressure import Pressure, measure

if TYPE_CHECKING:
    from burst.fleet import Fleet
    from burst.limits import Ask
    from burst.outlook import Word
    from burst.plan_file import Standing
    from burst.provider import Provider
    from ris_hybrid.model import Host, Job, Queue
    from ris_hybrid.ports import Scheduler
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything a decision looks at, as of one moment."""

    pressure: Pressure
    fleet: Fleet
    hosts: tuple[Host, ...] = ()
    jobs: tuple[Job, ...] = ()
    """Every unfinished job, in the queue in which LSF shows it."""
    queues: tuple[Queue, ...] = ()
    word: Word | None = None
    """What the data plane says; None where it is not asked."""


def observe_pressure(scheduler: Scheduler, provider: Provider) -> Pressure:
    """What is pending now. Raises ``SiteUnavailable`` when the scheduler cannot be asked."""
    return look(scheduler, provider).pressure


def widest(settings: BurstSettings) -> int:
    """The most slots one job could get from one pool with every cap used up."""
    per_lab = max([settings.caps.per_lab or settings.caps.nodes, *settings.caps.labs.values()])
    return max(min(pool.max_nodes, settings.caps.nodes, per_lab) * pool.slots for pool in settings.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the scheduler says, and what it comes to."""

    pressure: Pressure
    jobs: tuple[Job, ...]
    queues: tuple[Queue, ...]
    hosts: tuple[Host, ...]
    word: Word | None

    def with_fleet(self, fleet: Fleet) -> Observed:
        """Beside the ledger."""
        return Observed(
            pressure=self.pressure,
            fleet=with_word(fleet, self.word),
            hosts=self.hosts,
            jobs=self.jobs,
            queues=self.queues,
            word=self.word,
        )


def look(scheduler: Scheduler, provider: Provider, word: Word | None = None) -> Looked:
    """Ask the scheduler alone, and the data plane's ``word`` if it is not given. Raises ``SiteUnavailable``."""
    jobs, queues, hosts = scheduler.jobs(), scheduler.queues(), scheduler.hosts()
    word, settings = word or provider.word(), provider.settings
    pressure = measure(homed(jobs, settings), queues, hosts, widest(settings), word.jobs if word else None)
    pressure = replace(pressure, data_problem=word.problem) if word else pressure
    return Looked(pressure=pressure, jobs=jobs, queues=queues, hosts=hosts, word=word)


def observe(scheduler: Scheduler, provider: Provider) -> Observed:
    """Ask the scheduler and the ledger. Raises ``SiteUnavailable`` or ``CloudError`` when either is unknown."""
    return look(scheduler, provider, provider.word()).with_fleet(observe_fleet(provider))


def with_word(fleet: Fleet, word: Word | None) -> Fleet:
    """The fleet with the dollars that the data plane has spent or owes this month."""
    return replace(fleet, data_usd=word.spent) if word else fleet


def plan(observed: Observed, settings: BurstSettings) -> tuple[Decision, ...]:
    """What would be launched now, for every pool and lab with pressure."""
    return decide_all(observed.pressure, observed.fleet, settings)


def allow_planned(standing: Standing, fleet: Fleet, settings: BurstSettings, ask: Ask) -> Decision:
    """How many of the nodes LSF asks for it may have by the last plan: what came since it was made is taken off.

    Which of several pools grows is LSF's choice, by its templates' priority: nodes that would do in place of another
    pool's are allowed too, as long as no machine came for the lab. Of a pool that is held or off nothing is planned,
    and an answer of 0 would make LSF ask for it for ever: other pools' nodes are let through, for ``requestMachines``
    to refuse with the code that turns LSF to them.
    """
    want = standing.wants.get((ask.pool.name, ask.lab), NOTHING)
    came = came_since(standing, fleet.machines, ask.lab, ask.pool.name)
    of_lab = came_since(standing, fleet.machines, ask.lab)
    own, instead = max(0, want.nodes - came), max(0, want.instead - of_lab)
    said = f"the plan of {max(0.0, fleet.now - standing.at):.0f} s ago wants {want.nodes} nodes"
    said += f" and {want.instead} in place of other pools'" if want.instead else ""
    said += f", {of_lab} came since; " if of_lab else "; "
    turned = 0
    if fleet.marks_of(ask.pool.name).state(fleet.now) != "on":
        turned = max(0, sum(one.nodes for (_, lab), one in standing.wants.items() if lab == ask.lab) - of_lab)
    return decide_planned(replace(ask, nodes=max(own + instead, turned)), want, fleet, settings, said)


def allow(observed: Observed, settings: BurstSettings, pool: Pool, lab: str, new_demand: int) -> Decision:
    """How many of the nodes LSF asks for it may have."""
    return decide(pool, lab, observed.pressure, observed.fleet, settings, new_demand=new_demand)
