"""VPC endpoints (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import same
from ris_hybrid.sandbox.apply.handlers.tagging import ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import camel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props

_LISTS = {"subnetIds": "SubnetIds", "routeTableIds": "RouteTableIds", "securityGroupIds": "SecurityGroupIds"}
_PLAIN = Calls(
    service="ec2",
    create_call="create_vpc_endpoint",
    at="VpcEndpoint",
    id="VpcEndpointId",
    params=same("vpcId", "serviceName", "vpcEndpointType", "privateDnsEnabled", "dnsOptions", *_LISTS)
    | {"policy": "PolicyDocument"},
    tags=ec2_tags("vpc-endpoint"),
    key={"VpcEndpointIds": ["{id}"]},
    delete_call="delete_vpc_endpoints",
    outputs={
        "arn": "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
        "state": "State",
        "networkInterfaceIds": "NetworkInterfaceIds",
        "ownerId": "{account}",
    },
)


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """An endpoint. Its policy and its lists of subnets, tables and groups change in place."""

    knows: frozenset[str] = _PLAIN.knows
    replace_on: frozenset[str] = _PLAIN.replace_on - {"policy", *_LISTS}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it; a gateway's addresses come with it as ``prefixListId``."""
        made = _PLAIN.create(aws, name, props)
        with finishing(made):
            return Made(id=made.id, outputs={**made.outputs, **_addresses(aws, made.id, props)})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Add and remove what differs."""
        asked: dict[str, Any] = {}
        for prop, to in _LISTS.items():
            had, wants = set(old.get(prop) or ()), set(new.get(prop) or ())
            asked |= {f"Add{to}": sorted(wants - had)} if wants - had else {}
            asked |= {f"Remove{to}": sorted(had - wants)} if had - wants else {}
        if old.get("policy") != new.get("policy"):
            asked |= {"PolicyDocument": new["policy"]} if new.get("policy") else {"ResetPolicy": True}
        if asked:
            aws.get("ec2").modify_vpc_endpoint(VpcEndpointId=made.id, **asked)
        return _PLAIN.update(aws, made, old, new)

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away."""
        _PLAIN.delete(aws, made)


def _addresses(aws: Clients, endpoint: str, props: Props) -> dict[str, Any]:
    ec2 = aws.get("ec2")
    if props.get("vpcEndpointType") == "Interface":
        found = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
        return {"dnsEntries": camel(found.get("DnsEntries") or [])}
    named = [{"Name": "prefix-list-name", "Values": [props["serviceName"]]}]
    lists = ec2.describe_managed_prefix_lists(Filters=named)["PrefixLists"]
    return {"prefixListId": lists[0]["PrefixListId"]}


HANDLERS: Mapping[str, Handler] = {"aws:ec2/vpcEndpoint:VpcEndpoint": VpcEndpoint()}
