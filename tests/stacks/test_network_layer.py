"""The layer ``network`` under Pulumi's mocks."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from stacks.outputs import NetworkOutputs
from stacks.references import typed

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[2] / "stacks" / "config" / "example.yaml"
SECTION: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["network"]
SITE, NAME = "10.20.0.0/16", "compute1-example"
LSF = {
    (protocol, port, port, SITE)
    for protocol, port in (("tcp", 7869), ("udp", 7869), ("tcp", 6878), ("tcp", 6881), ("tcp", 6882))
}


@pytest.fixture
def network(layer_graph: Callable[..., Any]) -> Callable[..., Any]:
    """The layer of the example, with other settings in its section."""

    def build(*, phi: bool = True, **changed: Any) -> Any:
        return layer_graph("network", sections={"phi": phi, "network": {**SECTION, **changed}})

    return build


def sides(rules: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Each rule as protocol, ports and other side."""
    return {
        (rule["protocol"], rule["fromPort"], rule["toPort"], one)
        for rule in rules
        for one in (
            *rule.get("cidrBlocks", ()),
            *rule.get("prefixListIds", ()),
            *rule.get("securityGroups", ()),
            *(["self"] if rule.get("self") else ()),
        )
    }


def test_the_graph_of_a_full_network(network, golden):
    golden("stacks/network.json", network(dns={**SECTION["dns"], "node_names": "zone"}).text())


def test_its_outputs_are_those_the_other_layers_read(network):
    outputs = typed(f"network-{NAME}", network().outputs, NetworkOutputs)
    assert outputs.vpc_id == f"Vpc/{NAME}"
    assert [one.rpartition("-")[2] for one in outputs.subnet_ids] == ["1a", "1b", "1c"]
    assert outputs.endpoint_ids == (f"VpcEndpoint/{NAME}-s3", f"VpcEndpoint/{NAME}-s3-interface")
    assert outputs.inbound_resolver_ips == ("10.80.0.10", "10.80.0.11")
    assert outputs.vpn_tunnel_addresses == ("192.0.2.1", "192.0.2.2")
    alone = typed(f"network-{NAME}", network(link={}, dns=None).outputs, NetworkOutputs)
    assert (alone.inbound_resolver_ips, alone.vpn_tunnel_addresses) == ((), ())


def test_nodes_speak_lsf_with_the_site_and_reach_nothing_else_that_is_not_named(network):
    group = network().of("aws:ec2/securityGroup:SecurityGroup")[f"{NAME}-nodes"]
    assert sides(group["ingress"]) == LSF
    assert sides(group["egress"]) - LSF == {
        *(("tcp", port, port, SITE) for port in (636, 88, 2049)),
        ("tcp", 443, 443, f"SecurityGroup/{NAME}-endpoints"),
        ("tcp", 443, 443, f"pl-{NAME}-s3"),
    }


def test_scratch_opens_lustre_among_the_members_of_the_group(network):
    group = network(scratch=True, site_ports=[]).of("aws:ec2/securityGroup:SecurityGroup")[f"{NAME}-nodes"]
    lustre = {("tcp", 988, 988, "self"), ("tcp", 1018, 1023, "self")}
    assert sides(group["ingress"]) - LSF == lustre
    assert lustre < sides(group["egress"])


def test_the_default_security_group_of_the_vpc_has_no_rule(network):
    (group,) = network().of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").values()
    assert not {"ingress", "egress"} & set(group)


def test_an_internet_gateway_only_where_it_is_asked_for(network):
    kind = "aws:ec2/internetGateway:InternetGateway"
    assert not network().of(kind)
    assert network(phi=False, internet_gateway=True).of(kind)


def test_with_phi_only_our_own_identities_speak_to_aws_from_the_network(network):
    kind = "aws:ec2/vpcEndpoint:VpcEndpoint"
    for name, row in network().of(kind).items():
        if name not in {f"{NAME}-s3", f"{NAME}-s3-interface"}:
            (one,) = json.loads(row["policy"])["Statement"]
            assert one["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    assert not [name for name, row in network(phi=False).of(kind).items() if "policy" in row]


def test_two_networks_of_the_site_in_one_reverse_zone_are_forwarded_once(network):
    halves = ["10.20.0.0/25", "10.20.0.128/25"]
    rules = network(onprem_cidrs=halves, link={}, dns={**SECTION["dns"], "name_servers": ["10.20.0.53"]})
    domains = {row["domainName"] for row in rules.of("aws:route53/resolverRule:ResolverRule").values()}
    assert domains == {"example.org", "0.20.10.in-addr.arpa"}


def test_with_phi_no_strangers_bucket_is_reached(network):
    def statements(graph: Any) -> Any:
        policy = graph.of("aws:ec2/vpcEndpoint:VpcEndpoint")[f"{NAME}-s3"].get("policy")
        return policy and json.loads(policy)["Statement"]

    ours, published = statements(network(endpoints={"aws_buckets": ["al2023-repos-us-east-1"]}))
    assert ours["Condition"] == {"StringEquals": {"aws:ResourceAccount": "123456789012"}}
    assert (published["Action"], [arn.rpartition(":")[2] for arn in published["Resource"]]) == (
        "s3:GetObject",
        ["prod-us-east-1-starport-layer-bucket/*", "al2023-repos-us-east-1/*"],
    )
    ours, _ = statements(network(endpoints={"organization_id": "o-abcdefghij"}))
    assert ours["Condition"] == {"StringEquals": {"aws:ResourceOrgID": "o-abcdefghij"}}
    assert statements(network(phi=False)) is None


def test_the_site_reaches_buckets_over_the_link_by_an_interface_of_their_own(network):
    graph = network(endpoints={"interfaces": ["s3", "sts"]})
    inside = graph.of("aws:ec2/vpcEndpoint:VpcEndpoint")[f"{NAME}-s3-interface"]
    assert inside["dnsOptions"] == {"privateDnsOnlyForInboundResolverEndpoint": True}
    assert graph.outputs["endpoint_ids"] == [f"VpcEndpoint/{NAME}-s3", f"VpcEndpoint/{NAME}-s3-interface"]
    group = graph.of("aws:ec2/securityGroup:SecurityGroup")[f"{NAME}-endpoints"]
    assert sides(group["ingress"]) == {("tcp", 443, 443, "10.80.0.0/16"), ("tcp", 443, 443, SITE)}


def test_a_way_to_the_buckets_comes_beside_what_there_is_anyway(network):
    plain, more = network(endpoints={}), network(endpoints={"site_buckets": True})
    kind = "aws:ec2/vpcEndpoint:VpcEndpoint"
    assert set(more.of(kind)) - set(plain.of(kind)) == {f"{NAME}-s3-interface"}
    named = network(endpoints={"interfaces": ["s3"], "site_buckets": True})
    assert set(named.of(kind)) == {f"{NAME}-s3", f"{NAME}-s3-interface"}


def test_names_of_both_sides_are_answered_and_ec2s_own_are_not_hidden(network):
    graph = network()
    assert {one["name"] for one in graph.of("aws:route53/zone:Zone").values()} == {"compute1.aws.example.org"}
    assert not graph.of("aws:ec2/vpcDhcpOptions:VpcDhcpOptions")
    rules = graph.of("aws:route53/resolverRule:ResolverRule").values()
    assert {one["domainName"] for one in rules} == {"example.org", "20.10.in-addr.arpa"}
    assert all(one["targetIps"] == [{"ip": "10.20.0.53"}, {"ip": "10.20.1.53"}] for one in rules)
    group = graph.of("aws:ec2/securityGroup:SecurityGroup")[f"{NAME}-resolver"]
    assert sides(group["ingress"]) == sides(group["egress"]) == {(one, 53, 53, SITE) for one in ("tcp", "udp")}


def test_a_resolver_endpoint_has_two_addresses_in_a_single_zone_too(network):
    graph = network(zones=["us-east-1a"])
    for one in graph.of("aws:route53/resolverEndpoint:ResolverEndpoint").values():
        assert [row["subnetId"] for row in one["ipAddresses"]] == [f"Subnet/{NAME}-us-east-1a"] * 2


def test_a_line_of_direct_connect_is_attached_and_a_strangers_is_asked_for(network):
    line = {"gateway_id": "01234567-89ab-cdef-0123-456789abcdef"}
    graph = network(link={"direct_connect": line})
    (made,) = graph.of("aws:directconnect/gatewayAssociation:GatewayAssociation").values()
    assert made["allowedPrefixes"] == ["10.80.0.0/16"]
    assert not graph.of("aws:ec2/vpnConnection:VpnConnection")
    other = network(link={"direct_connect": {**line, "owner_account": "210987654321"}})
    (asked,) = other.of("aws:directconnect/gatewayAssociationProposal:GatewayAssociationProposal").values()
    assert asked["dxGatewayOwnerAccountId"] == "210987654321"


def test_without_static_routes_the_sites_device_tells_them(network):
    graph = network(link={"vpn": {"customer_gateway_ip": "198.51.100.10", "customer_asn": 65010}})
    (made,) = graph.of("aws:ec2/vpnConnection:VpnConnection").values()
    assert made["staticRoutesOnly"] is False
    assert not graph.of("aws:ec2/vpnConnectionRoute:VpnConnectionRoute")
    assert graph.of("aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation")


def test_a_network_without_a_link_has_no_gateway(network):
    assert not network(link={}).of("aws:ec2/vpnGateway:VpnGateway")


def test_flow_logs_are_kept_and_with_phi_under_a_key_of_their_own(network):
    graph = network()
    for kind in ("aws:cloudwatch/logGroup:LogGroup", "aws:kms/key:Key"):
        asked = graph.asked[f"{kind} {NAME}-flow-logs"]
        assert (asked.protect, asked.retainOnDelete) == (True, True)
    plain = network(phi=False)
    assert not plain.of("aws:kms/key:Key")
    assert "kmsKeyId" not in plain.of("aws:cloudwatch/logGroup:LogGroup")[f"{NAME}-flow-logs"]


def test_the_role_of_the_flow_logs_can_do_nothing_but_write_them(network):
    graph = network()
    (role,) = graph.of("aws:iam/role:Role").values()
    (policy,) = graph.of("aws:iam/policy:Policy").values()
    (statement,) = json.loads(policy["policy"])["Statement"]
    assert statement["Resource"] == f"arn:aws:logs:us-east-1:123456789012:log-group:/ris-hybrid/{NAME}/flow-logs:*"
    assert role["permissionsBoundary"].endswith(f"Policy/{NAME}-flow-logs")
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}


def test_what_exists_is_imported_as_it_is_and_left_standing(network):
    ids = {"vpc": "vpc-0a1b2c3d", "route_table": "rtb-0a1b2c3d", "subnets": {"us-east-1b": "subnet-0a1b2c3d"}}
    graph = network(existing=ids, subnet_cidrs={"us-east-1b": "10.80.200.0/24"})
    imported = [one for one in graph.asked.values() if one.importId]
    found = {(one.type.rpartition(":")[2], one.importId) for one in imported}
    assert found == {
        ("Vpc", "vpc-0a1b2c3d"),
        ("RouteTable", "rtb-0a1b2c3d"),
        ("Subnet", "subnet-0a1b2c3d"),
        ("RouteTableAssociation", "subnet-0a1b2c3d/rtb-0a1b2c3d"),
    }
    assert all(one.retainOnDelete and "tags" in one.ignoreChanges for one in imported)
    subnet = graph.of("aws:ec2/subnet:Subnet")[f"{NAME}-us-east-1b"]
    assert subnet["cidrBlock"] == "10.80.200.0/24"
    assert not graph.of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")


def test_resources_of_the_first_release_are_renamed_and_not_replaced(network):
    """Their former URNs, as that release's program made them."""
    graph = network(phi=False)
    old = f"urn:pulumi:network-example::ris-hybrid::ris-hybrid:network:BurstNetwork::{NAME}"

    def former(key: str) -> list[tuple[str, str]]:
        return [(one.spec.type, one.spec.parentUrn) for one in graph.asked[key].aliases]

    assert former(f"ris-hybrid:network:PrivateNetwork {NAME}") == [("ris-hybrid:network:BurstNetwork", "")]
    assert former(f"ris-hybrid:network:ServiceEndpoints {NAME}") == [("ris-hybrid:network:AwsEndpoints", old)]
    assert former(f"aws:ec2/securityGroup:SecurityGroup {NAME}-nodes") == [("", old)]


def test_everything_that_can_have_tags_has_ours(network):
    untagged = {"association", "attachment", "route", "propagation", "policy"}
    for key, inputs in network(dns={**SECTION["dns"], "node_names": "zone"}).made.items():
        kind, _, name = key.partition(" ")
        if kind.startswith("aws:") and not any(word in kind.rpartition(":")[2].lower() for word in untagged):
            assert inputs["tags"].items() >= {"ris_env": "example", "ris_managed": "ris-hybrid", "Name": name}.items()


@pytest.mark.parametrize("phi", [False, True])
def test_no_group_is_open_to_the_world(network, phi):
    for group in network(phi=phi).of("aws:ec2/securityGroup:SecurityGroup").values():
        for one in (*group.get("ingress", ()), *group.get("egress", ())):
            assert all(IPv4Network(cidr).prefixlen >= 8 for cidr in one.get("cidrBlocks", ()))
