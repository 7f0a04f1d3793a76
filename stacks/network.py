"""The network of burst nodes as one Pulumi component: VPC, private subnets, route table, security group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from stacks.endpoints import AwsEndpoints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.plan import NetworkPlan, PortRule, SubnetPlan

_AMONG: dict[str, object] = {
    "description": "jobs over several nodes",
    "protocol": "-1",
    "from_port": 0,
    "to_port": 0,
    "self": True,  # an EFA works only inside one security group that is open to itself
}

_HTTPS: dict[str, object] = {"description": "to S3", "protocol": "tcp", "from_port": 443, "to_port": 443}


class BurstNetwork(pulumi.ComponentResource):
    """Built from a plan. Its route table has no route but the VPC's own: the link to the site adds that one."""

    def __init__(self, plan: NetworkPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ris-hybrid:network:BurstNetwork", plan.name, None, opts)
        self._plan = plan
        self._below = pulumi.ResourceOptions(parent=self)
        self._vpc = ec2.Vpc(
            plan.name,
            cidr_block=plan.vpc_cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._named(plan.name),
            opts=self._below,
        )
        self._routes = ec2.RouteTable(plan.name, vpc_id=self._vpc.id, tags=self._named(plan.name), opts=self._below)
        if plan.internet_gateway:
            ec2.InternetGateway(plan.name, vpc_id=self._vpc.id, tags=self._named(plan.name), opts=self._below)
        self.vpc_id: pulumi.Output[str] = self._vpc.id
        self.route_table_id: pulumi.Output[str] = self._routes.id
        self.subnet_ids: tuple[pulumi.Output[str], ...] = tuple(self._subnet(subnet) for subnet in plan.subnets)
        self._gateways = self._endpoints() if plan.endpoints else []
        self.security_group_id: pulumi.Output[str] = self._security_group()
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": list(self.subnet_ids)})

    def _named(self, name: str) -> Mapping[str, str]:
        return {**self._plan.tags, "Name": name}

    def _subnet(self, subnet: SubnetPlan) -> pulumi.Output[str]:
        made = ec2.Subnet(
            subnet.name,
            vpc_id=self._vpc.id,
            availability_zone=subnet.zone,
            cidr_block=subnet.cidr,
            map_public_ip_on_launch=subnet.public_ip,
            tags=self._named(subnet.name),
            opts=self._below,
        )
        ec2.RouteTableAssociation(subnet.name, subnet_id=made.id, route_table_id=self._routes.id, opts=self._below)
        subnet_id: pulumi.Output[str] = made.id
        return subnet_id

    def _endpoints(self) -> list[pulumi.Output[str]]:
        made = AwsEndpoints(self._plan, self.vpc_id, self.route_table_id, self.subnet_ids, self._below)
        return made.prefix_lists

    def _security_group(self) -> pulumi.Output[str]:
        name = f"{self._plan.name}-nodes"
        among = [_AMONG] if self._plan.nodes_talk else []
        made = ec2.SecurityGroup(
            name,
            vpc_id=self._vpc.id,
            description="LSF daemons of burst nodes",
            ingress=[
                *(ec2.SecurityGroupIngressArgs(**_rule(rule)) for rule in self._plan.ingress),
                *(ec2.SecurityGroupIngressArgs(**own) for own in among),
            ],
            egress=[
                *(ec2.SecurityGroupEgressArgs(**_rule(rule)) for rule in self._plan.egress),
                *(ec2.SecurityGroupEgressArgs(**own) for own in among),
                *(ec2.SecurityGroupEgressArgs(**_HTTPS, prefix_list_ids=[one]) for one in self._gateways),
            ],
            tags=self._named(name),
            opts=self._below,
        )
        group_id: pulumi.Output[str] = made.id
        return group_id


def _rule(rule: PortRule) -> dict[str, object]:
    return {
        "description": rule.description,
        "protocol": rule.protocol,
        "from_port": rule.from_port,
        "to_port": rule.to_port,
        "cidr_blocks": [rule.cidr],
    }
