"""What ebrokerd does, told as it happens: one frozen value per step, each with its virtual time (sandbox)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.answers import ProtocolError
    from ris_hybrid.sandbox.lsf.rcpolicies import Borrower


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something LSF would pass over in silence."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMade:
    """A script was run; ``wall_s`` is real time, everything else virtual. ``provider`` is empty for the policy."""

    at: float
    provider: str
    verb: str
    rc: int
    wall_s: float
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAnswer:
    """``by`` (the policy script, or a policy of policy_config.json) allowed so many of the new demand."""

    at: float
    borrower: Borrower
    new_demand: int
    allowed: int
    by: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMade:
    """The provider accepted a request for machines."""

    at: float
    borrower: Borrower
    machines: int
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFailed:
    """The provider refused a request, or gave no usable answer."""

    at: float
    borrower: Borrower
    machines: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClosed:
    """A request for machines is settled: so many of those asked for were granted."""

    at: float
    borrower: Borrower
    request_id: str
    status: str
    asked: int
    granted: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDelayed:
    """A capacity error: the template is left alone until then."""

    at: float
    provider: str
    template: str
    code: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A machine of a request is up; LSF waits for it to join as ``name``."""

    at: float
    borrower: Borrower
    request_id: str
    machine_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """The provider reported a machine as failed; LSF forgets it."""

    at: float
    borrower: Borrower
    machine_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A machine has joined the cluster."""

    at: float
    borrower: Borrower
    machine_id: str
    name: str
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A joined host does not answer any more."""

    at: float
    borrower: Borrower
    machine_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnStarted:
    """A machine has left the cluster, or never joined, and goes back to its provider; ``why`` says which rule."""

    at: float
    borrower: Borrower
    machine_id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The provider confirmed the end of a machine; LSF forgets it."""

    at: float
    borrower: Borrower
    machine_id: str
    name: str


RcEvent: TypeAlias = Union[
    "Note",
    "CallMade",
    "PolicyAnswer",
    "RequestMade",
    "RequestFailed",
    "RequestClosed",
    "TemplateDelayed",
    "Granted",
    "Dropped",
    "Joined",
    "Lost",
    "ReturnStarted",
    "Returned",
    "ProtocolError",
]
Observer: TypeAlias = Callable[[RcEvent], None]
