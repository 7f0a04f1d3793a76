"""The life of a node: every stage it can be in, and what each proven event makes of it (pure).

    requested ──sent──▶ launching ──running──▶ booting ──listed──▶ joined ──▶ busy ◀──▶ idle
                                                  │                   │         │         │
                                                late                  └── closed ──▶ draining ──opened──▶ joined
                                                  ▼                                       │
                                           failed-to-join              returned, or on its way down
                                                  │                                       ▼
        lost ◀── unlisted or stopped              └───────── returned ───────▶ terminating ──ended──▶ gone
          └── listed again ──▶ joined      interrupted ◀── notice ── any stage before terminating

Nothing is remembered: a stage is folded anew from what the ledger's tags, the cloud's state and LSF's row prove, in the
order in which they can have happened. From interrupted, terminating and gone nothing leads back into service.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.model import Host, Machine
    from ris_hybrid.settings import Life


class Stage(StrEnum):
    """Where a node is in its life."""

    REQUESTED = "requested"
    LAUNCHING = "launching"
    """The cloud was asked for it, or says pending."""
    BOOTING = "booting"
    """It runs, and LSF has not listed its host yet."""
    JOINED = "joined"
    """LSF listed its host; what runs there is not known now."""
    BUSY = "busy"
    IDLE = "idle"
    DRAINING = "draining"
    """LSF starts nothing new there."""
    TERMINATING = "terminating"
    """Asked back, or the cloud says it is on its way down."""
    GONE = "gone"
    LOST = "lost"
    """It costs money and does nothing: LSF lists it no more, or the cloud stopped it."""
    FAILED_TO_JOIN = "failed-to-join"
    INTERRUPTED = "interrupted"
    """The cloud said it will take it."""


class Event(StrEnum):
    """What the ledger, the cloud or LSF proves of a node."""

    SENT = "sent"
    PENDING = "pending"
    RUNNING = "running"
    LISTED = "listed"
    LATE = "late"
    UNLISTED = "unlisted"
    OPENED = "opened"
    JOB = "job"
    EMPTY = "empty"
    CLOSED = "closed"
    STOPPED = "stopped"
    NOTICE = "notice"
    RETURNED = "returned"
    ENDED = "ended"


_Q, _L, _B, _J, _W = Stage.REQUESTED, Stage.LAUNCHING, Stage.BOOTING, Stage.JOINED, Stage.BUSY
_I, _D, _T, _G, _X = Stage.IDLE, Stage.DRAINING, Stage.TERMINATING, Stage.GONE, Stage.LOST
_F, _N = Stage.FAILED_TO_JOIN, Stage.INTERRUPTED

_ROWS: tuple[tuple[Stage, tuple[Stage, ...]], ...] = (
    #    sent pend run  list late unl  open job  empt shut stop noti ret  end
    (_Q, (_L, _L, _B, _J, _F, _Q, _Q, _W, _Q, _Q, _X, _N, _T, _G)),
    (_L, (_L, _L, _B, _J, _F, _L, _L, _W, _L, _L, _X, _N, _T, _G)),
    (_B, (_B, _B, _B, _J, _F, _B, _B, _W, _B, _B, _X, _N, _T, _G)),
    (_J, (_J, _J, _J, _J, _J, _X, _J, _W, _I, _D, _X, _N, _T, _G)),
    (_W, (_W, _W, _W, _W, _W, _X, _W, _W, _I, _D, _X, _N, _T, _G)),
    (_I, (_I, _I, _I, _I, _I, _X, _I, _W, _I, _D, _X, _N, _T, _G)),
    (_D, (_D, _D, _D, _D, _D, _X, _J, _D, _D, _D, _X, _N, _T, _G)),
    (_X, (_X, _X, _X, _J, _X, _X, _X, _W, _X, _X, _X, _N, _T, _G)),
    (_F, (_F, _F, _F, _J, _F, _F, _F, _W, _F, _F, _F, _N, _T, _G)),
    (_N, (_N, _N, _N, _N, _N, _N, _N, _N, _N, _N, _N, _N, _T, _G)),
    (_T, (_T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _T, _G)),
    (_G, (_G, _G, _G, _G, _G, _G, _G, _G, _G, _G, _G, _G, _G, _G)),
)

NEXT: Mapping[Stage, Mapping[Event, Stage]] = {
    stage: dict(zip(Event, following, strict=True)) for stage, following in _ROWS
}
"""Stage and event to the stage after it: every stage, every event."""

IN_SERVICE = frozenset({Stage.JOINED, Stage.BUSY, Stage.IDLE, Stage.DRAINING})
"""LSF has it as a host."""
LEAVING = frozenset({Stage.INTERRUPTED, Stage.TERMINATING, Stage.GONE})
"""No way leads back from here."""

_DOWN = frozenset({"unavail", "unreach"})
_BY_STATE = {
    MachineState.PENDING: Event.PENDING,
    MachineState.RUNNING: Event.RUNNING,
    MachineState.STOPPING: Event.STOPPED,
    MachineState.STOPPED: Event.STOPPED,
    MachineState.SHUTTING_DOWN: Event.RETURNED,
    MachineState.TERMINATED: Event.ENDED,
}


def after(events: Iterable[Event], stage: Stage = Stage.REQUESTED) -> Stage:
    """The stage that these events lead to."""
    for event in events:
        stage = NEXT[stage][event]
    return stage


def stage_of(machine: Machine, host: Host | None, now: float, life: Life) -> Stage:
    """Where the machine is now.

    Args:
        machine: as the ledger has it.
        host: LSF's row of it; None when LSF lists none, or was not asked.
        now: epoch seconds.
        life: how long it may take to join.
    """
    return after(events_of(machine, host, now, life))


def events_of(machine: Machine, host: Host | None, now: float, life: Life) -> Iterator[Event]:
    """What is proven of the machine, in the order in which it can have happened."""
    here = is_here(host)
    joined = machine.joined > 0 or here
    yield Event.SENT
    at = _BY_STATE.get(machine.state) if isinstance(machine.state, MachineState) else None
    if at in {Event.PENDING, Event.RUNNING}:
        yield at
    if joined:
        yield Event.LISTED
    elif now - machine.launched >= life.join_minutes * 60:
        yield Event.LATE
    if machine.unlisted > 0 and not here:
        yield Event.UNLISTED
    if host is not None and here:
        yield Event.JOB if has_jobs(host) else Event.EMPTY
        yield from () if host.takes_jobs else (Event.CLOSED,)
    yield from _end_of(machine, at)


def _end_of(machine: Machine, at: Event | None) -> Iterator[Event]:
    if at is Event.STOPPED:
        yield at
    if machine.notice > 0:
        yield Event.NOTICE
    if machine.return_id:
        yield Event.RETURNED
    if at in {Event.RETURNED, Event.ENDED}:
        yield at


def is_here(host: Host | None) -> bool:
    """Whether LSF has the host: it lists it, and either hears from it or counts jobs on it."""
    return is_heard(host) or has_jobs(host)


def is_heard(host: Host | None) -> bool:
    """Whether LSF hears from the host now."""
    return host is not None and host.status not in _DOWN


def has_jobs(host: Host | None) -> bool:
    """Whether LSF counts jobs on it, running or not."""
    return host is not None and max(host.jobs, host.running) > 0


def by_name(hosts: Iterable[Host]) -> dict[str, Host]:
    """LSF's rows by host name without its domain: LSF_STRIP_DOMAIN may have cut it."""
    return {short_name(host.name): host for host in hosts}


def short_name(name: str) -> str:
    """The first label of a host name, in lower case."""
    return name.partition(".")[0].lower()
