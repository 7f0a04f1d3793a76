"""What moto's VPN connections lack: their options, static routes, and the routes a gateway tells a route table.

Source: EC2 API reference, CreateVpnConnection, CreateVpnConnectionRoute, EnableVgwRoutePropagation. No packet ever
goes through: the tunnels' addresses are of TEST-NET-1 (RFC 5737), and no route appears in the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import ec2xml, moto_network
from ris_hybrid.sandbox.aws.state import dry_run
from ris_hybrid.sandbox.aws.wire import ApiError, would_have_done, xml_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_TUNNELS = ("192.0.2.1", "192.0.2.2")


def create_connection(state: State, call: Call) -> Answer:
    """moto's connection, with the options its maker asked for."""
    answer = state.forward(call)
    if answer.ok:
        made = ec2xml.text(ec2xml.read(answer.body), "vpnConnection/vpnConnectionId")
        static = call.params.flag("Options.StaticRoutesOnly")
        moto_network.set_tunnels((call.account, call.region), made, static_only=static, addresses=_TUNNELS)
    return answer


def connection_route(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps the record
    """Add or take a static route. Raises ``ApiError`` in EC2's words for a connection or route there is not."""
    place, params = (call.account, call.region), call.params
    connection, cidr = params.get("VpnConnectionId"), params.get("DestinationCidrBlock")
    routes = moto_network.vpn_routes(place, connection)
    if routes is None:
        message = f"The vpnConnection ID '{connection}' does not exist"
        raise ApiError("InvalidVpnConnectionID.NotFound", message)
    if call.action == "DeleteVpnConnectionRoute" and cidr not in routes:
        raise ApiError("InvalidRoute.NotFound", f"There is no route {cidr} of {connection}")
    _unless_dry(call)
    kept = [one for one in routes if one != cidr]
    wanted = [*kept, cidr] if call.action == "CreateVpnConnectionRoute" else kept
    moto_network.set_vpn_routes(place, connection, wanted)
    return _done(call)


def propagation(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps the record
    """Let a gateway tell a route table its routes, or no longer. Raises ``ApiError`` for a table there is not."""
    place, params = (call.account, call.region), call.params
    table, gateway = params.get("RouteTableId"), params.get("GatewayId")
    told = moto_network.propagating(place, table)
    if told is None:
        raise ApiError("InvalidRouteTableID.NotFound", f"The routeTable ID '{table}' does not exist")
    enabling = call.action == "EnableVgwRoutePropagation"
    if enabling and not moto_network.attached_gateway(place, gateway):
        raise ApiError("Gateway.NotAttached", f"The gateway '{gateway}' is not attached to a VPC")
    _unless_dry(call)
    kept = [one for one in told if one != gateway]
    moto_network.set_propagating(place, table, [*kept, gateway] if enabling else kept)
    return _done(call)


def _unless_dry(call: Call) -> None:
    if dry_run(call):
        raise would_have_done()


def _done(call: Call) -> Answer:
    return xml_answer(ec2xml.document(call.action, {"return": "true"}))


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "ec2:CreateVpnConnection": create_connection,
    "ec2:CreateVpnConnectionRoute": connection_route,
    "ec2:DeleteVpnConnectionRoute": connection_route,
    "ec2:EnableVgwRoutePropagation": propagation,
    "ec2:DisableVgwRoutePropagation": propagation,
}
