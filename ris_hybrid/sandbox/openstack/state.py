"""What the sandbox's OpenStack holds, in memory: servers, security groups, tokens, limits, and its clock."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.lifecycle import Clock
from ris_hybrid.sandbox.openstack.accounts import made_id
from ris_hybrid.sandbox.openstack.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.openstack.accounts import Flavor, Network

TOKEN_LIFE_S = 3600.0
GROUPS_MOST = 10
"""Neutron's quota of security groups where nobody raised it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds until a server has a place, from then until it works, and from its deletion until it is gone."""

    placing_s: float = 0.0
    building_s: float = 0.0
    deleting_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Server:
    """One server. Where it stands follows from its times and the clock: see ``lifecycle``."""

    server_id: str
    number: int
    name: str
    flavor: Flavor
    image_id: str
    networks: tuple[Network, ...]
    asked_zone: str
    zone: str
    """Empty: there was no room for it."""
    metadata: dict[str, str]
    user_data: str
    """As it was sent: base64."""
    groups: tuple[str, ...]
    """Security groups, by id."""
    created: float
    updated: float
    stopped: bool = False
    crash: str = ""
    """Why it broke down later; it is in ERROR since."""
    ran: bool = False
    """Whether it had worked when it broke."""
    locked: bool = False
    unseen: bool = False
    """The cell it is in does not answer: Nova knows hardly more than its id."""
    deleted: float | None = None
    removed: bool = False
    """Gone at once, whatever the timing."""


@dataclass(slots=True, kw_only=True)
class Group:
    """A security group of Neutron's; its rules are those every new one has."""

    group_id: str
    name: str
    description: str
    created: float
    updated: float
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Who holds it may ask until then, in seconds of the real clock."""

    expires: float
    issued: float
    scoped: bool
    method: str


def _first_groups() -> dict[str, Group]:
    groups = [
        Group(group_id=made_id("group", name), name=name, description=text, created=0.0, updated=0.0)
        for name, text in (("default", "Default security group"), ("ris-node", "Nodes of LSF"))
    ]
    return {one.group_id: one for one in groups}


@dataclass(slots=True, kw_only=True)
class Cloud:
    """Everything; a reset makes a new one."""

    clock: Clock = field(default_factory=lambda: Clock(time.time))
    timing: Timing = field(default_factory=Timing)
    servers: dict[str, Server] = field(default_factory=dict)
    """Every one there ever was, in order of creation."""
    groups: dict[str, Group] = field(default_factory=_first_groups)
    groups_made: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    expired: frozenset[str] = frozenset()
    """Tokens that are worth nothing, by order."""
    capacity: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Servers at most by zone and flavor; what is absent is unlimited."""
    instances_most: int | None = None
    page: int = 3
    """Servers and images of one page, at most."""
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
