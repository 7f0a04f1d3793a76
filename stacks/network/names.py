"""Names both ways between the site and the VPC: private zones, resolver endpoints and forwarding rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pulumi
from pulumi_aws import ec2, route53

from stacks.network.addresses import reverse_zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from ipaddress import IPv4Network

    from stacks.environment import Environment
    from stacks.network.settings import Dns, NetworkSettings
    from stacks.network.vpc import PrivateNetwork

Direction = Literal["INBOUND", "OUTBOUND"]
_PORT = 53
_LONGEST_NAME = 64  # of a rule; names need not differ
_LEAST_ADDRESSES = 2  # Route 53's, for each endpoint


class SiteNames(pulumi.ComponentResource):
    """The site's name servers forward the VPC's zones to ``inbound_ips``; nodes' questions about the site go to them.

    LSF wants a host's name and address to agree, so the names of the site's addresses are forwarded as well.
    """

    def __init__(self, environment: Environment, settings: NetworkSettings, dns: Dns, network: PrivateNetwork) -> None:
        super().__init__("ris-hybrid:network:SiteNames", environment.name)
        self._environment, self._network, self._name = environment, network, environment.name
        self._below = pulumi.ResourceOptions(parent=self)
        self._zone(dns.zone)
        if dns.node_names == "zone":
            for zone in reverse_zones(settings.vpc_cidr):
                self._zone(zone)
            self._search_domain(dns.zone)
        group = self._group(settings.onprem_cidrs)
        inbound = self._endpoint("INBOUND", group)
        self.inbound_ips: pulumi.Output[list[str]] = inbound.ip_addresses.apply(
            lambda them: sorted(one.ip for one in them)
        )
        outbound = self._endpoint("OUTBOUND", group)
        reverse = (name for onprem in settings.onprem_cidrs for name in reverse_zones(onprem))
        for domain in dict.fromkeys((*dns.onprem_domains, *reverse)):  # two networks may be in one reverse zone
            self._forward(domain, dns, outbound.id)
        self.register_outputs({"inbound_ips": self.inbound_ips})

    def _named(self, name: str) -> Mapping[str, str]:
        return {**self._environment.all_tags, "Name": name}

    def _zone(self, zone: str) -> None:
        """A zone that only this VPC, and who asks through its inbound endpoint, can see."""
        name = f"{self._name}-{zone}"
        route53.Zone(
            name,
            name=zone,
            comment=f"{self._name}: managed by ris-hybrid",
            vpcs=[route53.ZoneVpcArgs(vpc_id=self._network.vpc_id)],
            tags=self._named(name),
            opts=self._below,
        )

    def _search_domain(self, zone: str) -> None:
        made = ec2.VpcDhcpOptions(
            self._name,
            domain_name=zone,
            domain_name_servers=["AmazonProvidedDNS"],
            tags=self._named(self._name),
            opts=self._below,
        )
        ec2.VpcDhcpOptionsAssociation(
            self._name, vpc_id=self._network.vpc_id, dhcp_options_id=made.id, opts=self._below
        )

    def _group(self, site: Iterable[IPv4Network]) -> pulumi.Output[str]:
        name = f"{self._name}-resolver"
        cidrs = [str(one) for one in site]
        rules = [
            {"description": "DNS", "protocol": protocol, "from_port": _PORT, "to_port": _PORT, "cidr_blocks": cidrs}
            for protocol in ("tcp", "udp")
        ]
        made = ec2.SecurityGroup(
            name,
            vpc_id=self._network.vpc_id,
            description="questions about names, from and to the site",
            ingress=[ec2.SecurityGroupIngressArgs(**rule) for rule in rules],
            egress=[ec2.SecurityGroupEgressArgs(**rule) for rule in rules],
            tags=self._named(name),
            opts=self._below,
        )
        group_id: pulumi.Output[str] = made.id
        return group_id

    def _endpoint(self, direction: Direction, group: pulumi.Output[str]) -> route53.ResolverEndpoint:
        """In two zones, where there are two."""
        name = f"{self._name}-{direction.lower()}"
        subnets = (self._network.subnet_ids * _LEAST_ADDRESSES)[:_LEAST_ADDRESSES]
        return route53.ResolverEndpoint(
            name,
            name=name,
            direction=direction,
            security_group_ids=[group],
            ip_addresses=[route53.ResolverEndpointIpAddressArgs(subnet_id=subnet) for subnet in subnets],
            tags=self._named(name),
            opts=self._below,
        )

    def _forward(self, domain: str, dns: Dns, endpoint: pulumi.Output[str]) -> None:
        name, shown = f"{self._name}-{domain}", domain.replace(".", "-")[:_LONGEST_NAME]
        rule = route53.ResolverRule(
            name,
            name=shown,
            domain_name=domain,
            rule_type="FORWARD",
            resolver_endpoint_id=endpoint,
            target_ips=[route53.ResolverRuleTargetIpArgs(ip=str(server)) for server in dns.name_servers],
            tags=self._named(name),
            opts=self._below,
        )
        route53.ResolverRuleAssociation(
            name,
            name=shown,
            resolver_rule_id=rule.id,
            vpc_id=self._network.vpc_id,
            opts=self._below,
        )
