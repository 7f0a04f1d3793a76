from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.errors import ConfigError
from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws.filters import like
from ris_hybrid.sandbox.aws.lifecycle import Book, Clock, Record, Timing, stamp

if TYPE_CHECKING:
    from conftest import Sandbox

NOW = 1_800_000_000
TYPE = "c7a.4xlarge"


def run(ec2: Any, count: int = 1, **more: Any) -> list[str]:
    answer = ec2.run_instances(ImageId="ami-0b", InstanceType=TYPE, MinCount=count, MaxCount=count, **more)
    return [one["InstanceId"] for one in answer["Instances"]]


def everything(ec2: Any, **arguments: Any) -> list[dict[str, Any]]:
    answer = ec2.describe_instances(**arguments)
    return [one for reservation in answer["Reservations"] for one in reservation["Instances"]]


def with_filter(ec2: Any, name: str, *values: str) -> list[str]:
    return [one["InstanceId"] for one in everything(ec2, Filters=[{"Name": name, "Values": list(values)}])]


def states(ec2: Any) -> list[str]:
    return [one["State"]["Name"] for one in everything(ec2)]


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_a_machine_is_pending_then_running(ec2: Any, sandbox: Sandbox) -> None:
    answer = ec2.run_instances(ImageId="ami-0b", InstanceType=TYPE, MinCount=1, MaxCount=1)
    assert answer["Instances"][0]["State"] == {"Name": "pending", "Code": 0}
    assert answer["Instances"][0]["LaunchTime"].timestamp() == NOW
    sandbox.post("clock", {"now": NOW + 19})
    assert states(ec2) == ["pending"]
    sandbox.post("clock", {"now": NOW + 20})
    one = everything(ec2)[0]
    assert one["State"] == {"Name": "running", "Code": 16}
    assert one["LaunchTime"].timestamp() == NOW


def test_a_machine_is_shutting_down_then_terminated_then_forgotten(ec2: Any, sandbox: Sandbox) -> None:
    ids = run(ec2)
    sandbox.post("clock", {"now": NOW + 100})
    change = ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "shutting-down")
    sandbox.post("clock", {"now": NOW + 129})
    assert states(ec2) == ["shutting-down"]
    assert everything(ec2)[0]["PrivateDnsName"]
    sandbox.post("clock", {"now": NOW + 130})
    one = everything(ec2)[0]
    assert one["State"] == {"Name": "terminated", "Code": 48}
    assert one["PrivateDnsName"] == ""
    assert "PrivateIpAddress" not in one
    change = ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("terminated", "terminated")
    sandbox.post("clock", {"now": NOW + 3700})
    assert states(ec2) == []
    assert code_of(ec2.describe_instances, InstanceIds=ids) == "InvalidInstanceID.NotFound"
    assert code_of(ec2.terminate_instances, InstanceIds=ids) == "InvalidInstanceID.NotFound"
    shown = sandbox.get("instances")
    assert [(one["state"], one["launched"], one["ended"]) for one in shown] == [("terminated", NOW, NOW + 100)]
    assert shown[0]["name"].startswith("ip-")


def test_stop_and_start(ec2: Any, sandbox: Sandbox) -> None:
    ids = run(ec2)
    sandbox.post("timing", {"pending_s": 5, "shutting_down_s": 7})
    sandbox.post("clock", {"now": NOW + 5})
    change = ec2.stop_instances(InstanceIds=ids)["StoppingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "stopping")
    assert code_of(ec2.start_instances, InstanceIds=ids) == "IncorrectInstanceState"
    sandbox.post("clock", {"now": NOW + 12})
    assert states(ec2) == ["stopped"]
    change = ec2.start_instances(InstanceIds=ids)["StartingInstances"][0]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("stopped", "pending")
    sandbox.post("clock", {"now": NOW + 17})
    assert states(ec2) == ["running"]
    ec2.terminate_instances(InstanceIds=ids)
    assert code_of(ec2.stop_instances, InstanceIds=ids) == "IncorrectInstanceState"


def test_termination_is_all_or_nothing(ec2: Any) -> None:
    ids = run(ec2)
    assert code_of(ec2.terminate_instances, InstanceIds=[*ids, "i-0123456789abcdef0"]) == "InvalidInstanceID.NotFound"
    missing = ["i-0123456789abcdef0", "i-0123456789abcdef1"]
    assert code_of(ec2.terminate_instances, InstanceIds=missing) == "InvalidInstanceID.NotFound"
    assert code_of(ec2.terminate_instances, InstanceIds=["nonsense"]) == "InvalidInstanceID.Malformed"
    assert code_of(ec2.terminate_instances, InstanceIds=ids, DryRun=True) == "DryRunOperation"
    assert code_of(ec2.terminate_instances, InstanceIds=[]) == "InvalidParameterCombination"
    ec2.modify_instance_attribute(InstanceId=ids[0], DisableApiTermination={"Value": True})
    assert code_of(ec2.terminate_instances, InstanceIds=ids) == "OperationNotPermitted"
    assert states(ec2) == ["pending"]


def test_filters_see_the_corrected_state(ec2: Any, sandbox: Sandbox) -> None:
    old = run(ec2)
    sandbox.post("clock", {"now": NOW + 30})
    new = run(ec2)
    assert with_filter(ec2, "instance-state-name", "pending") == new
    assert with_filter(ec2, "instance-state-code", "16") == old
    ec2.terminate_instances(InstanceIds=old)
    assert with_filter(ec2, "instance-state-name", "shutting-down", "running") == old
    assert with_filter(ec2, "instance-state-name", "terminated") == []


def test_filters_that_moto_lacks(ec2: Any, sandbox: Sandbox) -> None:
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    plain = run(ec2, ClientToken="one-1")
    sandbox.post("clock", {"now": NOW + 60})
    spot = run(ec2, InstanceMarketOptions={"MarketType": "spot"}, Placement={"GroupName": "tight"})
    assert with_filter(ec2, "client-token", "one-?") == plain
    assert with_filter(ec2, "instance-lifecycle", "spot") == spot
    assert with_filter(ec2, "placement-group-name", "tight") == spot
    assert with_filter(ec2, "launch-time", stamp(NOW)[:16] + "*") == plain


def test_filters_that_moto_has_still_work(ec2: Any) -> None:
    lab = [{"ResourceType": "instance", "Tags": [{"Key": "lab", "Value": "wucci"}]}]
    first, second = run(ec2, TagSpecifications=lab), run(ec2)
    assert with_filter(ec2, "tag:lab", "wucci") == first
    assert with_filter(ec2, "tag-key", "la?") == first
    assert with_filter(ec2, "tag-value", "wucci") == first
    assert with_filter(ec2, "tag:project", "*") == []
    assert with_filter(ec2, "instance-id", *second) == second
    assert with_filter(ec2, "instance-type", "m1.small") == []
    both = [{"Name": "instance-id", "Values": second}, {"Name": "instance-state-name", "Values": ["pending"]}]
    assert [one["InstanceId"] for one in everything(ec2, Filters=both)] == second


def test_filters_nobody_can_answer_are_an_error(ec2: Any) -> None:
    assert code_of(with_filter, ec2=ec2, name="network-interface.colour") == "InvalidParameterValue"
    odd = [{"Name": "capacity-reservation-id", "Values": ["cr-1"]}]
    assert code_of(ec2.describe_instances, Filters=odd) == "SandboxNotImplemented"
    assert code_of(ec2.describe_instance_status, Filters=odd) == "SandboxNotImplemented"


def test_pages_are_of_machines_not_of_reservations(ec2: Any) -> None:
    ids = run(ec2, 7) + run(ec2, 6)
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
    shown = [[one["InstanceId"] for res in page["Reservations"] for one in res["Instances"]] for page in pages]
    assert shown == [ids[:5], ids[5:10], ids[10:]]
    assert "NextToken" not in ec2.describe_instances(MaxResults=13)


def test_pages_that_make_no_sense_are_refused(ec2: Any) -> None:
    ids = run(ec2)
    assert code_of(ec2.describe_instances, MaxResults=4) == "InvalidParameterValue"
    assert code_of(ec2.describe_instances, MaxResults=5, InstanceIds=ids) == "InvalidParameterCombination"
    assert code_of(ec2.describe_instances, NextToken="nonsense") == "InvalidNextToken"
    assert code_of(ec2.describe_instances, DryRun=True) == "DryRunOperation"


def test_status_is_of_running_machines_unless_all_are_asked_for(ec2: Any, sandbox: Sandbox) -> None:
    old = run(ec2, 6)
    sandbox.post("clock", {"now": NOW + 30})
    new = run(ec2)
    found = ec2.describe_instance_status()["InstanceStatuses"]
    assert [one["InstanceId"] for one in found] == old
    assert found[0]["SystemStatus"]["Status"] == "ok"
    one = ec2.describe_instance_status(InstanceIds=new, IncludeAllInstances=True)["InstanceStatuses"][0]
    assert (one["InstanceState"]["Name"], one["InstanceStatus"]["Status"]) == ("pending", "not-applicable")
    assert one["AvailabilityZone"] == "us-east-1a"
    assert ec2.describe_instance_status(InstanceIds=new)["InstanceStatuses"] == []
    pages = list(ec2.get_paginator("describe_instance_status").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["InstanceStatuses"]) for page in pages] == [5, 1]
    assert code_of(ec2.describe_instance_status, DryRun=True) == "DryRunOperation"


def test_other_ways_to_start_machines_are_seen_too(ec2: Any, sandbox: Sandbox) -> None:
    ec2.request_spot_instances(LaunchSpecification={"ImageId": "ami-0b", "InstanceType": TYPE}, InstanceCount=2)
    assert states(ec2) == ["pending", "pending"]
    assert [one["spot"] for one in sandbox.get("instances")] == [True, True]


def test_the_clock_follows_real_time_until_it_is_set() -> None:
    real = [5.0]
    clock = Clock(lambda: real[0])
    real[0] = 6.0
    assert clock.now() == 6.0
    clock.set(100.0)
    real[0] = 7.0
    assert clock.now() == 100.0
    for wrong in (99.0, -1.0, float("nan")):
        with pytest.raises(ConfigError):
            clock.set(wrong)


WORDS = st.lists(st.tuples(st.sampled_from(["running", "stopped", "terminated"]), st.floats(0, 500)), max_size=6)


@given(WORDS, st.floats(0, 100), st.floats(0, 100))
def test_a_record_ends_in_the_state_of_the_last_word(
    steps: list[tuple[str, float]], pending_s: float, shutting_down_s: float
) -> None:
    book, at = Book(), 0.0
    book.note(("1", "r"), [("i-1", "running")], at)
    for word, later in steps:
        at += later
        book.note(("1", "r"), [("i-1", word)], at)
    record = book.records["i-1"]
    timing = Timing(pending_s=pending_s, shutting_down_s=shutting_down_s)
    assert record.state(at + 1000, timing) == record.word
    assert (record.ended is not None) == (record.word == "terminated")
    assert record.launched == 0.0


def test_a_state_word_of_ec2_itself_is_taken_as_it_is() -> None:
    record = Record(number=0, machine_id="i-1", account="1", region="r", word="stopping", since=0, launched=0)
    assert record.state(9.0, Timing()) is MachineState.STOPPING


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [("a*", "abc", True), ("a?c", "abc", True), ("a", "A", False), ("a.c", "abc", False), ("[a]", "a", False)],
)
def test_wildcards(pattern: str, value: str, fits: bool) -> None:
    assert like(pattern, value) is fits


@pytest.mark.parametrize("check", ["instance", "system"])
def test_a_check_fails_on_order_and_can_be_asked_for(ec2: Any, sandbox: Sandbox, check: str) -> None:
    first, second = run(ec2, 2)
    sandbox.post("clock", {"now": NOW + 120})
    sandbox.post("impair", {first: check})
    filters = [{"Name": f"{check}-status.status", "Values": ["impaired"]}]
    (found,) = ec2.describe_instance_status(Filters=filters)["InstanceStatuses"]
    assert found["InstanceId"] == first
    words = {name: found[f"{name.title()}Status"]["Status"] for name in ("instance", "system")}
    assert words == {"instance": "ok", "system": "ok"} | {check: "impaired"}
    assert found[f"{check.title()}Status"]["Details"] == [{"Name": "reachability", "Status": "failed"}]
    fine = [{"Name": f"{check}-status.status", "Values": ["ok"]}]
    assert [one["InstanceId"] for one in ec2.describe_instance_status(Filters=fine)["InstanceStatuses"]] == [second]
    ec2.terminate_instances(InstanceIds=[first])
    assert ec2.describe_instance_status(Filters=filters)["InstanceStatuses"] == []


def test_only_machines_there_are_can_be_impaired_and_by_a_check_ec2_has(ec2: Any, sandbox: Sandbox) -> None:
    (machine_id,) = run(ec2)
    for posted in ([machine_id], {machine_id: "network"}, {"i-0123456789abcdef0": "system"}):
        assert "machine" in sandbox.refused("impair", posted)
