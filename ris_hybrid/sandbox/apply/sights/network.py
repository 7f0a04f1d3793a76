"""VPC, groups, endpoints, the way to the site and names, as AWS shows them (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handlers import groups, names, vpc
from ris_hybrid.sandbox.apply.handlers.parts import Param
from ris_hybrid.sandbox.apply.handlers.wording import plain, unlisted
from ris_hybrid.sandbox.apply.sights.sight import Look, Shown, asking, says_gone, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Made, Props
    from ris_hybrid.sandbox.apply.sights.sight import Ask, Sight

_LISTS = ("subnetIds", "routeTableIds", "securityGroupIds")
_GROUP_KINDS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


@dataclass(frozen=True, slots=True)
class Group:
    """A security group: its rules as a set, however EC2 puts them together."""

    def differing(self, aws: Clients, made: Made, inputs: Props) -> Mapping[str, Any] | None:
        """As ``Sight`` has it."""
        try:
            found = aws.get("ec2").describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
        except ClientError as error:
            if says_gone(error):
                return None
            raise
        sides = {"ingress": found[0]["IpPermissions"], "egress": found[0]["IpPermissionsEgress"]}
        differs: dict[str, Any] = {}
        for side, rows in sides.items():
            wanted = [groups.permission(rule, made.id) for rule in inputs.get(side) or ()]
            if set(_rules(wanted)) != set(_rules(rows)):
                differs[side] = rows
        tags = unlisted(found[0].get("Tags"))
        return differs if tags == (inputs.get("tags") or {}) else {**differs, "tags": tags}


def _rules(permissions: Iterable[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    """One a network, list or group that is let through."""
    for one in permissions:
        ports = (one["IpProtocol"], one.get("FromPort"), one.get("ToPort"))
        for kind, name in _GROUP_KINDS.items():
            yield from ((*ports, row[name], _said(kind, row)) for row in one.get(kind) or ())


def _said(kind: str, row: Mapping[str, Any]) -> str:
    """What is said of a rule; moto keeps no word on prefix lists."""
    return "" if kind == "PrefixListIds" else row.get("Description", "")


def _there(call: str, path: str, key: str, *, gone: str = "State") -> Ask:
    """A thing of EC2's by its id; one that EC2 still lists as deleted is gone."""
    by_id: dict[str, Any] = {key: ["{id}"]}
    plain_ask = asking("ec2", call, path, **by_id)

    def ask(aws: Clients, about: Mapping[str, Any]) -> Any:
        found = plain_ask(aws, about)
        return None if str((found or {}).get(gone)).lower() in {"deleted", "deleting"} else found

    return ask


def _endpoint(aws: Clients, about: Mapping[str, Any]) -> Any:
    """An endpoint, its lists as they are asked for."""
    found = _there("describe_vpc_endpoints", "VpcEndpoints.0", "VpcEndpointIds")(aws, about)
    held = {"securityGroupIds": [one["GroupId"] for one in (found or {}).get("Groups") or ()]}
    return found and {**found, **held, "subnetIds": found.get("SubnetIds"), "routeTableIds": found.get("RouteTableIds")}


def _association(aws: Clients, about: Mapping[str, Any]) -> Any:
    """The route table of a subnet; None where it is back at the VPC's main one."""
    wanted = [{"Name": "association.subnet-id", "Values": [about["subnetId"]]}]
    tables = aws.get("ec2").describe_route_tables(Filters=wanted)["RouteTables"]
    return tables[0] if tables else None


def _propagation(aws: Clients, about: Mapping[str, Any]) -> Any:
    tables = aws.get("ec2").describe_route_tables(RouteTableIds=[about["routeTableId"]])["RouteTables"]
    told = (one for table in tables for one in table.get("PropagatingVgws") or ())
    return next((one for one in told if one["GatewayId"] == about["vpnGatewayId"]), None)


def _site_route(aws: Clients, about: Mapping[str, Any]) -> Any:
    found = aws.get("ec2").describe_vpn_connections(VpnConnectionIds=[about["vpnConnectionId"]])["VpnConnections"]
    routes = (one for row in found for one in row.get("Routes") or ())
    return next((one for one in routes if one["DestinationCidrBlock"] == about["destinationCidrBlock"]), None)


def _zone(aws: Clients, about: Mapping[str, Any]) -> Any:
    """A zone, with the VPCs that see it as they are asked for."""
    found = aws.get("route53").get_hosted_zone(Id=about["id"])
    return {**found["HostedZone"], "vpcs": [{"vpcId": one["VPCId"]} for one in found.get("VPCs") or ()]}


def _resolver(thing: str, call: str) -> Ask:
    return asking("route53resolver", call, thing, **{f"{thing}Id": "{id}"})


_EMPTY = {prop: Param("", plain, default=[]) for prop in _LISTS}
SIGHTS: Mapping[str, Sight] = {
    "aws:ec2/vpc:Vpc": shown(
        vpc.VPC,
        Look(ask=_there("describe_vpcs", "Vpcs.0", "VpcIds"), tags="Tags"),
        *(
            Look(
                ask=asking("ec2", "describe_vpc_attribute", VpcId="{id}", Attribute=prop),
                props={prop: f"{prop[0].upper()}{prop[1:]}"},
            )
            for prop in ("enableDnsSupport", "enableDnsHostnames")
        ),
    ),
    "aws:ec2/subnet:Subnet": shown(
        vpc.SUBNET,
        Look(
            ask=_there("describe_subnets", "Subnets.0", "SubnetIds"),
            props={"mapPublicIpOnLaunch": "MapPublicIpOnLaunch"},
            tags="Tags",
        ),
        params={"mapPublicIpOnLaunch": Param("", plain, default=False)},
    ),
    "aws:ec2/routeTable:RouteTable": Shown(
        looks=(Look(ask=_there("describe_route_tables", "RouteTables.0", "RouteTableIds"), tags="Tags"),)
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Shown(
        looks=(Look(ask=_association, props={"routeTableId": "RouteTableId"}),)
    ),
    "aws:ec2/internetGateway:InternetGateway": Shown(
        looks=(Look(ask=_there("describe_internet_gateways", "InternetGateways.0", "InternetGatewayIds"), tags="Tags"),)
    ),
    # moto keeps no tags of these.
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": Shown(
        looks=(Look(ask=_there("describe_dhcp_options", "DhcpOptions.0", "DhcpOptionsIds")),)
    ),
    "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation": Shown(
        looks=(
            Look(
                ask=asking("ec2", "describe_vpcs", "Vpcs.0", VpcIds=["{vpcId}"]),
                props={"dhcpOptionsId": "DhcpOptionsId"},
            ),
        )
    ),
    "aws:ec2/securityGroup:SecurityGroup": Group(),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Group(),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Shown(
        looks=(
            Look(
                ask=_endpoint,
                props={"policy": "PolicyDocument", **{prop: prop for prop in _LISTS}},
                tags="Tags",
            ),
        ),
        params=_EMPTY,
    ),
    "aws:ec2/flowLog:FlowLog": Shown(
        looks=(
            Look(
                ask=_there("describe_flow_logs", "FlowLogs.0", "FlowLogIds", gone="FlowLogStatus"),
                tags="Tags",
            ),
        )
    ),
    "aws:ec2/customerGateway:CustomerGateway": Shown(
        looks=(Look(ask=_there("describe_customer_gateways", "CustomerGateways.0", "CustomerGatewayIds"), tags="Tags"),)
    ),
    "aws:ec2/vpnGateway:VpnGateway": Shown(
        looks=(
            Look(
                ask=_there("describe_vpn_gateways", "VpnGateways.0", "VpnGatewayIds"),
                props={"vpcId": "VpcAttachments.0.VpcId"},
                tags="Tags",
            ),
        )
    ),
    "aws:ec2/vpnConnection:VpnConnection": Shown(
        looks=(Look(ask=_there("describe_vpn_connections", "VpnConnections.0", "VpnConnectionIds"), tags="Tags"),)
    ),
    "aws:ec2/vpnConnectionRoute:VpnConnectionRoute": Shown(looks=(Look(ask=_site_route),)),
    "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation": Shown(looks=(Look(ask=_propagation),)),
    "aws:route53/zone:Zone": Shown(looks=(Look(ask=_zone, props={"comment": "Config.Comment", "vpcs": "vpcs"}),)),
    "aws:route53/resolverEndpoint:ResolverEndpoint": Shown(
        looks=(Look(ask=_resolver("ResolverEndpoint", "get_resolver_endpoint"), props={"name": "Name"}),)
    ),
    "aws:route53/resolverRule:ResolverRule": shown(
        names.RULE,
        Look(
            ask=_resolver("ResolverRule", "get_resolver_rule"),
            props={"name": "Name", "targetIps": "TargetIps", "resolverEndpointId": "ResolverEndpointId"},
        ),
    ),
    "aws:route53/resolverRuleAssociation:ResolverRuleAssociation": Shown(
        looks=(Look(ask=_resolver("ResolverRuleAssociation", "get_resolver_rule_association")),)
    ),
}
