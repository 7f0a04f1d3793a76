"""Frozen values all rooms speak. Times are epoch seconds, durations seconds, money US dollars, memory MiB.

A word of LSF or EC2 that we do not know stays itself (``UnknownWord``); it is never mapped to a near one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnknownWord(str):
    """A state word that is not in our vocabulary, kept as the source printed it."""

    __slots__ = ()


class JobStatus(StrEnum):
    """STAT of bjobs (IBM Spectrum LSF 10.1, bjobs reference)."""

    PEND = "PEND"
    PSUSP = "PSUSP"
    PROV = "PROV"
    RUN = "RUN"
    USUSP = "USUSP"
    SSUSP = "SSUSP"
    WAIT = "WAIT"
    DONE = "DONE"
    EXIT = "EXIT"
    UNKWN = "UNKWN"
    ZOMBI = "ZOMBI"


class Job(NamedTuple):
    """One unfinished job as the scheduler reports it.

    A tuple, not a dataclass: a hundred thousand of them are made each time the queue is read.
    """

    job_id: str
    """``"219"``, or ``"219[3]"`` for an array element."""
    status: JobStatus | UnknownWord
    queue: str
    user: str
    lab: str
    """From the user group (``compute-<lab>[-tN]``); empty when the job names none."""
    project: str
    slots: int
    pend_s: float
    """Seconds pending so far (eligible seconds where the site tracks them); 0 when not pending."""
    run_s: float
    """Seconds running so far; 0 when not started."""
    run_limit_s: float | None
    """RUNLIMIT, or None when there is none."""
    reason: str
    """PEND_REASON as printed, empty when running."""
    pend_state: str
    """EPEND, IPEND, or empty where the site does not track eligibility."""
    dependency: str
    """The ``-w`` condition, empty when there is none."""
    specified_start: str
    """The ``-b`` time as printed, empty when there is none."""
    exec_host: str
    """EXEC_HOST as printed (``a:a:b`` or ``16*a``), empty when not running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One line of bhosts. ``status`` is LSF's word (ok, closed_Full, closed_Adm, unavail, ...)."""

    name: str
    status: str
    max_slots: int | None
    jobs: int
    running: int

    @property
    def takes_jobs(self) -> bool:
        """Whether LSF may dispatch to it, now or when a slot comes free."""
        return self.status in {"ok", "closed_Full", "closed_Busy", "closed_Excl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One line of bqueues; counts are slots, as LSF counts them."""

    name: str
    is_open: bool
    is_active: bool
    max_slots: int | None
    pending_slots: int
    running_slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which cluster the batch system is, and which host is its master now."""

    cluster: str
    master: str


class EndReason(StrEnum):
    """Why a machine was ended; written on it as a tag."""

    RETURNED = "returned"
    """LSF gave it back."""
    IDLE = "idle"
    FAILED_TO_JOIN = "failed-to-join"
    LIFETIME = "lifetime"
    ORPHAN = "orphan"
    """LSF never learned of the request that launched it."""
    UNLISTED = "unlisted"
    """LSF listed it once and does no more."""
    INTERRUPTED = "interrupted"
    """The cloud took it, or said it would."""
    BROKEN = "broken"
    """Stopped or failed its checks: no use to LSF."""


class MachineState(StrEnum):
    """Instance states of EC2 (API reference, InstanceState), into which other clouds' are put."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A cloud machine with everything the ledger (its tags) says about it."""

    machine_id: str
    name: str
    """The host name LSF will see; empty until the cloud has given one."""
    state: MachineState | UnknownWord
    instance_type: str
    zone: str
    private_ip: str
    launched: float
    spot: bool
    provider: str
    pool: str
    lab: str
    request_id: str
    asked: int
    """How many machines its request asked for."""
    shortfall: str = ""
    """The cloud's code for why its request was not met in full; empty when it was."""
    return_id: str = ""
    """The return request it was ended by; empty while wanted."""
    end_reason: str = ""
    """Why it was asked back, one of ``EndReason``'s words; empty while wanted."""
    joined: float = 0.0
    """When LSF was first seen to list its host; 0 while it never was."""
    idle: float = 0.0
    """Since when its host has been seen without jobs; 0 while it has some, and where LSF itself counts."""
    closing: float = 0.0
    """Since when we have its host closed, to end it when it stays empty; 0 otherwise."""
    unlisted: float = 0.0
    """Since when LSF, once it had joined, has been seen not to list it; 0 while it is listed."""
    unheld: float = 0.0
    """Since when ebrokerd, which lists what it holds, has been seen not to name it though LSF lists it; 0 otherwise."""
    notice: float = 0.0
    """When the cloud takes it away (spot interruption); 0 without notice."""
    gave_up: bool = False
    """It switched itself off, which a node does when a step of its boot fails."""
    rebalance: float = 0.0
    """When the cloud first said that this spot machine is at risk; 0 when it did not."""
    adopted: str = ""
    """The earlier request that launched it, when LSF never learned of that one; empty when ``request_id`` did."""
    impaired: bool = False
    """The cloud's own checks say that it does not work."""

    @property
    def alive(self) -> bool:
        """Whether it costs money now or soon will: anything not known to have ended."""
        return self.state not in {MachineState.SHUTTING_DOWN, MachineState.TERMINATED}

    @property
    def wanted(self) -> bool:
        """Alive and not asked back."""
        return self.alive and not self.return_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One launch to make: ``token`` makes a repeated call the same launch."""

    token: str
    request_id: str
    pool: str
    lab: str
    count: int
    asked: int
    """How many the request asked for, before our own limits."""
    shortfall: str = ""
    """Why ``count`` is less than ``asked``; empty when it is not."""
    open: bool = False
    """Every job may use the machines, chosen or not: no plan is in force (``planner.steering.fallback``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A launch as this master noted it: what was asked of the cloud, and whether LSF is told of it."""

    request_id: str
    pool: str = ""
    lab: str = ""
    nodes: int = 0
    """How many the cloud was asked for, or gave, once it said so; 0 when it gave none, or where no figure is known."""
    at: float = 0.0
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """What a launch gave: ids, and the codes that explain a shortfall."""

    machine_ids: tuple[str, ...]
    shortfall: tuple[Shortfall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Why some machines of a launch did not come, in the cloud's words."""

    code: str
    message: str
    scarce: bool = False
    """Lack of capacity, or a quota: the pool is left alone for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMarks:
    """What the ledger says about one pool: it is left alone for a while, or switched off."""

    held_until: float = 0.0
    """No launch before this time; 0 for no hold."""
    held_for: str = ""
    """The cloud's capacity code that put it on hold."""
    join_failures: int = 0
    """Nodes in a row that never joined."""
    off: str = ""
    """Why it is switched off, until an admin clears it; empty while it is on."""
    boot_s: float = 0.0
    """Seconds from launch to joined, as measured lately; 0 while nothing was."""
    spent_month: str = ""
    """The month (``YYYY-MM``) of ``spent_usd``; empty where nothing was written."""
    spent_usd: float = 0.0
    """What ended machines of all pools have cost in that month; one pool carries it for the provider."""

    def state(self, now: float) -> str:
        """``off``, ``held`` or ``on``."""
        if self.off:
            return "off"
        return "held" if self.held_until > now else "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The cloud's word that a machine will be taken, or is at risk."""

    machine_id: str
    kind: str
    """``interruption`` or ``rebalance``."""
    at: float
    """Interruption: when it is taken. Rebalance: when it was said."""
    receipt: str = ""
    """What acknowledges the message it came by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One step of a decision: the stage that spoke, what it said, and the figure after it."""

    stage: str
    text: str
    nodes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the audit log."""

    at: float
    kind: str
    fields: Mapping[str, object] = field(default_factory=dict)
