"""The VPC with its private subnets and their one route table, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from stacks.network.addresses import subnets
from stacks.network.former import was_network

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from stacks.environment import Environment
    from stacks.network.settings import NetworkSettings

_OWNERS = ["tags", "tagsAll", "enableDnsSupport", "enableDnsHostnames", "mapPublicIpOnLaunch"]
"""What the owner of an imported resource has set; an import with other values would fail."""


class PrivateNetwork(pulumi.ComponentResource):
    """Nothing in it has a public address, and its route table has no way to the internet.

    Routes to the site come from the link; those to S3 from its gateway endpoint.
    """

    def __init__(self, environment: Environment, settings: NetworkSettings) -> None:
        name = environment.name
        super().__init__("ris-hybrid:network:PrivateNetwork", name, None, was_network(name))
        self._tags, self._name, self._settings = environment.all_tags, name, settings
        vpc = self._vpc()
        self.vpc_id: pulumi.Output[str] = vpc.id
        self.route_table_id: pulumi.Output[str] = self._route_table().id
        if settings.internet_gateway:
            ec2.InternetGateway(name, vpc_id=vpc.id, tags=self._named(name), opts=self._kept(None))
        parts = subnets(settings.vpc_cidr, settings.zones, settings.subnet_cidrs)
        self.subnet_ids: tuple[pulumi.Output[str], ...] = tuple(self._subnet(*part) for part in parts.items())
        if settings.existing is None:
            self._close_default_group()
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": list(self.subnet_ids)})

    def _close_default_group(self) -> None:
        """The group every VPC has lets its members reach each other and the world: with no rules it lets nobody.

        Others may count on that of an existing VPC.
        """
        name = f"{self._name}-default"
        ec2.DefaultSecurityGroup(name, vpc_id=self.vpc_id, tags=self._named(name), opts=self._kept(None))

    def _named(self, name: str) -> Mapping[str, str]:
        return {**self._tags, "Name": name}

    def _kept(self, existing: str | None) -> pulumi.ResourceOptions:
        """What exists is imported, left as its owner made it, and left standing by a destroy."""
        if existing is None:
            return pulumi.ResourceOptions(parent=self)
        return pulumi.ResourceOptions(parent=self, import_=existing, ignore_changes=_OWNERS, retain_on_delete=True)

    def _vpc(self) -> ec2.Vpc:
        existing = self._settings.existing
        return ec2.Vpc(
            self._name,
            cidr_block=str(self._settings.vpc_cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,  # else interface endpoints have no private names
            tags=self._named(self._name),
            opts=self._kept(existing.vpc if existing else None),
        )

    def _route_table(self) -> ec2.RouteTable:
        existing = self._settings.existing
        table = existing.route_table if existing else None
        return ec2.RouteTable(self._name, vpc_id=self.vpc_id, tags=self._named(self._name), opts=self._kept(table))

    def _subnet(self, zone: str, cidr: IPv4Network) -> pulumi.Output[str]:
        name, existing = f"{self._name}-{zone}", self._settings.existing
        found = existing.subnets.get(zone) if existing else None
        made = ec2.Subnet(
            name,
            vpc_id=self.vpc_id,
            availability_zone=zone,
            cidr_block=str(cidr),
            map_public_ip_on_launch=False,
            tags=self._named(name),
            opts=self._kept(found),
        )
        # A subnet and a table that both exist are associated already; a new association would be refused.
        both = f"{found}/{existing.route_table}" if found and existing and existing.route_table else None
        ec2.RouteTableAssociation(name, subnet_id=made.id, route_table_id=self.route_table_id, opts=self._kept(both))
        subnet_id: pulumi.Output[str] = made.id
        return subnet_id
