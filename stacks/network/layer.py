"""The layer ``network``: what it is made of, and what it gives out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.network.endpoints import ServiceEndpoints
from stacks.network.flow_logs import FlowLogs
from stacks.network.groups import NodeGroup, NodePlace
from stacks.network.link import SiteLink
from stacks.network.names import SiteNames
from stacks.network.vpc import PrivateNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.environment import Environment
    from stacks.network.settings import NetworkSettings


def build_network(environment: Environment, settings: NetworkSettings) -> Mapping[str, object]:
    """The fields of ``NetworkOutputs``."""
    network = PrivateNetwork(environment, settings)
    flow_logs = FlowLogs(environment, settings.flow_log_days, network.vpc_id)
    endpoints = ServiceEndpoints(environment, settings, network)
    nodes = NodeGroup(environment, settings, NodePlace(network=network, endpoints=endpoints))
    linked = settings.link.vpn is not None or settings.link.direct_connect is not None
    link = SiteLink(environment, settings, network) if linked else None
    names = SiteNames(environment, settings, settings.dns, network) if settings.dns is not None else None
    return {
        "vpc_id": network.vpc_id,
        "vpc_cidr": str(settings.vpc_cidr),
        "subnet_ids": list(network.subnet_ids),
        "route_table_id": network.route_table_id,
        "node_group_id": nodes.group_id,
        "endpoint_ids": endpoints.bucket_ids,
        "inbound_resolver_ips": names.inbound_ips if names else [],
        "flow_log_group": flow_logs.group_name,
        "vpn_tunnel_addresses": link.tunnel_addresses if link else [],
    }
