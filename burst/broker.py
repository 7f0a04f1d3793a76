"""One turn of the broker: what LSF's Resource Connector does elsewhere, for schedulers that have none.

    jobs, queues, hosts, ledger ─▶ reap ─▶ give back ─▶ decide ─▶ launch
         (all of them, or no turn)         idle, spot notice        under the launch lock

Everything a turn needs to know stands in the batch system and in EC2's tags, so a turn may be lost, repeated, or made
by another master with none of our files.

Why a repeated launch is the same launch: the request id, which is EC2's client token, is a digest of the cluster, the
provider, the pool, the lab, the machines of that pool and lab the ledger shows, and five minutes of the clock. A turn
that died after CreateFleet is followed by one that sees the new machines (they count as starting: nothing more is
wanted), or does not see them yet (EC2 lists a machine some seconds late): then the same digest asks for the same
fleet. The five minutes are there because a token that EC2 remembers for a day must not be used again when, tomorrow,
again no machine is up; where they end between the two turns, the journal's unanswered entry keeps the earlier id.
Without the journal, on another master, fail-over itself takes longer than EC2 takes to list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst import ids
from burst.engine import observe, plan
from burst.fleet import account_of
from burst.launching import Order, Outcome, launch
from burst.ledger import note_cost
from burst.reaping import Reaped, reap
from burst.returning import Returned, give_back
from ris_hybrid.errors import CloudError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from burst.decide import Decision
    from burst.fleet import Fleet
    from burst.provider import Provider
    from ris_hybrid.model import Machine
    from ris_hybrid.ports import Hosts, Scheduler

BUCKET_S = 300.0
"""Shorter than the time a pool is left alone after a capacity error, so that the next try is a new request to EC2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The batch system, and what lets one launch at a time pass."""

    scheduler: Scheduler
    hosts: Hosts
    launch_lock: Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What came of one decision; ``outcome`` None when nothing was started, for the reason given."""

    decision: Decision
    outcome: Outcome | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn saw and did."""

    decisions: tuple[Decision, ...]
    launches: tuple[Launched, ...]
    reaped: Reaped
    returned: Returned

    @property
    def refused(self) -> tuple[str, ...]:
        """What LSF or EC2 refused: left for the next turn."""
        unmet = (one.why for one in self.launches if one.outcome is None)
        return (*self.reaped.refused, *self.returned.refused, *unmet)


def turn(provider: Provider, site: Site, *, dry_run: bool = False) -> Turn:
    """Look, give back what is no longer needed, launch what is.

    Raises ``SiteUnavailable`` or ``CloudError`` when the batch system or the ledger is unknown: then nothing was ended.
    """
    observed = observe(site.scheduler, provider)
    machines = observed.fleet.machines
    if not dry_run:
        _learn_of(machines, provider)
        note_cost((m for m in machines if not m.alive and not m.return_id), provider)  # ended by the cloud, or by hand
    # Without ebrokerd every machine of the provider is ours to hold.
    held = frozenset(machine.machine_id for machine in machines)
    reaped = reap(provider, observed.hosts, held=held, control=site.hosts, machines=machines, dry_run=dry_run)
    left = [machine for machine in machines if machine.machine_id not in reaped.ended]
    returned = give_back(provider, site.scheduler, site.hosts, left, observed.hosts, dry_run=dry_run)
    decisions = plan(observed, provider.settings)
    launches = () if dry_run else _launch_all(decisions, observed.fleet, provider, site)
    return Turn(decisions=decisions, launches=launches, reaped=reaped, returned=returned)


def request_id(decision: Decision, fleet: Fleet, provider: Provider) -> str:
    """The id under which this decision is launched, whoever carries it out and however often."""
    known = (m.machine_id for m in fleet.machines if (m.pool, m.lab) == (decision.pool, decision.lab))
    settings = provider.settings
    parts = (settings.cluster, settings.provider, decision.pool, decision.lab, *sorted(known))
    start = provider.now // BUCKET_S * BUCKET_S
    now, before = (ids.derived(ids.CREATE, at, *parts) for at in (start, start - BUCKET_S))
    return before if before in provider.journal.unanswered() else now


def _learn_of(machines: Iterable[Machine], provider: Provider) -> None:
    """We are who asked: a launch whose machines we see has been answered, however its call ended."""
    for known in sorted(provider.journal.unanswered().intersection(m.request_id for m in machines)):
        provider.journal.answer(known)


def _launch_all(decisions: Iterable[Decision], fleet: Fleet, provider: Provider, site: Site) -> tuple[Launched, ...]:
    done = []
    for decision in decisions:
        provider.note(
            "decision", pool=decision.pool, lab=account_of(decision.lab), allowed=decision.nodes, why=decision.why
        )
        if decision.nodes:
            with site.launch_lock():
                done.append(_launch(decision, fleet, provider))
    return tuple(done)


def _launch(decision: Decision, fleet: Fleet, provider: Provider) -> Launched:
    """One launch; what EC2 refuses to one pool does not keep the others back."""
    pool = provider.settings.pool(decision.pool)
    if pool is None:
        return Launched(decision=decision, outcome=None, why=f"pool {decision.pool} is not configured")
    known = request_id(decision, fleet, provider)
    try:
        outcome = launch(Order(request_id=known, pool=pool, lab=decision.lab, nodes=decision.nodes), provider)
    except (CloudError, ConfigError) as error:
        provider.journal.answer(known)  # nothing was started
        return Launched(decision=decision, outcome=None, why=f"{decision.pool}: {error.message}")
    if outcome.launched or outcome.adopted:
        provider.journal.answer(known)
    return Launched(decision=decision, outcome=outcome, why=outcome.message)
