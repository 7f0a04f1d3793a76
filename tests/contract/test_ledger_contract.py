"""The promises of the Ledger port, kept by EC2's tags, by OpenStack's and Google's metadata, and by the fakes.

Each test that asks for a world is a promise of ``tests/contract/promises.py``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from burst import tags
from burst.aws.marks import Ec2Ledger
from ris_hybrid.errors import TryAgain
from ris_hybrid.model import MachineState, PoolMarks
from tests.contract.promises import over_worlds as pytest_generate_tests

__all__ = ["pytest_generate_tests"]

FULL = PoolMarks(
    held_until=1_800_000_600.0,
    held_for="InsufficientInstanceCapacity",
    join_failures=3,
    off="3 nodes in a row did not join LSF within 15 min",
    boot_s=212.0,
    spent_month="2027-01",
    spent_usd=1234.5,
)


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
    world: Any, make: Any, *, key: str, value: str, field: str, read: object
) -> None:
    first, second = world.cloud.launch(make.launch(2)).machine_ids
    before = {machine.machine_id: machine for machine in world.cloud.machines()}
    for _ in range(2):  # writing the same again changes nothing
        world.ledger.mark([first], {key: value})
    after = {machine.machine_id: machine for machine in world.cloud.machines()}
    assert after == {first: replace(before[first], **{field: read}), second: before[second]}


def test_an_empty_value_takes_a_mark_away(world: Any, make: Any) -> None:
    machine_ids = world.cloud.launch(make.launch(2)).machine_ids
    before = world.cloud.machines()
    world.ledger.mark(machine_ids, {tags.UNLISTED: "1800000200", tags.JOINED: "1800000100"})
    world.ledger.mark(machine_ids, {tags.UNLISTED: "", tags.JOINED: ""})
    assert world.cloud.machines() == before


def test_a_mark_on_a_machine_that_is_still_built_is_kept(world: Any, make: Any) -> None:
    world.build_slowly()
    machine_ids = world.cloud.launch(make.launch(1)).machine_ids
    assert world.cloud.machines()[0].state == MachineState.PENDING
    world.ledger.mark(machine_ids, {tags.NOTICE: "1800000300"})
    assert [machine.notice for machine in world.cloud.machines()] == [1_800_000_300.0]
    world.later(120)
    assert [(m.state, m.notice) for m in world.cloud.machines()] == [(MachineState.RUNNING, 1_800_000_300.0)]
    assert [machine.notice for machine in world.restarted().machines()] == [1_800_000_300.0]


def test_such_a_mark_outlives_local_files(world: Any, make: Any) -> None:
    world.build_slowly()
    world.ledger.mark(world.cloud.launch(make.launch(1)).machine_ids, {tags.NOTICE: "1800000300"})
    assert [machine.notice for machine in world.restarted().machines()] == [1_800_000_300.0]


def test_marking_nothing_is_harmless(world: Any, make: Any) -> None:
    world.cloud.launch(make.launch(1))
    before = world.cloud.machines()
    world.ledger.mark([], {tags.UNLISTED: "1800000200"})
    assert world.cloud.machines() == before


def test_pools_start_without_marks_and_keep_what_is_written(world: Any) -> None:
    empty = PoolMarks()
    assert set(world.ledger.pools().values()) <= {empty}
    world.ledger.mark_pool("cpu", FULL, PoolMarks())
    world.ledger.mark_pool("spot", PoolMarks(boot_s=90.0), PoolMarks())
    assert {name: world.ledger.pools()[name] for name in ("cpu", "spot")} == {
        "cpu": FULL,
        "spot": PoolMarks(boot_s=90.0),
    }
    world.ledger.mark_pool("cpu", PoolMarks(join_failures=1), FULL)  # in place of what was there
    assert world.ledger.pools()["cpu"] == PoolMarks(join_failures=1)
    world.ledger.mark_pool("cpu", empty, PoolMarks(join_failures=1))
    assert world.ledger.pools().get("cpu", empty) == empty


def test_a_mark_that_another_wrote_meanwhile_is_left_as_it_is(world: Any) -> None:
    seen = PoolMarks(boot_s=90.0)
    world.ledger.mark_pool("cpu", seen, PoolMarks())
    world.ledger.mark_pool("cpu", replace(seen, off="an admin switched it off"), seen)
    world.ledger.mark_pool(
        "cpu", replace(seen, held_until=1_800_000_500.0, held_for="InsufficientInstanceCapacity"), seen
    )
    world.ledger.mark_pool("cpu", seen, seen)  # nothing differs: nothing is written
    assert world.ledger.pools()["cpu"] == PoolMarks(
        boot_s=90.0,
        off="an admin switched it off",
        held_until=1_800_000_500.0,
        held_for="InsufficientInstanceCapacity",
    )


def test_a_ledger_that_does_not_answer_is_not_an_empty_one(world: Any, make: Any) -> None:
    machine_ids = world.cloud.launch(make.launch(1)).machine_ids
    world.break_next_call()
    with pytest.raises(TryAgain):
        world.ledger.mark(machine_ids, {tags.JOINED: "1800000100"})
    assert world.cloud.machines()[0].joined == 0


def test_a_pool_whose_template_is_gone_hides_no_other(ec2: Any, ec2_settings: Any) -> None:
    cpu, spot = ec2_settings.pools
    settings = replace(ec2_settings, pools=(cpu, replace(spot, launch_template="a-template-that-was-deleted")))
    ledger = Ec2Ledger(ec2, settings)
    ledger.mark_pool("cpu", FULL, PoolMarks())
    ledger.mark_pool("spot", FULL, PoolMarks())  # nothing to write on, as for a pool that is not built
    assert ledger.pools() == {"cpu": FULL, "spot": PoolMarks()}
