"""The launch templates of the pools as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2

if TYPE_CHECKING:
    from stacks.plan import LaunchTemplatePlan, NetworkPlan


class NodePools(pulumi.ComponentResource):
    """A launch template for each pool of a plan; ``launch_template_ids`` has their ids by pool."""

    def __init__(
        self,
        plan: NetworkPlan,
        security_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:network:NodePools", plan.name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        self.launch_template_ids: dict[str, pulumi.Output[str]] = {
            template.pool: _template(template, security_group_id, below) for template in plan.launch_templates
        }
        self.register_outputs({"launch_template_ids": self.launch_template_ids})


def _template(
    plan: LaunchTemplatePlan, security_group_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """One template. A burst asks for its default version, so each change becomes that."""
    made = ec2.LaunchTemplate(
        plan.name,
        name=plan.name,
        update_default_version=True,
        image_id=plan.image_id,
        instance_type=plan.instance_type,
        metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled", http_tokens=plan.http_tokens, http_put_response_hop_limit=plan.http_hop_limit
        ),
        network_interfaces=[
            ec2.LaunchTemplateNetworkInterfaceArgs(
                device_index=0,
                associate_public_ip_address=str(plan.public_ip).lower(),
                security_groups=[security_group_id],
            )
        ],
        block_device_mappings=[
            ec2.LaunchTemplateBlockDeviceMappingArgs(
                device_name=plan.root_device,
                ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                    volume_size=plan.root_gib,
                    volume_type=plan.root_type,
                    encrypted=str(plan.root_encrypted).lower(),
                    delete_on_termination="true",
                ),
            )
        ],
        # The instance's own tags are the burst's ledger and come with the launch.
        tag_specifications=[
            ec2.LaunchTemplateTagSpecificationArgs(resource_type="volume", tags=dict(plan.tags)),
        ],
        tags=dict(plan.tags),
        opts=opts,
    )
    template_id: pulumi.Output[str] = made.id
    return template_id
