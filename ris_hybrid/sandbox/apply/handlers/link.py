"""The way to the site: virtual private gateways and VPN connections (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers import direct_connect
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import Param, same
from ris_hybrid.sandbox.apply.handlers.tagging import ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import is_gone, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props

_TUNNEL = {
    "IkeVersions": "IKEVersions",
    "Phase1EncryptionAlgorithms": "Phase1EncryptionAlgorithms",
    "Phase2EncryptionAlgorithms": "Phase2EncryptionAlgorithms",
    "Phase1IntegrityAlgorithms": "Phase1IntegrityAlgorithms",
    "Phase2IntegrityAlgorithms": "Phase2IntegrityAlgorithms",
    "Phase1DhGroupNumbers": "Phase1DHGroupNumbers",
    "Phase2DhGroupNumbers": "Phase2DHGroupNumbers",
}
"""Pulumi's name after ``tunnel1``, and EC2's."""
CUSTOMER_GATEWAY = Calls(
    service="ec2",
    create_call="create_customer_gateway",
    at="CustomerGateway",
    id="CustomerGatewayId",
    params=same("type", "ipAddress") | {"bgpAsn": Param("BgpAsn", by=int)},
    tags=ec2_tags("customer-gateway"),
    key={"CustomerGatewayId": "{id}"},
    delete_call="delete_customer_gateway",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:customer-gateway/{id}"},
)
_VPN_GATEWAY = Calls(
    service="ec2",
    create_call="create_vpn_gateway",
    at="VpnGateway",
    id="VpnGatewayId",
    params={"amazonSideAsn": Param("AmazonSideAsn", by=int)},
    fixed={"Type": "ipsec.1"},
    tags=ec2_tags("vpn-gateway"),
    key={"VpnGatewayId": "{id}"},
    delete_call="delete_vpn_gateway",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:vpn-gateway/{id}"},
)
_CONNECTION = Calls(
    service="ec2",
    create_call="create_vpn_connection",
    at="VpnConnection",
    id="VpnConnectionId",
    params=same("type", "customerGatewayId", "vpnGatewayId") | {"options": Param("Options", by=plain)},
    tags=ec2_tags("vpn-connection"),
    key={"VpnConnectionId": "{id}"},
    delete_call="delete_vpn_connection",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:vpn-connection/{id}"},
)


@dataclass(frozen=True, slots=True)
class VpnGateway:
    """A virtual private gateway, attached to its VPC."""

    knows: frozenset[str] = _VPN_GATEWAY.knows | {"vpcId"}
    replace_on: frozenset[str] = _VPN_GATEWAY.replace_on

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it and attach it."""
        made = _VPN_GATEWAY.create(aws, name, _but(props, "vpcId"))
        with finishing(made):
            if props.get("vpcId"):
                aws.get("ec2").attach_vpn_gateway(VpnGatewayId=made.id, VpcId=props["vpcId"])
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Attach it elsewhere where that is asked for."""
        if old.get("vpcId") != new.get("vpcId"):
            _detach(aws, made.id, old.get("vpcId"))
            if new.get("vpcId"):
                aws.get("ec2").attach_vpn_gateway(VpnGatewayId=made.id, VpcId=new["vpcId"])
        return _VPN_GATEWAY.update(aws, made, _but(old, "vpcId"), _but(new, "vpcId"))

    def delete(self, aws: Clients, made: Made) -> None:
        """Detach it, then take it away."""
        _detach(aws, made.id, made.outputs.get("vpcId"))
        _VPN_GATEWAY.delete(aws, made)


def _detach(aws: Clients, gateway: str, vpc: str | None) -> None:
    try:
        if vpc:
            aws.get("ec2").detach_vpn_gateway(VpnGatewayId=gateway, VpcId=vpc)
    except ClientError as error:
        if not is_gone(error.response["Error"]["Code"]):
            raise


@dataclass(frozen=True, slots=True)
class VpnConnection:
    """A VPN connection. In the sandbox its tunnels lead nowhere, and other options of theirs replace it."""

    knows: frozenset[str] = (_CONNECTION.knows - {"options"}) | {
        "staticRoutesOnly",
        *(f"tunnel{number}{name}" for number in (1, 2) for name in _TUNNEL),
    }

    @property
    def replace_on(self) -> frozenset[str]:
        """All but its tags."""
        return self.knows - {"tags"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it."""
        plain_ones = {key: value for key, value in props.items() if key in _CONNECTION.knows or key not in self.knows}
        made = _CONNECTION.create(aws, name, {**plain_ones, "options": tunnel_options(props)})
        with finishing(made):
            found = aws.get("ec2").describe_vpn_connections(VpnConnectionIds=[made.id])["VpnConnections"][0]
        addresses = {
            f"tunnel{number}Address": tunnel["OutsideIpAddress"]
            for number, tunnel in enumerate(found["Options"]["TunnelOptions"], 1)
        }
        return Made(id=made.id, outputs={**made.outputs, **addresses})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Only its tags can change."""
        tags = ({"tags": props["tags"]} if "tags" in props else {} for props in (old, new))
        return _CONNECTION.update(aws, made, *tags)

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away."""
        _CONNECTION.delete(aws, made)


def tunnel_options(props: Props) -> dict[str, Any]:
    """What both tunnels ask of the site's device, as EC2 takes it."""
    tunnels = [
        {
            to: [{"Value": one} for one in props[f"tunnel{number}{name}"]]
            for name, to in _TUNNEL.items()
            if f"tunnel{number}{name}" in props
        }
        for number in (1, 2)
    ]
    return {"StaticRoutesOnly": bool(props.get("staticRoutesOnly")), "TunnelOptions": tunnels}


def _but(props: Props, *names: str) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key not in names}


HANDLERS: Mapping[str, Handler] = {
    "aws:ec2/customerGateway:CustomerGateway": CUSTOMER_GATEWAY,
    "aws:ec2/vpnGateway:VpnGateway": VpnGateway(),
    "aws:ec2/vpnConnection:VpnConnection": VpnConnection(),
    "aws:ec2/vpnConnectionRoute:VpnConnectionRoute": Calls(
        service="ec2",
        create_call="create_vpn_connection_route",
        id="{destinationCidrBlock}:{vpnConnectionId}",
        params=same("destinationCidrBlock", "vpnConnectionId"),
        key={"DestinationCidrBlock": "{destinationCidrBlock}", "VpnConnectionId": "{vpnConnectionId}"},
        delete_call="delete_vpn_connection_route",
    ),
    "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation": Calls(
        service="ec2",
        create_call="enable_vgw_route_propagation",
        id="{vpnGatewayId}_{routeTableId}",
        params={"vpnGatewayId": "GatewayId", "routeTableId": "RouteTableId"},
        key={"GatewayId": "{vpnGatewayId}", "RouteTableId": "{routeTableId}"},
        delete_call="disable_vgw_route_propagation",
    ),
    **direct_connect.HANDLERS,
}
