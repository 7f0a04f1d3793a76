"""The promises of the Ledger port, kept by EC2's tags (the sandbox's) and by the fake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst import tags
from burst.aws.fleet import Ec2Cloud
from burst.aws.marks import Ec2Ledger
from burst.fake import FakeCloud, FakeLedger
from ris_hybrid.errors import TryAgain
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from ris_hybrid.ports import Cloud, Ledger

FULL = PoolMarks(
    held_until=1_800_000_600.0,
    held_for="InsufficientInstanceCapacity",
    join_failures=3,
    off="3 nodes in a row did not join LSF within 15 min",
    boot_s=212.0,
    spent_month="2027-01",
    spent_usd=1234.5,
)


class Fake:
    def __init__(self, now: float) -> None:
        self.cloud = FakeCloud(lambda: now)
        self.ledger = FakeLedger(self.cloud)

    def break_next_call(self) -> None:
        self.cloud.fail_next = TryAgain("broken")


class Sandbox:
    def __init__(self, aws: Any, client: Any, settings: Any) -> None:
        self.aws = aws
        aws.timing(pending_s=0, shutting_down_s=0)
        self.cloud = Ec2Cloud(client, settings)
        self.ledger = Ec2Ledger(client, settings)

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "ec2:", "times": 3, "do": {"error": {"code": "Unavailable", "status": 503}}}])


@pytest.fixture(params=["fake", "ec2"])
def world(request: pytest.FixtureRequest, make: Any) -> Any:
    if request.param == "fake":
        return Fake(make.now)
    settings = request.getfixturevalue("ec2_settings")
    # the stacks give each pool a template of its own; by name or by id is the same
    cpu, spot = settings.pools
    client = request.getfixturevalue("ec2")
    client.create_launch_template(LaunchTemplateName="spot-node", LaunchTemplateData={"InstanceType": "c6i.4xlarge"})
    pools = (cpu, replace(spot, launch_template="spot-node"))
    return Sandbox(request.getfixturevalue("sandbox_aws"), client, replace(settings, pools=pools))


@pytest.fixture
def ledger(world: Any) -> Ledger:
    port: Ledger = world.ledger
    return port


@pytest.fixture
def cloud(world: Any) -> Cloud:
    port: Cloud = world.cloud
    return port


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        (tags.REQUEST, "add-9-z", "request_id", "add-9-z"),
        (tags.ASKED, "7", "asked", 7),
        (tags.ADOPTED, "add-1-0", "adopted", "add-1-0"),
        (tags.SHORTFALL, "LimitReached", "shortfall", "LimitReached"),
        (tags.JOINED, "1800000100", "joined", 1_800_000_100.0),
        (tags.UNLISTED, "1800000200", "unlisted", 1_800_000_200.0),
        (tags.UNHELD, "1800000250", "unheld", 1_800_000_250.0),
        (tags.NOTICE, "1800000300", "notice", 1_800_000_300.0),
        (tags.REBALANCE, "1800000400", "rebalance", 1_800_000_400.0),
    ],
)
def test_what_is_written_on_a_machine_is_listed_with_it(
    ledger: Ledger, cloud: Cloud, make: Any, *, key: str, value: str, field: str, read: object
) -> None:
    first, second = cloud.launch(make.launch(2)).machine_ids
    before = {machine.machine_id: machine for machine in cloud.machines()}
    for _ in range(2):  # writing the same again changes nothing
        ledger.mark([first], {key: value})
    after = {machine.machine_id: machine for machine in cloud.machines()}
    assert after == {first: replace(before[first], **{field: read}), second: before[second]}


def test_an_empty_value_takes_a_mark_away(ledger: Ledger, cloud: Cloud, make: Any) -> None:
    machine_ids = cloud.launch(make.launch(2)).machine_ids
    before = cloud.machines()
    ledger.mark(machine_ids, {tags.UNLISTED: "1800000200", tags.JOINED: "1800000100"})
    ledger.mark(machine_ids, {tags.UNLISTED: "", tags.JOINED: ""})
    assert cloud.machines() == before


def test_marking_nothing_is_harmless(ledger: Ledger, cloud: Cloud, make: Any) -> None:
    cloud.launch(make.launch(1))
    before = cloud.machines()
    ledger.mark([], {tags.UNLISTED: "1800000200"})
    assert cloud.machines() == before


def test_pools_start_without_marks_and_keep_what_is_written(ledger: Ledger) -> None:
    empty = PoolMarks()
    assert set(ledger.pools().values()) <= {empty}
    ledger.mark_pool("cpu", FULL, PoolMarks())
    ledger.mark_pool("spot", PoolMarks(boot_s=90.0), PoolMarks())
    assert {name: ledger.pools()[name] for name in ("cpu", "spot")} == {"cpu": FULL, "spot": PoolMarks(boot_s=90.0)}
    ledger.mark_pool("cpu", PoolMarks(join_failures=1), FULL)  # in place of what was there
    assert ledger.pools()["cpu"] == PoolMarks(join_failures=1)
    ledger.mark_pool("cpu", empty, PoolMarks(join_failures=1))
    assert ledger.pools().get("cpu", empty) == empty


def test_a_mark_that_another_wrote_meanwhile_is_left_as_it_is(ledger: Ledger) -> None:
    seen = PoolMarks(boot_s=90.0)
    ledger.mark_pool("cpu", seen, PoolMarks())
    ledger.mark_pool("cpu", replace(seen, off="an admin switched it off"), seen)
    ledger.mark_pool("cpu", replace(seen, held_until=1_800_000_500.0, held_for="InsufficientInstanceCapacity"), seen)
    ledger.mark_pool("cpu", seen, seen)  # nothing differs: nothing is written
    assert ledger.pools()["cpu"] == PoolMarks(
        boot_s=90.0,
        off="an admin switched it off",
        held_until=1_800_000_500.0,
        held_for="InsufficientInstanceCapacity",
    )


def test_a_ledger_that_does_not_answer_is_not_an_empty_one(world: Any, ledger: Ledger, cloud: Cloud, make: Any) -> None:
    machine_ids = cloud.launch(make.launch(1)).machine_ids
    world.break_next_call()
    with pytest.raises(TryAgain):
        ledger.mark(machine_ids, {tags.JOINED: "1800000100"})
    assert cloud.machines()[0].joined == 0


def test_a_pool_whose_template_is_gone_hides_no_other(ec2: Any, ec2_settings: Any) -> None:
    cpu, spot = ec2_settings.pools
    settings = replace(ec2_settings, pools=(cpu, replace(spot, launch_template="a-template-that-was-deleted")))
    ledger = Ec2Ledger(ec2, settings)
    ledger.mark_pool("cpu", FULL, PoolMarks())
    ledger.mark_pool("spot", FULL, PoolMarks())  # nothing to write on, as for a pool that is not built
    assert ledger.pools() == {"cpu": FULL, "spot": PoolMarks()}
