"""Builds in the sandbox's AWS what the burst pools need, from the same plan the Pulumi program builds (sandbox).

The plan passes the policy rules first, as it would before ``pulumi up``. Left out: the nodes' role, for the sandbox
asks nobody for permission, and the rule that fills the queue, for the sandbox puts its notices there by itself.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from burst.aws.prices import catalog
from burst.aws.userdata import user_data
from policies.network_json import check, enforce
from ris_hybrid.errors import ConfigError
from stacks.node_plan import node_pools
from stacks.plan import NetworkSettings, plan_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import IpPermissionTypeDef, RequestLaunchTemplateDataTypeDef, TagSpecificationTypeDef

    from policies.network_json import NetworkJson
    from ris_hybrid.sandbox.aws.child import SandboxAws
    from ris_hybrid.settings import BurstSettings
    from stacks.node_plan import LaunchTemplatePlan
    from stacks.notice_plan import NoticesPlan
    from stacks.plan import NetworkPlan, PortRule

_ZONES = 3
_IMAGE = "ami-0123456789abcdef0"  # nothing boots in the sandbox


def build(settings: BurstSettings, aws: SandboxAws, folder: Path, phi_labs: Sequence[str]) -> Path:
    """Create network, placement groups, launch templates and queue; the outputs file is what burst.yaml reads.

    Raises:
        PolicyViolation: the plan breaks a rule; nothing was created.
        ConfigError: the sandbox's AWS cannot build it, as in a region it does not know.
    """
    try:
        with closing(sandbox_client(aws)) as client, closing(_any_client(aws, "sqs")) as sqs:
            outputs = _build(client, sqs, settings, phi_labs)
    except (BotoCoreError, ClientError) as error:
        raise ConfigError(
            f"the sandbox cannot build the pools: {error}", "check region and pools of burst.yaml"
        ) from error
    path = folder / "outputs.json"
    path.write_text(json.dumps(outputs, indent=2) + "\n", encoding="utf-8")
    return path


def instances_left(aws: SandboxAws) -> int:
    """How many instances have not ended, by EC2's own DescribeInstances and whatever their tags."""
    with closing(sandbox_client(aws)) as client:
        pages = client.get_paginator("describe_instances").paginate()
        states = [i["State"]["Name"] for page in pages for group in page["Reservations"] for i in group["Instances"]]
    return sum(state not in {"terminated", "shutting-down"} for state in states)


def _build(client: EC2Client, sqs: Any, settings: BurstSettings, phi_labs: Sequence[str]) -> dict[str, object]:
    zones = client.describe_availability_zones()["AvailabilityZones"][:_ZONES]
    plan = plan_network(_network_settings(settings, tuple(zone["ZoneName"] for zone in zones)))
    network = cast("NetworkJson", asdict(plan))
    enforce(check(network, settings, phi_labs=phi_labs, known_types=catalog()))
    vpc = client.create_vpc(CidrBlock=plan.vpc_cidr, TagSpecifications=[_tags("vpc", plan.tags)])
    vpc_id = vpc["Vpc"]["VpcId"]
    subnets = [
        client.create_subnet(VpcId=vpc_id, CidrBlock=subnet.cidr, AvailabilityZone=subnet.zone)["Subnet"]["SubnetId"]
        for subnet in plan.subnets
    ]
    for group in plan.placement_groups:
        client.create_placement_group(GroupName=group.name, Strategy="cluster")
    group_id = _security_group(client, plan, vpc_id)
    built = {"subnets": subnets, "notices": _queue(sqs, plan.notices)}
    return {
        template.pool: {"launch_template": _launch_template(client, template, group_id), **built}
        for template in plan.launch_templates
    }


def _queue(sqs: Any, plan: NoticesPlan) -> str:
    attributes = {
        "MessageRetentionPeriod": str(plan.retention_s),
        "SqsManagedSseEnabled": str(plan.encrypted).lower(),
    }
    return str(sqs.create_queue(QueueName=plan.name, Attributes=attributes)["QueueUrl"])


def _network_settings(settings: BurstSettings, zones: tuple[str, ...]) -> NetworkSettings:
    return NetworkSettings(
        cluster=settings.cluster,
        provider=settings.provider,
        env="sandbox",
        vpc_cidr="10.80.0.0/20",
        onprem_cidr="10.20.0.0/16",
        zones=zones,
        image_id=_IMAGE,
        pools=node_pools(settings, {pool.name: user_data(pool, settings) for pool in settings.pools}),
    )


def sandbox_client(aws: SandboxAws) -> EC2Client:
    """A client of the sandbox's EC2, to set scenes with."""
    return cast("EC2Client", _any_client(aws, "ec2"))


def _any_client(aws: SandboxAws, service: str) -> Any:
    """A client of the sandbox alone: the user's own AWS profile, credentials and proxy have no say."""
    env = aws.env()
    session = botocore.session.Session()
    own = {"profile": "default", "config_file": env["AWS_CONFIG_FILE"], "credentials_file": os.devnull}
    for name, value in own.items():
        session.set_config_variable(name, value)
    return session.create_client(
        service,
        region_name=aws.region,
        endpoint_url=aws.url,
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )


def _security_group(client: EC2Client, plan: NetworkPlan, vpc_id: str) -> str:
    name = f"{plan.name}-nodes"
    group_id = client.create_security_group(GroupName=name, Description="burst nodes", VpcId=vpc_id)["GroupId"]
    client.authorize_security_group_ingress(
        GroupId=group_id, IpPermissions=[_permission(rule) for rule in plan.ingress]
    )
    if plan.nodes_talk:
        own: IpPermissionTypeDef = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group_id}]}
        client.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[own])
    return group_id


def _permission(rule: PortRule) -> IpPermissionTypeDef:
    return {
        "IpProtocol": rule.protocol,
        "FromPort": rule.from_port,
        "ToPort": rule.to_port,
        "IpRanges": [{"CidrIp": rule.cidr, "Description": rule.description}],
    }


def _launch_template(client: EC2Client, template: LaunchTemplatePlan, group_id: str) -> str:
    created = client.create_launch_template(
        LaunchTemplateName=template.name,
        LaunchTemplateData=_template_data(template, group_id),
        TagSpecifications=[_tags("launch-template", template.tags)],
    )
    return created["LaunchTemplate"]["LaunchTemplateId"]


def _template_data(template: LaunchTemplatePlan, group_id: str) -> RequestLaunchTemplateDataTypeDef:
    disk = {"VolumeSize": template.root_gib, "VolumeType": "gp3", "Encrypted": template.root_encrypted}
    plain = template.interface_type == "interface"
    interface = {"DeviceIndex": 0, "InterfaceType": template.interface_type, "Groups": [group_id]}
    data: dict[str, object] = {
        "ImageId": template.image_id,
        "InstanceType": template.instance_type,
        "UserData": b64encode(template.user_data.encode()).decode(),
        "MetadataOptions": {
            "HttpTokens": template.http_tokens,
            "HttpPutResponseHopLimit": template.http_hop_limit,
            "InstanceMetadataTags": "enabled" if template.instance_metadata_tags else "disabled",
        },
        "BlockDeviceMappings": [{"DeviceName": template.root_device, "Ebs": disk}],
        # The emulator puts machines into the groups of a template, but not into those of an interface.
        "SecurityGroupIds": [group_id] if plain else [],
        "NetworkInterfaces": [] if plain else [interface],
        "Placement": {"GroupName": template.placement_group} if template.placement_group else {},
    }
    filled = {key: value for key, value in data.items() if value}
    return cast("RequestLaunchTemplateDataTypeDef", filled)


def _tags(kind: ResourceTypeType, tags: Mapping[str, str]) -> TagSpecificationTypeDef:
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
