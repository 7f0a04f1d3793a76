"""The launch templates and placement groups of the pools as one Pulumi component."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

if TYPE_CHECKING:
    from stacks.node_plan import LaunchTemplatePlan
    from stacks.plan import NetworkPlan

MARKS = ("ris_held", "ris_join_failures", "ris_off", "ris_boot_s", "ris_spent")
"""Tags a running burst writes on a pool's template; Pulumi leaves them as they are."""


class NodePools(pulumi.ComponentResource):
    """A launch template for each pool of a plan; ``launch_template_ids`` has their ids by pool."""

    def __init__(
        self,
        plan: NetworkPlan,
        security_group_id: pulumi.Input[str],
        instance_profile: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:network:NodePools", plan.name, None, opts)
        self._below = pulumi.ResourceOptions(parent=self)
        self._group, self._profile = security_group_id, instance_profile
        self._placement: dict[str, pulumi.Output[str]] = {
            group.name: ec2.PlacementGroup(
                group.name, name=group.name, strategy=group.strategy, tags=dict(plan.tags), opts=self._below
            ).name
            for group in plan.placement_groups
        }
        self.launch_template_ids: dict[str, pulumi.Output[str]] = {
            template.pool: self._template(template) for template in plan.launch_templates
        }
        self.register_outputs({"launch_template_ids": self.launch_template_ids})

    def _template(self, plan: LaunchTemplatePlan) -> pulumi.Output[str]:
        """One template. A burst asks for its default version, so each change becomes that."""
        made = ec2.LaunchTemplate(
            plan.name,
            name=plan.name,
            update_default_version=True,
            image_id=plan.image_id,
            instance_type=plan.instance_type or None,
            user_data=b64encode(plan.user_data.encode()).decode() or None,
            iam_instance_profile=ec2.LaunchTemplateIamInstanceProfileArgs(name=self._profile),
            placement=_placement(self._placement.get(plan.placement_group)),
            metadata_options=_metadata(plan),
            network_interfaces=[_interface(plan, self._group)],
            block_device_mappings=[_root(plan)],
            # The instance's own tags are the burst's ledger and come with the launch.
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type="volume", tags=dict(plan.tags)),
            ],
            tags=dict(plan.tags),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=_marks()),
        )
        template_id: pulumi.Output[str] = made.id
        return template_id


def _marks() -> list[str]:
    return [f'{field}["{mark}"]' for mark in MARKS for field in ("tags", "tagsAll")]


def _placement(group: pulumi.Input[str] | None) -> ec2.LaunchTemplatePlacementArgs | None:
    return None if group is None else ec2.LaunchTemplatePlacementArgs(group_name=group)


def _metadata(plan: LaunchTemplatePlan) -> ec2.LaunchTemplateMetadataOptionsArgs:
    return ec2.LaunchTemplateMetadataOptionsArgs(
        http_endpoint="enabled",
        http_tokens=plan.http_tokens,
        http_put_response_hop_limit=plan.http_hop_limit,
        instance_metadata_tags="enabled" if plan.instance_metadata_tags else "disabled",
    )


def _interface(plan: LaunchTemplatePlan, group: pulumi.Input[str]) -> ec2.LaunchTemplateNetworkInterfaceArgs:
    return ec2.LaunchTemplateNetworkInterfaceArgs(
        device_index=0,
        interface_type=plan.interface_type,
        associate_public_ip_address=str(plan.public_ip).lower(),
        security_groups=[group],
    )


def _root(plan: LaunchTemplatePlan) -> ec2.LaunchTemplateBlockDeviceMappingArgs:
    return ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=plan.root_device,
        ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_size=plan.root_gib,
            volume_type=plan.root_type,
            encrypted=str(plan.root_encrypted).lower(),
            delete_on_termination="true",
        ),
    )
