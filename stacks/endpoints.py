"""The VPC endpoints of a network as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.endpoint_plan import EndpointPlan
    from stacks.plan import NetworkPlan

_HTTPS = 443


class AwsEndpoints(pulumi.ComponentResource):
    """Interface endpoints in every subnet, gateways in the route table.

    ``prefix_lists`` are the addresses behind the gateways, which a security group must let nodes out to.
    """

    def __init__(
        self,
        plan: NetworkPlan,
        vpc_id: pulumi.Input[str],
        route_table_id: pulumi.Input[str],
        subnet_ids: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:network:AwsEndpoints", plan.name, None, opts)
        self._plan, self._vpc_id, self._subnets = plan, vpc_id, subnet_ids
        self._routes = route_table_id
        self._below = pulumi.ResourceOptions(parent=self)
        group = self._group()
        made = [self._endpoint(one, group) for one in plan.endpoints]
        self.prefix_lists: list[pulumi.Output[str]] = [
            one.prefix_list_id for one, planned in zip(made, plan.endpoints, strict=True) if planned.kind == "Gateway"
        ]
        self.register_outputs({"prefix_lists": self.prefix_lists})

    def _group(self) -> pulumi.Output[str]:
        name = f"{self._plan.name}-endpoints"
        rule = ec2.SecurityGroupIngressArgs(
            description="HTTPS from nodes",
            protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            cidr_blocks=[self._plan.vpc_cidr],
        )
        tags = {**self._plan.tags, "Name": name}
        made = ec2.SecurityGroup(
            name, vpc_id=self._vpc_id, description="AWS endpoints", ingress=[rule], tags=tags, opts=self._below
        )
        group_id: pulumi.Output[str] = made.id
        return group_id

    def _endpoint(self, planned: EndpointPlan, group: pulumi.Input[str]) -> ec2.VpcEndpoint:
        name = f"{self._plan.name}-{planned.name}"
        inside = planned.kind == "Interface"
        return ec2.VpcEndpoint(
            name,
            vpc_id=self._vpc_id,
            service_name=planned.service,
            vpc_endpoint_type=planned.kind,
            private_dns_enabled=True if inside else None,
            subnet_ids=list(self._subnets) if inside else None,
            security_group_ids=[group] if inside else None,
            route_table_ids=None if inside else [self._routes],
            tags={**self._plan.tags, "Name": name},
            opts=self._below,
        )
