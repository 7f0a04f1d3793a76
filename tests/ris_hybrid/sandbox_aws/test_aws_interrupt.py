from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox

NOW = 1_800_000_000
TYPE = "c7a.4xlarge"


def run(ec2: Any, *, spot: bool = True) -> str:
    more = {"InstanceMarketOptions": {"MarketType": "spot"}} if spot else {}
    answer = ec2.run_instances(ImageId="ami-0b", InstanceType=TYPE, MinCount=1, MaxCount=1, **more)
    return str(answer["Instances"][0]["InstanceId"])


def shown(ec2: Any) -> dict[str, Any]:
    (one,) = [one for res in ec2.describe_instances()["Reservations"] for one in res["Instances"]]
    return dict(one)


def messages(sandbox: Sandbox, path: str) -> list[Any]:
    sqs = sandbox.client("sqs")
    found = sqs.receive_message(QueueUrl=f"{sandbox.url}{path}", MaxNumberOfMessages=10).get("Messages", [])
    sqs.close()
    return [json.loads(one["Body"]) for one in found]


def test_an_interruption_is_announced_and_comes_two_minutes_later(ec2: Any, sandbox: Sandbox) -> None:
    machine_id = run(ec2)
    sandbox.post("clock", {"now": NOW + 60})
    told = sandbox.post("interrupt", {"machines": [machine_id]})
    assert told == {"queue": "/123456789012/spot-notices", "at": NOW + 180}
    (event,) = messages(sandbox, told["queue"])
    assert len(event.pop("id")) == 36
    assert event == {
        "version": "0",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2027-01-15T08:01:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:ec2:us-east-1:123456789012:instance/{machine_id}"],
        "detail": {"instance-id": machine_id, "instance-action": "terminate"},
    }
    sandbox.post("clock", {"now": NOW + 179})
    assert shown(ec2)["State"]["Name"] == "running"
    sandbox.post("clock", {"now": NOW + 180})
    assert shown(ec2)["State"]["Name"] == "shutting-down"
    assert shown(ec2)["StateReason"]["Code"] == "Server.SpotInstanceTermination"
    assert shown(ec2)["StateTransitionReason"] == "Server.SpotInstanceTermination"
    assert sandbox.get("instances")[0]["ended"] == NOW + 180


def test_its_time_counts_not_when_somebody_looks(ec2: Any, sandbox: Sandbox) -> None:
    machine_id = run(ec2)
    sandbox.post("interrupt", {"machines": [machine_id], "kind": "interruption"})
    sandbox.post("clock", {"now": NOW + 1000})
    assert shown(ec2)["State"]["Name"] == "terminated"
    assert sandbox.get("instances")[0]["ended"] == NOW + 120


def test_an_interruption_holds_even_for_a_protected_machine_and_only_once(ec2: Any, sandbox: Sandbox) -> None:
    machine_id = run(ec2)
    ec2.modify_instance_attribute(InstanceId=machine_id, DisableApiTermination={"Value": True})
    sandbox.post("interrupt", {"machines": [machine_id]})
    sandbox.post("clock", {"now": NOW + 100})
    sandbox.post("interrupt", {"machines": [machine_id]})
    sandbox.post("clock", {"now": NOW + 120})
    assert shown(ec2)["State"]["Name"] == "shutting-down"


def test_a_machine_we_end_first_was_ended_by_us(ec2: Any, sandbox: Sandbox) -> None:
    machine_id = run(ec2)
    sandbox.post("interrupt", {"machines": [machine_id]})
    ec2.terminate_instances(InstanceIds=[machine_id])
    sandbox.post("clock", {"now": NOW + 200})
    assert shown(ec2)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert sandbox.get("instances")[0]["ended"] == NOW


def test_a_rebalance_recommendation_ends_nothing(ec2: Any, sandbox: Sandbox) -> None:
    machine_id = run(ec2)
    told = sandbox.post("interrupt", {"machines": [machine_id], "kind": "rebalance", "queue": "other_queue-1"})
    assert told == {"queue": "/123456789012/other_queue-1", "at": None}
    (event,) = messages(sandbox, told["queue"])
    assert event["detail-type"] == "EC2 Instance Rebalance Recommendation"
    assert event["detail"] == {"instance-id": machine_id}
    sandbox.post("clock", {"now": NOW + 3000})
    assert shown(ec2)["State"]["Name"] == "running"


def test_the_place_of_a_machine_that_was_taken_is_free(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("capacity", {TYPE: {"us-east-1a": 1}})
    sandbox.post("interrupt", {"machines": [run(ec2)]})
    sandbox.post("clock", {"now": NOW + 120})
    assert run(ec2).startswith("i-")


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ([], "an object with kind, machines, queue is expected"),
        ({"machines": ["i-1"], "colour": 1}, "an object with"),
        ({}, "machines: a list of machine ids is expected"),
        ({"machines": []}, "machines: a list"),
        ({"machines": [7]}, "machines: a list"),
        ({"machines": ["i-1"], "kind": "flood"}, "kind: interruption or rebalance is expected"),
        ({"machines": ["i-1"], "queue": "a b"}, "queue: the name of a queue"),
        ({"machines": ["i-1"], "queue": 5}, "queue: the name of a queue"),
        ({"machines": ["i-1"]}, "there is no machine i-1"),
    ],
)
def test_orders_that_make_no_sense_are_refused(sandbox: Sandbox, posted: object, words: str) -> None:
    assert words in sandbox.refused("interrupt", posted)


def test_only_spot_machines_that_run_are_interrupted(ec2: Any, sandbox: Sandbox) -> None:
    bought, spot = run(ec2, spot=False), run(ec2)
    assert "is no spot machine" in sandbox.refused("interrupt", {"machines": [spot, bought]})
    assert messages(sandbox, "/123456789012/spot-notices") == []
    ec2.terminate_instances(InstanceIds=[spot])
    assert "has ended" in sandbox.refused("interrupt", {"machines": [spot]})
