"""VPCs with their subnets, security groups, flow logs, endpoints and internet gateways: six listings for all.

A subnet or security group in a VPC of ours is ours too, whatever its tags: the default group, say, which nobody made.
Source: EC2 API reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.holdings.answers import listed, name_of, tags_of
from ris_hybrid.holdings.values import Network, PortRule, SecurityGroup, Subnet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.holdings.reading import Reading

_PAGE = 500
_GONE = frozenset({"deleting", "deleted", "failed", "rejected", "expired"})
"""States of an endpoint that carries nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """All that belongs to VPCs; None for what could not be listed."""

    networks: tuple[Network, ...] | None = None
    subnets: tuple[Subnet, ...] | None = None
    security_groups: tuple[SecurityGroup, ...] | None = None


UNKNOWN = Networks()
"""When nothing could be read."""


def read_networks(reading: Reading) -> Networks:
    """The VPCs that are ours and all in them."""
    vpcs = _listed(reading, "networks", "describe_vpcs", "Vpcs")
    names = {one["VpcId"]: name_of(_tags(one), one["VpcId"]) for one in vpcs or ()}
    ours = frozenset(one["VpcId"] for one in vpcs or () if reading.scope.covers(_tags(one), names[one["VpcId"]]))
    subnets = _listed(reading, "subnets", "describe_subnets", "Subnets")
    groups = _listed(reading, "security groups", "describe_security_groups", "SecurityGroups")
    return Networks(
        networks=None if vpcs is None else _networks(reading, [one for one in vpcs if one["VpcId"] in ours], names),
        subnets=None if subnets is None else _subnets([one for one in subnets if _inside(reading, one, ours)]),
        security_groups=(
            None if groups is None else _groups([one for one in groups if _inside(reading, one, ours)], names)
        ),
    )


def _listed(reading: Reading, what: str, operation: str, key: str) -> list[dict[str, Any]] | None:
    return reading.ask(what, lambda: listed(reading.client("ec2"), operation, key, PageSize=_PAGE))


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    return tags_of(one.get("Tags") or ())


def _inside(reading: Reading, one: Mapping[str, Any], vpcs: frozenset[str]) -> bool:
    return one.get("VpcId") in vpcs or reading.scope.covers(_tags(one))


def _networks(reading: Reading, vpcs: list[dict[str, Any]], names: Mapping[str, str]) -> tuple[Network, ...]:
    if not vpcs:
        return ()
    logs = _listed(reading, "flow logs of networks", "describe_flow_logs", "FlowLogs")
    endpoints = _listed(reading, "endpoints of networks", "describe_vpc_endpoints", "VpcEndpoints")
    gateways = _listed(reading, "internet gateways of networks", "describe_internet_gateways", "InternetGateways")
    logged = None if logs is None else {one["ResourceId"] for one in logs if _works(one)}
    open_to_all = None if gateways is None else {one["VpcId"] for way in gateways for one in way["Attachments"]}
    found = [
        Network(
            name=names[one["VpcId"]],
            tags=_tags(one),
            phi=_tags(one).get("ris_data_class") == "phi",
            internet_gateway=None if open_to_all is None else one["VpcId"] in open_to_all,
            flow_logs=None if logged is None else one["VpcId"] in logged,
            endpoints=None if endpoints is None else _services(one["VpcId"], endpoints),
        )
        for one in vpcs
    ]
    return tuple(sorted(found, key=lambda network: network.name))


def _works(log: Mapping[str, Any]) -> bool:
    return log.get("FlowLogStatus") == "ACTIVE" and log.get("DeliverLogsStatus") != "FAILED"


def _services(vpc: str, endpoints: list[dict[str, Any]]) -> tuple[str, ...]:
    used = [one for one in endpoints if one["VpcId"] == vpc and one.get("State", "").lower() not in _GONE]
    return tuple(sorted({_short(one["ServiceName"]) for one in used}))


def _short(service: str) -> str:
    """``com.amazonaws.us-east-1.ecr.api`` as ``ecr.api``; another's service stays as it is."""
    _, amazon, rest = service.partition("com.amazonaws.")
    return rest.partition(".")[2] if amazon else service


def _subnets(found: list[dict[str, Any]]) -> tuple[Subnet, ...]:
    read = [
        Subnet(
            name=name_of(_tags(one), one["SubnetId"]),
            tags=_tags(one),
            public_ip=one.get("MapPublicIpOnLaunch"),
        )
        for one in found
    ]
    return tuple(sorted(read, key=lambda subnet: subnet.name))


def _groups(found: list[dict[str, Any]], names: Mapping[str, str]) -> tuple[SecurityGroup, ...]:
    read = []
    for one in found:
        default = one["GroupName"] == "default"
        vpc = one.get("VpcId", "")
        read.append(
            SecurityGroup(
                name=f"default of {names.get(vpc, vpc)}" if default else one["GroupName"],
                tags=_tags(one),
                default=default,
                ingress=tuple(_rules(one.get("IpPermissions") or (), one["GroupId"])),
                egress=tuple(_rules(one.get("IpPermissionsEgress") or (), one["GroupId"])),
            )
        )
    return tuple(sorted(read, key=lambda group: group.name))


def _rules(permissions: Any, own: str) -> Iterator[PortRule]:
    for one in permissions:
        # EC2 leaves the ports out where the protocol is every protocol.
        ports = one.get("FromPort", 0), one.get("ToPort", 65535)
        sources = [range_["CidrIp"] for range_ in one.get("IpRanges") or ()]
        sources += [range_["CidrIpv6"] for range_ in one.get("Ipv6Ranges") or ()]
        sources += [list_["PrefixListId"] for list_ in one.get("PrefixListIds") or ()]
        groups = [pair["GroupId"] for pair in one.get("UserIdGroupPairs") or ()]
        sources += ["self" if group == own else group for group in groups]
        for source in sources:
            yield PortRule(protocol=one["IpProtocol"], from_port=ports[0], to_port=ports[1], source=source)
