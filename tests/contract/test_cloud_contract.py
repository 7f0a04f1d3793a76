"""The promises of the Cloud port, kept by EC2 (the sandbox's) and by the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.fleet import Ec2Cloud
from burst.fake import FakeCloud
from ris_hybrid.errors import NoCapacity, TryAgain
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.ports import Cloud


class Fake:
    """What a test does to the fake cloud behind the port's back."""

    def __init__(self, now: float) -> None:
        self.port = FakeCloud(lambda: now)

    def capacity(self, machines: int) -> None:
        self.port.capacity = machines

    def break_next_call(self) -> None:
        self.port.fail_next = TryAgain("broken")


class Sandbox:
    """The same for EC2 in the sandbox; its machines come and go at once."""

    def __init__(self, aws: Any, client: Any, settings: Any) -> None:
        self.aws = aws
        self.port = Ec2Cloud(client, settings)
        aws.timing(pending_s=0, shutting_down_s=0)

    def capacity(self, machines: int) -> None:
        left = {"us-east-1a": machines, "us-east-1b": 0}
        none = {"us-east-1a": 0, "us-east-1b": 0}
        self.aws.capacity({"c6i.4xlarge": left, "m6i.4xlarge": none})

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "ec2:", "times": 3, "do": {"error": {"code": "Unavailable", "status": 503}}}])


@pytest.fixture(params=["fake", "ec2"])
def world(request: pytest.FixtureRequest, make: Any) -> Any:
    if request.param == "fake":
        return Fake(make.now)
    return Sandbox(*(request.getfixturevalue(name) for name in ("sandbox_aws", "ec2", "ec2_settings")))


@pytest.fixture
def cloud(world: Any) -> Cloud:
    port: Cloud = world.port
    return port


def ids(machines: Iterable[Any]) -> list[str]:
    return [machine.machine_id for machine in machines]


def test_an_empty_cloud_has_no_machines(cloud: Cloud) -> None:
    assert cloud.machines() == ()


def test_machines_carry_their_ledger_from_the_first_moment(cloud: Cloud, make: Any) -> None:
    launched = cloud.launch(make.launch(2, lab="wu", request_id="add-7-a", asked=5, shortfall="LimitReached"))
    machines = cloud.machines()
    assert sorted(ids(machines)) == sorted(launched.machine_ids)
    assert launched.shortfall == ()
    for machine in machines:
        assert (machine.pool, machine.lab, machine.request_id, machine.asked) == ("cpu", "wu", "add-7-a", 5)
        assert (machine.shortfall, machine.return_id, machine.spot) == ("LimitReached", "", False)
        assert (machine.state, machine.launched) == (MachineState.RUNNING, make.now)
        assert machine.name
        assert machine.private_ip
        assert machine.wanted
    assert len({machine.name for machine in machines}) == 2


def test_the_same_token_gives_the_same_machines(cloud: Cloud, make: Any) -> None:
    first = cloud.launch(make.launch(2))
    assert cloud.launch(make.launch(2)) == first
    assert len(cloud.machines()) == 2
    cloud.launch(make.launch(2, token="t-2"))
    assert len(cloud.machines()) == 4


def test_fewer_than_asked_come_with_the_code_and_the_machines_carry_it(world: Any, cloud: Cloud, make: Any) -> None:
    world.capacity(3)
    launched = cloud.launch(make.launch(5))
    assert len(launched.machine_ids) == 3
    assert launched.shortfall[0].code == "InsufficientInstanceCapacity"
    assert {machine.shortfall for machine in cloud.machines()} == {"InsufficientInstanceCapacity"}


def test_no_machine_is_an_error(world: Any, cloud: Cloud, make: Any) -> None:
    world.capacity(0)
    with pytest.raises(NoCapacity) as caught:
        cloud.launch(make.launch(5))
    assert caught.value.code == "InsufficientInstanceCapacity"
    assert cloud.machines() == ()


def test_ended_machines_are_marked_and_stay_listed(cloud: Cloud, make: Any) -> None:
    first, second = cloud.launch(make.launch(2)).machine_ids
    assert cloud.end([first], "ret-1") == (first,)
    states = {machine.machine_id: (machine.state, machine.return_id) for machine in cloud.machines()}
    assert states == {first: (MachineState.TERMINATED, "ret-1"), second: (MachineState.RUNNING, "")}


def test_ending_again_or_what_is_not_known_is_harmless(cloud: Cloud, make: Any) -> None:
    (known,) = cloud.launch(make.launch()).machine_ids
    assert cloud.end(["i-00000000000000bad", known], "ret-1") == (known,)
    assert cloud.end([known], "ret-1") == (known,)
    assert cloud.end(["i-00000000000000bad"], "ret-2") == ()
    assert cloud.end([], "ret-3") == ()
    assert [machine.return_id for machine in cloud.machines()] == ["ret-1"]


def test_capacity_comes_back_when_machines_end(world: Any, cloud: Cloud, make: Any) -> None:
    world.capacity(1)
    cloud.end(cloud.launch(make.launch()).machine_ids, "ret-1")
    assert len(cloud.launch(make.launch(token="t-2")).machine_ids) == 1


def test_a_cloud_that_does_not_answer_is_not_an_empty_one(world: Any, cloud: Cloud, make: Any) -> None:
    cloud.launch(make.launch())
    world.break_next_call()
    with pytest.raises(TryAgain):
        cloud.machines()
    assert len(cloud.machines()) == 1


def test_machines_are_never_taken_for_one_another(cloud: Cloud, make: Any) -> None:
    """Ids stay apart however many came and went before."""
    for turn in range(3):
        launched = cloud.launch(make.launch(2, token=f"t-{turn}")).machine_ids
        cloud.end(launched[:1], f"ret-{turn}")
        if isinstance(cloud, FakeCloud):
            cloud.forget(launched[0])
    assert len([machine for machine in cloud.machines() if machine.alive]) == 3
