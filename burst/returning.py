"""Carries out what ``burst.idle`` decides: closes hosts, looks again, and only then ends machines.

What LSF or the cloud refuses is told and left for the next turn: a tag not written counts idle time from later, a host
not closed is not ended, a machine not ended keeps its mark and ``burst.reap`` asks again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst import ids, tags
from burst.clouds.partly import each_cloud
from burst.idle import Deed, Verdict, jobs_on, judge
from burst.ledger import note_cost
from burst.outlook import keeps_results, waiting_for_results
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.model import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.provider import Provider
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.ports import Hosts, Scheduler

_BUSY = {tags.IDLE: "", tags.CLOSING: ""}


@dataclass(slots=True, kw_only=True)
class Returned:
    """What was done: host names, ids of machines and jobs, and what was refused."""

    closed: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    requeued: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    planned: list[Verdict] = field(default_factory=list)
    """What a dry run would have begun with."""


def give_back(
    provider: Provider,
    scheduler: Scheduler,
    control: Hosts,
    machines: Sequence[Machine],
    hosts: Sequence[Host],
    *,
    dry_run: bool = False,
) -> Returned:
    """One look and one look again.

    Args:
        provider: ports and settings.
        scheduler: asked again for its hosts after some were closed, and for jobs that must be requeued.
        control: closes, opens and requeues.
        machines: the ledger, just read.
        hosts: bhosts' rows, just read.
        dry_run: only judge.

    Raises ``SiteUnavailable`` when LSF cannot be asked a second time; nothing has been ended then.
    """
    waits = _waits(machines, provider)
    first = judge(machines, hosts, provider.now, provider.settings.life, waits)
    done = Returned()
    if dry_run:
        done.planned = list(first)
        return done
    hand = _Hand(provider, scheduler, control, done)
    hand.tell(first, Deed.WAIT)
    hand.do(first, Deed.IDLE, Deed.BUSY, Deed.REOPEN, Deed.CLOSE)
    closed = {verdict.machine.machine_id for verdict in first if verdict.host in done.closed}
    again = first
    if closed:
        some = [replace(machine, closing=provider.now) for machine in machines if machine.machine_id in closed]
        second = judge(some, scheduler.hosts(), provider.now, provider.settings.life, waits)
        hand.do(second, Deed.REOPEN)
        again = (*first, *second)
    hand.do(again, Deed.REQUEUE, Deed.END)
    return done


def _waits(machines: Sequence[Machine], provider: Provider) -> Mapping[str, str]:
    """Machines whose lab's results are still on their way, asked for only where a pool's could be."""
    if not any(map(keeps_results, provider.settings.pools)):
        return {}
    return waiting_for_results(machines, provider.settings, provider.word())


class _Hand:
    """Ports at work, one kind of deed after the other."""

    def __init__(self, provider: Provider, scheduler: Scheduler, control: Hosts, done: Returned) -> None:
        self._provider = provider
        self._scheduler = scheduler
        self._control = control
        self._done = done

    def do(self, verdicts: Sequence[Verdict], *deeds: Deed) -> None:
        """These deeds, in this order; other verdicts are for later."""
        for deed in deeds:
            mine = [verdict for verdict in verdicts if verdict.deed is deed]
            if mine:
                self._tell(mine)
                self._act(deed)(mine)

    def tell(self, verdicts: Sequence[Verdict], deed: Deed) -> None:
        """What is not done, and why."""
        self._tell([verdict for verdict in verdicts if verdict.deed is deed])

    def _act(self, deed: Deed) -> Callable[[Sequence[Verdict]], None]:
        return {
            Deed.IDLE: self._idle,
            Deed.BUSY: self._busy,
            Deed.CLOSE: self._close,
            Deed.REOPEN: self._reopen,
            Deed.REQUEUE: self._requeue,
            Deed.END: self._end,
        }[deed]

    def _tell(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            self._provider.note(
                "judged", machine=verdict.machine.machine_id, host=verdict.host, action=verdict.deed, why=verdict.text
            )

    def _idle(self, verdicts: Sequence[Verdict]) -> None:
        self._mark(verdicts, {tags.IDLE: f"{self._provider.now:.0f}"})

    def _busy(self, verdicts: Sequence[Verdict]) -> None:
        self._mark(verdicts, _BUSY)

    def _mark(self, verdicts: Sequence[Verdict], marks: Mapping[str, str]) -> None:
        self._unmarked([verdict.machine.machine_id for verdict in verdicts], marks)

    def _unmarked(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> frozenset[str]:
        """Mark them; gives those that could not be."""
        left: list[str] = []
        for known in each_cloud(machine_ids):
            try:
                self._provider.ledger.mark(known, marks)
            except CloudError as error:
                self._refuse("not marked", known, error)
                left += known
        return frozenset(left)

    def _close(self, verdicts: Sequence[Verdict]) -> None:
        idle = [verdict.machine.machine_id for verdict in verdicts if verdict.reason is EndReason.IDLE]
        left = self._unmarked(idle, {tags.CLOSING: f"{self._provider.now:.0f}"})
        verdicts = [verdict for verdict in verdicts if verdict.machine.machine_id not in left]
        for text, group in _by_text(verdicts).items():
            names = [verdict.host for verdict in group]
            try:
                self._control.close(names, f"ris-hybrid: {text}")
            except SiteUnavailable as error:
                self._refuse("not closed", names, error)
            # A refusal may concern one host of many: the look again tells which of them are closed.
            self._done.closed += names

    def _reopen(self, verdicts: Sequence[Verdict]) -> None:
        names = [verdict.host for verdict in verdicts]
        try:
            self._control.reopen(names)
        except SiteUnavailable as error:
            self._refuse("not opened", names, error)
            return  # the mark stays: it says that we closed the host, and that it is to be opened
        self._done.reopened += names
        self._mark(verdicts, _BUSY)

    def _requeue(self, verdicts: Sequence[Verdict]) -> None:
        queues = self._provider.settings.rerunnable_queues
        mine, others = jobs_on([verdict.host for verdict in verdicts], self._scheduler.jobs(), queues)
        for job in others:
            self._provider.note("job left", job=job.job_id, why=f"queue {job.queue} may not start its jobs again")
        known = [job.job_id for job in mine]
        try:
            self._control.requeue(known)
        except SiteUnavailable as error:
            self._refuse("not requeued", known, error)
            return
        self._done.requeued += known
        self._provider.note("requeued", jobs=known)

    def _end(self, verdicts: Sequence[Verdict]) -> None:
        for reason in sorted({verdict.reason or EndReason.IDLE for verdict in verdicts}):
            machines = {v.machine.machine_id: v.machine for v in verdicts if (v.reason or EndReason.IDLE) is reason}
            for known in each_cloud(sorted(machines)):
                self._end_all([machines[machine_id] for machine_id in known], reason)

    def _end_all(self, machines: Sequence[Machine], reason: EndReason) -> None:
        """End machines of one cloud."""
        known = [machine.machine_id for machine in machines]
        return_id = ids.derived(ids.RETURN, self._provider.now, *known)
        try:
            ended = self._provider.cloud.end(known, return_id, reason)
        except CloudError as error:
            self._refuse("not ended", known, error)
            return
        note_cost([machine for machine in machines if machine.machine_id in ended], self._provider)
        self._done.ended += ended
        self._provider.note("returned", request=return_id, reason=reason, machines=ended)

    def _refuse(self, kind: str, what: Sequence[str], error: CloudError | SiteUnavailable) -> None:
        self._done.refused.append(f"{kind}: {', '.join(what)}: {error.message}")
        self._provider.note(kind, what=what, message=error.message)


def _by_text(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.text, []).append(verdict)
    return groups
