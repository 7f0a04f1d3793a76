"""Which connections nodes may make and take, as plain rules (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.network.settings import NetworkSettings

LSF_PORTS: tuple[tuple[str, str, int], ...] = (
    ("lim", "tcp", 7869),
    ("lim", "udp", 7869),
    ("res", "tcp", 6878),
    ("mbatchd", "tcp", 6881),
    ("sbatchd", "tcp", 6882),
)
"""Daemon, protocol, port: the defaults of LSF 10.1's LSF_LIM_PORT, LSF_RES_PORT, LSB_MBD_PORT and LSB_SBD_PORT."""
LUSTRE_PORTS = ((988, 988), (1018, 1023))
"""FSx for Lustre's user guide, File System Access Control with Amazon VPC: between file servers and clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a security group; protocol ``-1`` is every protocol, with ports 0 to 0."""

    description: str
    protocol: str
    from_port: int
    to_port: int
    cidr: str = ""
    """The other side; empty for the members of the group itself."""


def ingress(settings: NetworkSettings) -> tuple[Rule, ...]:
    """LSF's daemons of the site reach those of nodes. Nodes of multi-node pools have a group beside this one."""
    return (*_lsf(settings), *_among(settings))


def egress(settings: NetworkSettings) -> tuple[Rule, ...]:
    """The same ports of the site, and its services that are named."""
    site = (
        Rule(
            description=one.name,
            protocol=one.protocol,
            from_port=one.from_port,
            to_port=one.to_port or one.from_port,
            cidr=str(onprem),
        )
        for onprem in settings.onprem_cidrs
        for one in settings.site_ports
    )
    return (*_lsf(settings), *site, *_among(settings))


def _lsf(settings: NetworkSettings) -> tuple[Rule, ...]:
    return tuple(
        Rule(description=f"LSF {daemon}", protocol=protocol, from_port=port, to_port=port, cidr=str(onprem))
        for onprem in settings.onprem_cidrs
        for daemon, protocol, port in LSF_PORTS
    )


def _among(settings: NetworkSettings) -> tuple[Rule, ...]:
    """Lustre, to and from the file servers, which are members of the group."""
    if not settings.scratch:
        return ()
    return tuple(
        Rule(description="Lustre", protocol="tcp", from_port=first, to_port=last) for first, last in LUSTRE_PORTS
    )
