"""What the layer writes of a machine is moto's own text, corrected: the same field by field, whatever befell it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import pytest

from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws import moto_view
from ris_hybrid.sandbox.aws.describe import describe_instances
from ris_hybrid.sandbox.aws.ending import change_state
from ris_hybrid.sandbox.aws.launch import run_instances
from ris_hybrid.sandbox.aws.lifecycle import STATE_CODE, Timing, stamp
from ris_hybrid.sandbox.aws.moto_app import Moto
from ris_hybrid.sandbox.aws.placement_call import placement_group
from ris_hybrid.sandbox.aws.state import State
from ris_hybrid.sandbox.aws.wire import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ris_hybrid.sandbox.aws.lifecycle import Record

ACCOUNT, REGION = "123456789012", "us-east-1"
HANDLERS: dict[str, Callable[[State, Call], Answer]] = {
    "RunInstances": run_instances,
    "DescribeInstances": describe_instances,
    "TerminateInstances": change_state,
    "StopInstances": change_state,
    "StartInstances": change_state,
    "CreatePlacementGroup": placement_group,
    "DeletePlacementGroup": placement_group,
}
AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential=sandbox/20270115/{REGION}/ec2/aws4_request, SignedHeaders=host, Signature="
)


def call(action: str, fields: dict[str, str], service: str = "ec2") -> Call:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "HTTP_AUTHORIZATION": AUTHORIZATION.replace("/ec2/", f"/{service}/"),
    }
    blank = Call(
        service=service,
        region=REGION,
        account=ACCOUNT,
        action=action,
        protocol="ec2" if service == "ec2" else "query",
        pairs=(),
        body=b"",
        environ=environ,
    )
    version = "2016-11-15" if service == "ec2" else "2010-05-08"
    return blank.asking([("Action", action), ("Version", version), *fields.items()])


class Desk:
    """One sandbox account, asked in forms."""

    def __init__(self) -> None:
        self.state = State(moto=Moto(7))
        self.state.clock.set(1_800_000_000)

    def ask(self, action: str, service: str = "ec2", **fields: str) -> str:
        asked = call(action, {key.replace("__", "."): value for key, value in fields.items()}, service)
        answer = HANDLERS.get(action, State.plain)(self.state, asked)
        assert answer.ok, answer.body
        return answer.body.decode()

    def launch(self, count: int = 1, **fields: str) -> list[str]:
        most = {"MinCount": "1", "MaxCount": str(count), "ImageId": "ami-12c6146b", "InstanceType": "c7a.large"}
        return re.findall(r"<instanceId>(i-\w+)<", self.ask("RunInstances", **(most | fields)))

    def one(self, pattern: str, action: str, **fields: str) -> str:
        found = re.search(pattern, self.ask(action, **fields))
        assert found is not None
        return found[1]

    def later(self, seconds: float) -> None:
        self.state.clock.set(self.state.clock.now() + seconds)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.state.moto.reset()
    yield made
    made.state.moto.reset()


def oracle(desk: Desk) -> dict[str, str]:
    """moto's own text of every machine, with the corrections put in one by one."""
    answer = desk.state.moto.answer(call("DescribeInstances", {"MaxResults": "1000000"}))
    root = fromstring(answer.body)  # noqa: S314 - moto's, in this process
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    items = [item for instances in root.iter("instancesSet") for item in instances]
    return {item.findtext("instanceId") or "": corrected(desk, item) for item in items}


def corrected(desk: Desk, item: Element) -> str:
    record: Record = desk.state.book.records[item.findtext("instanceId") or ""]
    state = record.state(desk.state.clock.now(), Timing())
    put(item, "instanceState/name", state)
    put(item, "instanceState/code", str(STATE_CODE[state]))
    put(item, "launchTime", stamp(record.launched))
    if record.group:
        put(item, "placement/groupName", record.group)
        put(item, "placement/groupId", desk.state.groups.id_of((ACCOUNT, REGION), record.group))
    if state is MachineState.TERMINATED:
        put(item, "privateDnsName", "")
        for name in ("privateIpAddress", "subnetId", "vpcId", "networkInterfaceSet", "blockDeviceMapping", "groupSet"):
            for found in item.findall(name):
                item.remove(found)
        for name in ("networkInterfaceSet", "blockDeviceMapping", "groupSet"):
            SubElement(item, name)
    return tostring(item, encoding="unicode")


def put(node: Element, path: str, value: str) -> None:
    for name in path.split("/"):
        found = node.find(name)
        node = SubElement(node, name) if found is None else found
    node.text = value


def shown(desk: Desk) -> dict[str, str]:
    root = fromstring(re.sub(' xmlns="[^"]*"', "", desk.ask("DescribeInstances")))  # noqa: S314 - our own
    items = [item for instances in root.iter("instancesSet") for item in instances]
    return {item.findtext("instanceId") or "": tostring(item, encoding="unicode") for item in items}


def agree(desk: Desk, machines: int) -> None:
    ours = shown(desk)
    assert len(ours) == machines
    assert ours == oracle(desk)


def test_a_plain_machine_through_its_whole_life(desk: Desk) -> None:
    ids = desk.launch(3)
    agree(desk, 3)
    desk.later(25)
    agree(desk, 3)
    desk.ask("StopInstances", InstanceId__1=ids[0])
    desk.ask("TerminateInstances", InstanceId__1=ids[1])
    agree(desk, 3)
    desk.later(40)
    agree(desk, 3)
    desk.ask("StopInstances", InstanceId__1=ids[0])
    desk.ask("StartInstances", InstanceId__1=ids[0])
    agree(desk, 3)


def test_everything_a_launch_can_name(desk: Desk) -> None:
    desk.ask("CreatePlacementGroup", GroupName="rack", Strategy="cluster")
    desk.ask("CreateKeyPair", KeyName="mine")
    group = desk.one("<groupId>(sg-[^<]+)<", "CreateSecurityGroup", GroupName="web", GroupDescription="a & b <c>")
    desk.launch(
        KeyName="mine",
        SecurityGroupId__1=group,
        EbsOptimized="true",
        Monitoring__Enabled="true",
        ClientToken="token-1",
        InstanceMarketOptions__MarketType="spot",
        HibernationOptions__Configured="true",
        MetadataOptions__HttpTokens="required",
        MetadataOptions__HttpPutResponseHopLimit="2",
        Placement__GroupName="rack",
        BlockDeviceMapping__1__DeviceName="/dev/sdb",
        BlockDeviceMapping__1__Ebs__VolumeSize="20",
        BlockDeviceMapping__1__Ebs__DeleteOnTermination="true",
        TagSpecification__1__ResourceType="instance",
        TagSpecification__1__Tag__1__Key="why <&>",
        TagSpecification__1__Tag__1__Value='"quoted" <text> & ümlaut\n',
        UserData="Zm9v",
    )
    agree(desk, 1)
    desk.later(100)
    desk.ask("TerminateInstances", InstanceId__1=next(iter(shown(desk))))
    agree(desk, 1)
    desk.later(100)
    agree(desk, 1)
    desk.ask("DeletePlacementGroup", GroupName="rack")
    agree(desk, 1)


def test_network_cards_of_every_kind(desk: Desk) -> None:
    vpc = desk.one("<vpcId>(vpc-[^<]+)<", "CreateVpc", CidrBlock="10.8.0.0/16", AmazonProvidedIpv6CidrBlock="true")
    block = desk.one(r"<ipv6CidrBlock>([^<]+)::/56<", "DescribeVpcs", VpcId__1=vpc)
    subnet = desk.one(
        "<subnetId>(subnet-[^<]+)<",
        "CreateSubnet",
        VpcId=vpc,
        CidrBlock="10.8.1.0/24",
        Ipv6CidrBlock=f"{block}::/64",
        AvailabilityZone="us-east-1b",
    )
    private = desk.launch(SubnetId=subnet, Ipv6AddressCount="2")[0]
    card = desk.one("<networkInterfaceId>(eni-[^<]+)<", "CreateNetworkInterface", SubnetId=subnet, Description="second")
    desk.launch(
        NetworkInterface__1__DeviceIndex="0",
        NetworkInterface__1__SubnetId=subnet,
        NetworkInterface__1__AssociatePublicIpAddress="true",
        NetworkInterface__1__DeleteOnTermination="true",
    )
    agree(desk, 2)
    attached = desk.one(
        "<attachmentId>([^<]+)<",
        "AttachNetworkInterface",
        NetworkInterfaceId=card,
        InstanceId=private,
        DeviceIndex="1",
    )
    agree(desk, 2)
    desk.ask("DetachNetworkInterface", AttachmentId=attached)
    agree(desk, 2)
    address = desk.one("<allocationId>(eipalloc-[^<]+)<", "AllocateAddress", Domain="vpc")
    desk.ask("AssociateAddress", AllocationId=address, InstanceId=private)
    agree(desk, 2)


def test_what_is_changed_afterwards_shows_at_once(desk: Desk) -> None:
    machine = desk.launch(2)[0]
    agree(desk, 2)
    desk.ask("ModifyInstanceAttribute", InstanceId=machine, InstanceType__Value="c7a.xlarge")
    agree(desk, 2)
    desk.ask("ModifyInstanceAttribute", InstanceId=machine, SourceDestCheck__Value="false")
    agree(desk, 2)
    desk.ask("ModifyInstanceMetadataOptions", InstanceId=machine, HttpTokens="required")
    agree(desk, 2)
    volume = desk.one("<volumeId>(vol-[^<]+)<", "CreateVolume", Size="9", AvailabilityZone="us-east-1a")
    desk.ask("AttachVolume", VolumeId=volume, InstanceId=machine, Device="/dev/sdh")
    agree(desk, 2)
    desk.ask("CreateTags", ResourceId__1=machine, Tag__1__Key="a", Tag__1__Value="1")
    desk.ask("CreateTags", ResourceId__1=machine, Tag__1__Key="b", Tag__1__Value="")
    agree(desk, 2)
    desk.ask("DeleteTags", ResourceId__1=machine, Tag__1__Key="a")
    agree(desk, 2)


def test_an_instance_profile_shows_when_it_is_there_and_not_when_it_is_gone(desk: Desk) -> None:
    machine = desk.launch()[0]
    agree(desk, 1)
    desk.ask("CreateInstanceProfile", "iam", InstanceProfileName="node")
    link = desk.one(
        "<associationId>(iip-assoc-[^<]+)<",
        "AssociateIamInstanceProfile",
        InstanceId=machine,
        IamInstanceProfile__Name="node",
    )
    agree(desk, 1)
    desk.ask("DisassociateIamInstanceProfile", AssociationId=link)
    agree(desk, 1)


def test_an_image_of_ones_own_gives_its_platform_and_architecture(desk: Desk) -> None:
    image = desk.one(
        "<imageId>(ami-[^<]+)<", "RegisterImage", Name="win", Architecture="arm64", RootDeviceName="/dev/x"
    )
    desk.launch(ImageId=image)
    agree(desk, 1)


def test_the_answer_of_a_launch_is_what_describing_it_says(desk: Desk) -> None:
    launched = desk.ask("RunInstances", MinCount="2", MaxCount="2", ImageId="ami-1", InstanceType="c7a.large")
    described = desk.ask("DescribeInstances")
    fields = "<reservationId>.*</instancesSet>"
    found = [re.search(fields, text) for text in (launched, described)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0][0] == found[1][0]


def test_a_machine_whose_tags_alone_change_is_written_anew_and_the_others_are_not(desk: Desk) -> None:
    ids = desk.launch(3)
    first = shown(desk)
    desk.ask("CreateTags", ResourceId__1=ids[1], Tag__1__Key="ris_return", Tag__1__Value="ret-1")
    second = shown(desk)
    assert [first[one] == second[one] for one in ids] == [True, False, True]
    assert moto_view.tags((ACCOUNT, REGION))[ids[1]]["ris_return"] == "ret-1"
