"""One answer over the whole chain: job -> pressure -> gate -> limits -> launch -> node, and back (pure).

Nothing here is remembered for the purpose: facts come from what LSF and the ledger say now, the past from the audit
log. What neither knows any more is said to be unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from burst.clouds.naming import cloud_of
from burst.clouds.partly import cloud_word, reasons
from burst.explain_plan import past_words, plan_facts
from burst.fleet import account_of
from burst.history import concerns
from burst.outlook import job_data, told
from burst.pressure import why_no_pressure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from burst.decide import Decision
    from burst.outlook import Word
    from burst.planner.values import Plan
    from ris_hybrid.model import Event, Job, Machine, Queue

_LATEST = 20
"""Events shown at most; ``burst events`` has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known about one job, machine or request."""

    subject: str
    facts: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What LSF and the ledger say at one moment, the decisions that follow from it, and the log."""

    now: float
    machines: tuple[Machine, ...]
    events: tuple[Event, ...]
    jobs: tuple[Job, ...] = ()
    queues: tuple[Queue, ...] = ()
    decisions: tuple[Decision, ...] = ()
    widest: float = float("inf")
    word: Word | None = None
    """What the data plane says; None where it is not asked."""
    plan: Plan | None = None
    """The plan of this moment; None in mode ``thresholds``."""
    mode: str = "thresholds"
    several: bool = False
    """Whether burst.yaml names clouds beside EC2."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer though others did, with the reason: then nothing is decided."""


def explain_job(job: Job, known: Known) -> Explanation:
    """Why this job did, or did not, make the site burst or go to the cloud; where it runs if it does."""
    subject = f"job {job.job_id}"
    facts = [f"queue {job.queue}, {account_of(job.lab)}, {job.slots} slots, {job.status}"]
    words = _one_each(past_words(job.job_id, known.events))
    if job.exec_host:
        facts += _where(job, known)
        return Explanation(subject=subject, facts=tuple(facts), events=_latest(words))
    facts.append(f"pending for {_span(job.pend_s)}; LSF says: {job.reason or 'nothing'}")
    facts += _data(job, known.word)
    data = known.word.jobs if known.word else None
    why = why_no_pressure(job, known.jobs, known.queues, known.widest, data)
    if why:
        facts.append(f"no pressure: {why}")
        return Explanation(subject=subject, facts=tuple(facts), events=_latest(words))
    facts.append("it is pressure: more slots could start it")
    if known.plan:
        facts += plan_facts(job.job_id, known.plan, known.mode)
    mine = [decision for decision in known.decisions if decision.lab == job.lab]
    if known.unread:
        facts.append(f"nothing is launched while not every cloud answers: {reasons(known.unread)}")
    else:
        facts += _decided(job, mine)
    about = [e for e in known.events if e.fields.get("lab") in {job.lab, account_of(job.lab)} and "pool" in e.fields]
    if any(decision.nodes for decision in mine) and not about:
        facts.append(f"LSF has not asked for nodes of {account_of(job.lab)} so far: look at RC_HOSTS and RC_ACCOUNT")
    told = sorted([*_folded(about), *words], key=lambda event: event.at)
    return Explanation(subject=subject, facts=tuple(facts), events=_latest(told))


def _decided(job: Job, mine: Sequence[Decision]) -> Iterator[str]:
    for decision in mine:
        yield f"pool {decision.pool}: {decision.nodes} nodes now"
        yield from (f"  {reason.stage}: {reason.text}" for reason in decision.reasons)
    if not mine:
        yield f"no pool serves queue {job.queue} for {account_of(job.lab)}: see pools in burst.yaml"


def _one_each(events: Iterable[Event]) -> list[Event]:
    """Events that name many jobs, without the others."""
    return [
        replace(event, fields={name: value for name, value in event.fields.items() if name != "jobs"})
        for event in events
    ]


def explain_machine(machine: Machine, known: Known) -> Explanation:
    """The life of one machine from its launch to its end."""
    market = "spot" if machine.spot else "on demand"
    joined = f"joined LSF after {_span(machine.joined - machine.launched)}" if machine.joined else "never seen in LSF"
    facts = [
        f"{machine.name or 'no name yet'}, {machine.instance_type} in {machine.zone}, {market}, {machine.state}",
        f"pool {machine.pool}{_of_cloud(machine, known)} for {account_of(machine.lab)}",
        f"launched {_at(machine.launched)} ({_span(known.now - machine.launched)} ago) by {machine.request_id}",
        joined,
    ]
    if machine.unlisted:
        facts.append(f"LSF has not listed it since {_at(machine.unlisted)}")
    if machine.unheld:
        facts.append(f"ebrokerd has not held it since {_at(machine.unheld)}")
    if machine.rebalance:
        facts.append(f"the cloud said at {_at(machine.rebalance)} that it is at risk")
    if machine.notice:
        facts.append(f"the cloud takes it at {_at(machine.notice)}")
    if machine.return_id:
        facts.append(f"asked back by {machine.return_id}: {machine.end_reason or 'no reason on record'}")
    names = frozenset({machine.machine_id, machine.name, machine.request_id, machine.return_id} - {""})
    about = (event for event in known.events if concerns(event, names))
    return Explanation(subject=machine.machine_id, facts=tuple(facts), events=_latest(about))


def explain_request(request_id: str, known: Known) -> Explanation:
    """What came of a request for machines, or of a return. What the cloud has forgotten is told from the log."""
    mine = [machine for machine in known.machines if request_id in {machine.request_id, machine.return_id}]
    told = [event for event in known.events if concerns(event, frozenset({request_id}))]
    logged = {str(one) for event in told for one in _listed(event)}
    facts = [_summary(request_id, mine, bool(told), known.unread)]
    facts += [f"{m.machine_id} {m.name or '-'}: {m.state}" + (f", {m.end_reason}" if m.return_id else "") for m in mine]
    names = frozenset({request_id, *logged})
    about = (event for event in known.events if concerns(event, names))
    return Explanation(subject=request_id, facts=tuple(facts), events=_latest(about))


def _listed(event: Event) -> Sequence[object]:
    machines = event.fields.get("machines")
    return machines if isinstance(machines, list | tuple) else ()


def find_machine(name: str, machines: Sequence[Machine]) -> Machine | None:
    """By id, or by host name with or without its domain; the newest of a name that was given again."""
    named = (m for m in reversed(machines) if name in {m.machine_id, m.name, m.name.partition(".")[0]} - {""})
    return next(named, None)


def _data(job: Job, word: Word | None) -> list[str]:
    """Whether its data and image are in the cloud, and what sending it costs in data."""
    if word is None:
        return []
    if word.problem:
        return [f"data: unknown: {word.problem}"]
    data = job_data(job.job_id, word.jobs)
    ready = [f"  there {_at(data.ready_at)}"] if data.ready_at else []
    return [f"{told(data)} (said {_at(word.at)})", *ready]


def _of_cloud(machine: Machine, known: Known) -> str:
    return f" of {cloud_word(cloud_of(machine.machine_id))}" if known.several else ""


def _where(job: Job, known: Known) -> list[str]:
    hosts = dict.fromkeys(part.rpartition("*")[2] for part in job.exec_host.split(":") if part)
    lines = []
    for host in hosts:
        machine = find_machine(host, known.machines)
        lines.append(
            f"on {host}: not a cloud node of ours"
            if machine is None
            else f"on {host}: cloud node {machine.machine_id} of pool {machine.pool}{_of_cloud(machine, known)},"
            f" launched by {machine.request_id}"
        )
    return lines


def _summary(request_id: str, machines: Sequence[Machine], logged: bool, unread: Mapping[str, str]) -> str:
    if not machines and unread:
        return f"no cloud that answers lists a machine of it; unknown: {reasons(unread)}"
    if not machines and logged:
        return "the cloud lists no machine of it any more (it forgets them an hour after their end); the log says:"
    if not machines:
        return "the cloud knows no machine of it: none came, or all ended more than an hour ago"
    alive = sum(machine.alive for machine in machines)
    if machines[0].return_id == request_id:
        return f"a return of {len(machines)} machines, {alive} still alive"
    short = next((f" ({m.shortfall})" for m in machines if m.shortfall), "")
    return f"asked {machines[0].asked}{short}: {len(machines)} still listed by the cloud, {alive} alive"


def _folded(events: Iterable[Event]) -> Iterator[Event]:
    """Of events that say the same one after the other, the last one."""
    last: Event | None = None
    for event in events:
        if last is not None and (last.kind, last.fields) != (event.kind, event.fields):
            yield last
        last = event
    if last is not None:
        yield last


def _latest(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(events)[-_LATEST:]


def _at(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if abs(seconds) < 120 else f"{seconds / 60:.0f} min"
