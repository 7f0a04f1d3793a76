"""What an interrupted creation may have left in AWS under an id of AWS's own: found by the tags it was created with.

Only types whose tags come with the create call are here: of the others nothing tells whose they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.sights.every import sights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients

_NAME = "Name"
_EC2 = {
    "aws:ec2/capacityReservation:CapacityReservation": "capacity-reservation",
    "aws:ec2/customerGateway:CustomerGateway": "customer-gateway",
    "aws:ec2/flowLog:FlowLog": "vpc-flow-log",
    "aws:ec2/internetGateway:InternetGateway": "internet-gateway",
    "aws:ec2/routeTable:RouteTable": "route-table",
    "aws:ec2/securityGroup:SecurityGroup": "security-group",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": "dhcp-options",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpc-endpoint",
    "aws:ec2/vpnConnection:VpnConnection": "vpn-connection",
    "aws:ec2/vpnGateway:VpnGateway": "vpn-gateway",
}
"""EC2's word for a type, by which it lists tags."""


def left_over(aws: Clients, kind: str, inputs: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The ids of those that carry the name of one; None where nothing can be told."""
    name = (inputs.get("tags") or {}).get(_NAME)
    if name is None:
        return None
    if kind == "aws:kms/key:Key":
        return _keys(aws.get("kms"), name)
    if kind not in _EC2:
        return None
    wanted = {"resource-type": _EC2[kind], "key": _NAME, "value": name}
    rows = aws.get("ec2").describe_tags(Filters=[{"Name": key, "Values": [one]} for key, one in wanted.items()])
    sight, ids = sights()[kind], (row["ResourceId"] for row in rows["Tags"])
    # EC2 lists the tags of what was deleted for a while.
    return tuple(one for one in ids if sight.differing(aws, Made(id=one), {}) is not None)


def _keys(kms: Any, name: str) -> tuple[str, ...]:
    ids = (row["KeyId"] for page in kms.get_paginator("list_keys").paginate() for row in page["Keys"])
    named = {"TagKey": _NAME, "TagValue": name}
    return tuple(its_id for its_id in ids if named in kms.list_resource_tags(KeyId=its_id)["Tags"])
