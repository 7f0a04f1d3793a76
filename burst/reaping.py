"""Carries out what ``burst.reap`` decides: marks, ends, counts join failures, measures boot times.

Called only with LSF's rows at hand: from getReturnRequests when there is a candidate, from the service's turn, from
``burst reap`` and from the broker. Every verdict is told to the audit log, refusals of EC2 too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst import ids
from burst.aws import tags
from burst.ledger import note_cost
from burst.lifecycle import by_name, is_here, short_name
from burst.reap import Action, Sight, Verdict, judge
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.model import EndReason, PoolMarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.provider import Provider
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.ports import Hosts

_SAMPLE = 11  # nodes that joined last, of one pool: their median is its boot time
_CHANGED = 0.10  # a boot time this much off the one written is written anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """What was decided, and what of it was done: machine ids, host names, and what EC2 or LSF refused."""

    verdicts: tuple[Verdict, ...] = ()
    ended: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Messages of ends and marks that failed; they are tried again at the next turn."""


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

    Raises what ``Cloud.machines`` raises. Refusals of single deeds do not raise: they are in the answer.
    """
    seen = provider.cloud.machines() if machines is None else machines
    sight = Sight(
        machines=seen,
        hosts=hosts,
        now=provider.now,
        life=provider.settings.life,
        held=held,
        unanswered=provider.unanswered(),
    )
    verdicts = judge(sight)
    if dry_run or not verdicts:
        return Reaped(verdicts=verdicts)
    for verdict in verdicts:
        _tell(verdict, provider)
    deed = _Deed(provider)
    joined = deed.mark(_of(verdicts, Action.JOINED), {tags.JOINED: _epoch(provider.now), tags.UNLISTED: ""})
    deed.mark(_of(verdicts, Action.UNLISTED), {tags.UNLISTED: _epoch(provider.now)})
    deed.mark(_of(verdicts, Action.LISTED), {tags.UNLISTED: ""})
    closed = deed.close([v for v in verdicts if v.action is Action.CLOSE], control)
    ended = deed.end([v for v in verdicts if v.action is Action.END])
    failed = [v.machine for v in ended if v.reason is EndReason.FAILED_TO_JOIN and not v.machine.return_id]
    _learn(_with_joined(seen, joined, provider.now), joined, failed, provider)
    return Reaped(
        verdicts=verdicts,
        ended=tuple(verdict.machine.machine_id for verdict in ended),
        closed=closed,
        joined=joined,
        refused=tuple(deed.refused),
    )


def note_joined(provider: Provider, machines: Sequence[Machine], hosts: Sequence[Host]) -> tuple[Machine, ...]:
    """The machines as they are with those marked as joined that LSF lists; for callers who ask LSF anyway.

    One CreateTags, and only when a node has joined since. A mark that fails is left for the next look.
    """
    rows = by_name(hosts)
    new = [m for m in machines if m.wanted and not m.joined and m.name and is_here(rows.get(short_name(m.name)))]
    if not new:
        return tuple(machines)
    joined = _Deed(provider).mark(new, {tags.JOINED: _epoch(provider.now)})
    marked = _with_joined(machines, joined, provider.now)
    _learn(marked, joined, [], provider)
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
        if not any(machine.unlisted for machine in machines):
            marks = {key: value for key, value in marks.items() if value}
        known = tuple(machine.machine_id for machine in machines)
        try:
            self._provider.ledger.mark(known, marks)
        except CloudError as error:
            self._refuse("not marked", known, error)
            return ()
        return known

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
        groups: dict[tuple[str, EndReason], list[Verdict]] = {}
        for verdict in verdicts:
            reason = verdict.reason or EndReason.BROKEN
            groups.setdefault((verdict.machine.return_id, reason), []).append(verdict)
        return [verdict for (earlier, reason), group in groups.items() for verdict in self._end(group, earlier, reason)]

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


def count_failures(machines: Sequence[Machine], provider: Provider) -> None:
    """Machines that were ended elsewhere because they did not come up count against their pools too."""
    _learn((), (), machines, provider)


def _learn(machines: Sequence[Machine], joined: Sequence[str], failed: Sequence[Machine], provider: Provider) -> None:
    """Write what the pools' nodes have shown: failures in a row, and how long joining takes."""
    by_id = {machine.machine_id: machine for machine in machines}
    good = {by_id[machine_id].pool for machine_id in joined}
    bad = Counter(machine.pool for machine in failed)
    pools = sorted(good.union(bad))
    if not pools:
        return
    try:
        marks = provider.ledger.pools()
        for pool in pools:
            before = marks.get(pool, PoolMarks())
            after = _boot(_failures(before, pool in good, bad[pool], provider), pool, machines, provider)
            if after != before:
                provider.ledger.mark_pool(pool, after, before)
                provider.note(
                    "pool marked", pool=pool, join_failures=after.join_failures, off=after.off, boot_s=after.boot_s
                )
    except CloudError as error:
        provider.note("pool not marked", pools=pools, message=error.message)


def _failures(marks: PoolMarks, good: bool, bad: int, provider: Provider) -> PoolMarks:
    """Failures in a row. A node that joined now is newer than one that was given up now, so it ends the row."""
    if good:
        return replace(marks, join_failures=0)
    life = provider.settings.life
    count = marks.join_failures + bad
    off = f"{count} nodes in a row did not join LSF"
    return replace(marks, join_failures=count, off=marks.off or (off if bad and count >= life.join_failures else ""))


def _boot(marks: PoolMarks, pool: str, machines: Iterable[Machine], provider: Provider) -> PoolMarks:
    """The median of the nodes that joined last. One that was seen late says nothing: nobody had looked before."""
    in_time = provider.settings.life.join_minutes * 60
    seen = sorted(
        (machine.joined, max(1.0, machine.joined - machine.launched))
        for machine in machines
        if machine.pool == pool and machine.joined and machine.joined - machine.launched < in_time
    )
    if not seen:
        return marks
    boot_s = _median([seconds for _, seconds in seen[-_SAMPLE:]])
    changed = not marks.boot_s or abs(boot_s - marks.boot_s) > _CHANGED * marks.boot_s
    return replace(marks, boot_s=boot_s) if changed else marks


def _median(values: Sequence[float]) -> float:
    """As ``statistics.median``, whose import would cost every call of a script 10 ms."""
    ranked, middle = sorted(values), len(values) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def _with_joined(machines: Sequence[Machine], joined: Sequence[str], now: float) -> tuple[Machine, ...]:
    new = set(joined)
    return tuple(replace(m, joined=now, unlisted=0.0) if m.machine_id in new else m for m in machines)


def _of(verdicts: Sequence[Verdict], action: Action) -> list[Machine]:
    return [verdict.machine for verdict in verdicts if verdict.action is action]


def _tell(verdict: Verdict, provider: Provider) -> None:
    provider.note(
        "judged",
        machine=verdict.machine.machine_id,
        host=verdict.host,
        action=verdict.action,
        reason=verdict.reason or "",
        why=verdict.text,
    )


def _epoch(at: float) -> str:
    return f"{at:.0f}"
