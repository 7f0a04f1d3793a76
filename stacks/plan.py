"""What a burst needs in AWS before its first node: a network, launch templates, the nodes' role, a queue for notices.

``plan_network`` is the single description: the Pulumi program builds it, the sandbox builds it too, and the rules of
``policies`` read its JSON form (``dataclasses.asdict``). Nothing here reaches a cloud.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from stacks.endpoint_plan import plan_endpoints
from stacks.node_plan import NodePool, plan_groups, plan_template
from stacks.notice_plan import plan_notices, plan_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.endpoint_plan import EndpointPlan
    from stacks.node_plan import LaunchTemplatePlan, PlacementGroupPlan
    from stacks.notice_plan import NoticesPlan, RolePlan

_STRICT = {"extra": "forbid"}  # read by pydantic when the stack's configuration is validated

LSF_PORTS: tuple[tuple[str, str, int], ...] = (
    ("lim", "tcp", 7869),
    ("lim", "udp", 7869),
    ("res", "tcp", 6878),
    ("mbatchd", "tcp", 6881),
    ("sbatchd", "tcp", 6882),
)
"""Daemon, protocol, port: the defaults of LSF 10.1's LSF_LIM_PORT, LSF_RES_PORT, LSB_MBD_PORT and LSB_SBD_PORT."""

_LEAST_SUBNETS = 4  # so that a zone can be added later without renumbering the others
_PRIVATE = tuple(IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))  # RFC 1918
_WIDEST_SITE = 8  # a site may have public addresses, but never a whole class A of them and more
_VPC_PREFIX = (16, 28)  # what EC2 takes for a VPC and for a subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """What a site decides about the network of its burst nodes."""

    __pydantic_config__ = _STRICT

    cluster: str
    provider: str
    env: str
    vpc_cidr: str
    onprem_cidr: str
    """Where LSF's hosts are: the only place that may reach a node."""
    zones: tuple[str, ...]
    image_id: str
    pools: tuple[NodePool, ...]
    phi: bool = False
    """Whether protected health information may come here."""
    aws_endpoints: bool = False
    """Reach EC2, ECR and S3 from the VPC itself, at a price by zone and hour. Without them, or a way through the site,
    nodes can neither pull from ECR nor mark themselves with a spot notice."""
    internet_gateway: bool = False
    """Attach one; nodes have no public address and no route to it, so it serves only a NAT the site adds."""
    root_device: str = "/dev/xvda"
    tags: dict[str, str] = field(default_factory=dict)
    """The site's own tags, beside ours (``ris_...``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetPlan:
    """One private subnet."""

    name: str
    zone: str
    cidr: str
    public_ip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRule:
    """One rule of a security group; protocol ``-1`` is every protocol, with ports 0 to 0."""

    description: str
    protocol: str
    from_port: int
    to_port: int
    cidr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """Everything to build, in values that become JSON as they are."""

    name: str
    phi: bool
    vpc_cidr: str
    internet_gateway: bool
    subnets: tuple[SubnetPlan, ...]
    ingress: tuple[PortRule, ...]
    egress: tuple[PortRule, ...]
    endpoints: tuple[EndpointPlan, ...]
    nodes_talk: bool
    """Whether nodes reach each other on every port: jobs over several nodes need it, and an EFA does."""
    placement_groups: tuple[PlacementGroupPlan, ...]
    role: RolePlan
    notices: NoticesPlan
    launch_templates: tuple[LaunchTemplatePlan, ...]
    tags: Mapping[str, str]


def plan_network(settings: NetworkSettings) -> NetworkPlan:
    """The plan of one network; raises ``ConfigError`` for settings that cannot be built."""
    vpc, onprem = _network("vpc_cidr", settings.vpc_cidr), _network("onprem_cidr", settings.onprem_cidr)
    _refuse(settings, vpc, onprem)
    name = f"{settings.cluster}-{settings.env}"
    tags = {
        **settings.tags,
        "ris_cluster": settings.cluster,
        "ris_provider": settings.provider,
        "ris_env": settings.env,
        "ris_managed": "ris-hybrid",
    }
    return NetworkPlan(
        name=name,
        phi=settings.phi,
        vpc_cidr=str(vpc),
        internet_gateway=settings.internet_gateway,
        subnets=_subnets(name, vpc, settings.zones),
        ingress=tuple(_lsf_rule(rule, onprem) for rule in LSF_PORTS),
        egress=(_open_to("to the site", onprem), _open_to("between nodes", vpc)),
        endpoints=plan_endpoints(settings.zones[0]) if settings.aws_endpoints else (),
        nodes_talk=any(pool.talks for pool in settings.pools),
        placement_groups=plan_groups(settings.pools),
        role=plan_role(name, settings.cluster),
        notices=plan_notices(name),
        launch_templates=tuple(plan_template(name, pool, settings, tags) for pool in settings.pools),
        tags=tags,
    )


def _network(field_name: str, text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError as error:
        raise ConfigError(f"{field_name}: expected an IPv4 network such as 10.80.0.0/20: {error}") from error


def _refuse(settings: NetworkSettings, vpc: IPv4Network, onprem: IPv4Network) -> None:
    """Raise for what EC2 would refuse, or would accept to our harm."""
    if not any(vpc.subnet_of(private) for private in _PRIVATE):
        raise ConfigError(f"vpc_cidr: {vpc} is not private", "choose a part of 10/8, 172.16/12 or 192.168/16")
    if onprem.prefixlen < _WIDEST_SITE:
        raise ConfigError(f"onprem_cidr: {onprem} is wider than /{_WIDEST_SITE}", "name the network of LSF's hosts")
    if vpc.overlaps(onprem):
        raise ConfigError(
            f"vpc_cidr: {vpc} overlaps onprem_cidr {onprem}", "no packet would find its way: choose another"
        )
    if settings.phi and settings.internet_gateway:
        raise ConfigError(
            "internet_gateway: a network with PHI has none", "take it out, or keep PHI in another network"
        )
    for field_name, given in (("zones", settings.zones), ("pools", [pool.name for pool in settings.pools])):
        if not given or len(set(given)) < len(given):
            raise ConfigError(f"{field_name}: expected at least one, each once, found {', '.join(given) or 'none'}")


def _subnets(name: str, vpc: IPv4Network, zones: tuple[str, ...]) -> tuple[SubnetPlan, ...]:
    """Equal parts of the VPC, the first to the first zone."""
    bits = (max(len(zones), _LEAST_SUBNETS) - 1).bit_length()
    least, most = _VPC_PREFIX
    if not least <= vpc.prefixlen <= most - bits:
        hint = "EC2's networks are /16 to /28"
        raise ConfigError(f"vpc_cidr: expected /{least} to /{most - bits} for {len(zones)} zones, found {vpc}", hint)
    parts = vpc.subnets(prefixlen_diff=bits)
    return tuple(
        SubnetPlan(name=f"{name}-{zone}", zone=zone, cidr=str(part)) for zone, part in zip(zones, parts, strict=False)
    )


def _lsf_rule(rule: tuple[str, str, int], source: IPv4Network) -> PortRule:
    daemon, protocol, port = rule
    return PortRule(description=f"LSF {daemon}", protocol=protocol, from_port=port, to_port=port, cidr=str(source))


def _open_to(description: str, target: IPv4Network) -> PortRule:
    return PortRule(description=description, protocol="-1", from_port=0, to_port=0, cidr=str(target))
