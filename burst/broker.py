"""One turn of the broker: what LSF's Resource Connector does elsewhere, for schedulers that have none.

    notices, reap ─▶ jobs, queues, hosts, ledger ─▶ give back ─▶ decide ─▶ launch
    (burst.turn)      (all of them, or no more)       idle, spot notice       under the launch lock

Everything a turn needs to know stands in the batch system and in the clouds' tags, so a turn may be lost, repeated, or
made by another master with none of our files. While one of several clouds does not answer the machines of the others
are given back, and nothing is launched.

Why a repeated launch is the same launch: the request id, which is EC2's client token, is a digest of the cluster, the
provider, the pool, the lab, the machines of that pool and lab the ledger shows, and five minutes of the clock. A turn
that died after a launch is followed by one that sees the new machines (they count as starting: nothing more is
wanted), or does not see them yet (EC2 lists a machine some seconds late): then the same digest asks for the same
fleet. The five minutes are there because a token that EC2 remembers for a day must not be used again when, tomorrow,
again no machine is up; where they end between the two turns, the journal's unanswered entry keeps the earlier id.
Without the journal, on another master, fail-over itself takes longer than EC2 takes to list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from burst import ids
from burst.checks import checked
from burst.clouds import partly
from burst.clouds.partly import PartlyUnknown
from burst.decide import data_fields
from burst.engine import look, plan
from burst.fleet import account_of
from burst.launching import Order, Outcome, launch
from burst.ledger import note_cost, observe_fleet
from burst.next_pool import next_decisions
from burst.notices import NoNotices
from burst.reaping import reap
from burst.returning import Returned, give_back
from burst.turn import Turn, Turned
from ris_hybrid.errors import CloudError, ConfigError, NoCapacity, QuotaReached, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from burst.decide import Decision
    from burst.engine import Observed
    from burst.fleet import Fleet
    from burst.next_pool import Deciding
    from burst.planning import Desk
    from burst.provider import Provider
    from burst.reap import Verdict
    from ris_hybrid.model import Machine
    from ris_hybrid.ports import Hosts, Notices, Scheduler

BUCKET_S = 300.0
"""Shorter than the time a pool is left alone after a capacity error: the next try is a new request to the cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The batch system, the cloud's notices, and what lets one launch at a time pass."""

    scheduler: Scheduler
    hosts: Hosts
    launch_lock: Callable[[], AbstractContextManager[None]]
    notices: Notices = field(default_factory=NoNotices)
    planner: Desk | None = None
    """What plans and steers, in modes ``planned`` and ``shadow``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What came of one decision; ``outcome`` None when nothing was started, for the reason given."""

    decision: Decision
    outcome: Outcome | None
    why: str
    empty: bool = False
    """The cloud had nothing to give to this pool."""

    @property
    def nodes(self) -> int:
        """How many came of it, or may have: an answer that was lost counts in full."""
        if self.outcome is None:
            return 0
        known = bool(self.outcome.launched or self.outcome.adopted)
        return len(self.outcome.launched) if known else self.decision.nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one turn saw and did."""

    watched: Turned | None
    """What the service's turn did, which comes first; None in a dry run."""
    decisions: tuple[Decision, ...]
    launches: tuple[Launched, ...]
    returned: Returned
    planned: tuple[Verdict, ...] = ()
    """In a dry run: what the reaper would do."""
    unknown: str = ""
    """Why nothing was decided; empty when all that a decision needs was known."""

    @property
    def ended(self) -> tuple[str, ...]:
        """Ids of the machines that were ended."""
        return (*(self.watched.ended if self.watched else ()), *self.returned.ended)

    @property
    def refused(self) -> tuple[str, ...]:
        """What LSF or a cloud refused: left for the next turn."""
        problems = self.watched.problems if self.watched else ()
        unmet = (one.why for one in self.launches if one.outcome is None)
        unknown = (self.unknown,) if self.unknown else ()
        return (*(problem.text for problem in problems), *self.returned.refused, *unknown, *unmet)


def turn(provider: Provider, site: Site, *, dry_run: bool = False) -> Made:
    """Look, give back what is no longer needed, launch what is.

    Raises ``SiteUnavailable`` or ``CloudError`` when the batch system or all machines are unknown: then nothing was
    ended. Without one of several clouds, the month's spend or the pools' marks hosts are given back, and nothing is
    launched.
    """
    # Notices first, whatever else fails: the cloud gives two minutes.
    watched = None if dry_run else Turn(site.scheduler, site.notices, site.hosts, holds=True).take(provider)
    word = provider.word()
    looked = look(site.scheduler, provider, word)
    hosts = looked.hosts
    seen = partly.look(provider.cloud)
    machines = seen.machines
    planned: tuple[Verdict, ...] = ()
    if dry_run:
        judged = checked(machines, provider)
        planned = reap(provider, hosts, held=_ids(machines), machines=judged, dry_run=True).verdicts
    else:
        _learn_of(machines, provider)
        note_cost((m for m in machines if not m.alive and not m.return_id), provider)  # ended by the cloud, or by hand
    returned = give_back(provider, site.scheduler, site.hosts, machines, hosts, dry_run=dry_run)
    made = Made(watched=watched, decisions=(), launches=(), returned=returned, planned=planned)
    try:
        if seen.unread:
            raise PartlyUnknown(machines, seen.unread)
        observed = looked.with_fleet(observe_fleet(provider, machines))
    except (SiteUnavailable, CloudError) as error:
        return _nothing_launched(made, error.message, provider, dry_run=dry_run)
    return _planned_and_launched(made, observed, provider, site, dry_run=dry_run)


def _planned_and_launched(made: Made, observed: Observed, provider: Provider, site: Site, *, dry_run: bool) -> Made:
    """Plan and steer where the mode says so; then decide, and launch. In mode ``planned`` no plan is no launch.

    A Resource Connector asks for nodes for the jobs that are in burst queues; here that is ours to see to.
    """
    desk = site.planner if provider.settings.mode != "thresholds" else None
    done = None
    if desk and not dry_run:
        done = desk.planning.go(observed, provider, desk.hands)
        if made.watched:
            watched = replace(made.watched, planned=done, problems=made.watched.problems + done.problems)
            made = replace(made, watched=watched)
    stuck = done.stuck if done else frozenset()
    deciding = partial(_decisions, provider=provider, desk=desk, stuck=stuck)
    try:
        standing = done.plan if done and done.mode == "planned" and not stuck else None
        first = standing.decisions if standing else deciding(observed)
        if dry_run:
            return replace(made, decisions=first)
        decisions, launches = _decide_and_launch(observed, provider, site, (first, deciding))
    except SiteUnavailable as error:
        return _nothing_launched(made, error.message, provider, dry_run=dry_run)
    return replace(made, decisions=decisions, launches=launches)


def _nothing_launched(made: Made, why: str, provider: Provider, *, dry_run: bool) -> Made:
    text = f"nothing is launched on missing knowledge: {why}"
    if not dry_run:
        provider.note("not launched", message=text)
    return replace(made, unknown=text)


def _decisions(
    observed: Observed, provider: Provider, desk: Desk | None, stuck: frozenset[str]
) -> tuple[Decision, ...]:
    """By thresholds or by a plan, as the mode says. Raises ``SiteUnavailable`` where there is no plan to be had."""
    if provider.settings.mode != "planned":
        return plan(observed, provider.settings)
    if desk is None:
        raise SiteUnavailable("nobody plans here")
    return desk.planning.again(observed, provider.settings, desk.hands.ground, stuck).decisions


def _decide_and_launch(
    observed: Observed, provider: Provider, site: Site, decided: tuple[tuple[Decision, ...], Deciding]
) -> tuple[tuple[Decision, ...], tuple[Launched, ...]]:
    """The decisions carried out; where a pool was empty, what the next are asked for, until none is left."""
    decisions, deciding = decided
    new = decisions
    launches: tuple[Launched, ...] = ()
    while new:
        launches += (came := _launch_all(new, observed.fleet, provider, site))
        if not any(one.empty for one in came):
            break
        tried = [(one.decision, one.nodes) for one in launches]
        empty = {one.decision.pool for one in launches if one.empty}
        new = next_decisions(observed, tried, empty, provider.settings, deciding)
        decisions += new
    return decisions, launches


def _ids(machines: Iterable[Machine]) -> frozenset[str]:
    return frozenset(machine.machine_id for machine in machines)


def request_id(decision: Decision, fleet: Fleet, provider: Provider) -> str:
    """The id under which this decision is launched, whoever carries it out and however often."""
    known = (m.machine_id for m in fleet.machines if (m.pool, m.lab) == (decision.pool, decision.lab))
    settings = provider.settings
    parts = (settings.cluster, settings.provider, decision.pool, decision.lab, *sorted(known))
    start = provider.now // BUCKET_S * BUCKET_S
    now, before = (ids.derived(ids.CREATE, at, *parts) for at in (start, start - BUCKET_S))
    return before if before in provider.unanswered() else now


def _learn_of(machines: Iterable[Machine], provider: Provider) -> None:
    """We are who asked: a launch whose machines we see has been answered, however its call ended."""
    for known in sorted(provider.unanswered().intersection(m.request_id for m in machines)):
        provider.journal.answer(known)


def _launch_all(decisions: Iterable[Decision], fleet: Fleet, provider: Provider, site: Site) -> tuple[Launched, ...]:
    done = []
    for decision in decisions:
        told = {"pool": decision.pool, "lab": account_of(decision.lab), "allowed": decision.nodes, "why": decision.why}
        provider.note("decision", **told, **data_fields(decision))
        if decision.nodes:
            with site.launch_lock():
                done.append(_launch(decision, fleet, provider))
    return tuple(done)


def _launch(decision: Decision, fleet: Fleet, provider: Provider) -> Launched:
    """One launch; what the cloud refuses to one pool does not keep the others back."""
    pool = next(pool for pool in provider.settings.pools if pool.name == decision.pool)
    known = request_id(decision, fleet, provider)
    try:
        outcome = launch(Order(request_id=known, pool=pool, lab=decision.lab, nodes=decision.nodes), provider)
    except (CloudError, ConfigError, SiteUnavailable) as error:
        provider.journal.answer(known)  # nothing was started
        empty = isinstance(error, (NoCapacity, QuotaReached))
        return Launched(decision=decision, outcome=None, why=f"{decision.pool}: {error.message}", empty=empty)
    if outcome.launched or outcome.adopted:
        provider.journal.answer(known)
    return Launched(decision=decision, outcome=outcome, why=outcome.message)
