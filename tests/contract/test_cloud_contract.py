"""The promises of the Cloud port, kept by EC2 and OpenStack and Google (the sandbox's), and by the fakes.

Each test is a promise of ``tests/contract/promises.py``, where it is said which world does not keep which, and why.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import CloudError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState
from tests.contract.cloud_worlds import HOUR, quietly
from tests.contract.promises import over_worlds as pytest_generate_tests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.model import Machine

__all__ = ["pytest_generate_tests"]


def ids(machines: Iterable[Machine]) -> list[str]:
    return [machine.machine_id for machine in machines]


def by_id(world: Any) -> dict[str, Machine]:
    return {machine.machine_id: machine for machine in world.cloud.machines()}


def test_an_empty_cloud_has_no_machines(world: Any) -> None:
    assert world.cloud.machines() == ()


def test_machines_carry_their_ledger_from_the_first_moment(world: Any, make: Any) -> None:
    launched = world.cloud.launch(make.launch(2, lab="wu", request_id="add-7-a", asked=5, shortfall="LimitReached"))
    machines = world.cloud.machines()
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


def test_the_same_token_gives_the_same_machines(world: Any, make: Any) -> None:
    first = world.cloud.launch(make.launch(2))
    assert world.cloud.launch(make.launch(2)) == first
    assert world.restarted().launch(make.launch(2)) == first
    assert len(world.cloud.machines()) == 2
    world.cloud.launch(make.launch(2, token="t-2"))
    assert len(world.cloud.machines()) == 4


def test_a_launch_cut_half_way_is_finished_by_its_repetition(world: Any, make: Any) -> None:
    world.cut_next_launch()
    quietly(world.cloud, make.launch(3))
    launched = world.restarted().launch(make.launch(3))
    assert len(launched.machine_ids) == 3
    assert launched.shortfall == ()
    assert sorted(ids(world.cloud.machines())) == sorted(launched.machine_ids)


def test_a_token_asked_for_twice_at_once_is_one_launch(world: Any, make: Any) -> None:
    lock = Lock()

    def launch(_: int) -> Any:
        with lock:
            return world.cloud.launch(make.launch(2))

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(launch, range(2))
    assert first == second
    assert len(world.cloud.machines()) == 2


def test_a_token_whose_machines_have_ended_starts_no_others(world: Any, make: Any) -> None:
    first = world.cloud.launch(make.launch(2))
    world.cloud.end(first.machine_ids, "ret-1")
    world.cloud.machines()
    assert world.cloud.launch(make.launch(2)) == first
    assert not any(machine.alive for machine in world.cloud.machines())


def test_nor_does_it_after_local_files_are_lost(world: Any, make: Any) -> None:
    first = world.cloud.launch(make.launch(2))
    world.cloud.end(first.machine_ids, "ret-1")
    again = world.restarted()
    again.launch(make.launch(2))
    assert not any(machine.alive for machine in again.machines())


def test_fewer_than_asked_come_with_the_code_and_the_machines_carry_it(world: Any, make: Any) -> None:
    world.room(3)
    launched = world.cloud.launch(make.launch(5))
    assert len(launched.machine_ids) == 3
    assert launched.shortfall[0].code == world.full
    assert launched.shortfall[0].scarce
    assert {machine.shortfall for machine in world.cloud.machines()} == {world.full}
    assert len(world.restarted().machines()) == 3


def test_a_shortfall_is_told_again_to_the_same_token(world: Any, make: Any) -> None:
    world.room(3)
    first = world.cloud.launch(make.launch(5))
    world.room(9)
    again = world.restarted().launch(make.launch(5))
    assert again.machine_ids == first.machine_ids
    assert [(row.code, row.scarce) for row in again.shortfall] == [(world.full, True)]


def test_the_next_offer_gives_what_the_first_has_not(world: Any, make: Any) -> None:
    world.room(1, 4)
    launched = world.cloud.launch(make.launch(3))
    assert len(launched.machine_ids) == 3
    assert launched.shortfall == ()
    assert len({machine.instance_type for machine in world.cloud.machines()}) == 2


def test_no_machine_is_an_error(world: Any, make: Any) -> None:
    world.room(0)
    with pytest.raises(NoCapacity) as caught:
        world.cloud.launch(make.launch(5))
    assert caught.value.code == world.full
    assert world.cloud.machines() == ()


def test_a_quota_is_told_apart_from_lack_of_room(world: Any, make: Any) -> None:
    world.quota()
    with pytest.raises(QuotaReached):
        world.cloud.launch(make.launch(2))
    assert world.cloud.machines() == ()


def test_all_or_none_leaves_nothing_behind(world: Any, make: Any) -> None:
    world.room(3, 2)
    with pytest.raises(NoCapacity):
        world.cloud.launch(make.launch(5, pool="whole"))
    assert not any(machine.alive for machine in world.cloud.machines())
    launched = world.cloud.launch(make.launch(3, pool="whole", token="t-2"))
    assert len({machine.instance_type for machine in world.cloud.machines() if machine.alive}) == 1
    assert len(launched.machine_ids) == 3


def test_ended_machines_are_marked_and_stay_listed(world: Any, make: Any) -> None:
    first, second = world.cloud.launch(make.launch(2)).machine_ids
    assert world.cloud.end([first], "ret-1") == (first,)
    states = {machine.machine_id: (machine.state, machine.return_id) for machine in world.cloud.machines()}
    assert states == {first: (MachineState.TERMINATED, "ret-1"), second: (MachineState.RUNNING, "")}


def test_ends_are_listed_after_local_files_are_lost(world: Any, make: Any) -> None:
    machine_ids = world.cloud.launch(make.launch()).machine_ids
    world.cloud.end(machine_ids, "ret-1")
    assert [machine.return_id for machine in world.restarted().machines()] == ["ret-1"]


def test_ending_again_or_what_is_not_known_is_harmless(world: Any, make: Any) -> None:
    (known,) = world.cloud.launch(make.launch()).machine_ids
    assert world.cloud.end(["i-00000000000000bad", known], "ret-1") == (known,)
    assert world.cloud.end([known], "ret-1") == (known,)
    assert world.cloud.end(["i-00000000000000bad"], "ret-2") == ()
    assert world.cloud.end([], "ret-3") == ()
    assert [machine.return_id for machine in world.cloud.machines()] == ["ret-1"]


def test_a_refused_end_leaves_the_mark_and_raises(world: Any, make: Any) -> None:
    (kept,) = world.cloud.launch(make.launch()).machine_ids
    world.protect(kept)
    with pytest.raises(Refused):
        world.cloud.end([kept], "ret-1")
    (machine,) = world.cloud.machines()
    assert (machine.return_id, machine.alive) == ("ret-1", True)


def test_the_mark_of_a_refused_end_outlives_local_files(world: Any, make: Any) -> None:
    (kept,) = world.cloud.launch(make.launch()).machine_ids
    world.protect(kept)
    with pytest.raises(Refused):
        world.cloud.end([kept], "ret-1")
    assert [machine.return_id for machine in world.restarted().machines()] == ["ret-1"]


def test_forgotten_machines_are_passed_over(world: Any, make: Any) -> None:
    machine_ids = world.cloud.launch(make.launch()).machine_ids
    world.cloud.end(machine_ids, "ret-1")
    assert len(world.cloud.machines()) == 1
    world.later(HOUR + 120)
    assert world.cloud.machines() == ()
    assert world.cloud.end(machine_ids, "ret-2") == ()


def test_a_machine_that_somebody_deletes_is_listed_as_ended(world: Any, make: Any) -> None:
    first, second = world.cloud.launch(make.launch(2)).machine_ids
    world.cloud.machines()
    world.remove(first)
    assert {key: machine.state for key, machine in by_id(world).items()} == {
        first: MachineState.TERMINATED,
        second: MachineState.RUNNING,
    }


def test_a_stopped_machine_is_listed_as_stopped(world: Any, make: Any) -> None:
    (machine_id,) = world.cloud.launch(make.launch()).machine_ids
    world.stop(machine_id)
    (machine,) = world.cloud.machines()
    assert (machine.state, machine.alive) == (MachineState.STOPPED, True)
    assert world.cloud.end([machine_id], "ret-1") == (machine_id,)
    assert not any(machine.alive for machine in world.cloud.machines())


def test_one_that_somebody_stopped_did_not_give_up(world: Any, make: Any) -> None:
    (machine_id,) = world.cloud.launch(make.launch()).machine_ids
    world.stop(machine_id)
    assert [machine.gave_up for machine in world.cloud.machines()] == [False]


def test_a_restart_without_local_files_finds_every_machine(world: Any, make: Any) -> None:
    world.cloud.launch(make.launch(3, lab="wu"))
    before = world.cloud.machines()
    assert world.restarted().machines() == before
    assert world.restarted().end(ids(before), "ret-1") == tuple(ids(before))


def test_capacity_comes_back_when_machines_end(world: Any, make: Any) -> None:
    world.room(1)
    world.cloud.end(world.cloud.launch(make.launch()).machine_ids, "ret-1")
    assert len(world.cloud.launch(make.launch(token="t-2")).machine_ids) == 1


def test_a_cloud_that_does_not_answer_is_not_an_empty_one(world: Any, make: Any) -> None:
    world.cloud.launch(make.launch())
    world.break_next_call()
    with pytest.raises(TryAgain):
        world.cloud.machines()
    assert len(world.cloud.machines()) == 1


def test_an_answer_that_cannot_be_read_is_not_an_empty_cloud(world: Any, make: Any, sign_in_page: str) -> None:
    astray = world.astray(sign_in_page)
    with pytest.raises(TryAgain):
        astray.machines()
    with pytest.raises(CloudError):
        astray.launch(make.launch())


def test_machines_are_never_taken_for_one_another(world: Any, make: Any) -> None:
    """Ids stay apart however many came and went before."""
    every: list[str] = []
    for turn in range(3):
        launched = world.cloud.launch(make.launch(2, token=f"t-{turn}")).machine_ids
        every += launched
        world.cloud.end(launched[:1], f"ret-{turn}")
        world.later(HOUR + 120)
    assert len(set(every)) == 6
    assert len([machine for machine in world.cloud.machines() if machine.alive]) == 3
