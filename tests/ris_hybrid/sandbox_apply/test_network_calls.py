"""Calls of networks that moto lacks, as the sandbox answers them: the errors of AWS too (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

CIDR = "10.20.0.0/16"


@pytest.fixture
def ec2(clients: SandboxClients) -> Any:
    return clients.get("ec2")


@pytest.fixture
def gateway(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.80.0.0/16")["Vpc"]["VpcId"]
    made: str = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def connection(ec2: Any, gateway: str) -> str:
    site = ec2.create_customer_gateway(Type="ipsec.1", IpAddress="198.51.100.10", BgpAsn=65000)["CustomerGateway"]
    asked = {"Type": "ipsec.1", "VpnGatewayId": gateway, "CustomerGatewayId": site["CustomerGatewayId"]}
    made: str = ec2.create_vpn_connection(**asked)["VpnConnection"]["VpnConnectionId"]
    return made


def code(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_routes_of_a_connection_are_those_that_were_added(ec2: Any, connection: str) -> None:
    for cidr in (CIDR, CIDR, "10.21.0.0/16"):
        ec2.create_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock=cidr)
    ec2.delete_vpn_connection_route(VpnConnectionId=connection, DestinationCidrBlock=CIDR)
    shown = ec2.describe_vpn_connections(VpnConnectionIds=[connection])["VpnConnections"][0]
    assert [one["DestinationCidrBlock"] for one in shown["Routes"]] == ["10.21.0.0/16"]
    assert shown["Options"]["StaticRoutesOnly"] is False
    asked = {"VpnConnectionId": connection, "DestinationCidrBlock": CIDR}
    assert code(ec2.delete_vpn_connection_route, **asked) == "InvalidRoute.NotFound"
    ec2.delete_vpn_connection(VpnConnectionId=connection)
    assert code(ec2.create_vpn_connection_route, **asked) == "InvalidVpnConnectionID.NotFound"


def test_a_connection_that_cannot_be_made_has_no_options(ec2: Any, gateway: str) -> None:
    asked = {"Type": "ipsec.1", "VpnGatewayId": gateway, "CustomerGatewayId": "cgw-0"}
    assert code(ec2.create_vpn_connection, **asked) == "InvalidCustomerGatewayID.NotFound"


def test_only_an_attached_gateway_tells_a_table_its_routes(ec2: Any, gateway: str) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.81.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    loose = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    told = ec2.enable_vgw_route_propagation
    assert code(told, GatewayId=loose, RouteTableId=table) == "Gateway.NotAttached"
    assert code(told, GatewayId=gateway, RouteTableId="rtb-0") == "InvalidRouteTableID.NotFound"
    assert code(told, GatewayId=gateway, RouteTableId=table, DryRun=True) == "DryRunOperation"
    told(GatewayId=gateway, RouteTableId=table)
    assert ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["PropagatingVgws"] == [
        {"GatewayId": gateway}
    ]
    ec2.disable_vgw_route_propagation(GatewayId=gateway, RouteTableId=table)
    assert ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["PropagatingVgws"] == []


def test_what_is_not_there_is_not_attached_to_a_line(clients: SandboxClients, gateway: str) -> None:
    lines, error = clients.get("directconnect"), "DirectConnectClientException"
    owned = lines.create_direct_connect_gateway(directConnectGatewayName="campus")["directConnectGateway"]
    associate = lines.create_direct_connect_gateway_association
    assert code(associate, directConnectGatewayId="none", gatewayId=gateway) == error
    assert code(associate, directConnectGatewayId=owned["directConnectGatewayId"], gatewayId="vgw-0") == error
    assert code(lines.delete_direct_connect_gateway_association, associationId="none") == error


def test_a_rule_of_the_resolver_that_is_not_there_cannot_be_changed(clients: SandboxClients) -> None:
    resolver = clients.get("route53resolver")
    asked = {"ResolverRuleId": "rslvr-rr-0", "Config": {"Name": "site"}}
    assert code(resolver.update_resolver_rule, **asked) == "ResourceNotFoundException"
