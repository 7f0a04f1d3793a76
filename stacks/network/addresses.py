"""Which addresses the subnets get, and the names of reverse zones (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ipaddress import IPv4Network

_LEAST_PARTS = 4  # so that a zone can be added later without renumbering the others
_OCTET = 8


def subnets(vpc: IPv4Network, zones: Sequence[str], written: Mapping[str, IPv4Network]) -> dict[str, IPv4Network]:
    """Each zone's subnet: as written, else an equal part of the VPC, the first to the first zone."""
    bits = (max(len(zones), _LEAST_PARTS) - 1).bit_length()
    parts = vpc.subnets(prefixlen_diff=bits)
    return {zone: written.get(zone, part) for zone, part in zip(zones, parts, strict=False)}


def reverse_zones(network: IPv4Network) -> tuple[str, ...]:
    """The zones of ``in-addr.arpa`` that hold the network's addresses (RFC 1035, 3.5).

    A zone ends at a full octet, so a /20 has sixteen of them; one smaller than /24 has that of the /24 around it.
    """
    octets = min(3, max(1, -(-network.prefixlen // _OCTET)))
    whole = octets * _OCTET
    parts = [network.supernet(new_prefix=whole)] if network.prefixlen > whole else network.subnets(new_prefix=whole)
    return tuple(_reverse_name(part, octets) for part in parts)


def _reverse_name(part: IPv4Network, octets: int) -> str:
    numbers = str(part.network_address).split(".")[:octets]
    return ".".join((*reversed(numbers), "in-addr.arpa"))
