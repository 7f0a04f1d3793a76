"""The handlers of layer ``network``'s types against the sandbox's AWS: create, change in place, delete (sandbox)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers import endpoints, groups, link, logs, names, vpc
from ris_hybrid.sandbox.apply.sights.every import sights

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.apply.clients import SandboxClients
    from ris_hybrid.sandbox.apply.handler import Handler

HANDLERS: dict[str, Handler] = {}
for family in (vpc, groups, endpoints, link, names, logs):
    HANDLERS.update({kind.rpartition(":")[2]: handler for kind, handler in family.HANDLERS.items()})

SIGHTS = {kind.rpartition(":")[2]: sight for kind, sight in sights().items()}
ALWAYS = {"DefaultSecurityGroup", "VpcDhcpOptionsAssociation"}
"""What a VPC has of its own when ours is taken away."""
TAGS = {"ris_env": "test"}


class Builder:
    """Does what the engine does with one resource at a time: lays outputs over inputs, and hands both on."""

    def __init__(self, clients: SandboxClients) -> None:
        self.clients = clients
        self.made: dict[str, tuple[str, Made, dict[str, Any]]] = {}

    def create(self, kind: str, props: dict[str, Any]) -> Made:
        made = HANDLERS[kind].create(self.clients, f"{kind}-1234567", props)
        whole = Made(id=made.id, outputs={**props, **made.outputs})
        self.made[made.id] = (kind, whole, props)
        self._shown(made.id)
        return whole

    def update(self, made: Made, **changed: Any) -> Made:
        kind, before, old = self.made[made.id]
        new = {key: value for key, value in {**old, **changed}.items() if value is not None}
        assert not set(changed) & HANDLERS[kind].replace_on
        given = HANDLERS[kind].update(self.clients, before, old, new)
        whole = Made(id=made.id, outputs={**before.outputs, **new, **given})
        self.made[made.id] = (kind, whole, new)
        self._shown(made.id)
        return whole

    def _shown(self, made_id: str) -> None:
        """What was just asked for is what AWS shows."""
        kind, whole, props = self.made[made_id]
        assert kind not in SIGHTS or SIGHTS[kind].differing(self.clients, whole, props) == {}

    def delete(self, made: Made) -> None:
        kind, whole, props = self.made[made.id]
        HANDLERS[kind].delete(self.clients, whole)
        HANDLERS[kind].delete(self.clients, whole)  # gone already is no error
        if kind in SIGHTS and kind not in ALWAYS:
            assert SIGHTS[kind].differing(self.clients, whole, props) is None

    def ec2(self, call: str, **asked: Any) -> Any:
        return getattr(self.clients.get("ec2"), call)(**asked)


@pytest.fixture
def build(clients: SandboxClients) -> Builder:
    return Builder(clients)


@pytest.fixture
def net(build: Builder) -> Made:
    return build.create("Vpc", {"cidrBlock": "10.80.0.0/16", "enableDnsHostnames": True, "tags": TAGS})


@pytest.fixture
def subnet(build: Builder, net: Made) -> Callable[..., Made]:
    def make(part: int = 0, zone: str = "us-east-1a") -> Made:
        props = {"vpcId": net.id, "cidrBlock": f"10.80.{part}.0/24", "availabilityZone": zone, "tags": TAGS}
        return build.create("Subnet", {**props, "mapPublicIpOnLaunch": False})

    return make


def gone(call: Callable[[], Any]) -> bool:
    try:
        found = call()
    except ClientError as error:
        return "NotFound" in error.response["Error"]["Code"]
    return not found


def test_a_vpc_with_subnet_and_route_table_comes_changes_and_goes(build: Builder, net: Made, subnet: Any) -> None:
    part = subnet()
    build.update(part, mapPublicIpOnLaunch=True, tags={"ris_env": "other"})
    first, second = (build.create("RouteTable", {"vpcId": net.id, "tags": TAGS}) for _ in range(2))
    tied = build.create("RouteTableAssociation", {"subnetId": part.id, "routeTableId": first.id})
    build.update(tied, routeTableId=second.id)
    shown = build.ec2("describe_subnets", SubnetIds=[part.id])["Subnets"][0]
    assert (shown["MapPublicIpOnLaunch"], shown["Tags"]) == (True, [{"Key": "ris_env", "Value": "other"}])
    table = build.ec2("describe_route_tables", RouteTableIds=[second.id])["RouteTables"][0]
    assert [row["SubnetId"] for row in table["Associations"]] == [part.id]
    gateway = build.update(build.create("InternetGateway", {"vpcId": net.id, "tags": TAGS}), tags={"ris_env": "other"})
    assert build.ec2("describe_internet_gateways", InternetGatewayIds=[gateway.id])["InternetGateways"][0]["Tags"] == [
        {"Key": "ris_env", "Value": "other"}
    ]
    for made in (gateway, tied, second, first, part, net):
        build.delete(made)
    assert gone(lambda: build.ec2("describe_vpcs", VpcIds=[net.id])["Vpcs"])


def test_what_exists_is_read_with_its_inputs(build: Builder, net: Made, subnet: Any) -> None:
    part = subnet()
    table = build.create("RouteTable", {"vpcId": net.id})
    build.create("RouteTableAssociation", {"subnetId": part.id, "routeTableId": table.id})
    read = {
        kind: HANDLERS[kind].read(build.clients, its_id).outputs  # type: ignore[attr-defined]
        for kind, its_id in {
            "Vpc": net.id,
            "Subnet": part.id,
            "RouteTable": table.id,
            "RouteTableAssociation": f"{part.id}/{table.id}",
        }.items()
    }
    assert read["Vpc"]["cidrBlock"] == "10.80.0.0/16"
    assert (read["Subnet"]["vpcId"], read["Subnet"]["availabilityZone"]) == (net.id, "us-east-1a")
    assert read["RouteTable"]["vpcId"] == net.id
    assert read["RouteTableAssociation"] == {"subnetId": part.id, "routeTableId": table.id}
    with pytest.raises(ConfigError, match="has no association subnet-0/rtb-0"):
        HANDLERS["RouteTableAssociation"].read(build.clients, "subnet-0/rtb-0")  # type: ignore[attr-defined]


def rules(rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {
        (row["IpProtocol"], row.get("FromPort"), one.get("CidrIp") or one.get("GroupId") or one.get("PrefixListId"))
        for row in rows
        for one in (*row["IpRanges"], *row["UserIdGroupPairs"], *row["PrefixListIds"])
    }


def test_a_security_group_has_the_rules_it_lists_and_no_other(build: Builder, net: Made) -> None:
    https = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "description": "HTTPS"}
    props = {"vpcId": net.id, "description": "nodes", "tags": TAGS}
    made = build.create("SecurityGroup", {**props, "ingress": [{**https, "cidrBlocks": ["10.20.0.0/16"]}]})

    def shown() -> Any:
        return build.ec2("describe_security_groups", GroupIds=[made.id])["SecurityGroups"][0]

    assert made.outputs["name"] == shown()["GroupName"] == "SecurityGroup-1234567"
    assert rules(shown()["IpPermissions"]) == {("tcp", 443, "10.20.0.0/16")}
    assert shown()["IpPermissionsEgress"] == []
    every = {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}
    other = build.create("SecurityGroup", {**props, "name": "endpoints"}).id
    build.update(made, ingress=None, egress=[every, {**https, "prefixListIds": ["pl-1"], "securityGroups": [other]}])
    assert shown()["IpPermissions"] == []
    assert rules(shown()["IpPermissionsEgress"]) == {
        ("-1", None, made.id),
        ("tcp", 443, "pl-1"),
        ("tcp", 443, other),
    }
    build.update(made, tags={"ris_env": "other"})
    assert shown()["Tags"] == [{"Key": "ris_env", "Value": "other"}]
    build.delete(made)
    assert gone(shown)


@pytest.mark.parametrize("kind", ["SecurityGroup", "DefaultSecurityGroup"])
def test_a_rule_we_do_not_know_is_refused(build: Builder, net: Made, kind: str) -> None:
    handler = HANDLERS[kind]
    with pytest.raises(ConfigError, match="does not know property ipv6CidrBlocks"):
        groups.permission({"protocol": "-1", "ipv6CidrBlocks": ["::/0"]}, "sg-1")
    with pytest.raises(ConfigError, match="does not know property strange"):
        handler.create(build.clients, "x", {"vpcId": net.id, "strange": 1})


def test_the_default_security_group_is_closed_and_stays_so(build: Builder, net: Made) -> None:
    every = {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}
    made = build.create("DefaultSecurityGroup", {"vpcId": net.id, "ingress": [every], "tags": TAGS})
    build.update(made, tags={"ris_env": "other"}, ingress=None)
    build.delete(made)
    shown = build.ec2("describe_security_groups", GroupIds=[made.id])["SecurityGroups"][0]
    assert (shown["GroupName"], shown["IpPermissions"], shown["IpPermissionsEgress"]) == ("default", [], [])
    assert shown["Tags"] == [{"Key": "ris_env", "Value": "other"}]


def test_endpoints_come_with_addresses_and_change_in_place(build: Builder, net: Made, subnet: Any) -> None:
    first, second = subnet(0), subnet(1, "us-east-1b")
    table = build.create("RouteTable", {"vpcId": net.id})
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    s3 = {"vpcId": net.id, "serviceName": "com.amazonaws.us-east-1.s3", "vpcEndpointType": "Gateway", "policy": policy}
    gateway = build.create("VpcEndpoint", {**s3, "routeTableIds": [table.id], "tags": TAGS})
    assert gateway.outputs["prefixListId"].startswith("pl-")
    props = {"vpcId": net.id, "serviceName": "com.amazonaws.us-east-1.sts", "vpcEndpointType": "Interface"}
    inside = build.create("VpcEndpoint", {**props, "subnetIds": [first.id], "privateDnsEnabled": True})
    assert inside.outputs["dnsEntries"][0]["dnsName"].startswith("vpce-")
    build.update(inside, subnetIds=[second.id])
    build.update(gateway, policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "A"}]}))
    build.update(gateway, tags={"ris_env": "other"})
    shown = build.ec2("describe_vpc_endpoints", VpcEndpointIds=[inside.id, gateway.id])["VpcEndpoints"]
    found = {one["VpcEndpointId"]: one for one in shown}
    assert found[inside.id]["SubnetIds"] == [second.id]
    assert "Sid" in found[gateway.id]["PolicyDocument"]
    for made in (inside, gateway):
        build.delete(made)
    left = build.ec2("describe_vpc_endpoints")["VpcEndpoints"]
    assert {one["State"] for one in left} <= {"deleted"}


def test_the_link_to_the_site_comes_and_goes(build: Builder, net: Made) -> None:
    gateway = build.create("VpnGateway", {"vpcId": net.id, "amazonSideAsn": "64512", "tags": TAGS})
    table = build.create("RouteTable", {"vpcId": net.id})
    told = build.create("VpnGatewayRoutePropagation", {"vpnGatewayId": gateway.id, "routeTableId": table.id})
    customer = {"type": "ipsec.1", "ipAddress": "198.51.100.10", "bgpAsn": "65000"}
    site = build.create("CustomerGateway", {**customer, "tags": TAGS})
    ends = {"type": "ipsec.1", "customerGatewayId": site.id, "vpnGatewayId": gateway.id, "staticRoutesOnly": True}
    line = build.create("VpnConnection", {**ends, "tunnel1IkeVersions": ["ikev2"], "tags": TAGS})
    build.update(line, tags={"ris_env": "other"})
    assert line.outputs["tunnel1Address"] == "192.0.2.1"
    route = build.create("VpnConnectionRoute", {"vpnConnectionId": line.id, "destinationCidrBlock": "10.20.0.0/16"})
    shown = build.ec2("describe_vpn_connections", VpnConnectionIds=[line.id])["VpnConnections"][0]
    assert shown["Options"]["StaticRoutesOnly"] is True
    assert [one["DestinationCidrBlock"] for one in shown["Routes"]] == ["10.20.0.0/16"]
    tables = build.ec2("describe_route_tables", RouteTableIds=[table.id])["RouteTables"]
    assert tables[0]["PropagatingVgws"] == [{"GatewayId": gateway.id}]
    for made in (route, line, site, told, table, gateway, net):
        build.delete(made)
    assert build.ec2("describe_vpn_gateways", VpnGatewayIds=[gateway.id])["VpnGateways"][0]["State"] == "deleted"


def test_a_gateway_can_move_to_another_vpc(build: Builder, net: Made) -> None:
    gateway = build.create("VpnGateway", {"vpcId": net.id, "amazonSideAsn": "64512"})
    other = build.create("Vpc", {"cidrBlock": "10.81.0.0/16"})
    build.update(gateway, vpcId=other.id, tags={"ris_env": "other"})
    found = build.ec2("describe_vpn_gateways", VpnGatewayIds=[gateway.id])["VpnGateways"][0]["VpcAttachments"]
    assert [one["VpcId"] for one in found if one["State"] == "attached"] == [other.id]
    loose = build.create("VpnGateway", {"amazonSideAsn": "64512"})
    build.update(build.update(loose, vpcId=net.id), vpcId=None)
    build.delete(loose)
    HANDLERS["VpnGateway"].delete(build.clients, Made(id=loose.id, outputs={"vpcId": other.id}))  # never attached there
    vpcs = build.ec2("describe_vpn_gateways", VpnGatewayIds=[loose.id])["VpnGateways"][0]["VpcAttachments"]
    assert [one["State"] for one in vpcs] == ["detached"]


def test_tunnels_ask_for_what_the_stack_says() -> None:
    asked = link.tunnel_options({"tunnel1Phase1DhGroupNumbers": [14, 19], "tunnel2IkeVersions": ["ikev2"]})
    assert asked == {
        "StaticRoutesOnly": False,
        "TunnelOptions": [
            {"Phase1DHGroupNumbers": [{"Value": 14}, {"Value": 19}]},
            {"IKEVersions": [{"Value": "ikev2"}]},
        ],
    }


def test_a_direct_connect_gateway_is_attached_or_asked_for(build: Builder, net: Made) -> None:
    lines = build.clients.get("directconnect")
    owned = lines.create_direct_connect_gateway(directConnectGatewayName="campus")["directConnectGateway"]
    gateway = build.create("VpnGateway", {"vpcId": net.id})
    props = {
        "dxGatewayId": owned["directConnectGatewayId"],
        "associatedGatewayId": gateway.id,
        "allowedPrefixes": ["10.80.0.0/16"],
    }
    attached = build.create("GatewayAssociation", props)
    found = lines.describe_direct_connect_gateway_associations(associationId=attached.id)
    row = found["directConnectGatewayAssociations"][0]
    assert (row["associatedGateway"]["id"], row["associationState"]) == (gateway.id, "associated")
    build.update(attached, allowedPrefixes=["10.80.0.0/17"])
    row = lines.describe_direct_connect_gateway_associations()["directConnectGatewayAssociations"][0]
    assert row["allowedPrefixesToDirectConnectGateway"] == [{"cidr": "10.80.0.0/17"}]
    asked = build.create("GatewayAssociationProposal", {**props, "dxGatewayOwnerAccountId": "210987654321"})
    for made in (asked, attached):
        build.delete(made)
    assert lines.describe_direct_connect_gateway_associations()["directConnectGatewayAssociations"] == []


def test_names_both_ways_come_change_and_go(build: Builder, net: Made, subnet: Any) -> None:
    first, second = subnet(0), subnet(1, "us-east-1b")
    group = build.create("SecurityGroup", {"vpcId": net.id, "description": "resolver"})
    other = build.create("Vpc", {"cidrBlock": "10.81.0.0/16"})
    zone = build.create("Zone", {"name": "aws.example.org", "vpcs": [{"vpcId": net.id}], "tags": TAGS})
    build.update(zone, comment="ours", vpcs=[{"vpcId": other.id}, {"vpcId": net.id}], tags={"ris_env": "other"})
    build.update(zone, vpcs=[{"vpcId": net.id}])
    route53 = build.clients.get("route53")
    shown = route53.get_hosted_zone(Id=zone.id)
    assert [one["VPCId"] for one in shown["VPCs"]] == [net.id]
    assert shown["HostedZone"]["Config"] == {"Comment": "ours", "PrivateZone": True}
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.id)["ResourceTagSet"]["Tags"]
    assert tags == [{"Key": "ris_env", "Value": "other"}]
    where = {"ipAddresses": [{"subnetId": first.id}, {"subnetId": second.id}], "securityGroupIds": [group.id]}
    outbound = build.create("ResolverEndpoint", {**where, "name": "out", "direction": "OUTBOUND", "tags": TAGS})
    assert [one["ip"].rpartition(".")[0] for one in outbound.outputs["ipAddresses"]] == ["10.80.0", "10.80.1"]
    build.update(outbound, name="away")
    sent = {"domainName": "example.org", "ruleType": "FORWARD", "resolverEndpointId": outbound.id, "name": "site"}
    rule = build.create("ResolverRule", {**sent, "targetIps": [{"ip": "10.20.0.53"}], "tags": TAGS})
    build.update(rule, targetIps=[{"ip": "10.20.1.53"}])
    tied = build.create("ResolverRuleAssociation", {"resolverRuleId": rule.id, "vpcId": net.id, "name": "site"})
    resolver = build.clients.get("route53resolver")
    kept = resolver.get_resolver_rule(ResolverRuleId=rule.id)["ResolverRule"]
    assert kept["TargetIps"][0]["Ip"] == "10.20.1.53"
    for made in (tied, rule, outbound, zone):
        build.delete(made)
    assert resolver.list_resolver_endpoints()["ResolverEndpoints"] == []
    assert route53.list_hosted_zones()["HostedZones"] == []


def test_dhcp_options_go_to_the_vpc_and_back(build: Builder, net: Made) -> None:
    told = {"domainName": "aws.example.org", "domainNameServers": ["AmazonProvidedDNS"], "tags": TAGS}
    first = build.create("VpcDhcpOptions", told)
    tied = build.create("VpcDhcpOptionsAssociation", {"vpcId": net.id, "dhcpOptionsId": first.id})
    second = build.create("VpcDhcpOptions", {**told, "domainName": "other.example.org"})
    build.update(tied, dhcpOptionsId=second.id)
    build.update(second, tags={"ris_env": "other"})
    assert build.ec2("describe_vpcs", VpcIds=[net.id])["Vpcs"][0]["DhcpOptionsId"] == second.id
    for made in (first, tied, second, net, tied):
        build.delete(made)
    assert build.ec2("describe_dhcp_options")["DhcpOptions"] == []


def test_a_log_group_and_the_flow_logs_in_it(build: Builder, net: Made) -> None:
    group = build.create("LogGroup", {"name": "/x/flow-logs", "retentionInDays": 400, "tags": TAGS})
    build.update(group, retentionInDays=30, tags={"ris_env": "other"})
    logs_client = build.clients.get("logs")
    shown = logs_client.describe_log_groups(logGroupNamePrefix="/x/flow-logs")["logGroups"][0]
    assert shown["retentionInDays"] == 30
    assert logs_client.list_tags_for_resource(resourceArn=group.outputs["arn"])["tags"] == {"ris_env": "other"}
    role = "arn:aws:iam::123456789012:role/flow-logs"
    props = {"vpcId": net.id, "trafficType": "ALL", "logDestination": group.outputs["arn"], "iamRoleArn": role}
    made = build.create("FlowLog", {**props, "maxAggregationInterval": 60, "tags": TAGS})
    found = build.ec2("describe_flow_logs", FlowLogIds=[made.id])["FlowLogs"][0]
    assert (found["ResourceId"], found["TrafficType"], found["MaxAggregationInterval"]) == (net.id, "ALL", 60)
    for one in (made, group):
        build.delete(one)
    assert build.ec2("describe_flow_logs")["FlowLogs"] == []
