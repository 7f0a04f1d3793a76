"""One turn of the service: write spot notices into the ledger, close their hosts, then reap.

    notices ──▶ tags on the machines ──▶ acknowledged ──▶ hosts closed ──▶ LSF's rows ──▶ reap ──▶ figures

A notice is acknowledged only when the ledger holds it. What cannot be asked ends nothing: without any cloud the turn is
over at once and the notices stay in the queue; without LSF nothing is reaped; while one of several clouds does not
answer the turn goes on with the machines of the others. All is said. What was spent, and what is marked on the pools,
is asked for last and for the figures alone: a machine that is of no use ends without them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst import reaping, tags
from burst.checks import checked
from burst.clouds import partly
from burst.engine import with_word
from burst.ledger import glimpse
from burst.lifecycle import by_name, short_name, stage_of
from burst.notices import INTERRUPTION, LATE_S, sent_at
from ris_hybrid.errors import CloudError, RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.clouds.partly import Seen
    from burst.outlook import Word
    from burst.planning import Planned
    from burst.provider import Provider
    from ris_hybrid.model import Host, Machine, Notice
    from ris_hybrid.ports import Hosts, Notices, Scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a turn could not ask or do."""

    what: str
    """``cloud``, ``lsf``, ``notices``, ``ledger``, ``hosts``, ``reap``, ``data``, ``spend``, ``plan``, ``steering``."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What a turn saw and did."""

    at: float
    stages: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Machines by pool and stage; those of a cloud that could not be asked are missing."""
    boot_s: Mapping[str, float] = field(default_factory=dict)
    committed_usd: float = float("nan")
    pools: Mapping[str, str] = field(default_factory=dict)
    """``on``, ``held`` or ``off`` by pool; one whose marks could not be asked for is missing."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer though others did, with the reason."""
    noticed: tuple[str, ...] = ()
    """Machines whose notice was written."""
    closed: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    word: Word | None = None
    """What the data plane last said; None where it is not asked."""
    planned: Planned | None = None
    """What the planner's part of the turn came to; None in mode ``thresholds``."""

    @property
    def unknown(self) -> frozenset[str]:
        """What could not be asked or done."""
        return frozenset(problem.what for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """One machine's notice as tags, and the messages that are done with once they are written."""

    machine: Machine
    marks: Mapping[str, str]
    """Empty when the ledger holds it already."""
    receipts: tuple[str, ...]


def markings(notices: Iterable[Notice], machines: Iterable[Machine]) -> tuple[tuple[Marking, ...], tuple[Notice, ...]]:
    """What to write on which machine, and the notices about machines that are not ours (pure).

    The earliest time counts; one that is written stays. A machine that has ended needs no mark.
    """
    known = {machine.machine_id: machine for machine in machines}
    ours: dict[str, list[Notice]] = {}
    foreign = []
    for notice in notices:
        if notice.machine_id in known:
            ours.setdefault(notice.machine_id, []).append(notice)
        else:
            foreign.append(notice)
    return tuple(_marking(known[machine_id], told) for machine_id, told in ours.items()), tuple(foreign)


def _marking(machine: Machine, told: Sequence[Notice]) -> Marking:
    marks: dict[str, str] = {}
    for key, written, kind in ((tags.NOTICE, machine.notice, True), (tags.REBALANCE, machine.rebalance, False)):
        at = min((one.at for one in told if (one.kind == INTERRUPTION) is kind), default=0.0)
        if at and not written and machine.alive:
            marks[key] = f"{at:.0f}"
    return Marking(machine=machine, marks=marks, receipts=tuple(one.receipt for one in told))


class Turn:
    """Takes turns with one set of ports; ``hosts`` closes hosts in LSF, None where nothing can.

    ``holds``: there is no ebrokerd, and every machine of the provider is ours to hold.
    """

    def __init__(
        self, scheduler: Scheduler, notices: Notices, hosts: Hosts | None = None, *, holds: bool = False
    ) -> None:
        self._scheduler = scheduler
        self._notices = notices
        self._hosts = hosts
        self._holds = holds
        self._problems: list[Problem] = []

    def take(self, provider: Provider) -> Turned:
        """One turn at ``provider.now``. Never raises: what went wrong is in the answer and in the audit log."""
        self._problems = []
        turned = self._take(provider)
        for problem in self._problems:
            provider.note("turn problem", what=problem.what, message=problem.text)
        return replace(turned, problems=tuple(self._problems))

    def _take(self, provider: Provider) -> Turned:
        try:
            found = partly.look(provider.cloud)
        except CloudError as error:
            self._problem("cloud", f"the fleet is unknown, so nothing is ended: {error.message}")
            return Turned(at=provider.now)
        for cloud, why in found.unread.items():
            text = f"the machines of {partly.cloud_word(cloud)} are unknown, so none of them is ended"
            self._problem("cloud", f"{text}, and nothing is launched anywhere: {why}")
        found = replace(found, machines=checked(found.machines, provider))
        machines, noticed = self._note(found, provider)
        rows = self._rows()
        closed = self._close(machines, rows, provider)
        ended = self._reap(machines, rows, provider)
        listed = by_name(rows or ())
        life = provider.settings.life
        stages = Counter(
            (m.pool, str(stage_of(m, listed.get(short_name(m.name)), provider.now, life))) for m in machines
        )
        done = Turned(at=provider.now, stages=stages, noticed=noticed, closed=closed, ended=ended, unread=found.unread)
        return self._figured(done, replace(found, machines=machines), provider)

    def _figured(self, turned: Turned, seen: Seen, provider: Provider) -> Turned:
        """The turn with the figures that need the month's spend, the pools' marks and the data plane's word."""
        word = provider.word()
        if word and word.problem:
            self._problem("data", f"what jobs' data is ready is unknown, so no job is sent: {word.problem}")
        turned = replace(turned, word=word)
        try:
            fleet, unread = glimpse(provider, seen)
        except RisHybridError as error:
            self._problem("spend", f"what is spent and marked is unknown, figures are missing: {error.message}")
            return turned
        if unread:
            self._problem("spend", f"what is spent and marked is known in part: {partly.reasons(unread)}")
        else:
            turned = replace(turned, committed_usd=with_word(fleet, word).committed_usd(provider.settings))
        known = [pool.name for pool in provider.settings.pools if pool.cloud not in unread]
        return replace(
            turned,
            boot_s={pool: marks.boot_s for pool, marks in fleet.marks.items() if marks.boot_s},
            pools={pool: fleet.marks_of(pool).state(provider.now) for pool in known},
        )

    def _note(self, seen: Seen, provider: Provider) -> tuple[tuple[Machine, ...], tuple[str, ...]]:
        """The machines with their new notices, and those that had one."""
        machines = seen.machines
        try:
            received = self._notices.receive()
        except CloudError as error:
            self._problem("notices", f"the queue of spot notices is unknown: {error.message}")
            return machines, ()
        found, foreign = markings(received, machines)
        done = self._dropped([notice for notice in foreign if not seen.hides(notice.machine_id)], provider)
        noticed = []
        for marking in found:
            if self._written(marking, provider):
                done += marking.receipts
                noticed += [marking.machine.machine_id] * bool(marking.marks)
        self._acknowledge(done)
        marked = {one.machine.machine_id: one.marks for one in found if one.machine.machine_id in noticed}
        return tuple(_with(machine, marked.get(machine.machine_id, {})) for machine in machines), tuple(noticed)

    def _dropped(self, foreign: Sequence[Notice], provider: Provider) -> list[str]:
        """Receipts of what is about no machine of ours. A cloud may list ours late: such a notice may come again."""
        old = [notice for notice in foreign if provider.now - sent_at(notice) >= LATE_S]
        for notice in old:
            provider.note("notice dropped", machine=notice.machine_id, why="no machine of this provider")
        return [notice.receipt for notice in old]

    def _written(self, marking: Marking, provider: Provider) -> bool:
        if not marking.marks:
            return True
        machine_id = marking.machine.machine_id
        try:
            provider.ledger.mark([machine_id], marking.marks)
        except CloudError as error:
            self._problem("ledger", f"the notice for {machine_id} was not written and will come again: {error.message}")
            return False
        provider.note("spot notice", machine=machine_id, host=marking.machine.name, **marking.marks)
        return True

    def _acknowledge(self, receipts: Sequence[str]) -> None:
        try:
            self._notices.acknowledge(receipts)
        except CloudError as error:
            self._problem("notices", f"messages were not deleted and will come again: {error.message}")

    def _rows(self) -> tuple[Host, ...] | None:
        try:
            return self._scheduler.hosts()
        except SiteUnavailable as error:
            self._problem("lsf", f"LSF could not be asked, so nothing is ended: {error.message}")
            return None

    def _close(self, machines: Sequence[Machine], rows: Sequence[Host] | None, provider: Provider) -> tuple[str, ...]:
        """Close every host that will be taken and still takes jobs, whoever wrote the notice, until it is closed."""
        listed = by_name(rows or ())
        going = {short_name(m.name) for m in machines if m.notice and m.alive and m.name}
        names = tuple(row.name for name, row in listed.items() if name in going and row.takes_jobs)
        if not names or self._hosts is None:
            return ()
        try:
            self._hosts.close(names, "the cloud takes this spot machine back")
        except SiteUnavailable as error:
            self._problem("hosts", f"not closed: {', '.join(names)}: {error.message}")
            return ()
        provider.note("hosts closed", hosts=names, why="spot notice")
        return names

    def _reap(self, machines: Sequence[Machine], rows: Sequence[Host] | None, provider: Provider) -> tuple[str, ...]:
        if rows is None:
            return ()
        try:
            held = frozenset(machine.machine_id for machine in machines) if self._holds else None
            reaped = reaping.reap(provider, rows, held=held, control=self._hosts, machines=machines)
        except RisHybridError as error:
            self._problem("reap", error.message)
            return ()
        for message in reaped.refused:
            self._problem("reap", message)
        return reaped.ended

    def _problem(self, what: str, text: str) -> None:
        self._problems.append(Problem(what=what, text=text))


def _with(machine: Machine, marks: Mapping[str, str]) -> Machine:
    return replace(
        machine,
        notice=float(marks.get(tags.NOTICE, machine.notice)),
        rebalance=float(marks.get(tags.REBALANCE, machine.rebalance)),
    )
