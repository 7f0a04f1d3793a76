"""What a virtual cluster is made of: hosts, queues and jobs as plain values (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ris_hybrid.sandbox.lsf.resreq import NO_RESOURCES, Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """On-premises hosts of one shape, named ``<prefix>-<number>``."""

    prefix: str
    count: int
    slots: int
    memory_mib: int = 0
    queues: tuple[str, ...] = ()
    """Queues served by these hosts only (a condo); empty means every queue without hosts of its own."""
    resources: tuple[str, ...] = ()
    """Their Booleans of lsf.cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSpec:
    """One queue of lsb.queues, as far as the virtual cluster knows its parameters."""

    name: str
    priority: int = 30
    rc_hosts: str = "none"
    """RC_HOSTS: ``none``, ``all``, or the Boolean(s) of external hosts it may borrow."""
    rc_account: str = ""
    """RC_ACCOUNT of the queue; empty means the job's lab, then ``default``."""
    rc_demand_policy: str = ""
    """RC_DEMAND_POLICY, e.g. ``THRESHOLD[[5,10] [1,60]]``; empty means any pending job is demand."""
    res_req: str = ""
    """RES_REQ: holds together with what each job asks for."""
    bursts_for: str = ""
    """The ordinary queue whose chosen jobs are moved to this one; no parameter of LSF, for the sandbox to set up."""
    max_slots: int | None = None
    is_open: bool = True
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSpec:
    """A virtual cluster: its name, hosts and queues."""

    name: str
    hosts: tuple[HostSpec, ...]
    queues: tuple[QueueSpec, ...]
    default_queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One submission. ``run_s`` is how long it will really run, which the virtual LSF hides from everyone."""

    run_s: float
    slots: int = 1
    queue: str = ""
    user: str = "user"
    user_group: str = ""
    project: str = "default"
    name: str = ""
    run_limit_s: float | None = None
    begin: float | None = None
    """``-b``: not before this time (epoch seconds)."""
    dependency: str = ""
    """``-w``, e.g. ``done(12)``; ``done``, ``ended`` and ``exit`` of one job id are understood."""
    hold: bool = False
    """``-H``: submitted as PSUSP."""
    rerunnable: bool = False
    resreq: str = ""
    application: str = ""
    """``-app``."""
    esub: str = ""
    """``-a``, several with a blank between them."""
    cwd: str = ""
    """``-cwd``, else where it was submitted from; which of the two sub_cwd of a real bjobs is was not seen."""
    description: str = ""
    """``-Jd``."""
    command: str = ""
    volumes: str = ""
    """LSF_DOCKER_VOLUMES of the submitter's environment; ``bjobs -env`` shows it."""
    execute: bool = False
    """Whether the command is really run, see ``working``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingJob:
    """An eligible pending job of a queue that may borrow hosts, as ebrokerd's demand sees it."""

    job_id: str
    queue: str
    account: str
    slots: int
    submitted: float
    selection: str = ""
    """What the job and its queue select hosts by (``resreq.Wish``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowedHost:
    """A dynamic host that has just joined."""

    name: str
    slots: int
    account: str
    provider: str
    template: str
    machine_id: str
    resources: Resources = NO_RESOURCES
    """As it tells LSF when it joins (LSF_LOCAL_RESOURCES)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """A host as bhosts would show it, with what ebrokerd needs to know."""

    name: str
    status: str
    slots: int
    used: int
    jobs: int
    idle_since: float | None
    """When its last job left (or it joined); None while a job runs."""
    borrowed: BorrowedHost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """The record of an ended job, for accounting."""

    job_id: str
    queue: str
    lab: str
    slots: int
    submitted: float
    started: float
    ended: float
    hosts: tuple[str, ...] = field(default=())
    borrowed: bool = False
    """Whether any of its hosts was a cloud host."""
