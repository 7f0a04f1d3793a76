"""Two clouds behind one port each: everything goes to the cloud it belongs to, and one cloud's error hides no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import tags
from burst.clouds.partly import PartlyUnknown, each_cloud, look, marks
from ris_hybrid.errors import CloudError, NoCapacity, Refused, TryAgain
from ris_hybrid.model import EndReason, MachineState, PoolMarks
from tests.two_clouds import CLOUDS, POOL_OF, RESEARCH, TwoClouds


@pytest.fixture
def two(make: Any) -> TwoClouds:
    return TwoClouds(make)


def launched(two: TwoClouds, cloud: str, count: int = 1) -> tuple[str, ...]:
    launch = two.make.launch(count, pool=POOL_OF[cloud], token=f"t {cloud}")
    return two.cloud.launch(launch).machine_ids


def test_a_pool_is_launched_by_its_own_cloud_and_ids_are_qualified(two: TwoClouds) -> None:
    mine, theirs = launched(two, ""), launched(two, RESEARCH, 2)
    assert [len(cloud.machines()) for cloud in two.fakes.values()] == [1, 2]
    assert not any("/" in machine_id for machine_id in mine)
    assert all(machine_id.startswith("research/") for machine_id in theirs)
    listed = {machine.machine_id: machine for machine in two.cloud.machines()}
    assert set(listed) == {*mine, *theirs}
    assert {one.instance_type for one in listed.values()} == {"fake.large", "research/fake.large"}
    assert launched(two, RESEARCH, 2) == theirs


def test_the_older_machine_is_listed_first_whichever_cloud_it_is_of(two: TwoClouds) -> None:
    (second,) = launched(two, RESEARCH)
    two.now += 10
    (first,) = launched(two, "")
    assert [machine.machine_id for machine in two.cloud.machines()] == [second, first]


@pytest.mark.parametrize("pool", ["gone", "elsewhere"])
def test_a_pool_of_no_cloud_is_refused_before_anything_is_asked(two: TwoClouds, make: Any, pool: str) -> None:
    strange = replace(two.settings.pools[1], name="elsewhere", cloud="other")
    cloud = type(two.cloud)(two.fakes, replace(two.settings, pools=(strange,)))
    with pytest.raises(Refused, match=f"pool {pool} belongs to no cloud that is configured"):
        cloud.launch(make.launch(pool=pool))


def test_an_error_keeps_its_kind_and_code_and_names_its_cloud(two: TwoClouds) -> None:
    two.fakes[RESEARCH].capacity = 0
    with pytest.raises(NoCapacity) as caught:
        launched(two, RESEARCH)
    assert (caught.value.message, caught.value.code) == ("research: the fake cloud is full", "NoValidHost")
    assert str(caught.value) == caught.value.message


@pytest.mark.parametrize("silent", CLOUDS)
def test_what_one_cloud_lists_is_known_while_the_other_is_silent(two: TwoClouds, silent: str) -> None:
    ids = {cloud: launched(two, cloud)[0] for cloud in CLOUDS}
    two.down(silent)
    other = next(cloud for cloud in CLOUDS if cloud != silent)
    with pytest.raises(PartlyUnknown) as caught:
        two.cloud.machines()
    assert caught.value.message == f"not every cloud answers: {silent or 'EC2'}: no route"
    seen = look(two.cloud)
    assert [machine.machine_id for machine in seen.machines] == [ids[other]]
    assert seen.unread == {silent: "no route"}
    assert (seen.hides(ids[silent]), seen.hides(ids[other]), seen.hides("")) == (True, False, True)
    assert not look(two.fakes[other]).hides("")


def test_what_time_alone_does_not_mend_says_what_to_do(two: TwoClouds) -> None:
    two.refuse(RESEARCH, machines=Refused("others can read /k.json", "chmod 600 /k.json"))
    with pytest.raises(PartlyUnknown, match=r"research: others can read /k.json \(chmod 600 /k.json\)$"):
        two.cloud.machines()


def test_no_answer_at_all_is_an_error_that_names_both(two: TwoClouds) -> None:
    for cloud in CLOUDS:
        two.down(cloud, f"{cloud or 'aws'} is slow")
    for ask in (two.cloud.machines, two.ledger.pools, two.checks.impaired, lambda: look(two.cloud)):
        with pytest.raises(TryAgain) as caught:
            ask()
        assert caught.value.message == "EC2: aws is slow; research: research is slow"
        assert not isinstance(caught.value, PartlyUnknown)


def test_machines_are_ended_by_their_own_cloud(two: TwoClouds) -> None:
    (mine,), (theirs, kept) = launched(two, ""), launched(two, RESEARCH, 2)
    ended = two.cloud.end([theirs, mine, "research/forgotten", "i-forgotten", "other/1"], "ret-1", EndReason.IDLE)
    assert sorted(ended) == sorted([mine, theirs])
    states = {machine.machine_id: machine.state for machine in two.cloud.machines()}
    assert states == {mine: MachineState.TERMINATED, theirs: MachineState.TERMINATED, kept: MachineState.RUNNING}
    assert {machine.end_reason for machine in two.cloud.machines()} == {"idle", ""}


@pytest.mark.parametrize("silent", CLOUDS)
def test_all_are_asked_to_end_before_an_error_is_raised(two: TwoClouds, silent: str) -> None:
    ids = {cloud: launched(two, cloud)[0] for cloud in CLOUDS}
    two.down(silent)
    with pytest.raises(TryAgain, match=f"{silent or 'EC2'}: no route"):
        two.cloud.end(list(ids.values()), "ret-1")
    assert two.alive == {ids[silent]}


def test_two_errors_are_told_as_one(two: TwoClouds) -> None:
    ids = [launched(two, cloud)[0] for cloud in CLOUDS]
    for cloud in CLOUDS:
        two.down(cloud)
    for act in (lambda: two.cloud.end(ids, "ret-1"), lambda: two.ledger.mark(ids, {tags.JOINED: "1"})):
        with pytest.raises(CloudError, match="EC2: no route; research: no route"):
            act()


def test_marks_go_to_each_machines_own_cloud(two: TwoClouds) -> None:
    ids = [launched(two, cloud)[0] for cloud in CLOUDS]
    two.ledger.mark([*ids, "other/1"], {tags.JOINED: "1800000100"})
    assert [machine.joined for machine in two.cloud.machines()] == [1_800_000_100.0] * 2
    two.down(RESEARCH)
    with pytest.raises(TryAgain):
        two.ledger.mark(ids, {tags.JOINED: ""})
    assert two.peek()[ids[0]].joined == 0.0


def test_pools_are_marked_where_they_are(two: TwoClouds) -> None:
    ours, theirs = PoolMarks(boot_s=200.0), PoolMarks(off="3 nodes did not join")
    two.ledger.mark_pool("cpu", ours, PoolMarks())
    two.ledger.mark_pool("os", theirs, PoolMarks())
    two.ledger.mark_pool("long-gone", theirs, PoolMarks())  # no longer configured: nothing to write on
    assert [set(ledger.pools()) for ledger in two.ledgers.values()] == [{"cpu"}, {"os"}]
    assert two.ledger.pools() == {"cpu": ours, "os": theirs}


def test_a_pool_that_moved_is_read_where_it_is_now(two: TwoClouds) -> None:
    two.ledgers[RESEARCH].mark_pool("cpu", PoolMarks(off="an old mark of another cloud"), PoolMarks())
    assert two.ledger.pools() == {}


def test_marks_of_pools_are_known_in_part(two: TwoClouds) -> None:
    two.ledger.mark_pool("os", PoolMarks(boot_s=90.0), PoolMarks())
    two.down("")
    told = marks(two.ledger)
    assert (told.pools, told.unread) == ({"os": PoolMarks(boot_s=90.0)}, {"": "no route"})
    with pytest.raises(PartlyUnknown):
        two.ledger.pools()
    with pytest.raises(TryAgain, match="EC2: no route"):
        two.ledger.mark_pool("cpu", PoolMarks(boot_s=1.0), PoolMarks())


def test_checks_are_told_with_qualified_ids_and_in_part(two: TwoClouds) -> None:
    two.fake_checks[""].failed, two.fake_checks[RESEARCH].failed = frozenset({"i-1"}), frozenset({"abc"})
    assert two.checks.impaired() == {"i-1", "research/abc"}
    two.down(RESEARCH)
    with pytest.raises(PartlyUnknown) as caught:
        two.checks.impaired()
    assert caught.value.known == {"i-1"}


@given(st.lists(st.sampled_from(["i-1", "i-2", "research/1", "research/2", "lab/1"])))
def test_ids_are_grouped_by_cloud_and_none_is_lost(ids: list[str]) -> None:
    groups = each_cloud(ids)
    assert sorted(one for group in groups for one in group) == sorted(ids)
    assert all(len({one.partition("/")[0] if "/" in one else "" for one in group}) == 1 for group in groups)
