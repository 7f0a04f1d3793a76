"""A launch on a cloud without client tokens: cut at each of its calls, late lack of room, what a repetition finds."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from burst import deadline, ids, tags
from burst.libcloud.fleet import STUCK_S, LibcloudCloud
from burst.libcloud.launching import LOOKS_S
from burst.libcloud.values import CONFLICT, INDEX, TOKEN
from burst.rc.wire import OUT_OF_TIME
from ris_hybrid.errors import AskedBefore, CloudError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState
from tests.burst.libcloud.second import Cut, Killed, Second

CALLS = 12  # of a launch of three into a project with room for two: look, three creates, look, end, ...


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [Killed(), TryAgain("lost")], ids=["killed", "lost"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_launch_cut_at_any_call_and_repeated_is_one_launch(make: Any, *, at: int, error: Any, after: bool) -> None:
    second = Second(make)
    second.use(Cut(at, error, after=after).connection(second.project.connection()))
    with contextlib.suppress(Killed, CloudError):
        second.cloud.launch(make.launch(3))
    second.use(second.project.connection())
    again = second.cloud.launch(make.launch(3))
    assert len(again.machine_ids) == 3
    assert sorted(again.machine_ids) == sorted(second.alive())
    assert sorted(node.tags[INDEX] for node in second.project.nodes.values()) == ["0", "1", "2"]
    assert second.cloud.launch(make.launch(3)) == again


@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_cut_launch_into_little_room_leaves_nothing_that_no_request_names(make: Any, at: int) -> None:
    second = Second(make)
    second.project.room = 2
    second.use(Cut(at, Killed(), after=True).connection(second.project.connection()))
    with contextlib.suppress(Killed):
        second.cloud.launch(make.launch(3))
    second.use(second.project.connection())
    again = second.cloud.launch(make.launch(3))
    assert [row.code for row in again.shortfall] == ["NoValidHost"]
    assert sorted(again.machine_ids) == sorted(second.alive())
    assert len(again.machine_ids) == 2


@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_all_or_none_cut_at_any_call_ends_as_all_or_none(make: Any, at: int) -> None:
    second = Second(make)
    second.project.room = 2
    second.use(Cut(at, Killed(), after=True).connection(second.project.connection()))
    with contextlib.suppress(Killed, NoCapacity):
        second.cloud.launch(make.launch(3, pool="whole"))
    second.use(second.project.connection())
    with pytest.raises(NoCapacity):
        second.cloud.launch(make.launch(3, pool="whole"))
    assert second.alive() == []
    assert second.project.nodes == {}


def test_all_or_none_goes_on_where_some_are(make: Any) -> None:
    second = Second(make)
    second.use(Cut(4, Killed(), after=True).connection(second.project.connection()))
    with pytest.raises(Killed):
        second.cloud.launch(make.launch(4, pool="whole"))
    moved = {key: replace(node, zone="nova-2", size="m1.xlarge") for key, node in second.project.nodes.items()}
    second.project.nodes.update(moved)
    second.use(second.project.connection())
    second.cloud.launch(make.launch(4, pool="whole"))
    assert {(node.size, node.zone) for node in second.project.nodes.values()} == {("m1.xlarge", "nova-2")}
    assert len(second.project.nodes) == 4


def test_all_or_none_is_one_zone_where_the_cloud_chooses_too(make: Any) -> None:
    second = Second(make, zones=())
    second.use(Scattered(second.project).connection())
    with pytest.raises(NoCapacity, match="no one zone"):
        second.cloud.launch(make.launch(2, pool="whole"))
    assert second.project.nodes == {}


class Scattered:
    """The fake project, which puts each machine into another zone."""

    def __init__(self, project: Any) -> None:
        self._project = project
        self._real = project.connection()

    def connection(self) -> Any:
        return replace(self._real, nodes=self)

    def listed(self) -> Any:
        return self._real.nodes.listed()

    def create(self, wanted: Any) -> Any:
        return self._real.nodes.create(replace(wanted, zone=f"nova-{self._project.started}"))

    def delete(self, node_id: str) -> bool:
        return bool(self._real.nodes.delete(node_id))


def test_of_two_machines_with_one_number_the_younger_is_ended(make: Any) -> None:
    second = Second(make)
    (first,) = second.cloud.launch(make.launch(1)).machine_ids
    node = second.project.nodes[first]
    second.project.nodes["node-0"] = replace(node, node_id="node-0", launched=node.launched + 5)
    assert second.cloud.launch(make.launch(1)).machine_ids == (first,)
    assert second.alive() == [first]


def test_a_broken_one_is_never_kept_for_a_whole_one(make: Any) -> None:
    second = Second(make)
    (first,) = second.cloud.launch(make.launch(1)).machine_ids
    node = second.project.nodes[first]
    broken = replace(node, node_id="node-0", launched=node.launched - 5, fault="NoValidHost: none", placed=False)
    second.project.nodes["node-0"] = broken
    assert second.cloud.launch(make.launch(1)).machine_ids == (first,)
    assert set(second.project.nodes) == {first}


def test_a_token_of_another_pool_is_an_earlier_request(make: Any) -> None:
    second = Second(make)
    second.cloud.launch(make.launch(1))
    with pytest.raises(AskedBefore):
        second.cloud.launch(make.launch(1, pool="whole"))


@pytest.mark.parametrize("error", [None, TryAgain("lost")], ids=["told", "lost"])
def test_those_on_their_way_down_are_never_taken_for_those_that_came_after(make: Any, error: Any) -> None:
    second = Second(make)
    second.project.room = 2
    lingering = Lingering(second.project)
    cut = Cut(7, error, after=True) if error else Cut(0, KeyError(), after=True)
    second.use(replace(second.project.connection(), nodes=cut.connection(lingering.connection()).nodes))
    launched = second.cloud.launch(make.launch(3, pool="whole"))
    alive = {node.node_id for node in second.project.nodes.values() if node.state == MachineState.RUNNING}
    assert set(launched.machine_ids) == alive
    assert len(alive) == 3
    assert set(second.cloud.launch(make.launch(3, pool="whole")).machine_ids) == alive


class Lingering:
    """The fake project, which lists what it ends for a while; then there is room for more."""

    def __init__(self, project: Any) -> None:
        self._project, self._real = project, project.connection()

    def connection(self) -> Any:
        return replace(self._real, nodes=self)

    def listed(self) -> Any:
        return self._real.nodes.listed()

    def create(self, wanted: Any) -> Any:
        return self._real.nodes.create(wanted)

    def delete(self, node_id: str) -> bool:
        project = self._project
        project.room = 1000
        project.nodes[node_id] = replace(project.nodes[node_id], state=MachineState.SHUTTING_DOWN)
        project.calls.append("delete")
        return True


def test_a_pool_of_another_cloud_is_refused(make: Any) -> None:
    second = Second(make)
    with pytest.raises(Refused, match="none of cloud research"):
        second.cloud.launch(make.launch(1, pool="elsewhere"))


def test_where_time_runs_out_what_came_is_told(make: Any) -> None:
    second = Second(make)
    clock = _Clock()
    with deadline.within(18.0, clock):
        clock.step = 5.0  # each look at the clock finds it five seconds later
        launched = second.cloud.launch(make.launch(9))
    assert 0 < len(launched.machine_ids) < 9
    assert [(row.code, row.scarce) for row in launched.shortfall] == [(OUT_OF_TIME, False)]
    assert {machine.shortfall for machine in second.cloud.machines()} == {OUT_OF_TIME}


class _Clock:
    def __init__(self) -> None:
        self.at, self.step = 0.0, 0.0

    def __call__(self) -> float:
        self.at += self.step
        return self.at


def test_a_refusal_of_one_offer_leaves_the_next(make: Any) -> None:
    second = Second(make)
    error = Refused("Flavor m1.large could not be found.", code="NotFound")
    second.use(Cut(2, error, after=False).connection(second.project.connection()))
    assert second.cloud.launch(make.launch(2)).shortfall == ()
    assert {machine.zone for machine in second.cloud.machines()} == {"nova-2"}


def test_a_quota_ends_the_whole_launch(make: Any) -> None:
    second = Second(make)
    error = QuotaReached("Quota exceeded for instances", code="QuotaExceeded")
    second.use(Cut(3, error, after=False).connection(second.project.connection()))
    launched = second.cloud.launch(make.launch(3))
    assert (len(launched.machine_ids), launched.shortfall[0].code) == (1, "QuotaExceeded")
    assert second.project.calls.count("create") == 1
    assert "[m1.large in nova-1]" in launched.shortfall[0].message


def test_placing_is_waited_for_and_no_longer_than_that(make: Any) -> None:
    second = Second(make)
    second.use(Unplaced(second.project).connection())
    launched = second.cloud.launch(make.launch(2))
    assert (len(launched.machine_ids), launched.shortfall) == (2, ())
    assert second.waited == list(LOOKS_S)


class Unplaced:
    """The fake project, whose machines never get a place."""

    def __init__(self, project: Any) -> None:
        self._real = project.connection()

    def connection(self) -> Any:
        return replace(self._real, nodes=self)

    def listed(self) -> Any:
        return tuple(replace(node, placed=False) for node in self._real.nodes.listed())

    def create(self, wanted: Any) -> Any:
        return replace(self._real.nodes.create(wanted), placed=False)

    def delete(self, node_id: str) -> bool:
        return bool(self._real.nodes.delete(node_id))


def test_names_are_of_the_launch_and_its_number(make: Any) -> None:
    second = Second(make)
    second.cloud.launch(make.launch(2))
    second.cloud.launch(make.launch(2, token="t-2"))
    names = [machine.name for machine in second.cloud.machines()]
    assert len(set(names)) == 4
    assert all(len(name) <= 63 and name.replace("-", "").isalnum() and name == name.lower() for name in names)
    assert {node.tags[TOKEN] for node in second.project.nodes.values()} == {"t-1", "t-2"}
    assert {node.tags[tags.POOL] for node in second.project.nodes.values()} == {"cpu"}


def test_a_machine_that_failed_lends_its_name_to_no_other(make: Any) -> None:
    """Google's are known by name and zone: what the failed one cost would be all that the other has cost."""
    second = Second(make, zones=("nova-1",))
    second.project.room = 0
    lingering = Lingering(second.project)
    second.use(lingering.connection())
    second.cloud.launch(make.launch(1))
    names = [(node.name, node.size) for node in second.project.nodes.values()]
    assert [size for _, size in names] == ["m1.large", "m1.xlarge"]
    assert len({name for name, _ in names}) == 2


def test_a_return_that_is_asked_for_again_marks_nothing_twice(make: Any) -> None:
    second = Second(make)
    machine_ids = second.cloud.launch(make.launch(3)).machine_ids
    second.use(Stuck(second.project, machine_ids[1]).connection())
    with pytest.raises(TryAgain):
        second.cloud.end(machine_ids, "ret-1")
    assert second.alive() == [machine_ids[1]]
    second.sight = replace(second.sight, connection=second.project.connection())
    second.cloud = LibcloudCloud(second.sight, str, second.wait)
    second.cloud.machines()  # every verb looks first
    second.project.calls.clear()
    assert sorted(second.cloud.end(machine_ids, "ret-1")) == sorted(machine_ids)
    assert "write" not in second.project.calls
    assert second.alive() == []


class Stuck:
    """The fake project, of which one machine cannot be ended now."""

    def __init__(self, project: Any, machine_id: str) -> None:
        self._real, self._machine_id = project.connection(), machine_id

    def connection(self) -> Any:
        return replace(self._real, nodes=self)

    def listed(self) -> Any:
        return self._real.nodes.listed()

    def delete(self, node_id: str) -> bool:
        if node_id == self._machine_id:
            raise TryAgain("slow")
        return bool(self._real.nodes.delete(node_id))


def test_one_that_is_on_its_way_down_is_not_deleted_again(make: Any) -> None:
    second = Second(make)
    (machine_id,) = second.cloud.launch(make.launch()).machine_ids
    second.project.nodes[machine_id] = replace(second.project.nodes[machine_id], state=MachineState.SHUTTING_DOWN)
    assert second.cloud.end([machine_id], "ret-1") == (machine_id,)
    assert "delete" not in second.project.calls


def test_a_mark_that_is_refused_for_good_is_an_error(make: Any) -> None:
    second = Second(make)
    machine_ids = second.cloud.launch(make.launch()).machine_ids
    second.cloud.machines()
    refusal = Refused("policy says no", code="Forbidden")
    second.project.fail_next = refusal
    with pytest.raises(Refused, match="policy says no"):
        second.ledger.mark(machine_ids, {tags.JOINED: "1800000100"})
    assert [machine.joined for machine in second.cloud.machines()] == [0.0]


def test_a_mark_on_a_machine_that_is_gone_is_passed_over(make: Any) -> None:
    second = Second(make)
    gone, there = second.cloud.launch(make.launch(2)).machine_ids
    second.cloud.machines()
    del second.project.nodes[gone]
    second.ledger.mark([gone, there, "never-heard-of"], {tags.JOINED: "1800000100"})
    joined = {machine.machine_id: (machine.state, machine.joined) for machine in second.cloud.machines()}
    assert joined[there] == (MachineState.RUNNING, 1_800_000_100.0)
    assert joined[gone][0] == MachineState.TERMINATED


@pytest.mark.parametrize(("left_s", "written"), [(8.9, True), (3.0, False)])
def test_marks_kept_for_later_are_written_where_a_look_has_time(make: Any, left_s: float, *, written: bool) -> None:
    second = Second(make)
    (machine_id,) = second.cloud.launch(make.launch()).machine_ids
    second.cloud.machines()
    second.project.fail_next = Refused("it is still built", code=CONFLICT)
    second.ledger.mark([machine_id], {tags.NOTICE: "1800000300"})
    with deadline.within(left_s, lambda: 0.0):  # half of a verb's time, as the joint port gives it
        assert [machine.notice for machine in second.cloud.machines()] == [1_800_000_300.0]
    assert (tags.NOTICE in second.project.nodes[machine_id].tags) is written


def test_one_that_never_gets_down_is_deleted_again(make: Any) -> None:
    second = Second(make)
    (machine_id,) = second.cloud.launch(make.launch()).machine_ids
    second.use(Lingering(second.project).connection())
    return_id = ids.derived(ids.RETURN, second.now, machine_id)
    for waited, deletes in ((0, 1), (STUCK_S, 1), (STUCK_S + 1, 2)):
        second.now = make.now + waited
        second.cloud.machines()
        assert second.cloud.end([machine_id], return_id) == (machine_id,)
        assert second.project.calls.count("delete") == deletes
