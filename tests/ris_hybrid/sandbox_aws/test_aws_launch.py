from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.sandbox.aws.launch import counts
from ris_hybrid.sandbox.aws.wire import ApiError, Params

if TYPE_CHECKING:
    from conftest import Sandbox

IMAGE = "ami-12c6146b"
TYPE = "c7a.4xlarge"


def run(ec2: Any, least: int = 1, most: int = 1, **more: Any) -> list[str]:
    answer = ec2.run_instances(ImageId=IMAGE, InstanceType=TYPE, MinCount=least, MaxCount=most, **more)
    return [one["InstanceId"] for one in answer["Instances"]]


def code_of(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def everything(ec2: Any, **arguments: Any) -> list[dict[str, Any]]:
    answer = ec2.describe_instances(**arguments)
    return [one for reservation in answer["Reservations"] for one in reservation["Instances"]]


def test_launches_up_to_max_count(ec2: Any) -> None:
    assert len(run(ec2, 1, 5)) == 5


def test_launches_fewer_than_max_count_when_capacity_is_short(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 3}})
    assert len(run(ec2, 2, 5)) == 3
    assert code_of(run, ec2=ec2) == ("InsufficientInstanceCapacity", 500)
    assert len(run(ec2, Placement={"AvailabilityZone": "us-east-1b"})) == 1


def test_ended_machines_give_their_capacity_back(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 1}})
    ec2.terminate_instances(InstanceIds=run(ec2))
    assert len(run(ec2)) == 1


def test_a_full_subnet_is_an_error_and_leaves_nothing_behind(ec2: Any, small_subnet: str) -> None:
    assert code_of(run, ec2=ec2, least=12, most=12, SubnetId=small_subnet) == (
        "InsufficientFreeAddressesInSubnet",
        400,
    )
    assert everything(ec2) == []
    assert len(run(ec2, 1, 20, SubnetId=small_subnet)) == 11


def test_addresses_come_back_when_a_machine_is_terminated(ec2: Any, sandbox: Sandbox, small_subnet: str) -> None:
    for turn in range(3):
        ids = run(ec2, 11, 11, SubnetId=small_subnet)
        ec2.terminate_instances(InstanceIds=ids)
        assert code_of(run, ec2=ec2, SubnetId=small_subnet)[0] == "InsufficientFreeAddressesInSubnet"
        sandbox.post("clock", {"now": 1_800_000_000 + (turn + 1) * 31})
    assert len(run(ec2, 11, 11, SubnetId=small_subnet)) == 11


def test_an_interface_deleted_with_its_machine_is_no_problem(ec2: Any, sandbox: Sandbox, small_subnet: str) -> None:
    nic = {"DeviceIndex": 0, "SubnetId": small_subnet, "DeleteOnTermination": True}
    ec2.terminate_instances(InstanceIds=run(ec2, NetworkInterfaces=[nic]))
    sandbox.post("clock", {"now": 1_800_000_031})
    assert everything(ec2)[0]["State"]["Name"] == "terminated"


def test_an_unknown_type_is_refused(ec2: Any) -> None:
    answer = code_of(ec2.run_instances, ImageId=IMAGE, InstanceType="c7a.nonsense", MinCount=1, MaxCount=1)
    assert answer == ("InvalidParameterValue", 400)


def test_an_unknown_subnet_is_refused_in_motos_words(ec2: Any) -> None:
    assert code_of(run, ec2=ec2, SubnetId="subnet-0123456789abcdef0") == ("InvalidSubnetID.NotFound", 400)


@pytest.mark.parametrize(("least", "most"), [(3, 2), (0, 0)])
def test_counts_that_make_no_sense_are_refused(ec2: Any, least: int, most: int) -> None:
    assert code_of(run, ec2=ec2, least=least, most=most) == ("InvalidParameterValue", 400)


def test_counts_are_needed() -> None:
    with pytest.raises(ApiError, match="MissingParameter"):
        counts(Params({"MinCount": "1"}))


def test_a_dry_run_launches_nothing(ec2: Any) -> None:
    assert code_of(run, ec2=ec2, DryRun=True) == ("DryRunOperation", 412)
    assert everything(ec2) == []


def test_the_launch_template_is_applied(ec2: Any, small_subnet: str) -> None:
    data = {
        "ImageId": IMAGE,
        "InstanceType": TYPE,
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": small_subnet}],
    }
    ec2.create_launch_template(LaunchTemplateName="node", LaunchTemplateData=data)
    ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "node"}, MinCount=1, MaxCount=1)
    one = everything(ec2)[0]
    assert one["SubnetId"] == small_subnet
    assert one["Placement"]["AvailabilityZone"] == "us-east-1b"
    assert one["InstanceType"] == TYPE
    assert one["MetadataOptions"]["HttpTokens"] == "required"


def disk(device: str, **more: Any) -> dict[str, Any]:
    return {"DeviceName": device, "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", **more}}


@pytest.mark.parametrize(
    ("disks", "own", "held"),
    [
        ([disk("/dev/xvda", Encrypted=True, DeleteOnTermination=True)], [], {"/dev/xvda": (30, True)}),
        (
            [disk("/dev/sda1", Encrypted=True), disk("/dev/sdb", Encrypted=False)],
            [],
            {"/dev/sda1": (30, True), "/dev/sdb": (30, False)},
        ),
        ([disk("/dev/sdb", Encrypted=True)], [], {"/dev/sda1": (8, False), "/dev/sdb": (30, True)}),
        ([disk("/dev/xvda", Encrypted=True)], [disk("/dev/xvda")], {"/dev/xvda": (30, False)}),
    ],
)
def test_the_volumes_of_a_machine_are_those_of_its_template(
    ec2: Any, disks: list[dict[str, Any]], own: list[dict[str, Any]], held: dict[str, tuple[int, bool]]
) -> None:
    data = {"ImageId": IMAGE, "InstanceType": TYPE, "BlockDeviceMappings": disks}
    ec2.create_launch_template(LaunchTemplateName="disks", LaunchTemplateData=data)
    more = {"BlockDeviceMappings": own} if own else {}
    ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "disks"}, MinCount=1, MaxCount=1, **more)
    volumes = ec2.describe_volumes()["Volumes"]
    assert {one["Attachments"][0]["Device"]: (one["Size"], one["Encrypted"]) for one in volumes} == held
    assert len(volumes) == len(held)


def test_an_interface_of_the_call_goes_before_the_template(ec2: Any, small_subnet: str, template: str) -> None:
    nic = {"DeviceIndex": 0, "SubnetId": small_subnet}
    asked = {"LaunchTemplateId": template}
    ec2.run_instances(LaunchTemplate=asked, NetworkInterfaces=[nic], MinCount=1, MaxCount=1)
    assert everything(ec2)[0]["SubnetId"] == small_subnet


def test_an_unknown_template_version_is_refused(ec2: Any, template: str) -> None:
    for version, code in (("9", "InvalidLaunchTemplateId.VersionNotFound"), ("x", "InvalidLaunchTemplateVersion")):
        asked = {"LaunchTemplateId": template, "Version": version}
        assert code_of(ec2.run_instances, LaunchTemplate=asked, MinCount=1, MaxCount=1)[0] == code


def test_the_same_token_gives_the_same_machines(ec2: Any) -> None:
    first = run(ec2, 2, 2, ClientToken="once")
    assert run(ec2, 2, 2, ClientToken="once") == first
    assert len(everything(ec2)) == 2


def test_the_same_token_for_another_request_is_refused(ec2: Any) -> None:
    run(ec2, ClientToken="once")
    assert code_of(run, ec2=ec2, most=2, ClientToken="once") == ("IdempotentParameterMismatch", 400)


def test_without_a_token_of_ones_own_each_call_launches(ec2: Any) -> None:
    run(ec2)
    run(ec2)
    assert len(everything(ec2)) == 2


def test_a_refused_call_may_be_repeated_with_its_token(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 0}})
    assert code_of(run, ec2=ec2, ClientToken="again")[0] == "InsufficientInstanceCapacity"
    sandbox.post("capacity", {})
    assert len(run(ec2, ClientToken="again")) == 1


def test_tokens_count_per_region(ec2: Any, sandbox: Sandbox) -> None:
    west = sandbox.client("ec2", region="us-west-2")
    assert run(ec2, ClientToken="once") != run(west, ClientToken="once")
    assert len(sandbox.get("instances")) == 2


def test_calls_with_one_token_at_the_same_time_are_one_launch(ec2: Any) -> None:
    got: list[list[str]] = []
    threads = [threading.Thread(target=lambda: got.append(run(ec2, 3, 3, ClientToken="race"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({tuple(ids) for ids in got}) == 1
    assert len(everything(ec2)) == 3


def test_the_same_template_token_makes_one_template(ec2: Any) -> None:
    data = {"ImageId": IMAGE}
    for _ in range(2):
        ec2.create_launch_template(LaunchTemplateName="twice", LaunchTemplateData=data, ClientToken="t")
    assert len(ec2.describe_launch_templates()["LaunchTemplates"]) == 1


def test_placement_groups_are_kept_and_reported(ec2: Any) -> None:
    made = ec2.create_placement_group(
        GroupName="tight",
        Strategy="cluster",
        TagSpecifications=[{"ResourceType": "placement-group", "Tags": [{"Key": "lab", "Value": "wucci"}]}],
    )["PlacementGroup"]
    ec2.create_placement_group(GroupName="loose", Strategy="spread")
    ec2.create_placement_group(GroupName="parts", Strategy="partition", PartitionCount=3)
    run(ec2, Placement={"GroupName": "tight"})
    assert everything(ec2)[0]["Placement"]["GroupName"] == "tight"
    wanted = [{"Name": "tag:lab", "Values": ["w*"]}]
    assert ec2.describe_placement_groups(Filters=wanted)["PlacementGroups"] == [made]
    by_id = ec2.describe_placement_groups(GroupIds=[made["GroupId"]])["PlacementGroups"]
    assert [one["GroupName"] for one in by_id] == ["tight"]
    parts = ec2.describe_placement_groups(GroupNames=["parts"])["PlacementGroups"][0]
    assert parts["PartitionCount"] == 3
    assert len(ec2.describe_placement_groups()["PlacementGroups"]) == 3


def test_a_placement_group_in_use_stays(ec2: Any, sandbox: Sandbox) -> None:
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    ids = run(ec2, Placement={"GroupName": "tight"})
    assert code_of(ec2.delete_placement_group, GroupName="tight") == ("InvalidPlacementGroup.InUse", 400)
    ec2.terminate_instances(InstanceIds=ids)
    sandbox.post("clock", {"now": 1_800_000_100})
    ec2.delete_placement_group(GroupName="tight")
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    assert everything(ec2)[0]["Placement"]["GroupName"] == "tight"


def test_placement_group_errors(ec2: Any) -> None:
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    twice = {"GroupName": "tight", "Strategy": "cluster"}
    assert code_of(ec2.create_placement_group, **twice)[0] == "InvalidPlacementGroup.Duplicate"
    assert code_of(ec2.create_placement_group, GroupName="x", Strategy="heap")[0] == "InvalidParameterValue"
    assert code_of(ec2.create_placement_group, Strategy="cluster")[0] == "MissingParameter"
    assert code_of(ec2.create_placement_group, **twice, DryRun=True) == ("DryRunOperation", 412)
    assert code_of(ec2.delete_placement_group, GroupName="none")[0] == "InvalidPlacementGroup.Unknown"
    assert code_of(ec2.describe_placement_groups, GroupNames=["none"])[0] == "InvalidPlacementGroup.Unknown"
    assert code_of(ec2.describe_placement_groups, GroupIds=["pg-0"])[0] == "InvalidPlacementGroupId.Unknown"
    assert code_of(run, ec2=ec2, Placement={"GroupName": "none"})[0] == "InvalidPlacementGroup.Unknown"
    odd = [{"Name": "group-colour", "Values": ["red"]}]
    assert code_of(ec2.describe_placement_groups, Filters=odd) == ("SandboxNotImplemented", 501)
