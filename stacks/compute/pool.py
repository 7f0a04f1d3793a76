"""One pool of burst.yaml as one Pulumi component: its launch template, its group of nodes that talk, reservations."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

from ris_hybrid.config.user_data import packed
from stacks.marks import POOL_MARKS

if TYPE_CHECKING:
    from stacks.compute.pool_plan import PoolPlan, ReservedPlan
    from stacks.outputs import NetworkOutputs

_AMONG = {"description": "jobs over several nodes", "protocol": "-1", "from_port": 0, "to_port": 0, "self": True}


class HpcPool(pulumi.ComponentResource):
    """Everything a launch of the pool needs. A burst asks for the template's default version: the newest."""

    def __init__(  # what Pulumi gives, and what three other places made
        self,
        plan: PoolPlan,
        network: pulumi.Output[NetworkOutputs],
        profile: pulumi.Input[str],
        group: ec2.PlacementGroup | None,
        user_data: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:compute:HpcPool", plan.name, None, opts)
        self._plan, self._group, self._user_data = plan, group, user_data
        self._below = pulumi.ResourceOptions(parent=self)
        groups: list[pulumi.Input[str]] = [network.apply(lambda it: it.node_group_id)]
        if plan.multi_node:
            groups.append(self._among(network.apply(lambda it: it.vpc_id)))
        self.launch_template_id: pulumi.Output[str] = self._template(profile, groups)
        for reserved in plan.reserved:
            self._reservation(reserved)
        self.register_outputs({"launch_template_id": self.launch_template_id})

    def _template(self, profile: pulumi.Input[str], groups: list[pulumi.Input[str]]) -> pulumi.Output[str]:
        plan, tags = self._plan, {**self._plan.tags, "Name": self._plan.name}
        made = ec2.LaunchTemplate(
            plan.name,
            name=plan.name,
            update_default_version=True,
            image_id=plan.image_id,
            instance_type=plan.instance_type or None,
            user_data=pulumi.Output.from_input(self._user_data).apply(lambda text: b64encode(packed(text)).decode()),
            iam_instance_profile=ec2.LaunchTemplateIamInstanceProfileArgs(name=profile),
            placement=self._placement(),
            metadata_options=_metadata(plan),
            network_interfaces=[_interface(plan, groups)],
            block_device_mappings=[_root(plan)],
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=of_kind)
                for kind, of_kind in (("volume", tags), ("network-interface", tags), ("instance", plan.machine_tags))
            ],
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=_marks()),
        )
        template_id: pulumi.Output[str] = made.id
        return template_id

    def _placement(self) -> ec2.LaunchTemplatePlacementArgs | None:
        return ec2.LaunchTemplatePlacementArgs(group_name=self._group.name) if self._group else None

    def _among(self, vpc_id: pulumi.Input[str]) -> pulumi.Output[str]:
        """Nodes of the pool reach each other on every port; an EFA works only in a group that is open to itself."""
        name = f"{self._plan.name}-among"
        made = ec2.SecurityGroup(
            name,
            name=name,
            vpc_id=vpc_id,
            description=f"Jobs over several nodes of pool {self._plan.pool}",
            ingress=[ec2.SecurityGroupIngressArgs(**_AMONG)],
            egress=[ec2.SecurityGroupEgressArgs(**_AMONG)],
            tags={**self._plan.tags, "Name": name},
            opts=self._below,
        )
        group_id: pulumi.Output[str] = made.id
        return group_id

    def _reservation(self, plan: ReservedPlan) -> None:
        """Open: any launch of the type and zone uses it, as ``reservations: true`` of the pool asks."""
        ec2.CapacityReservation(
            plan.name,
            availability_zone=plan.zone,
            instance_type=plan.instance_type,
            instance_platform="Linux/UNIX",
            instance_count=plan.count,
            instance_match_criteria="open",
            placement_group_arn=self._group.arn if self._group else None,
            tags={**self._plan.tags, "Name": plan.name},
            opts=self._below,
        )


def _marks() -> list[str]:
    return [f'{field}["{mark}"]' for mark in POOL_MARKS for field in ("tags", "tagsAll")]


def _metadata(plan: PoolPlan) -> ec2.LaunchTemplateMetadataOptionsArgs:
    """IMDSv2 alone; a node reads its own tags there: account, template, cluster, provider."""
    return ec2.LaunchTemplateMetadataOptionsArgs(
        http_endpoint="enabled",
        http_tokens="required",
        http_put_response_hop_limit=plan.hop_limit,
        instance_metadata_tags="enabled",
    )


def _interface(plan: PoolPlan, groups: list[pulumi.Input[str]]) -> ec2.LaunchTemplateNetworkInterfaceArgs:
    return ec2.LaunchTemplateNetworkInterfaceArgs(
        device_index=0,
        interface_type="efa" if plan.efa else "interface",
        associate_public_ip_address="false",
        security_groups=groups,
    )


def _root(plan: PoolPlan) -> ec2.LaunchTemplateBlockDeviceMappingArgs:
    return ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=plan.root_device,
        ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_size=plan.root_gib,
            volume_type=plan.root_type,
            encrypted="true",
            kms_key_id=plan.volume_key or None,
            delete_on_termination="true",
        ),
    )
