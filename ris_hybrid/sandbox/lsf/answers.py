"""What a provider's scripts can say, as values: templates, machines, reclaims, breaches (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from ris_hybrid.sandbox.lsf.resreq import Resources

T = TypeVar("T")

RequestKind = Literal["create", "return"]
RequestState = Literal["running", "complete", "complete_with_error"]
MachineResult = Literal["executing", "succeed", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolError:
    """One breach of the Resource Connector contract by a script. ebrokerd stamps ``at`` and ``provider``."""

    verb: str
    what: str
    excerpt: str
    """The first characters of what the script printed."""
    provider: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Generic[T]):
    """A checked answer. ``value`` is None when the call failed, said so itself, or cannot be used."""

    value: T | None
    message: str = ""
    breaches: tuple[ProtocolError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template as getAvailableTemplates offers it."""

    template_id: str
    max_number: int
    """Hosts LSF may ever hold of it; below 0 means no limit."""
    slots: int
    """``ncpus``, the slots LSF counts on; 0 when it is not given."""
    priority: int = 0
    """Larger is tried first."""
    booleans: frozenset[str] = frozenset()
    """Boolean attributes that are set."""
    exclusive: frozenset[str] = frozenset()
    """Attributes marked with ``!``: demand counts only where they are named."""

    @property
    def resources(self) -> Resources:
        """What its hosts tell LSF when they join."""
        return Resources(self.booleans, self.exclusive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request id stands for: how many machines it was to start, or to end."""

    kind: RequestKind
    machines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineAnswer:
    """One machine of a request. ``status`` is the cloud's own word, ``launched`` epoch seconds or 0."""

    machine_id: str
    name: str
    result: MachineResult
    status: str = ""
    launched: float = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswer:
    """How one request stands."""

    request_id: str
    status: RequestState
    message: str = ""
    machines: tuple[MachineAnswer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim:
    """A machine the provider wants back, or has lost; it goes away in ``grace_s`` seconds."""

    name: str
    machine_id: str
    grace_s: float = 0.0
