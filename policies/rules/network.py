"""Rules for networks, subnets and security groups: only the site reaches a node, and PHI has no way out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr, cis, config, fsbp, hub
from policies.rules.rule import broken, none_of, not_known, ours, phi, rule, yes
from ris_hybrid.holdings.values import Network, SecurityGroup, Subnet

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from policies.rules.rule import Context, Verdict
    from ris_hybrid.holdings.values import PortRule

LSF_PORTS = frozenset({("tcp", 7869), ("udp", 7869), ("tcp", 6878), ("tcp", 6881), ("tcp", 6882)})
"""lim, res, mbatchd, sbatchd; written here a second time on purpose, so that a slip in the stacks is noticed."""
_ALSO = frozenset({("tcp", 53), ("udp", 53), ("tcp", 443)})
"""Names, for the resolver's endpoints, and AWS's services, for those of the VPC."""
PHI_ENDPOINTS = ("s3", "ecr.api", "ecr.dkr", "sts", "kms", "ssm", "ec2", "ec2messages", "logs", "sqs")


def carries_phi(network: Network, _: Context) -> bool | None:
    """Whether PHI may come here."""
    return network.phi


def default(group: SecurityGroup, _: Context) -> bool:
    """Whether it is the group every VPC has."""
    return group.default


def named(group: SecurityGroup, _: Context) -> bool:
    """Whether somebody made it: default groups have a rule of their own."""
    return not group.default


@rule(
    Network,
    *(fsbp("EC2.6"), cis("4.7"), config("VPC_FLOW_LOGS_ENABLED"), cfr("164.312(b)")),
    fix="turn flow logs on for the VPC",
    scopes=(ours,),
)
def network_flow_logs(network: Network, _: Context) -> Verdict:
    """Who talked to whom can be told afterwards."""
    return yes(network.flow_logs, "it has no flow logs", "its flow logs")


@rule(
    Network,
    *(config("INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY"), config("NO_UNRESTRICTED_ROUTE_TO_IGW")),
    *(cfr("164.312(a)(1)"), cfr("164.312(e)(1)")),
    fix="take the internet gateway out, or keep PHI in another network",
    scopes=(carries_phi,),
)
def network_phi_no_internet(network: Network, _: Context) -> Verdict:
    """A network that carries PHI has no way to the internet."""
    closed = None if network.internet_gateway is None else not network.internet_gateway
    return yes(closed, "a network for PHI has an internet gateway", "its internet gateways")


@rule(
    Network,
    *(fsbp("EC2.10"), cis("6.8"), cfr("164.312(e)(1)")),
    fix="add the endpoints: without them calls of AWS leave the network",
    scopes=(carries_phi,),
)
def network_phi_endpoints(network: Network, _: Context) -> Verdict:
    """What nodes with PHI ask of AWS stays inside the network."""
    if network.endpoints is None:
        return not_known("its endpoints")
    return none_of([name for name in PHI_ENDPOINTS if name not in network.endpoints], "endpoints are missing")


@rule(
    Network,
    SITE,
    fix="delete it: every account comes with a default VPC in each region, with a way to the internet",
    severity="advisory",
)
def network_is_ours(network: Network, context: Context) -> Verdict:
    """There is no network a machine could be started in by mistake."""
    return yes(ours(network, context), "no stack of ours made it", "its tags")


@rule(
    Subnet,
    *(fsbp("EC2.15"), config("SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED"), cfr("164.312(a)(1)")),
    fix="set mapPublicIpOnLaunch to false",
    scopes=(ours,),
)
def subnet_no_public_address(subnet: Subnet, _: Context) -> Verdict:
    """No machine gets a public address because nobody said otherwise."""
    closed = None if subnet.public_ip is None else not subnet.public_ip
    return yes(closed, "machines in it get public addresses", "its public addresses")


@rule(
    SecurityGroup,
    *(fsbp("EC2.18"), fsbp("EC2.19"), hub("EC2.13"), cis("6.3"), cis("6.4"), config("INCOMING_SSH_DISABLED")),
    *(config("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS"), config("RESTRICTED_INCOMING_TRAFFIC"), cfr("164.312(e)(1)")),
    fix="name the network of the site's LSF hosts",
    scopes=(ours, named),
)
def group_no_open_ingress(group: SecurityGroup, _: Context) -> Verdict:
    """No rule lets the whole world in, on any port, by IPv4 or IPv6."""
    if group.ingress is None:
        return not_known("its rules")
    return none_of([_said(one) for one in group.ingress if _wide(one)], "open to every address")


@rule(
    SecurityGroup,
    *(SITE, fsbp("EC2.18"), config("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS")),
    fix="keep to lim 7869, res 6878, mbatchd 6881 and sbatchd 6882, names 53 and https 443",
    scopes=(ours, named),
)
def group_lsf_ports_only(group: SecurityGroup, context: Context) -> Verdict:
    """From the site only LSF's daemons, names and endpoints are reached."""
    if group.ingress is None:
        return not_known("its rules")
    if context.site_cidrs is None:
        return not_known("the site's networks")
    site = [ip_network(cidr, strict=False) for cidr in context.site_cidrs]
    wrong = [_said(one) for one in group.ingress if _from(one, site) and not _known_port(one)]
    return none_of(wrong, "open to the site beside LSF's ports")


@rule(
    SecurityGroup,
    *(SITE, cfr("164.312(a)(1)"), cfr("164.312(e)(1)")),
    fix="name the site's networks, the VPC, and the prefix lists of endpoints",
    scopes=(ours, named, phi),
)
def group_phi_no_open_egress(group: SecurityGroup, _: Context) -> Verdict:
    """A machine with PHI cannot send it just anywhere, should a way out ever be built."""
    if group.egress is None:
        return not_known("its rules")
    return none_of([_said(one) for one in group.egress if _wide(one)], "open to every address")


@rule(
    SecurityGroup,
    *(fsbp("EC2.2"), cis("6.5"), config("VPC_DEFAULT_SECURITY_GROUP_CLOSED"), cfr("164.312(e)(1)")),
    fix="take every rule out of the default security group",
    scopes=(default,),
)
def group_default_closed(group: SecurityGroup, _: Context) -> Verdict:
    """A machine that was given no group reaches nothing and is reached by nothing."""
    if group.ingress is None or group.egress is None:
        return not_known("its rules")
    if group.ingress or group.egress:
        return broken(f"it has {len(group.ingress)} rules inwards and {len(group.egress)} outwards")
    return none_of([], "")


def _network(rule: PortRule) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(rule.source, strict=False)
    except ValueError:  # another group, or a prefix list
        return None


def _wide(rule: PortRule) -> bool:
    network = _network(rule)
    return network is not None and network.prefixlen == 0


def _from(rule: PortRule, site: list[IPv4Network | IPv6Network]) -> bool:
    network = _network(rule)
    return network is not None and any(network.version == one.version and network.overlaps(one) for one in site)


def _known_port(rule: PortRule) -> bool:
    return rule.from_port == rule.to_port and (rule.protocol, rule.from_port) in LSF_PORTS | _ALSO


def _said(rule: PortRule) -> str:
    return f"{rule.protocol} {rule.from_port}-{rule.to_port} {rule.source}"


RULES = (
    network_flow_logs,
    network_phi_no_internet,
    network_phi_endpoints,
    network_is_ours,
    subnet_no_public_address,
    group_no_open_ingress,
    group_lsf_ports_only,
    group_phi_no_open_egress,
    group_default_closed,
)
