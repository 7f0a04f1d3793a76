"""The security group of nodes as one Pulumi component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from stacks.network.former import was_in_network
from stacks.network.ports import egress, ingress

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.network.endpoints import ServiceEndpoints
    from stacks.network.ports import Rule
    from stacks.network.settings import NetworkSettings
    from stacks.network.vpc import PrivateNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlace:
    """Where nodes are: their VPC, and the endpoints they may reach."""

    network: PrivateNetwork
    endpoints: ServiceEndpoints


class NodeGroup(pulumi.ComponentResource):
    """From the site LSF's ports and nothing else; out to the site, the endpoints and S3, and nowhere else."""

    def __init__(self, environment: Environment, settings: NetworkSettings, place: NodePlace) -> None:
        super().__init__("ris-hybrid:network:NodeGroup", environment.name)
        name = f"{environment.name}-nodes"
        made = ec2.SecurityGroup(
            name,
            vpc_id=place.network.vpc_id,
            # Neither text nor name may change: EC2 would need another group, and nodes hold this one.
            description="LSF daemons of burst nodes",
            ingress=[ec2.SecurityGroupIngressArgs(**_rule(rule)) for rule in ingress(settings)],
            egress=[
                *(ec2.SecurityGroupEgressArgs(**_rule(rule)) for rule in egress(settings)),
                _https("to the AWS endpoints", security_groups=[place.endpoints.group_id]),
                _https("to S3", prefix_list_ids=[place.endpoints.prefix_list_id]),
            ],
            tags={**environment.all_tags, "Name": name},
            opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), was_in_network(environment.name)),
        )
        self.group_id: pulumi.Output[str] = made.id
        self.register_outputs({"group_id": self.group_id})


def _rule(rule: Rule) -> dict[str, object]:
    other: dict[str, object] = {"cidr_blocks": [rule.cidr]} if rule.cidr else {"self": True}
    return {
        "description": rule.description,
        "protocol": rule.protocol,
        "from_port": rule.from_port,
        "to_port": rule.to_port,
        **other,
    }


def _https(description: str, **other: object) -> ec2.SecurityGroupEgressArgs:
    return ec2.SecurityGroupEgressArgs(description=description, protocol="tcp", from_port=443, to_port=443, **other)
