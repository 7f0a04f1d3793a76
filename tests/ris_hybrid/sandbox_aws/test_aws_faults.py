from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws.faults import RuleBook

if TYPE_CHECKING:
    from conftest import Sandbox

TYPE = "c7a.4xlarge"


def run(ec2: Any, **more: Any) -> list[str]:
    answer = ec2.run_instances(ImageId="ami-0b", InstanceType=TYPE, MinCount=1, MaxCount=1, **more)
    return [one["InstanceId"] for one in answer["Instances"]]


def rule(match: str, do: dict[str, object], **more: object) -> list[dict[str, object]]:
    return [{"match": match, "do": do, **more}]


def test_a_call_that_was_begun_before_a_reset_starts_nothing_after_it(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("faults", rule("RunInstances", {"delay_s": 0.5}))
    outcome: list[type[Exception]] = []

    def late() -> None:
        try:
            run(ec2)
        except (ConnectionClosedError, ClientError) as error:
            outcome.append(type(error))

    caller = threading.Thread(target=late)
    caller.start()
    while not sandbox.get("calls"):
        time.sleep(0.01)
    sandbox.post("reset", {})
    caller.join()
    assert (outcome, sandbox.get("instances")) == ([ConnectionClosedError], [])


def test_an_error_on_order_hits_the_calls_it_should(ec2: Any, sandbox: Sandbox) -> None:
    error = {"code": "RequestLimitExceeded", "status": 503, "message": "slow down"}
    sandbox.post("faults", rule("^ec2:Run", {"error": error}, at=2, times=2))
    outcomes = []
    for _ in range(4):
        try:
            run(ec2)
        except ClientError as caught:
            outcomes.append((caught.response["Error"]["Code"], caught.response["ResponseMetadata"]["HTTPStatusCode"]))
        else:
            outcomes.append(("", 200))
    assert outcomes == [("", 200), ("RequestLimitExceeded", 503), ("RequestLimitExceeded", 503), ("", 200)]
    assert len(sandbox.get("instances")) == 2
    assert sandbox.get("calls") == {"ec2:RunInstances": 4}
    assert sandbox.get("faults")[0]["at"] == 2


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("sqs", "list_queues", {}),
        ("sts", "get_caller_identity", {}),
        ("s3", "list_buckets", {}),
        ("eks", "list_clusters", {}),
    ],
)
def test_an_error_comes_in_the_services_own_shape(
    sandbox: Sandbox, service: str, call: str, arguments: dict[str, Any]
) -> None:
    sandbox.post("faults", rule(f"^{service}:", {"error": {"code": "Nope", "status": 418, "message": "a < b"}}))
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.client(service), call)(**arguments)
    assert caught.value.response["Error"]["Code"] == "Nope"
    assert caught.value.response["Error"]["Message"] == "a < b"


def test_a_lost_answer_is_one_launch_when_tried_again_with_its_token(sandbox: Sandbox) -> None:
    sandbox.post("faults", rule("RunInstances", {"reset": "after"}, at=1))
    ids = run(sandbox.client("ec2", attempts=3))
    assert [one["id"] for one in sandbox.get("instances")] == ids
    assert sandbox.get("calls") == {"ec2:RunInstances": 2}


def test_a_lost_request_launches_nothing(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("faults", rule("RunInstances", {"reset": "before"}))
    with pytest.raises(ConnectionClosedError):
        run(ec2)
    assert sandbox.get("instances") == []


def test_a_delay_holds_up_only_its_own_call(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("faults", rule("RunInstances", {"delay_s": 0.2}))
    begun = time.monotonic()
    ec2.describe_regions()
    between = time.monotonic()
    run(ec2)
    assert time.monotonic() - between >= 0.2
    assert between - begun < 5


def test_an_answer_held_back_is_that_of_a_launch_already_made(ec2: Any, sandbox: Sandbox) -> None:
    sandbox.post("faults", rule("RunInstances", {"hold_s": 1}))
    asking = threading.Thread(target=run, args=(ec2,))
    asking.start()
    while not sandbox.get("instances"):
        assert asking.is_alive()
    assert asking.is_alive()
    asking.join()


def test_a_fleet_is_granted_less(ec2: Any, sandbox: Sandbox, template: str) -> None:
    sandbox.post("faults", rule("CreateFleet", {"grant": 2}))
    target = {"TotalTargetCapacity": 5, "DefaultTargetCapacityType": "on-demand"}
    config = {"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"}}
    answer = ec2.create_fleet(Type="instant", TargetCapacitySpecification=target, LaunchTemplateConfigs=[config])
    assert [len(one["InstanceIds"]) for one in answer["Instances"]] == [2]
    assert [one["ErrorCode"] for one in answer["Errors"]] == ["InsufficientInstanceCapacity"]


def test_the_first_rule_that_hits_decides_but_all_count() -> None:
    book = RuleBook()
    book.post([*rule("A", {"grant": 0}, at=2), *rule("A|B", {"grant": 1}, at=2, times=3)])
    assert [book.deed(name).grant for name in ("A", "B", "A", "A", "A", "C")] == [None, 1, 0, 1, None, None]


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({}, "a list of rules"),
        (["x"], "rule 1: an object"),
        ([{"match": "x", "what": 1}], "unknown key what"),
        ([{"match": "(", "do": {"grant": 1}}], "match:"),
        ([{"do": {"grant": 1}}], "match"),
        ([{"match": "x"}], "rule 1: an object"),
        ([{"match": "x", "do": {"kill": 1}}], "unknown key kill"),
        ([{"match": "x", "at": 0, "do": {"grant": 1}}], "at:"),
        ([{"match": "x", "times": True, "do": {"grant": 1}}], "times:"),
        ([{"match": "x", "do": {"delay_s": -1}}], "delay_s"),
        ([{"match": "x", "do": {"delay_s": "1"}}], "delay_s"),
        ([{"match": "x", "do": {"hold_s": "1"}}], "hold_s"),
        ([{"match": "x", "do": {"reset": "now"}}], "reset"),
        ([{"match": "x", "do": {"error": {"status": 400}}}], "code"),
        ([{"match": "x", "do": {"error": {"code": "x", "status": 200}}}], "status"),
    ],
)
def test_rules_that_make_no_sense_are_refused(posted: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        RuleBook().post(posted)
