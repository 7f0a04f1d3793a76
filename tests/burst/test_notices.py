"""What EventBridge's messages say, and what becomes of those that say nothing to us."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import notices
from burst.audit import FakeAudit
from burst.aws.client import sqs_client
from burst.aws.notices import SqsNotices
from ris_hybrid.errors import ConfigError, TryAgain
from ris_hybrid.model import Notice

# From the EC2 user guide, with the account and machine changed.
WARNING = {
    "version": "0",
    "id": "12345678-1234-1234-1234-123456789012",
    "detail-type": "EC2 Spot Instance Interruption Warning",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2027-01-15T08:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1a:instance/i-0b662ef9931388ba0"],
    "detail": {"instance-id": "i-0b662ef9931388ba0", "instance-action": "terminate"},
}
ADVICE = {
    **WARNING,
    "detail-type": "EC2 Instance Rebalance Recommendation",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0b662ef9931388ba0"],
    "detail": {"instance-id": "i-0b662ef9931388ba0"},
}


@pytest.mark.parametrize(("event", "kind", "later_s"), [(WARNING, "interruption", 120), (ADVICE, "rebalance", 0)])
def test_a_message_is_read(make: Any, event: object, kind: str, later_s: int) -> None:
    expected = Notice(machine_id="i-0b662ef9931388ba0", kind=kind, at=make.now + later_s, receipt="r")
    assert notices.read(json.dumps(event), "r") == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        json.dumps({**WARNING, "detail-type": "EC2 Instance State-change Notification"}),
        json.dumps({**WARNING, "detail-type": ["EC2 Instance Rebalance Recommendation"]}),
        json.dumps({**WARNING, "source": "com.example"}),
        json.dumps({**WARNING, "time": "yesterday"}),
        json.dumps({**WARNING, "time": 5}),
        json.dumps({**WARNING, "detail": []}),
        json.dumps({**WARNING, "detail": {"instance-id": ""}}),
        json.dumps({**WARNING, "detail": {"instance-id": 7}}),
    ],
)
def test_what_is_no_notice_reads_as_none(body: str) -> None:
    assert notices.read(body, "r") is None


@given(
    st.recursive(
        st.none() | st.text() | st.floats() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*WARNING, "instance-id"]), inner),
    )
)
def test_no_message_is_an_error(value: object) -> None:
    assert notices.read(json.dumps(value), "r") is None


def test_foreign_messages_are_deleted_and_said(sandbox_aws: Any, ec2: Any, ec2_settings: Any, make: Any) -> None:
    spot = {"MarketType": "spot"}
    made = ec2.run_instances(
        ImageId="ami-1", InstanceType="c6i.4xlarge", MinCount=1, MaxCount=1, InstanceMarketOptions=spot
    )
    machine_id = made["Instances"][0]["InstanceId"]
    url = sandbox_aws.interrupt([machine_id])
    client = sqs_client(url, ec2_settings.region)
    client.send_message(QueueUrl=url, MessageBody="hello")
    audit = FakeAudit()
    port = SqsNotices(client, url, audit, make.now, hide_s=0)
    assert {one.machine_id for one in port.receive()} == {machine_id}
    assert [(event.kind, event.fields["message"]) for event in audit.events] == [("notice dropped", "hello")]
    port.receive()
    assert len(audit.events) == 1


def test_a_refused_deletion_is_no_success(sandbox_aws: Any, ec2_settings: Any, make: Any) -> None:
    client = sqs_client(f"{sandbox_aws.url}/123456789012/none", ec2_settings.region)
    client.create_queue(QueueName="none")
    port = SqsNotices(client, f"{sandbox_aws.url}/123456789012/none", FakeAudit(), make.now)
    failed = {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}
    client.meta.events.register("after-call.sqs.DeleteMessageBatch", lambda parsed, **_: parsed.update(failed))
    with pytest.raises(TryAgain, match="SQS did not delete 1 messages"):
        port.acknowledge(["r"])


@pytest.mark.parametrize("url", ["", "queue", "ftp://host/1/queue", "https://sqs.us-east-1.amazonaws.com/"])
def test_a_wrong_queue_is_told(url: str) -> None:
    with pytest.raises(ConfigError, match="expected the URL of an SQS queue"):
        sqs_client(url, "us-east-1")


def test_without_a_queue_nothing_comes() -> None:
    port = notices.NoNotices()
    port.acknowledge(["r"])
    assert port.receive() == ()
