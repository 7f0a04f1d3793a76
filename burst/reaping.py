"""Carries out what ``burst.reap`` decides: marks, ends, counts join failures, measures boot times.

Called only with LSF's rows at hand: from getReturnRequests when there is a candidate, from the service's turn, from
``burst reap`` and from the broker. Every verdict is told to the audit log, refusals of the cloud too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst import ids, tags
from burst.checks import checked
from burst.clouds import partly
from burst.clouds.naming import cloud_of
from burst.joining import learn, with_joined
from burst.ledger import month_start, note_cost
from burst.lifecycle import by_name, is_here, short_name
from burst.reap import Action, Sight, Verdict, judge
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.model import EndReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.provider import Provider
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.ports import Hosts

_COUNTS = {tags.UNLISTED: "unlisted", tags.UNHELD: "unheld"}
_NO_COUNT = dict.fromkeys(_COUNTS, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """What was decided, and what of it was done: machine ids, host names, and what a cloud or LSF refused."""

    verdicts: tuple[Verdict, ...] = ()
    ended: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Messages of ends and marks that failed; they are tried again at the next turn."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer, with the reason: nothing is known of their machines, so none was judged."""


def reap(
    provider: Provider,
    hosts: Sequence[Host],
    *,
    held: frozenset[str] | None = None,
    control: Hosts | None = None,
    machines: Sequence[Machine] | None = None,
    dry_run: bool = False,
) -> Reaped:
    """Judge every machine and act on it.

    Args:
        provider: ports and settings.
        hosts: every row of bhosts, asked for just now.
        held: ids of the machines ebrokerd named, None when it was not asked.
        control: closes hosts; without it a host that LSF could still use is left for LSF to give back.
        machines: the ledger, when the caller has just read it.
        dry_run: only judge.

    Raises what ``Cloud.machines`` raises where no cloud answers. Refusals of single deeds do not raise: they are in the
    answer.
    """
    if machines is None:
        looked = partly.look(provider.cloud)
        known = checked(looked.machines, provider)
        reaped = reap(provider, hosts, held=held, control=control, machines=known, dry_run=dry_run)
        return replace(reaped, unread=looked.unread)
    sight = Sight(
        machines=machines,
        hosts=hosts,
        now=provider.now,
        life=provider.settings.life,
        held=held,
        unanswered=provider.unanswered(),
    )
    verdicts = judge(sight)
    if dry_run:
        return Reaped(verdicts=verdicts)
    note_ended(machines, provider)
    _tell(verdicts, provider)
    due = [verdict for verdict in verdicts if verdict.action is not Action.KEEP]
    if not due:
        return Reaped(verdicts=verdicts)
    with provider.alone(provider.now) as alone:
        if alone:
            return replace(_carry_out(due, machines, control, provider), verdicts=verdicts)
    why = "another reaper acts now, or has acted since this one looked"
    provider.note("not reaped", machines=[verdict.machine.machine_id for verdict in due], why=why)
    return Reaped(verdicts=verdicts)


def _carry_out(
    verdicts: Sequence[Verdict], seen: Sequence[Machine], control: Hosts | None, provider: Provider
) -> Reaped:
    deed = _Deed(provider)
    now = _epoch(provider.now)
    joined = deed.mark(_of(verdicts, Action.JOINED), {tags.JOINED: now, **_NO_COUNT})
    deed.mark(_of(verdicts, Action.UNLISTED), {tags.UNLISTED: now})
    deed.mark(_of(verdicts, Action.UNHELD), {tags.UNHELD: now, tags.UNLISTED: ""})
    deed.mark(_of(verdicts, Action.SEEN), {tags.UNLISTED: ""})
    deed.mark(_of(verdicts, Action.LISTED), _NO_COUNT)
    closed = deed.close([v for v in verdicts if v.action is Action.CLOSE], control)
    ended = deed.end([v for v in verdicts if v.action is Action.END])
    failed = [v.machine for v in ended if v.reason is EndReason.FAILED_TO_JOIN and not v.machine.return_id]
    learn(with_joined(seen, joined, provider.now), joined, failed, provider)
    return Reaped(
        ended=tuple(verdict.machine.machine_id for verdict in ended),
        closed=closed,
        joined=joined,
        refused=tuple(deed.refused),
    )


def note_ended(machines: Sequence[Machine], provider: Provider) -> None:
    """Note the cost of every machine that has ended, whoever ended it, and though the answer to that was lost.

    Each counts once a month; one that was asked back last month was noted then.
    """
    begin = month_start(provider.now)
    note_cost((m for m in machines if not m.alive and not 0 <= ids.made_at(m.return_id) < begin), provider)


def note_joined(provider: Provider, machines: Sequence[Machine], hosts: Sequence[Host]) -> tuple[Machine, ...]:
    """The machines as they are with those marked as joined that LSF lists; for callers who ask LSF anyway.

    One call, and only when a node has joined since. A mark that fails is left for the next look.
    """
    rows = by_name(hosts)
    new = [m for m in machines if m.wanted and not m.joined and m.name and is_here(rows.get(short_name(m.name)))]
    if not new:
        return tuple(machines)
    joined = _Deed(provider).mark(new, {tags.JOINED: _epoch(provider.now)})
    marked = with_joined(machines, joined, provider.now)
    learn(marked, joined, [], provider)
    return marked


class _Deed:
    """Ports at work; what they refuse is kept and told, never raised: one machine must not save another."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.refused: list[str] = []

    def mark(self, machines: Sequence[Machine], marks: Mapping[str, str]) -> tuple[str, ...]:
        """The ids that carry the marks now. A mark that no machine has is not taken away."""
        if not machines:
            return ()
        carried = {key for key, name in _COUNTS.items() if any(getattr(machine, name) for machine in machines)}
        marks = {key: value for key, value in marks.items() if value or key in carried}
        done: list[str] = []
        for known in partly.each_cloud(machine.machine_id for machine in machines):
            try:
                self._provider.ledger.mark(known, marks)
            except CloudError as error:
                self._refuse("not marked", known, error)
            else:
                done += known
        return tuple(done)

    def close(self, verdicts: Sequence[Verdict], control: Hosts | None) -> tuple[str, ...]:
        """The hosts that take no new jobs now."""
        if control is None or not verdicts:
            return ()
        names = tuple(verdict.host for verdict in verdicts)
        try:
            control.close(names, verdicts[0].text)
        except SiteUnavailable as error:
            self._refuse("not closed", names, error)
            return ()
        return names

    def end(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The verdicts that were carried out. Machines asked back before keep the id of that return."""
        groups: dict[tuple[str, EndReason, str], list[Verdict]] = {}
        for verdict in verdicts:
            machine, reason = verdict.machine, verdict.reason or EndReason.BROKEN
            groups.setdefault((machine.return_id, reason, cloud_of(machine.machine_id)), []).append(verdict)
        return [
            verdict for (earlier, reason, _), group in groups.items() for verdict in self._end(group, earlier, reason)
        ]

    def _end(self, group: Sequence[Verdict], earlier: str, reason: EndReason) -> list[Verdict]:
        known = sorted(verdict.machine.machine_id for verdict in group)
        return_id = earlier or ids.derived(ids.RETURN, self._provider.now, *known)
        try:
            ended = set(self._provider.cloud.end(known, return_id, reason))
        except CloudError as error:
            self._refuse("not ended", known, error)
            return []
        done = [verdict for verdict in group if verdict.machine.machine_id in ended]
        note_cost([verdict.machine for verdict in done], self._provider)
        self._provider.note("reaped", request=return_id, reason=reason, machines=sorted(ended))
        return done

    def _refuse(self, kind: str, what: Sequence[str], error: CloudError | SiteUnavailable) -> None:
        self.refused.append(f"{kind}: {', '.join(what)}: {error.message}")
        self._provider.note(kind, what=what, message=error.message)


def _of(verdicts: Sequence[Verdict], action: Action) -> list[Machine]:
    return [verdict.machine for verdict in verdicts if verdict.action is action]


def _tell(verdicts: Sequence[Verdict], provider: Provider) -> None:
    """One line for each kind of verdict: thousands of machines may be judged at once."""
    groups: dict[tuple[Action, str], dict[str, str]] = {}
    for verdict in verdicts:
        why = groups.setdefault((verdict.action, verdict.reason or ""), {})
        why[verdict.machine.machine_id] = verdict.text
    for (action, reason), machines in groups.items():
        provider.note("judged", action=action, reason=reason, machines=machines)


def _epoch(at: float) -> str:
    return f"{at:.0f}"
