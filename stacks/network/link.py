"""The way to the site: a virtual private gateway with a site-to-site VPN, a Direct Connect gateway, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import directconnect, ec2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.environment import Environment
    from stacks.network.settings import DirectConnect, NetworkSettings, Vpn
    from stacks.network.vpc import PrivateNetwork

_STRONG: Mapping[str, object] = {
    "ike_versions": ["ikev2"],
    "phase1_encryption_algorithms": ["AES256", "AES256-GCM-16"],
    "phase2_encryption_algorithms": ["AES256", "AES256-GCM-16"],
    "phase1_integrity_algorithms": ["SHA2-256", "SHA2-384", "SHA2-512"],
    "phase2_integrity_algorithms": ["SHA2-256", "SHA2-384", "SHA2-512"],
    "phase1_dh_group_numbers": [14, 19, 20, 21],
    "phase2_dh_group_numbers": [14, 19, 20, 21],
}
"""What both tunnels ask of the site's device. AWS's defaults would also take SHA-1 and 1024-bit groups."""


class SiteLink(pulumi.ComponentResource):
    """Its gateway writes the site's networks into the route table, as it learns them.

    ``tunnel_addresses`` is where the site's device connects to; empty without a VPN.
    """

    def __init__(self, environment: Environment, settings: NetworkSettings, network: PrivateNetwork) -> None:
        super().__init__("ris-hybrid:network:SiteLink", environment.name)
        self._tags, self._name = environment.all_tags, environment.name
        self._below = pulumi.ResourceOptions(parent=self)
        gateway = ec2.VpnGateway(
            self._name,
            vpc_id=network.vpc_id,
            amazon_side_asn=str(settings.link.amazon_asn),
            tags=self._named(self._name),
            opts=self._below,
        )
        ec2.VpnGatewayRoutePropagation(
            self._name, vpn_gateway_id=gateway.id, route_table_id=network.route_table_id, opts=self._below
        )
        self.tunnel_addresses: list[pulumi.Output[str]] = []
        if settings.link.vpn is not None:
            self._vpn(settings.link.vpn, gateway)
        if settings.link.direct_connect is not None:
            self._direct_connect(settings.link.direct_connect, gateway, str(settings.vpc_cidr))
        self.register_outputs({"tunnel_addresses": self.tunnel_addresses})

    def _named(self, name: str) -> Mapping[str, str]:
        return {**self._tags, "Name": name}

    def _vpn(self, vpn: Vpn, gateway: ec2.VpnGateway) -> None:
        name = f"{self._name}-site"
        customer = ec2.CustomerGateway(
            name,
            type="ipsec.1",
            ip_address=str(vpn.customer_gateway_ip),
            bgp_asn=str(vpn.customer_asn),
            tags=self._named(name),
            opts=self._below,
        )
        strong = {f"tunnel{number}_{key}": value for number in (1, 2) for key, value in _STRONG.items()}
        made = ec2.VpnConnection(
            name,
            type="ipsec.1",
            customer_gateway_id=customer.id,
            vpn_gateway_id=gateway.id,
            static_routes_only=bool(vpn.static_routes),
            tags=self._named(name),
            opts=self._below,
            **strong,
        )
        for route in vpn.static_routes:
            ec2.VpnConnectionRoute(
                f"{name}-{route}", vpn_connection_id=made.id, destination_cidr_block=str(route), opts=self._below
            )
        self.tunnel_addresses += [made.tunnel1_address, made.tunnel2_address]

    def _direct_connect(self, line: DirectConnect, gateway: ec2.VpnGateway, cidr: str) -> None:
        """Attach to the line's gateway; only this VPC's own network is told to the site over it."""
        if line.owner_account:
            directconnect.GatewayAssociationProposal(
                self._name,
                dx_gateway_id=line.gateway_id,
                dx_gateway_owner_account_id=line.owner_account,
                associated_gateway_id=gateway.id,
                allowed_prefixes=[cidr],
                opts=self._below,
            )
        else:
            directconnect.GatewayAssociation(
                self._name,
                dx_gateway_id=line.gateway_id,
                associated_gateway_id=gateway.id,
                allowed_prefixes=[cidr],
                opts=self._below,
            )
