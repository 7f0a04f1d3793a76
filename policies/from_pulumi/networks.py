"""Networks, subnets and security groups (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.from_pulumi.registered import UNKNOWN, nested
from ris_hybrid.holdings.values import Network, PortRule, SecurityGroup, Subnet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.from_pulumi.registered import Resource, Stack

_ALL = "-1"


def network(one: Resource, stack: Stack) -> Network:
    """A VPC."""
    tags = one.tags()
    told = None if tags is None else tags.get("ris_data_class")
    gateways = [
        *stack.parts("aws:ec2/internetGateway:InternetGateway", "vpcId", one, ()),
        *stack.parts("aws:ec2/internetGatewayAttachment:InternetGatewayAttachment", "vpcId", one, ()),
    ]
    logs = stack.part("aws:ec2/flowLog:FlowLog", "vpcId", one, ())
    return Network(
        name=one.name,
        tags=tags,
        phi=None if told is None else told == "phi",
        internet_gateway=True if gateways else stack.absent(value=False),
        flow_logs=True if logs else stack.absent(value=False),
        endpoints=_endpoints(one, stack),
    )


def subnet(one: Resource, _: Stack) -> Subnet:
    """A subnet."""
    return Subnet(name=one.name, tags=one.tags(), public_ip=one.get("mapPublicIpOnLaunch", default=False))


def group(one: Resource, stack: Stack) -> SecurityGroup:
    """A security group, with rules of its own and those that are resources."""
    return SecurityGroup(
        name=str(one.get("name") or one.name),
        tags=one.tags(),
        default=one.type.endswith(":DefaultSecurityGroup"),
        ingress=_rules(one, stack, "ingress"),
        egress=_rules(one, stack, "egress"),
    )


def _endpoints(one: Resource, stack: Stack) -> tuple[str, ...] | None:
    found = stack.parts("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcId", one, ())
    names = [part.props.get("serviceName") for part in found]
    if not stack.whole or UNKNOWN in names:
        return None
    # com.amazonaws.us-east-1.ecr.api
    return tuple(sorted(str(name).split(".", 3)[-1] for name in names))


def _rules(one: Resource, stack: Stack, way: str) -> tuple[PortRule, ...] | None:
    word = way.capitalize()
    apart = stack.parts(f"aws:vpc/securityGroup{word}Rule:SecurityGroup{word}Rule", "securityGroupId", one, ())
    older = stack.parts("aws:ec2/securityGroupRule:SecurityGroupRule", "securityGroupId", one, ())
    inline = one.get(way, [])
    if inline is None:
        return None
    given = [*inline, *(part.props for part in older if part.get("type") == way)]
    found = [
        *(each for rule in given for each in _inline(rule)),
        *(each for part in apart for each in _apart(part)),
    ]
    return None if None in found else tuple(rule for rule in found if rule)


def _inline(rule: Any) -> Iterator[PortRule | None]:  # JSON
    """Rules in the older form: lists of sources."""
    if rule is UNKNOWN:
        yield None
        return
    ports = (rule.get("protocol", _ALL), rule.get("fromPort", 0), rule.get("toPort", 0))
    for key in ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"):
        sources = rule.get(key) or ()
        for source in [UNKNOWN] if sources is UNKNOWN else sources:
            yield _rule(ports, source, cidr="idr" in key)
    if rule.get("self"):
        yield _rule(ports, "self", cidr=False)
    if rule.get("sourceSecurityGroupId"):
        yield _rule(ports, rule["sourceSecurityGroupId"], cidr=False)


def _apart(part: Resource) -> Iterator[PortRule | None]:
    """A rule in the newer form: one source."""
    rule = part.props
    ports = (rule.get("ipProtocol", _ALL), rule.get("fromPort", 0), rule.get("toPort", 0))
    for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"):
        source = nested(rule, key)
        if source is not None:
            yield _rule(ports, source, cidr="cidr" in key)


def _rule(ports: tuple[Any, Any, Any], source: Any, *, cidr: bool) -> PortRule | None:  # JSON
    """None when it is not known who or what is let through; another group's id need not be known."""
    if UNKNOWN in ports or (cidr and source is UNKNOWN):
        return None
    protocol, first, last = ports
    named = "(known after it is made)" if source is UNKNOWN else str(source)
    return PortRule(protocol=str(protocol), from_port=int(first), to_port=int(last), source=named)
