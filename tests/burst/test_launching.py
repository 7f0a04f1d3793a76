"""The one path by which machines come, over the cloud in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import tags
from burst.adopting import adoptable
from burst.fake import FakeCloud
from burst.launching import Order, Outcome, launch
from burst.plan_file import Standing
from ris_hybrid.errors import (
    AskedBefore,
    CloudError,
    ConfigError,
    NoCapacity,
    QuotaReached,
    Refused,
    SiteUnavailable,
    TryAgain,
)
from ris_hybrid.model import Begun, Launch, Launched, MachineState, PoolMarks, Shortfall
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.settings import Budget, Caps, Life


class Desk:
    """Orders for pool cpu and lab lee."""

    def __init__(self, room: Any) -> None:
        self.room = room

    def order(self, nodes: int, request_id: str = "add-2-b", **fields: Any) -> Outcome:
        outcome = self._launch(nodes, request_id, **fields)
        self.room.journal.answer(request_id)
        return outcome

    def dies(self, nodes: int, request_id: str = "add-1-a", **fields: Any) -> tuple[str, ...]:
        """A call that launched and was killed before it answered."""
        return self._launch(nodes, request_id, **fields).launched

    def _launch(self, nodes: int, request_id: str, *, pool: str = "cpu", lab: str = "lee") -> Outcome:
        found = self.room.settings.pool(pool)
        return launch(Order(request_id=request_id, pool=found, lab=lab, nodes=nodes), self.provider)

    @property
    def provider(self) -> Any:
        return self.room.provider

    def requests(self) -> dict[str, str]:
        return {machine.machine_id: machine.request_id for machine in self.room.cloud.machines()}


@pytest.fixture
def desk(room: Any) -> Desk:
    return Desk(room)


def test_an_order_is_launched_once(desk: Desk) -> None:
    first = desk.order(3)
    again = desk.order(3)
    assert (len(first.launched), first.adopted, first.message) == (3, (), "3 of 3 machines launched")
    assert (again.launched, again.message) == (first.launched, "already launched by this request")


@pytest.mark.parametrize(
    ("mode", "steering", "problem", "expected"),
    [
        ("planned", Steering(way="flag", fallback="thresholds"), "6 min old", True),
        ("planned", Steering(way="flag", fallback="thresholds"), "", False),
        ("planned", Steering(way="flag"), "6 min old", False),
        ("planned", Steering(), "6 min old", False),
        ("thresholds", Steering(way="flag", fallback="thresholds"), "6 min old", False),
    ],
)
def test_machines_are_for_every_job_where_thresholds_took_over(
    room: Any, mode: str, steering: Steering, problem: str, expected: bool
) -> None:
    class Plans:
        def standing(self, _now: float) -> Standing:
            return Standing(problem=problem)

    seen: list[Launch] = []

    class Noting(FakeCloud):
        def launch(self, launch: Launch) -> Launched:
            seen.append(launch)
            return super().launch(launch)

    room.change(mode=mode, planner=Planner(steering=steering))
    provider = replace(room.provider, cloud=Noting(lambda: room.now), plans=Plans())
    launch(Order(request_id="add-1-a", pool=room.settings.pool("cpu"), lab="lee", nodes=1), provider)
    assert [one.open for one in seen] == [expected]


def test_machines_of_a_call_that_never_answered_go_to_the_next_order(desk: Desk) -> None:
    lost = desk.dies(2)
    outcome = desk.order(5)
    assert outcome.adopted == lost
    assert len(outcome.launched) == 3
    assert outcome.message == ("3 of 5 machines launched; 2 were there already, launched by a call that never answered")
    machines = desk.room.cloud.machines()
    assert {(machine.request_id, machine.asked) for machine in machines} == {("add-2-b", 5)}
    assert [machine.adopted for machine in machines] == ["add-1-a", "add-1-a", "", "", ""]
    assert desk.room.status("add-2-b")[0]["status"] == "complete"


def test_what_is_there_is_all_that_is_needed(desk: Desk) -> None:
    lost = desk.dies(3)
    outcome = desk.order(2)
    assert (outcome.launched, outcome.adopted) == ((), lost[:2])
    assert len(desk.requests()) == 3
    assert desk.room.status("add-2-b")[0]["status"] == "complete"
    assert desk.order(1, "add-3-c").adopted == lost[2:]  # the one that was left is still nobody's


@pytest.mark.parametrize(
    "case", ["answered", "journal lost", "other lab", "other pool", "stopped", "asked back", "about to be taken"]
)
def test_what_is_not_adopted(desk: Desk, make: Any, case: str) -> None:
    room = desk.room
    room.change(pools=(make.pool(), make.pool("gpu")))
    fields = {"other lab": {"lab": "wu"}, "other pool": {"pool": "gpu"}}.get(case, {})
    (lost,) = desk.dies(1, **fields)
    if case == "answered":
        room.journal.answer("add-1-a")
    elif case == "journal lost":
        room.journal = type(room.journal)()
    elif case == "stopped":
        room.cloud.set_state(lost, MachineState.STOPPED)
    elif case == "asked back":
        room.cloud.change(lost, return_id="ret-1")
    elif case == "about to be taken":
        room.cloud.change(lost, notice=room.now + 100)
    outcome = desk.order(1)
    assert (len(outcome.launched), outcome.adopted) == (1, ())
    assert desk.requests()[lost] == "add-1-a"


def test_a_call_killed_between_adopting_and_launching_goes_on_where_it_was(desk: Desk) -> None:
    lost = desk.dies(2)
    desk.room.ledger.mark(lost, {tags.REQUEST: "add-2-b", tags.ASKED: "5", tags.ADOPTED: "add-1-a"})
    outcome = desk.order(5)
    assert (outcome.adopted, len(outcome.launched)) == (lost, 3)
    assert len(desk.requests()) == 5


def test_an_adopted_machine_loses_the_shortfall_of_its_own_request(desk: Desk) -> None:
    desk.room.cloud.capacity = 2
    desk.dies(4)  # 2 come
    desk.room.cloud.capacity = 100
    desk.order(2)
    assert {machine.shortfall for machine in desk.room.cloud.machines()} == {""}
    assert desk.room.status("add-2-b")[0]["status"] == "complete"


def test_a_pool_that_launches_all_or_none_takes_a_whole_launch_or_nothing(desk: Desk, make: Any) -> None:
    desk.room.change(pools=(make.pool(all_or_none=True),))
    lost = desk.dies(2)
    assert desk.order(3).adopted == ()
    assert desk.order(2, "add-3-c").adopted == lost


def test_the_limits_hold_whatever_is_asked(desk: Desk, make: Any) -> None:
    desk.room.change(pools=(make.pool(max_nodes=2),))
    outcome = desk.order(6)
    assert len(outcome.launched) == 2
    with pytest.raises(CloudError) as caught:
        desk.order(1, "add-3-c")
    assert caught.value.code == "LimitReached"
    assert caught.value.message == "nothing launched: pool cap: cpu: 2 of 2 nodes are up"


@pytest.mark.parametrize("nodes", [5, 6])
def test_a_pool_that_launches_all_or_none_gets_none_where_the_limits_allow_some(
    desk: Desk, make: Any, nodes: int
) -> None:
    desk.room.change(pools=(make.pool(all_or_none=True),), caps=Caps(nodes=5))
    if nodes == 5:
        assert len(desk.order(nodes).launched) == nodes
        return
    with pytest.raises(CloudError) as caught:
        desk.order(nodes)
    assert caught.value.code == "LimitReached"
    assert "all or none: cpu launches all or none, and only 5 of 6 nodes are allowed" in caught.value.message
    assert desk.requests() == {}


class Late:
    """A cloud that lists what it listed at the time it was made, for as long as it is late."""

    def __init__(self, cloud: Any) -> None:
        self._cloud, self._then, self.late = cloud, cloud.machines(), True

    def machines(self) -> Any:
        return self._then if self.late else self._cloud.machines()

    def launch(self, launch: Any) -> Any:
        return self._cloud.launch(launch)

    @property
    def all(self) -> Any:
        return self._cloud.machines()


@pytest.mark.parametrize("answered", [True, False])
def test_what_ec2_does_not_list_yet_counts_against_the_caps_and_the_budget(desk: Desk, *, answered: bool) -> None:
    room = desk.room
    room.change(caps=Caps(nodes=3))
    room.cloud = cloud = Late(room.cloud)
    (desk.order if answered else desk.dies)(3, "add-1-a", lab="wu")
    with pytest.raises(CloudError, match="all pools: 3 of 3 nodes are up"):
        desk.order(3)
    room.change(caps=Caps(nodes=100), budget=Budget(usd_per_month=4.2 * 0.68))
    assert len(desk.order(3, "add-3-c").launched) == 1
    assert len(cloud.all) == 4
    room.now += 120  # EC2 has had its time: what it does not list is not there
    room.change(caps=Caps(nodes=3), budget=Budget(usd_per_month=1000.0))
    assert len(desk.order(3, "add-4-d").launched) == 3


def test_what_ec2_did_not_give_counts_against_no_cap(desk: Desk) -> None:
    room = desk.room
    room.change(caps=Caps(nodes=4), life=Life(capacity_hold_minutes=0.0))
    room.cloud = cloud = Late(room.cloud)
    cloud._cloud.capacity = 1
    assert len(desk.order(3, "add-1-a").launched) == 1
    with pytest.raises(NoCapacity):
        desk.order(3)
    cloud._cloud.capacity = 100
    assert len(desk.order(4, "add-3-c").launched) == 3  # one of four is up, though EC2 does not list it


def test_adopted_machines_count_once(desk: Desk) -> None:
    desk.room.change(caps=Caps(nodes=4))
    desk.dies(2)
    assert len(desk.order(4).launched) == 2
    assert len(desk.requests()) == 4


def test_late_tags_let_no_two_orders_adopt_the_same_machines(desk: Desk) -> None:
    lost = desk.dies(2)
    desk.room.cloud, cloud = Late(desk.room.cloud), desk.room.cloud
    assert desk.order(2).adopted == lost
    second = desk.order(2, "add-3-c")
    assert (second.adopted, len(second.launched)) == ((), 2)
    assert {machine.request_id for machine in cloud.machines()} == {"add-2-b", "add-3-c"}


def test_machines_that_ec2_lists_later_are_still_to_be_adopted(desk: Desk) -> None:
    lost = desk.dies(2)
    real = desk.room.cloud
    desk.room.cloud = late = Late(real)
    late._then = late._then[:1]
    assert desk.order(1).adopted == lost[:1]
    late.late = False
    assert desk.order(1, "add-3-c").adopted == lost[1:]


def test_a_repeated_call_of_a_launch_that_may_have_been_made_is_no_failure(desk: Desk) -> None:
    room = desk.room
    room.cloud = Late(room.cloud)
    desk.dies(3)
    room.change(caps=Caps(nodes=0))  # another call took the room
    outcome = desk.order(3, "add-1-a")
    assert outcome == Outcome(
        request_id="add-1-a",
        message="not confirmed, its status will tell: asked of the cloud before, and not listed yet; "
        "now cap: all pools: 0 of 0 nodes are up",
    )


def test_a_repeated_call_of_a_launch_that_ec2_refused_is_a_failure_again(desk: Desk) -> None:
    desk.room.cloud.capacity = 0
    for _ in range(2):
        with pytest.raises(NoCapacity):
            desk.dies(1)


def test_adopted_machines_are_told_even_when_the_limits_allow_no_more(desk: Desk) -> None:
    lost = desk.dies(2)
    desk.room.change(caps=Caps(nodes=2))
    outcome = desk.order(5)
    assert (outcome.adopted, outcome.launched) == (lost, ())
    assert outcome.message.endswith("cap: all pools: 2 of 2 nodes are up")
    (row,) = desk.room.status("add-2-b")
    assert (row["status"], row["message"]) == (
        "complete_with_error",
        "asked 5, 2 usable; our own limits allow no more",
    )


def test_a_pool_that_is_off_gets_nothing_and_says_how_to_clear_it(desk: Desk) -> None:
    desk.room.ledger.mark_pool("cpu", PoolMarks(off="10 nodes in a row did not join"), PoolMarks())
    with pytest.raises(Refused) as caught:
        desk.order(1)
    assert caught.value.message == (
        "nothing launched: off: cpu is off: 10 nodes in a row did not join; clear it with: ris-hybrid burst clear cpu"
    )
    assert caught.value.code == "PoolOff"
    assert desk.requests() == {}


def test_no_capacity_puts_the_pool_on_hold_and_a_launch_ends_the_hold(desk: Desk) -> None:
    room = desk.room
    room.change(life=Life(capacity_hold_minutes=10.0))
    room.cloud.capacity = 0
    with pytest.raises(NoCapacity):
        desk.order(3)
    marks = room.ledger.pools()["cpu"]
    assert (marks.held_until, marks.held_for) == (room.now + 600, "InsufficientInstanceCapacity")

    room.cloud.capacity = 100
    room.now += 599
    with pytest.raises(NoCapacity) as caught:
        desk.order(3, "add-3-c")
    assert caught.value.code == "InsufficientInstanceCapacity"
    assert "cpu is left alone until 08:10 UTC (1 min): InsufficientInstanceCapacity" in caught.value.message

    room.now += 1
    assert len(desk.order(3, "add-4-d").launched) == 3
    assert room.ledger.pools()["cpu"] == PoolMarks()


def test_some_that_did_not_come_hold_the_pool_and_all_that_come_clear_it(desk: Desk) -> None:
    room = desk.room
    room.change(life=Life(capacity_hold_minutes=10.0))
    room.cloud.capacity = 2
    assert len(desk.order(3).launched) == 2
    marks = room.ledger.pools()["cpu"]
    assert (marks.held_until, marks.held_for) == (room.now + 600, "InsufficientInstanceCapacity")
    with pytest.raises(NoCapacity):
        desk.order(1, "add-3-c")
    room.now += 600
    room.cloud.capacity = 100
    desk.order(1, "add-4-d")
    assert room.ledger.pools()["cpu"] == PoolMarks()


def test_a_shortfall_of_another_kind_neither_holds_nor_clears(desk: Desk) -> None:
    room = desk.room
    before = PoolMarks(held_until=room.now - 1, held_for="InsufficientInstanceCapacity")
    room.ledger.mark_pool("cpu", before, PoolMarks())
    real = room.cloud

    class Odd(Failing):
        def launch(self, launch: Any) -> Any:
            given = real.launch(replace(launch, count=1))
            return replace(given, shortfall=(Shortfall(code="UnsupportedOperation", message="not here"),))

    room.cloud = Odd(real, "none", Refused(""))
    assert len(desk.order(2).launched) == 1
    assert room.ledger.pools()["cpu"] == before


def test_an_admin_who_switches_the_pool_off_during_a_launch_is_heard(desk: Desk) -> None:
    room, real = desk.room, desk.room.cloud

    class Slow(Failing):
        def launch(self, *_: Any) -> Any:
            room.ledger.mark_pool("cpu", PoolMarks(off="drained"), PoolMarks())
            raise NoCapacity("full", code="InsufficientInstanceCapacity")

    room.cloud = Slow(real, "none", Refused(""))
    with pytest.raises(NoCapacity):
        desk.order(1)
    marks = room.ledger.pools()["cpu"]
    assert (marks.off, marks.held_for) == ("drained", "InsufficientInstanceCapacity")


def test_a_held_pool_still_gives_what_is_there(desk: Desk) -> None:
    lost = desk.dies(1)
    desk.room.ledger.mark_pool(
        "cpu", PoolMarks(held_until=desk.room.now + 60, held_for="InsufficientHostCapacity"), PoolMarks()
    )
    outcome = desk.order(3)
    assert (outcome.adopted, outcome.launched) == (lost, ())
    assert desk.room.status("add-2-b")[0]["message"] == "asked 3, 1 usable; Error Code: InsufficientHostCapacity"


class Failing:
    """A port of which one method raises."""

    def __init__(self, port: Any, method: str, error: Exception) -> None:
        self._port, self._method, self._error = port, method, error

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            raise self._error
        return getattr(self._port, name)


def test_a_quota_that_is_reached_holds_the_pool_too(desk: Desk) -> None:
    desk.room.cloud = Failing(desk.room.cloud, "launch", QuotaReached("64 vCPUs", code="VcpuLimitExceeded"))
    with pytest.raises(QuotaReached):
        desk.order(1)
    assert desk.room.ledger.pools()["cpu"].held_for == "VcpuLimitExceeded"


@pytest.mark.parametrize("capacity", [0, 100])
def test_a_mark_that_cannot_be_written_changes_no_answer(desk: Desk, capacity: int) -> None:
    room = desk.room
    room.ledger.mark_pool("cpu", PoolMarks(held_until=room.now - 1, held_for="InsufficientCapacity"), PoolMarks())
    room.ledger = Failing(room.ledger, "mark_pool", Refused("CreateTags is not allowed"))
    room.cloud.capacity = capacity
    if capacity:
        assert len(desk.order(1).launched) == 1
    else:
        with pytest.raises(NoCapacity):
            desk.order(1)
    assert "pool not marked" in room.kinds


@pytest.mark.parametrize("error", [Refused("no"), QuotaReached("no", code="VcpuLimitExceeded"), NoCapacity("no")])
def test_a_refusal_after_adopting_is_no_failure(desk: Desk, error: CloudError) -> None:
    lost = desk.dies(1)
    desk.room.cloud = Failing(desk.room.cloud, "launch", error)
    outcome = desk.order(3)
    assert outcome.adopted == lost
    assert desk.room.status("add-2-b")[0]["status"] == "complete_with_error"


def test_a_shortfall_that_cannot_be_written_on_adopted_machines_is_told_to_the_log(desk: Desk) -> None:
    lost = desk.dies(1)
    room = desk.room
    real = room.ledger

    class OnceOnly(Failing):
        def mark(self, ids: Any, marks: Any) -> None:
            if tags.SHORTFALL in marks:
                raise TryAgain("throttled")
            real.mark(ids, marks)

    room.ledger = OnceOnly(real, "none", TryAgain(""))
    room.cloud.capacity = 1
    outcome = desk.order(3)
    assert outcome.adopted == lost
    assert outcome.message.endswith("Error Code: InsufficientInstanceCapacity")
    assert "machines not marked" in room.kinds


@pytest.mark.parametrize(
    "error", [TryAgain("timed out"), AskedBefore("other parameters", code="IdempotentParameterMismatch")]
)
def test_a_launch_without_an_answer_is_told_with_its_id(desk: Desk, error: CloudError) -> None:
    desk.room.cloud = Failing(desk.room.cloud, "launch", error)
    outcome = desk.order(3)
    assert outcome.message == f"not confirmed, its status will tell: {error.message}"
    assert desk.room.status("add-2-b")[0]["status"] == "complete_with_error"
    assert desk.room.kinds == ["limits", "launch not confirmed"]


@pytest.mark.parametrize(("cloud", "asked_again"), [("", False), ("research", True)])
def test_a_launch_cut_in_the_middle_is_carried_on_where_machines_are_made_one_by_one(
    desk: Desk, make: Any, cloud: str, asked_again: bool
) -> None:
    room = desk.room
    room.journal.begin(Begun(request_id="add-2-b", pool="cpu", lab="lee", nodes=3, at=room.now))
    made = room.cloud.launch(make.launch(1, token="add-2-b", request_id="add-2-b", asked=3)).machine_ids
    room.cloud = Failing(room.cloud, "launch", Refused("no key"))
    order = Order(request_id="add-2-b", pool=replace(room.settings.pool("cpu"), cloud=cloud), lab="lee", nodes=3)
    outcome = launch(order, room.provider)
    assert outcome.launched == made
    assert outcome.message == "already launched by this request" + ("; no more: no key" if asked_again else "")


@pytest.mark.parametrize("method", ["begin"])
def test_without_a_journal_nothing_is_launched(desk: Desk, method: str) -> None:
    desk.room.journal = Failing(desk.room.journal, method, SiteUnavailable("read-only"))
    with pytest.raises(SiteUnavailable):
        desk.order(1)
    assert desk.requests() == {}


def test_a_ledger_that_cannot_be_written_leaves_no_launch_behind(desk: Desk) -> None:
    desk.dies(1)
    room = desk.room
    room.change(caps=Caps(nodes=3))
    real, room.ledger = room.ledger, Failing(room.ledger, "mark", TryAgain("throttled"))
    with pytest.raises(TryAgain):
        desk.order(3)
    room.ledger = real
    assert len(desk.order(2, "add-3-c", lab="wu").launched) == 2


@pytest.mark.parametrize("method", ["mark", "pools"])
def test_a_ledger_that_does_not_answer_launches_nothing(desk: Desk, method: str) -> None:
    desk.dies(1)
    desk.room.ledger = Failing(desk.room.ledger, method, TryAgain("throttled"))
    with pytest.raises(TryAgain):
        desk.order(3)
    assert len(desk.requests()) == 1


def test_a_lab_the_pool_is_not_for(desk: Desk, make: Any) -> None:
    desk.room.change(pools=(make.pool(labs=("wu",)),))
    with pytest.raises(ConfigError, match="account lee may not use pool cpu"):
        desk.order(1)


MACHINES = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(MachineState),
            "pool": st.sampled_from(["cpu", "gpu"]),
            "lab": st.sampled_from(["lee", "wu"]),
            "request_id": st.sampled_from(["add-1-a", "add-1-b", "add-1-c"]),
            "return_id": st.sampled_from(["", "ret-1"]),
        }
    ),
    max_size=12,
)


@given(rows=MACHINES, nodes=st.integers(1, 9), whole=st.booleans())
def test_only_unanswered_wanted_machines_of_the_same_pool_and_lab_are_adopted(
    make: Any, rows: list[dict[str, Any]], nodes: int, *, whole: bool
) -> None:
    machines = [make.machine(number, **row) for number, row in enumerate(rows)]
    order = Order(request_id="add-2-d", pool=make.pool(all_or_none=whole), lab="lee", nodes=nodes)
    found = adoptable(order, machines, frozenset({"add-1-a", "add-1-b"}))
    assert len(found) <= nodes
    assert not whole or len(found) in {0, nodes}
    for machine in found:
        assert machine.wanted
        assert (machine.pool, machine.lab) == ("cpu", "lee")
        assert machine.request_id != "add-1-c"
