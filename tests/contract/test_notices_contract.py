"""The promises of the Notices port, kept by SQS (the sandbox's) and by the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit
from burst.aws.client import sqs_client
from burst.aws.notices import SqsNotices
from burst.notices import FakeNotices
from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from ris_hybrid.ports import Notices


class Fake:
    """What a test does to the fake behind the port's back."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.port = self.hiding = FakeNotices()
        self.machines = [f"i-{number:017d}" for number in range(13)]

    def announce(self, count: int, kind: str) -> None:
        at = self.now + 120 if kind == "interruption" else self.now
        for machine_id in self.machines[:count]:
            self.port.send(machine_id, kind, at)

    def break_next_call(self) -> None:
        self.port.fail_next = TryAgain("broken")


class Sandbox:
    """The same for SQS in the sandbox."""

    def __init__(self, aws: Any, ec2: Any, settings: Any, now: float) -> None:
        self.aws = aws
        spot = {"MarketType": "spot"}
        made = ec2.run_instances(
            ImageId="ami-1", InstanceType="c6i.4xlarge", MinCount=13, MaxCount=13, InstanceMarketOptions=spot
        )
        self.machines = [one["InstanceId"] for one in made["Instances"]]
        url = aws.interrupt(self.machines[:1])
        client = sqs_client(url, settings.region)
        client.purge_queue(QueueUrl=url)
        self.port = SqsNotices(client, url, FakeAudit(), now, hide_s=0)
        self.hiding = SqsNotices(client, url, FakeAudit(), now)

    def announce(self, count: int, kind: str) -> None:
        self.aws.interrupt(self.machines[:count], kind)

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "sqs:", "times": 3, "do": {"error": {"code": "Unavailable", "status": 503}}}])


@pytest.fixture(params=["fake", "sqs"])
def world(request: pytest.FixtureRequest, make: Any) -> Any:
    if request.param == "fake":
        return Fake(make.now)
    return Sandbox(*(request.getfixturevalue(name) for name in ("sandbox_aws", "ec2", "ec2_settings")), make.now)


@pytest.fixture
def notices(world: Any) -> Notices:
    port: Notices = world.port
    return port


def test_nothing_has_come(notices: Notices) -> None:
    assert notices.receive() == ()


@pytest.mark.parametrize(("kind", "later_s"), [("interruption", 120), ("rebalance", 0)])
def test_a_notice_says_which_machine_and_when(world: Any, notices: Notices, make: Any, kind: str, later_s: int) -> None:
    world.announce(1, kind)
    (notice,) = notices.receive()
    assert (notice.machine_id, notice.kind, notice.at) == (world.machines[0], kind, make.now + later_s)


def test_a_notice_comes_again_until_it_is_acknowledged(world: Any, notices: Notices) -> None:
    world.announce(1, "interruption")
    notices.receive()
    (notice,) = notices.receive()
    notices.acknowledge([notice.receipt])
    assert notices.receive() == ()


def test_many_notices_come_each_once(world: Any) -> None:
    world.announce(13, "rebalance")
    received = world.hiding.receive()
    assert sorted(one.machine_id for one in received) == sorted(world.machines)
    world.hiding.acknowledge([one.receipt for one in received])
    assert world.port.receive() == ()


def test_what_is_acknowledged_twice_or_was_never_sent_is_harmless(world: Any, notices: Notices) -> None:
    world.announce(1, "interruption")
    (notice,) = notices.receive()
    notices.acknowledge([notice.receipt])
    notices.acknowledge([notice.receipt])
    notices.acknowledge([])
    assert notices.receive() == ()


def test_a_queue_that_does_not_answer_is_not_an_empty_one(world: Any, notices: Notices) -> None:
    world.announce(1, "interruption")
    world.break_next_call()
    with pytest.raises(TryAgain):
        notices.receive()
    assert len(notices.receive()) == 1
