"""What passes between a driver of libcloud and our ports: plain frozen values, so that no driver's object gets out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.model import MachineState, UnknownWord

TOKEN, INDEX = "ris_token", "ris_index"
"""On every machine of a launch: the launch's token, and the machine's number in it, from 0."""
CONFLICT = "Conflict"
"""``Refused.code`` of what a machine does not take in its state: OpenStack's no marks while it is built or locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One machine as its cloud tells it, ours or not."""

    node_id: str
    name: str
    """Its host name, as LSF will see it."""
    state: MachineState | UnknownWord
    size: str
    """By name."""
    zone: str
    private_ip: str
    launched: float
    """Epoch seconds."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The ledger: metadata, by the keys of ``burst.tags``, and ``TOKEN``, ``INDEX``."""
    fault: str = ""
    """Why the cloud could not make it work, in its words, as ``NoValidHost: No valid host was found``; else empty."""
    placed: bool = True
    """Whether the cloud has found a place for it: until then it may still turn out that there is none."""
    gave_up: bool = False
    """It switched itself off."""
    spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One machine to make. Everything is by the cloud's own names."""

    name: str
    """Host name: at most 63 of ``a-z0-9-``; of its launch, its number in it and its place, so never given twice."""
    size: str
    image: str
    networks: tuple[str, ...]
    security_groups: tuple[str, ...]
    zone: str
    """Empty: the cloud chooses."""
    tags: Mapping[str, str]
    user_data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A flavor, or machine type."""

    name: str
    vcpus: int
    memory_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a cloud lists, for a check-up."""

    sizes: tuple[Size, ...]
    images: frozenset[str]
    networks: frozenset[str]
    zones: frozenset[str]
    security_groups: frozenset[str] | None = None
    """None where the cloud has no such list."""
