"""What is wrong with a network's settings whose values are right one by one (pure).

A fault is the place in the section and what was expected there, in the words of ``ris_hybrid.config.problems``.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING

from stacks.network.addresses import subnets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stacks.environment import Environment
    from stacks.network.settings import Dns, NetworkSettings

Fault = tuple[tuple[str | int, ...], str]

_PRIVATE = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))  # RFC 1918
_WIDEST_SITE = 8  # a site may have public addresses, but never a whole class A of them and more
_VPC_PREFIX = (16, 24)  # EC2's largest; and the smallest that holds six zones' nodes and endpoints
_SMALLEST_SUBNET = 28  # EC2's
_MOST_ZONES = 6


def network_faults(environment: Environment, settings: NetworkSettings) -> Iterator[Fault]:
    """Everything that EC2 would refuse, or would accept to our harm."""
    yield from _vpc(settings)
    yield from _site(settings)
    yield from _zones(environment.region, settings)
    if environment.phi and settings.internet_gateway:
        yield ("internet_gateway",), "expected none where PHI may come: take it out, or keep PHI elsewhere"
    yield from _ports(settings)
    yield from _link(settings)
    if settings.dns is not None:
        yield from _dns(settings.dns, settings.onprem_cidrs)


def _vpc(settings: NetworkSettings) -> Iterator[Fault]:
    vpc, (least, most) = settings.vpc_cidr, _VPC_PREFIX
    if not any(vpc.subnet_of(private) for private in _PRIVATE):
        yield ("vpc_cidr",), f"expected a part of 10/8, 172.16/12 or 192.168/16, found {vpc}"
    if not least <= vpc.prefixlen <= most:
        yield ("vpc_cidr",), f"expected /{least} to /{most}, found {vpc}"


def _site(settings: NetworkSettings) -> Iterator[Fault]:
    if not settings.onprem_cidrs:
        yield ("onprem_cidrs",), "expected the networks of LSF's hosts, found none"
    for index, onprem in enumerate(settings.onprem_cidrs):
        if onprem.prefixlen < _WIDEST_SITE:
            yield ("onprem_cidrs", index), f"expected /{_WIDEST_SITE} or smaller, found {onprem}"
        if onprem.overlaps(settings.vpc_cidr):
            text = f"expected no address of the VPC ({settings.vpc_cidr}), or no packet finds its way; found {onprem}"
            yield ("onprem_cidrs", index), text


def _zones(region: str, settings: NetworkSettings) -> Iterator[Fault]:
    zones, form = settings.zones, re.compile(rf"{region}[a-z]")
    if not 1 <= len(zones) <= _MOST_ZONES or len(set(zones)) < len(zones):
        text = f"expected one to {_MOST_ZONES} zones, each once, found {', '.join(zones) or 'none'}"
        yield ("zones",), text
        return
    for index, zone in enumerate(zones):
        if not form.fullmatch(zone):
            yield ("zones", index), f"expected a zone of {region}, such as {region}a, found {zone}"
    imported = settings.existing.subnets if settings.existing is not None else {}
    for place, written in ((("subnet_cidrs",), settings.subnet_cidrs), (("existing", "subnets"), imported)):
        for zone in written:
            if zone not in zones:
                yield (*place, zone), f"expected one of zones, found {zone}"
    if settings.vpc_cidr.prefixlen <= _VPC_PREFIX[1]:
        yield from _subnets(settings)


def _subnets(settings: NetworkSettings) -> Iterator[Fault]:
    parts = subnets(settings.vpc_cidr, settings.zones, settings.subnet_cidrs)
    for zone, part in settings.subnet_cidrs.items():
        if not part.subnet_of(settings.vpc_cidr) or part.prefixlen > _SMALLEST_SUBNET:
            text = f"expected a part of {settings.vpc_cidr}, /{_SMALLEST_SUBNET} at the smallest, found {part}"
            yield ("subnet_cidrs", zone), text
    for (zone, part), (other, taken) in combinations(parts.items(), 2):
        if part.overlaps(taken):
            told = zone if zone in settings.subnet_cidrs else other
            yield ("subnet_cidrs", told), f"expected subnets apart, found {zone} {part} and {other} {taken}"


def _ports(settings: NetworkSettings) -> Iterator[Fault]:
    for index, one in enumerate(settings.site_ports):
        if one.to_port is not None and one.to_port < one.from_port:
            yield ("site_ports", index, "to_port"), f"expected {one.from_port} or more, found {one.to_port}"


def _link(settings: NetworkSettings) -> Iterator[Fault]:
    routes = settings.link.vpn.static_routes if settings.link.vpn is not None else ()
    for index, route in enumerate(routes):
        if not any(route.subnet_of(onprem) for onprem in settings.onprem_cidrs):
            yield ("link", "vpn", "static_routes", index), f"expected a part of onprem_cidrs, found {route}"


def _dns(dns: Dns, site: tuple[IPv4Network, ...]) -> Iterator[Fault]:
    if not dns.onprem_domains:
        yield ("dns", "onprem_domains"), "expected the domains of the site's hosts, found none"
    for index, domain in enumerate(dns.onprem_domains):
        if domain == dns.zone or domain.endswith(f".{dns.zone}"):
            text = f"expected a domain outside of zone {dns.zone}, which would hide it, found {domain}"
            yield ("dns", "onprem_domains", index), text
    if not dns.name_servers:
        yield ("dns", "name_servers"), "expected the site's name servers, found none"
    for index, server in enumerate(dns.name_servers):
        if not any(server in onprem for onprem in site):
            yield ("dns", "name_servers", index), f"expected an address of onprem_cidrs, found {server}"
