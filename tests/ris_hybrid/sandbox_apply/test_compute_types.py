"""Types of the compute layer: templates, groups, reservations, queues, rules, parameters, in the sandbox's AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers import queues, templates
from ris_hybrid.sandbox.apply.sights.every import sights

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

HANDLERS = {**templates.HANDLERS, **queues.HANDLERS}
TEMPLATE, GROUP = "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/placementGroup:PlacementGroup"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
QUEUE, QUEUE_POLICY = "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
PARAMETER = "aws:ssm/parameter:Parameter"
SIGHTS = sights()


def make(clients: SandboxClients, kind: str, props: dict[str, Any]) -> Made:
    """As the engine hands it on."""
    made = HANDLERS[kind].create(clients, "auto-1234567", props)
    whole = Made(id=made.id, outputs={**props, **made.outputs})
    assert kind not in SIGHTS or SIGHTS[kind].differing(clients, whole, props) == {}
    return whole


def gone(clients: SandboxClients, kind: str, made: Made) -> None:
    HANDLERS[kind].delete(clients, made)
    HANDLERS[kind].delete(clients, made)


def network(clients: SandboxClients) -> tuple[str, str]:
    ec2 = clients.get("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    return subnet, ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]


def template(group: str, **changed: Any) -> dict[str, Any]:
    """As the compute layer registers it."""
    plain = {
        "name": "pool",
        "updateDefaultVersion": True,
        "imageId": "ami-0123456789abcdef0",
        "instanceType": "c7a.4xlarge",
        "userData": "I2Nsb3VkLWNvbmZpZwo=",
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "networkInterfaces": [
            {
                "deviceIndex": 0,
                "interfaceType": "interface",
                "associatePublicIpAddress": "false",
                "securityGroups": [group],
            }
        ],
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeSize": 100}}],
        "tagSpecifications": [{"resourceType": "volume", "tags": {"ris_pool": "pool"}}],
        "tags": {"ris_pool": "pool"},
    }
    return {**plain, **changed}


def test_a_templates_change_is_its_new_default_version(clients):
    ec2, (_, group) = clients.get("ec2"), network(clients)
    old = template(group)
    made = make(clients, TEMPLATE, old)
    new = template(group, imageId="ami-0fedcba9876543210", tags={"ris_pool": "other"})
    given = HANDLERS[TEMPLATE].update(clients, made, old, new)
    assert (given["latestVersion"], given["defaultVersion"]) == (2, 2)
    (row,) = ec2.describe_launch_template_versions(LaunchTemplateId=made.id, Versions=["$Default"])[
        "LaunchTemplateVersions"
    ]
    data = row["LaunchTemplateData"]
    assert data["ImageId"] == "ami-0fedcba9876543210"
    assert data["NetworkInterfaces"][0]["Groups"] == [group]
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert data["TagSpecifications"][0]["Tags"] == [{"Key": "ris_pool", "Value": "pool"}]
    (shown,) = ec2.describe_launch_templates(LaunchTemplateIds=[made.id])["LaunchTemplates"]
    assert shown["Tags"] == [{"Key": "ris_pool", "Value": "other"}]
    made = Made(id=made.id, outputs={**new, **made.outputs, **given})
    assert HANDLERS[TEMPLATE].update(clients, made, new, {**new, "tags": {}}) == {"tagsAll": {}}
    gone(clients, TEMPLATE, made)


def test_a_template_without_the_wish_keeps_its_default_version(clients):
    _, group = network(clients)
    old = template(group, updateDefaultVersion=False)
    made = make(clients, TEMPLATE, old)
    given = HANDLERS[TEMPLATE].update(clients, made, old, {**old, "instanceType": "c7a.8xlarge"})
    assert given["latestVersion"] == 2
    assert "defaultVersion" not in given


def test_a_template_knows_its_properties_and_is_found_by_its_name(clients):
    _, group = network(clients)
    for call in (
        lambda: HANDLERS[TEMPLATE].create(clients, "x", {"keyName": "k"}),
        lambda: HANDLERS[TEMPLATE].update(clients, Made(id="lt-1"), {}, {"keyName": "k"}),
    ):
        with pytest.raises(ConfigError, match="does not know property keyName"):
            call()
    assert templates.LaunchTemplates().find(clients, "x", {"name": "pool"}) is None
    made = make(clients, TEMPLATE, template(group))
    assert templates.LaunchTemplates().find(clients, "pool", {}).id == made.id


def test_machines_are_in_the_groups_of_their_templates_interface(clients):
    ec2, (subnet, group) = clients.get("ec2"), network(clients)
    made = make(clients, TEMPLATE, template(group))
    config = {
        "LaunchTemplateSpecification": {"LaunchTemplateId": made.id, "Version": "$Default"},
        "Overrides": [{"InstanceType": "c7a.4xlarge", "SubnetId": subnet}],
    }
    target = {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand"}
    ec2.create_fleet(Type="instant", LaunchTemplateConfigs=[config], TargetCapacitySpecification=target)
    ec2.run_instances(LaunchTemplate={"LaunchTemplateId": made.id}, MinCount=1, MaxCount=1, SubnetId=subnet)
    other = ec2.create_security_group(
        GroupName="other", Description="other", VpcId=ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    )["GroupId"]
    own = {"LaunchTemplate": {"LaunchTemplateId": made.id}, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    ec2.run_instances(**own, SecurityGroupIds=[other])
    rows = [one for row in ec2.describe_instances()["Reservations"] for one in row["Instances"]]
    assert [[one["GroupId"] for one in row["SecurityGroups"]] for row in rows] == [[group], [group], [other]]


def test_a_group_is_retagged_though_moto_has_none(clients):
    ec2 = clients.get("ec2")
    old = {"name": "close", "strategy": "cluster", "tags": {"a": "b", "c": "d"}}
    made = make(clients, GROUP, old)
    HANDLERS[GROUP].update(clients, made, old, {**old, "tags": {"a": "e"}})
    (shown,) = ec2.describe_placement_groups(GroupNames=["close"])["PlacementGroups"]
    assert shown["Tags"] == [{"Key": "a", "Value": "e"}]
    gone(clients, GROUP, made)
    with pytest.raises(ClientError, match="Unknown"):
        ec2.create_tags(Resources=[made.outputs["placementGroupId"]], Tags=[{"Key": "a", "Value": "b"}])


def test_reserved_machines_are_kept_shown_changed_and_given_back(clients):
    ec2 = clients.get("ec2")
    old = {
        "availabilityZone": "us-east-1a",
        "instanceType": "c7a.4xlarge",
        "instancePlatform": "Linux/UNIX",
        "instanceCount": 2,
        "instanceMatchCriteria": "open",
        "tags": {"a": "b"},
    }
    made = make(clients, RESERVATION, old)
    HANDLERS[RESERVATION].update(clients, made, old, {**old, "instanceCount": 3, "tags": {"c": "d"}})
    (shown,) = ec2.describe_capacity_reservations(
        Filters=[{"Name": "tag:c", "Values": ["d"]}, {"Name": "state", "Values": ["active"]}]
    )["CapacityReservations"]
    assert (shown["TotalInstanceCount"], shown["State"], shown["Tags"]) == (3, "active", [{"Key": "c", "Value": "d"}])
    gone(clients, RESERVATION, made)
    (shown,) = ec2.describe_capacity_reservations(CapacityReservationIds=[made.id])["CapacityReservations"]
    assert shown["State"] == "cancelled"
    with pytest.raises(ClientError, match="is cancelled"):
        ec2.modify_capacity_reservation(CapacityReservationId=made.id, InstanceCount=1)


@pytest.mark.parametrize(
    ("call", "asked", "code"),
    [
        ("cancel_capacity_reservation", {"CapacityReservationId": "cr-1"}, "NotFound"),
        ("describe_capacity_reservations", {"CapacityReservationIds": ["cr-1"]}, "NotFound"),
        ("create_tags", {"Resources": ["cr-1"], "Tags": [{"Key": "a", "Value": "b"}]}, "NotFound"),
        ("cancel_capacity_reservation", {"CapacityReservationId": "cr-1", "DryRun": True}, "DryRunOperation"),
        ("modify_instance_metadata_defaults", {"DryRun": True}, "DryRunOperation"),
        (
            "create_capacity_reservation",
            {"InstanceType": "c7a.4xlarge", "InstancePlatform": "Linux/UNIX", "InstanceCount": 0},
            "InvalidParameterValue",
        ),
        (
            "create_capacity_reservation",
            {"InstanceType": "z9.huge", "InstancePlatform": "Linux/UNIX", "InstanceCount": 1},
            "InvalidParameterValue",
        ),
    ],
)
def test_what_ec2_would_refuse_is_refused(clients, call, asked, code):
    with pytest.raises(ClientError, match=code):
        getattr(clients.get("ec2"), call)(**asked)


def test_a_filter_the_sandbox_does_not_know_is_told(clients):
    make(
        clients,
        RESERVATION,
        {
            "availabilityZone": "us-east-1a",
            "instanceType": "c7a.4xlarge",
            "instancePlatform": "Linux/UNIX",
            "instanceCount": 1,
        },
    )
    with pytest.raises(ClientError, match="SandboxNotImplemented"):
        clients.get("ec2").describe_capacity_reservations(Filters=[{"Name": "tenancy", "Values": ["default"]}])


def test_metadata_defaults_of_an_account_are_kept(clients):
    ec2 = clients.get("ec2")
    assert ec2.get_instance_metadata_defaults().get("AccountLevel", {}) == {}
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
    }
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference")
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {"HttpPutResponseHopLimit": 2}


def test_tags_of_ours_and_of_motos_go_in_one_call(clients):
    ec2 = clients.get("ec2")
    group = ec2.create_placement_group(GroupName="close", Strategy="cluster")["PlacementGroup"]["GroupId"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[group, vpc], Tags=[{"Key": "a", "Value": "b"}])
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
    assert ec2.describe_placement_groups()["PlacementGroups"][0]["Tags"] == [{"Key": "a", "Value": "b"}]


def test_a_queue_with_its_policy(clients):
    sqs = clients.get("sqs")
    old = {"name": "notices", "messageRetentionSeconds": 3600, "sqsManagedSseEnabled": True, "tags": {"a": "b"}}
    made = make(clients, QUEUE, old)
    assert made.outputs["arn"] == "arn:aws:sqs:us-east-1:123456789012:notices"
    statement = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    said = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = make(clients, QUEUE_POLICY, {"queueUrl": made.outputs["url"], "policy": said})
    HANDLERS[QUEUE].update(clients, made, old, {**old, "messageRetentionSeconds": 60, "tags": {"c": "d"}})
    found = sqs.get_queue_attributes(QueueUrl=made.id, AttributeNames=["All"])["Attributes"]
    assert (found["MessageRetentionPeriod"], found["SqsManagedSseEnabled"]) == ("60", "true")
    assert json.loads(found["Policy"]) == json.loads(said)
    assert sqs.list_queue_tags(QueueUrl=made.id)["Tags"] == {"c": "d"}
    HANDLERS[QUEUE_POLICY].delete(clients, policy)
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=made.id, AttributeNames=["All"])["Attributes"]
    gone(clients, QUEUE, made)
    HANDLERS[QUEUE_POLICY].delete(clients, policy)


def test_a_rule_with_its_target(clients):
    events = clients.get("events")
    old = {"name": "notices", "description": "before", "eventPattern": '{"source": ["aws.ec2"]}', "tags": {"a": "b"}}
    made = make(clients, RULE, old)
    HANDLERS[RULE].update(clients, made, old, {**old, "description": "after", "tags": {}})
    assert events.describe_rule(Name="notices")["Description"] == "after"
    aim = {"rule": "notices", "arn": "arn:aws:sqs:us-east-1:123456789012:q"}
    target = make(clients, TARGET, aim)
    HANDLERS[TARGET].update(clients, target, aim, {**aim, "arn": "arn:aws:sqs:us-east-1:123456789012:q2"})
    assert events.list_targets_by_rule(Rule="notices")["Targets"] == [
        {"Id": "auto-1234567", "Arn": "arn:aws:sqs:us-east-1:123456789012:q2"}
    ]
    gone(clients, TARGET, target)
    gone(clients, RULE, made)
    HANDLERS[TARGET].delete(clients, target)
    with pytest.raises(ConfigError, match="does not know property input"):
        HANDLERS[TARGET].create(clients, "x", {**aim, "input": "{}"})


def test_a_parameter_is_written_over(clients):
    ssm = clients.get("ssm")
    old = {"name": "/ris-hybrid/c1-prod/pools/cpu", "type": "String", "insecureValue": "before", "tags": {"a": "b"}}
    made = make(clients, PARAMETER, old)
    HANDLERS[PARAMETER].update(clients, made, old, {**old, "insecureValue": "after", "tags": {"c": "d"}})
    assert ssm.get_parameter(Name=made.id)["Parameter"]["Value"] == "after"
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=made.id)["TagList"] == [
        {"Key": "c", "Value": "d"}
    ]
    gone(clients, PARAMETER, made)
