"""What the layer reads and sets in moto's memory of networks: the same as ``moto_view`` is for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.logs.models import logs_backends
from moto.route53resolver.models import route53resolver_backends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.aws.moto_view import Place


def _backend(place: Place) -> Any:
    account, region = place
    return ec2_backends[account][region]


def set_tunnels(place: Place, connection: str, *, static_only: bool, addresses: Sequence[str]) -> None:
    """Give a VPN connection the options that moto leaves out of its description."""
    tunnels = [{"OutsideIpAddress": address} for address in addresses]
    _backend(place).vpn_connections[connection].options = {"StaticRoutesOnly": static_only, "TunnelOptions": tunnels}


def vpn_routes(place: Place, connection: str) -> list[str] | None:
    """The static routes of a VPN connection; None when there is no such connection."""
    found = _backend(place).vpn_connections.get(connection)
    if found is None or found.state == "deleted":
        return None
    return [str(route["DestinationCidrBlock"]) for route in getattr(found, "routes", ())]


def set_vpn_routes(place: Place, connection: str, cidrs: Sequence[str]) -> None:
    """Replace them; moto describes what it finds on its model."""
    rows = [{"DestinationCidrBlock": cidr, "Source": "Static", "State": "available"} for cidr in cidrs]
    _backend(place).vpn_connections[connection].routes = rows


def attached_gateway(place: Place, gateway: str) -> bool:
    """Whether a virtual private gateway is attached to a VPC."""
    found = _backend(place).vpn_gateways.get(gateway)
    return found is not None and any(one.state == "attached" for one in found.vpc_attachments)


def propagating(place: Place, table: str) -> list[str] | None:
    """The gateways that tell a route table their routes; None when there is no such table."""
    found = _backend(place).route_tables.get(table)
    return None if found is None else [str(one["GatewayId"]) for one in getattr(found, "propagating_vgws", ())]


def set_propagating(place: Place, table: str, gateways: Sequence[str]) -> None:
    """Replace them."""
    _backend(place).route_tables[table].propagating_vgws = [{"GatewayId": gateway} for gateway in gateways]


def settle_delivery(place: Place, flow_log: str) -> None:
    """A flow log reaches its log group where there is one of that arn: moto looks for it by name alone."""
    found = _backend(place).flow_logs.get(flow_log)
    if found is None or found.log_destination_type != "cloud-watch-logs" or not found.log_destination:
        return
    account, region = place
    group = found.log_destination.removesuffix(":*").partition(":log-group:")[2]
    there = group in logs_backends[account][region].groups
    found.deliver_logs_status = "SUCCESS" if there else "FAILED"
    found.deliver_logs_error_message = None if there else "Access error"


def change_rule(place: Place, rule: str, changes: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Set fields of a resolver's rule and give it as the API shows it; None when there is no such rule."""
    account, region = place
    found = route53resolver_backends[account][region].resolver_rules.get(rule)
    if found is None:
        return None
    for field, value in changes.items():
        setattr(found, field, value)
    shown: Mapping[str, Any] = found.description()
    return shown
