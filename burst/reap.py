"""Which machines cost money without being of use, and what is done about each (pure).

Three views of a machine are laid side by side: its tags, LSF's row of its host (bhosts), and, when ebrokerd called,
the list of what it holds. Without LSF's rows nothing is concluded at all. A machine with jobs is never ended,
whatever else is wrong with it; every verdict says why, and so does every suspicion that is not acted on yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from burst import ids
from burst.lifecycle import by_name, has_jobs, is_here, short_name
from ris_hybrid.model import EndReason, MachineState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.model import Host, Machine
    from ris_hybrid.settings import Life

_AGAIN_S = 180.0  # a cloud ends a machine within a minute or two; later it must have refused
_DUE = 1 / 3
"""Share of the join time after which a node is looked for: most have joined by then, and one look marks them all, so
that only those that truly never came are left when the time is over."""
_STOPPED = frozenset({MachineState.STOPPING, MachineState.STOPPED})


class Action(StrEnum):
    """What is done about a machine."""

    END = "end"
    CLOSE = "close"
    """Close its host first: LSF might start a job between our look and our deed."""
    JOINED = "joined"
    UNLISTED = "unlisted"
    """Begin to count the time that LSF does not list it."""
    UNHELD = "unheld"
    """LSF lists it: begin to count the time that ebrokerd does not hold it."""
    SEEN = "seen"
    """LSF lists it again: stop counting that. Who holds it is another matter."""
    LISTED = "listed"
    """Stop counting both."""
    KEEP = "keep"
    """Suspicious, and left alone for the reason given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is done about one machine, and why."""

    machine: Machine
    host: str
    """Its name as LSF lists it; empty when it does not."""
    action: Action
    text: str
    reason: EndReason | None = None
    """Why it is ended, or closed so that it can be."""
    busy: bool = False
    """LSF counts jobs on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is known at one moment."""

    machines: Sequence[Machine]
    hosts: Sequence[Host] | None
    """Every row of bhosts; None when LSF could not be asked."""
    now: float
    life: Life
    held: frozenset[str] | None = None
    """Machine ids that ebrokerd named; None when it did not say."""
    unanswered: frozenset[str] = frozenset()
    """Requests that LSF was never told of."""


def candidates(sight: Sight) -> tuple[Machine, ...]:
    """Machines that may be up for something, as far as can be told without LSF: whether it is worth asking it."""
    return tuple(m for m in sight.machines if (m.alive and _suspect(m, sight)) or never_came_up(m))


def never_came_up(machine: Machine) -> bool:
    """Whether it went down by itself before LSF had listed it, and nothing was made of that yet.

    A node whose boot fails powers off: on demand it is then stopped, on spot terminated. One that its cloud calls
    impaired is another case: of a second cloud that took the order and then had no room, say.
    """
    down = machine.state in _STOPPED or (machine.gave_up and not machine.alive)
    return down and not (machine.joined or machine.return_id or machine.notice or machine.impaired)


def judge(sight: Sight) -> tuple[Verdict, ...]:
    """At most one verdict a machine, and none for a machine that is as it should be."""
    if not sight.hosts:
        text = "LSF could not be asked" if sight.hosts is None else "LSF lists no host at all, which cannot be"
        return tuple(Verdict(machine=m, host="", action=Action.KEEP, text=text) for m in candidates(sight))
    rows = by_name(sight.hosts)
    cases = [
        _Case(machine, rows, sight)
        for machine in sight.machines
        if (machine.alive and not _leaving(machine, sight)) or never_came_up(machine)
    ]
    return tuple(verdict for case in cases if (verdict := _verdict(case)) is not None)


def _suspect(machine: Machine, sight: Sight) -> bool:
    if machine.return_id:
        return not _leaving(machine, sight)
    age = sight.now - machine.launched
    return (
        machine.state in _STOPPED
        or machine.impaired
        or (machine.joined > 0 and (machine.unlisted > 0 or machine.unheld > 0))
        or _past_lifetime(age, sight.life)
        or (not machine.joined and age >= min(_DUE * sight.life.join_minutes * 60, _patience_s(machine, sight)))
        or (_unclaimed(machine, sight) and _claimable(machine, sight))
    )


class _Case:
    """One machine with LSF's row of it."""

    __slots__ = ("age", "host", "machine", "row", "sight")

    def __init__(self, machine: Machine, rows: Mapping[str, Host], sight: Sight) -> None:
        self.machine = machine
        self.row = rows.get(short_name(machine.name)) if machine.name else None
        self.host = self.row.name if self.row else ""
        self.sight = sight
        self.age = sight.now - machine.launched

    @property
    def lifetime(self) -> str:
        return f"{self.age / 3600:.1f} h old, its lifetime is {self.sight.life.lifetime_hours or 0:g} h"

    def say(self, action: Action, text: str, reason: EndReason | None = None) -> Verdict:
        busy = has_jobs(self.row)
        return Verdict(machine=self.machine, host=self.host, action=action, text=text, reason=reason, busy=busy)

    def retire(self, text: str, reason: EndReason) -> Verdict:
        """End a machine whose host is empty, closing it first where LSF could still start a job there."""
        open_still = self.row is not None and self.row.takes_jobs
        return self.say(Action.CLOSE if open_still else Action.END, text, reason)


def _verdict(case: _Case) -> Verdict | None:
    if case.row is not None and has_jobs(case.row):
        return _busy(case, case.row)
    for rule in (_asked_back, _stopped, _impaired, _lifetime, _listed if is_here(case.row) else _absent):
        verdict = rule(case)
        if verdict is not None:
            return verdict
    return None


def _busy(case: _Case, row: Host) -> Verdict | None:
    """Jobs protect a machine from everything; they prove as well that it has joined."""
    machine = case.machine
    if not machine.joined and not machine.return_id:
        return case.say(Action.JOINED, f"LSF runs jobs on {row.name}")
    if machine.unlisted or machine.unheld:
        return case.say(Action.LISTED, f"LSF runs jobs on {row.name}")
    if row.takes_jobs and _past_lifetime(case.age, case.sight.life):
        return case.say(Action.CLOSE, f"{case.lifetime}: takes no new jobs", EndReason.LIFETIME)
    text = f"{max(row.jobs, row.running)} job slots in use on {row.name}: never ended with jobs"
    return case.say(Action.KEEP, text) if _suspect(machine, case.sight) else None


def _asked_back(case: _Case) -> Verdict | None:
    machine = case.machine
    if not machine.return_id:
        return None
    reason = EndReason(machine.end_reason) if machine.end_reason in set(EndReason) else EndReason.RETURNED
    return case.say(Action.END, f"asked back ({reason}), and the cloud still says {machine.state}", reason)


def _stopped(case: _Case) -> Verdict | None:
    if never_came_up(case.machine):
        text = f"the cloud says {case.machine.state} before it joined: its console output names the step that failed"
        return case.say(Action.END, text, EndReason.FAILED_TO_JOIN)
    if case.machine.state not in _STOPPED:
        return None
    return case.say(Action.END, f"the cloud says {case.machine.state}: LSF cannot use it", EndReason.BROKEN)


def _impaired(case: _Case) -> Verdict | None:
    """Of a host that had joined and is not listed now nobody knows whether it is empty: that is counted first."""
    machine = case.machine
    if not machine.impaired or (machine.joined and case.row is None):
        return None
    return case.retire("the cloud's own checks say that it does not work, and it is empty", EndReason.BROKEN)


def _lifetime(case: _Case) -> Verdict | None:
    """As above: one answer without its row does not make an old machine an empty one."""
    machine = case.machine
    if not _past_lifetime(case.age, case.sight.life) or (machine.joined and not is_here(case.row)):
        return None
    return case.retire(f"{case.lifetime}, and it is empty", EndReason.LIFETIME)


def _listed(case: _Case) -> Verdict | None:
    """LSF has the host, and it is empty."""
    machine = case.machine
    if not machine.joined:
        return case.say(Action.JOINED, f"LSF lists {case.host}")
    verdict = _unheld(case) if _unclaimed(machine, case.sight) else _held(case)
    if machine.unlisted and (verdict is None or verdict.action is Action.KEEP):
        return case.say(Action.SEEN, f"LSF lists {case.host} again")
    return verdict


def _held(case: _Case) -> Verdict | None:
    """Ebrokerd holds it, or was not asked: then nothing is known of that."""
    machine = case.machine
    if case.sight.held is None or not (machine.unlisted or machine.unheld):
        return None
    return case.say(Action.LISTED, f"LSF lists {case.host} and holds it")


def _unheld(case: _Case) -> Verdict | None:
    """In nobody's book: LSF will never give it back."""
    if case.machine.unheld:
        return _counted(case, case.machine.unheld, f"{case.host} is empty and ebrokerd does not hold it")
    if not _claimable(case.machine, case.sight):
        return None
    return case.say(Action.UNHELD, f"LSF lists {case.host}, but ebrokerd does not hold it")


def _absent(case: _Case) -> Verdict | None:
    """LSF does not have the host."""
    machine, sight = case.machine, case.sight
    if machine.joined:
        text = f"LSF says {case.row.status} of {case.host}" if case.row else "LSF lists it no more"
        return _counted(case, machine.unlisted, text) if machine.unlisted else case.say(Action.UNLISTED, text)
    patience_s = _patience_s(machine, sight)
    if case.age < patience_s:
        return None
    if _unclaimed(machine, sight) or machine.request_id in sight.unanswered:
        text = f"LSF neither lists nor holds it {case.age / 60:.0f} min after its launch"
        return case.say(Action.END, text, EndReason.ORPHAN)
    text = f"did not join LSF in {case.age / 60:.0f} min (at most {sight.life.join_minutes:g})"
    return case.say(Action.END, text, EndReason.FAILED_TO_JOIN)


def _counted(case: _Case, begin: float, text: str) -> Verdict:
    since = case.sight.now - begin
    most = case.sight.life.unlisted_minutes
    if since < most * 60:
        return case.say(Action.KEEP, f"{text}, seen first {since / 60:.0f} min ago: ended after {most:g} min")
    return case.retire(f"{text}, for {since / 60:.0f} min (at most {most:g})", EndReason.UNLISTED)


def _patience_s(machine: Machine, sight: Sight) -> float:
    """How long a machine may be without its host: a launch nobody claims is given up sooner."""
    join_s = sight.life.join_minutes * 60
    return min(join_s, sight.life.unlisted_minutes * 60) if _unclaimed(machine, sight) else join_s


def _unclaimed(machine: Machine, sight: Sight) -> bool:
    """Whether ebrokerd said what it holds and did not name this one."""
    return sight.held is not None and machine.machine_id not in sight.held


def _claimable(machine: Machine, sight: Sight) -> bool:
    """Whether ebrokerd has had its time to take the machine into its book."""
    return sight.now - (machine.joined or machine.launched) >= sight.life.unlisted_minutes * 60


def _past_lifetime(age: float, life: Life) -> bool:
    return life.lifetime_hours is not None and age >= life.lifetime_hours * 3600


def _leaving(machine: Machine, sight: Sight) -> bool:
    """Whether it was asked back a moment ago: the cloud needs its time. An id that does not tell counts as long ago."""
    return bool(machine.return_id) and sight.now - ids.made_at(machine.return_id) < _AGAIN_S
