from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from conftest import Sandbox

TYPE = "c7a.4xlarge"
OTHER = "c7i.4xlarge"


def fleet(ec2: Any, template: str, total: int, overrides: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    target = {"TotalTargetCapacity": total, "DefaultTargetCapacityType": "on-demand", **more.pop("target", {})}
    config = {
        "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"},
        "Overrides": overrides,
    }
    request = {"Type": "instant", "TargetCapacitySpecification": target, "LaunchTemplateConfigs": [config], **more}
    answer: dict[str, Any] = ec2.create_fleet(**request)
    return answer


def counts(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["InstanceType"], one["Lifecycle"], len(one["InstanceIds"])) for one in answer["Instances"]]


def errors(answer: dict[str, Any]) -> list[str]:
    return [one["ErrorCode"] for one in answer["Errors"]]


def everything(ec2: Any) -> list[dict[str, Any]]:
    return [one for reservation in ec2.describe_instances()["Reservations"] for one in reservation["Instances"]]


def code_of(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **more)
    return str(caught.value.response["Error"]["Code"])


def test_a_fleet_fails_in_part_and_says_why(ec2: Any, sandbox: Sandbox, template: str, subnets: list[str]) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 2, "us-east-1b": 1}})
    asked = [{"SubnetId": subnets[0]}, {"SubnetId": subnets[1]}]
    answer = fleet(ec2, template, 5, asked)
    assert counts(answer) == [(TYPE, "on-demand", 2), (TYPE, "on-demand", 1)]
    assert errors(answer) == ["InsufficientInstanceCapacity"] * 2
    assert [one["LaunchTemplateAndOverrides"]["Overrides"] for one in answer["Errors"]] == asked
    assert answer["Instances"][0]["LaunchTemplateAndOverrides"]["LaunchTemplateSpecification"] == {
        "LaunchTemplateId": template,
        "Version": "1",
    }
    assert len(everything(ec2)) == 3


def test_tags_of_template_request_and_fleet_are_on_the_machines(ec2: Any, template: str, subnets: list[str]) -> None:
    tags = [
        {"ResourceType": "instance", "Tags": [{"Key": "ris_pool", "Value": "cpu"}, {"Key": "from", "Value": "call"}]},
        {"ResourceType": "volume", "Tags": [{"Key": "ris_pool", "Value": "cpu"}]},
        {"ResourceType": "fleet", "Tags": [{"Key": "x", "Value": "y"}]},
    ]
    answer = fleet(ec2, template, 2, [{"SubnetId": subnets[0]}], TagSpecifications=tags)
    wanted = [{"Name": "tag:aws:ec2:fleet-id", "Values": [answer["FleetId"]]}]
    found = ec2.describe_instances(Filters=wanted)["Reservations"][0]["Instances"]
    assert [one["InstanceId"] for one in found] == answer["Instances"][0]["InstanceIds"]
    shown = {tag["Key"]: tag["Value"] for tag in found[0]["Tags"]}
    assert shown["ris_pool"] == "cpu"
    assert shown["from"] == "call"
    assert shown["aws:ec2launchtemplate:version"] == "1"
    assert ec2.describe_volumes(Filters=[{"Name": "tag:ris_pool", "Values": ["cpu"]}])["Volumes"]


def test_security_groups_of_the_template_are_applied(ec2: Any) -> None:
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    data = {"ImageId": "ami-12c6146b", "InstanceType": TYPE, "SecurityGroupIds": [group]}
    made = ec2.create_launch_template(LaunchTemplateName="guarded", LaunchTemplateData=data)
    fleet(ec2, made["LaunchTemplate"]["LaunchTemplateId"], 1, [])
    assert [one["GroupId"] for one in everything(ec2)[0]["NetworkInterfaces"][0]["Groups"]] == [group]


def test_an_error_of_one_launch_is_an_entry_of_the_answer(ec2: Any) -> None:
    data = {"ImageId": "ami-12c6146b", "InstanceType": TYPE, "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    made = ec2.create_launch_template(LaunchTemplateName="broken", LaunchTemplateData=data)
    answer = fleet(ec2, made["LaunchTemplate"]["LaunchTemplateId"], 1, [{"InstanceType": TYPE}])
    assert errors(answer) == ["InvalidGroup.NotFound"]
    assert answer["Instances"] == []


def test_prioritized_follows_the_priorities(ec2: Any, template: str) -> None:
    asked = [{"InstanceType": TYPE, "Priority": 5.0}, {"InstanceType": OTHER, "Priority": 1.0}]
    answer = fleet(ec2, template, 1, asked, OnDemandOptions={"AllocationStrategy": "prioritized"})
    assert counts(answer) == [(OTHER, "on-demand", 1)]


def test_spot_goes_where_most_is_free(ec2: Any, sandbox: Sandbox, template: str) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 3}, OTHER: {"us-east-1a": 9}})
    asked = [{"InstanceType": TYPE}, {"InstanceType": OTHER}]
    spot = {"DefaultTargetCapacityType": "spot"}
    options = {"AllocationStrategy": "price-capacity-optimized"}
    answer = fleet(ec2, template, 2, asked, target=spot, SpotOptions=options)
    assert counts(answer) == [(OTHER, "spot", 2)]
    assert {one["InstanceLifecycle"] for one in everything(ec2)} == {"spot"}


def test_spot_and_on_demand_in_one_fleet(ec2: Any, template: str) -> None:
    target = {"OnDemandTargetCapacity": 1, "DefaultTargetCapacityType": "spot"}
    answer = fleet(ec2, template, 3, [{"InstanceType": TYPE}], target=target)
    assert counts(answer) == [(TYPE, "on-demand", 1), (TYPE, "spot", 2)]


def test_weights_round_up(ec2: Any, template: str) -> None:
    answer = fleet(ec2, template, 9, [{"InstanceType": TYPE, "WeightedCapacity": 4.0}])
    assert counts(answer) == [(TYPE, "on-demand", 3)]


def test_all_or_nothing(ec2: Any, sandbox: Sandbox, template: str) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 2}, OTHER: {"us-east-1a": 2}})
    options = {"MinTargetCapacity": 3, "SingleInstanceType": True}
    asked = [{"InstanceType": TYPE}, {"InstanceType": OTHER}]
    answer = fleet(ec2, template, 3, asked, OnDemandOptions=options)
    assert answer["Instances"] == []
    assert errors(answer) == ["InsufficientInstanceCapacity"] * 2
    assert everything(ec2) == []


def test_a_full_subnet_is_an_error_entry(ec2: Any, template: str, small_subnet: str) -> None:
    answer = fleet(ec2, template, 20, [{"SubnetId": small_subnet}])
    assert (counts(answer), errors(answer)) == (
        [(TYPE, "on-demand", 11)],
        ["InsufficientFreeAddressesInSubnet"],
    )
    ids = answer["Instances"][0]["InstanceIds"]
    assert len(ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"]) == 11


def test_what_does_not_exist_is_an_error_entry(ec2: Any, template: str) -> None:
    asked = [{"InstanceType": "c7a.nonsense"}, {"SubnetId": "subnet-0123456789abcdef0"}, {"InstanceType": TYPE}]
    answer = fleet(ec2, template, 1, asked)
    assert errors(answer) == ["InvalidInstanceType", "InvalidSubnetID.NotFound"]
    assert counts(answer) == [(TYPE, "on-demand", 1)]


def test_a_zone_without_subnet_means_its_default_subnet(ec2: Any, template: str, subnets: list[str]) -> None:
    fleet(ec2, template, 1, [{"AvailabilityZone": "us-east-1c", "ImageId": "ami-0b"}])
    one = everything(ec2)[0]
    assert (one["SubnetId"], one["ImageId"]) == (subnets[2], "ami-0b")


def test_a_placement_group_of_the_override_is_reported(ec2: Any, template: str) -> None:
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    answer = fleet(ec2, template, 1, [{"Placement": {"GroupName": "tight"}}])
    shown = answer["Instances"][0]["LaunchTemplateAndOverrides"]["Overrides"]
    assert shown["Placement"]["GroupName"] == "tight"
    assert everything(ec2)[0]["Placement"]["GroupName"] == "tight"
    unknown = [{"Placement": {"GroupName": "none"}}]
    assert code_of(fleet, ec2, template, 1, unknown) == "InvalidPlacementGroup.Unknown"


def test_a_placement_group_of_the_template_is_reported(ec2: Any) -> None:
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    data = {"ImageId": "ami-0b", "InstanceType": TYPE, "Placement": {"GroupName": "tight"}}
    made = ec2.create_launch_template(LaunchTemplateName="tight", LaunchTemplateData=data)
    fleet(ec2, made["LaunchTemplate"]["LaunchTemplateId"], 1, [])
    assert everything(ec2)[0]["Placement"]["GroupName"] == "tight"


def test_the_same_token_is_the_same_fleet(ec2: Any, template: str) -> None:
    first = fleet(ec2, template, 2, [], ClientToken="once")
    again = fleet(ec2, template, 2, [], ClientToken="once")
    assert (again["FleetId"], again["Instances"]) == (first["FleetId"], first["Instances"])
    assert len(everything(ec2)) == 2
    assert code_of(fleet, ec2, template, 3, [], ClientToken="once") == "IdempotentParameterMismatch"


def test_what_a_fleet_call_is_refused_for(ec2: Any, template: str) -> None:
    bare = ec2.create_launch_template(LaunchTemplateName="bare", LaunchTemplateData={"InstanceType": TYPE})
    minimum = {"MinTargetCapacity": 1}
    units = {"TargetCapacityUnitType": "vcpu"}
    without = [{"Overrides": [{"InstanceType": TYPE}]}]
    assert code_of(fleet, ec2, template, 1, [], Type="maintain") == "UnsupportedOperation"
    assert code_of(fleet, ec2, template, 1, [], DryRun=True) == "DryRunOperation"
    assert code_of(fleet, ec2, template, 0, []) == "InvalidParameterValue"
    assert code_of(fleet, ec2, "lt-0123456789abcdef0", 1, []) == "InvalidLaunchTemplateId.NotFound"
    assert code_of(fleet, ec2, bare["LaunchTemplate"]["LaunchTemplateId"], 1, []) == "MissingParameter"
    assert code_of(fleet, ec2, template, 1, [], target=units) == "SandboxNotImplemented"
    assert code_of(fleet, ec2, template, 1, [], OnDemandOptions=minimum) == "InvalidParameterCombination"
    assert code_of(fleet, ec2, template, 1, [], LaunchTemplateConfigs=[]) == "MissingParameter"
    assert code_of(fleet, ec2, template, 1, [], LaunchTemplateConfigs=without) == "MissingParameter"
    assert everything(ec2) == []


def test_calls_on_fleets_say_that_the_sandbox_keeps_none(ec2: Any) -> None:
    assert code_of(ec2.describe_fleets) == "SandboxNotImplemented"
    assert code_of(ec2.delete_fleets, FleetIds=["fleet-1"], TerminateInstances=True) == "SandboxNotImplemented"


def test_the_same_seed_gives_the_same_ids(ec2: Any, sandbox: Sandbox, template: str) -> None:
    first = fleet(ec2, template, 2, [])
    names = [one["name"] for one in sandbox.get("instances")]
    sandbox.post("reset", {})
    sandbox.post("clock", {"now": 1_800_000_000})
    data = {
        "ImageId": "ami-12c6146b",
        "InstanceType": TYPE,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"}]}],
    }
    ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=data)
    again = fleet(ec2, template, 2, [])
    assert again["Instances"] == first["Instances"]
    assert [one["name"] for one in sandbox.get("instances")] == names
    assert re.fullmatch(r"ip-[\d-]+\.ec2\.internal", names[0])


def test_a_hundred_machines_come_fast(ec2: Any, template: str) -> None:
    answer = fleet(ec2, template, 100, [])
    assert len(answer["Instances"][0]["InstanceIds"]) == 100
    assert len({one["PrivateIpAddress"] for one in everything(ec2)}) == 100
