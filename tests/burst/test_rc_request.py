"""requestMachines and the status of what it made."""

from __future__ import annotations

from typing import Any

import pytest

from burst.clouds.partly import Seen
from burst.rc.statuses import of_launch
from burst.rc.wire import WireError
from ris_hybrid.errors import CloudError, ConfigError, NoCapacity, Refused, SiteUnavailable, TryAgain
from ris_hybrid.model import MachineState
from ris_hybrid.settings import Budget, Caps


def test_what_is_asked_is_launched_and_complete(room: Any) -> None:
    answer = room.request(3)
    (row,) = room.status(answer["requestId"])
    assert answer["message"] == "3 of 3 machines launched"
    assert (row["requestId"], row["status"], len(row["machines"])) == (answer["requestId"], "complete", 3)
    assert room.kinds == ["limits", "launched"]


def test_the_same_call_again_is_the_same_launch(room: Any) -> None:
    first = room.request(3)
    again = room.request(3)
    assert again == {"requestId": first["requestId"], "message": "already launched by this request"}
    assert len(room.ids()) == 3


def test_the_log_says_what_the_cloud_said_of_those_that_did_not_come(room: Any) -> None:
    room.request(1)
    assert "shortfall" not in room.audit.events[-1].fields
    room.cloud.capacity = 3
    room.request(4, key="in-2.json")
    assert room.audit.events[-1].fields["shortfall"] == ["InsufficientInstanceCapacity: the fake cloud is full"]


def test_another_call_for_the_same_is_another_launch(room: Any) -> None:
    ids = {
        room.request(1)["requestId"],
        room.request(1, key="in-2.json")["requestId"],
        room.request(2)["requestId"],
        room.request(1, lab="wu")["requestId"],
    }
    assert len(ids) == 4
    assert len(room.ids()) == 5


def test_partial_capacity_is_told_in_a_word_lsf_acts_on(room: Any) -> None:
    room.cloud.capacity = 4
    answer = room.request(10)
    (row,) = room.status(answer["requestId"])
    assert answer["message"] == "4 of 10 machines launched; Error Code: InsufficientInstanceCapacity"
    assert (row["status"], len(row["machines"])) == ("complete_with_error", 4)
    assert row["message"] == "asked 10, 4 usable; Error Code: InsufficientInstanceCapacity"


@pytest.mark.parametrize("lab", ["neuro", ""])
def test_a_lab_the_pool_is_not_for_gets_no_machine_whatever_lsf_asks(room: Any, make: Any, lab: str) -> None:
    room.settings = make.settings(pools=(make.pool(labs=("lee",)),))
    with pytest.raises(ConfigError, match=f"account {lab or 'default'} may not use pool cpu"):
        room.request(1, lab=lab)
    assert room.ids() == []


def test_no_capacity_at_all_is_a_failure(room: Any) -> None:
    room.cloud.capacity = 0
    with pytest.raises(NoCapacity):
        room.request(10)
    assert room.kinds == ["limits", "not launched", "pool marked"]


def test_our_caps_lower_a_request_and_its_status_says_so(room: Any) -> None:
    room.change(caps=Caps(nodes=4))
    answer = room.request(10)
    (row,) = room.status(answer["requestId"])
    assert answer["message"] == "4 of 10 machines launched; cap: all pools: 0 of 4 nodes are up"
    assert (row["status"], len(row["machines"])) == ("complete_with_error", 4)
    assert row["message"] == "asked 10, 4 usable; our own limits allow no more"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"caps": Caps(nodes=0)}, "cap: all pools: 0 of 0 nodes are up"),
        (
            {"budget": Budget(usd_per_month=0.5)},
            "budget: $0.50 of this month is not committed, a node commits $0.68",
        ),
    ],
)
def test_nothing_allowed_is_a_failure_that_says_why(room: Any, fields: dict[str, Any], why: str) -> None:
    room.change(**fields)
    with pytest.raises(CloudError) as caught:
        room.request(1)
    assert caught.value.message == f"nothing launched: {why}"
    assert caught.value.code == "LimitReached"  # not a code that makes LSF leave the template alone
    assert room.ids() == []


def test_an_unknown_template_or_a_bad_request_launches_nothing(room: Any) -> None:
    with pytest.raises(ConfigError, match="template gpu is not a pool"):
        room.request(1, template="gpu")
    with pytest.raises(WireError, match="machineCount"):
        room.request(0)
    assert room.ids() == []


def test_a_refusal_is_a_failure_and_an_unknown_fleet_launches_nothing(room: Any) -> None:
    room.cloud.fail_next = TryAgain("EC2 is down")
    with pytest.raises(TryAgain):
        room.request(1)
    assert room.kinds == []

    class NoMonth:
        def month_to_date(self, month: str) -> dict[str, float]:
            raise SiteUnavailable(f"{month} cannot be read")

        def add(self, month: str, machine_id: str, lab: str, usd: float) -> bool:
            raise SiteUnavailable(f"{month}: {lab} owes {usd} for {machine_id}")

    room.spend = NoMonth()
    with pytest.raises(SiteUnavailable):
        room.request(1)
    assert room.ids() == []


class LosesAnswers:
    """A cloud whose launch is carried out, or not, without an answer."""

    def __init__(self, cloud: Any, *, applied: bool, error: CloudError) -> None:
        self.cloud, self.applied, self.error = cloud, applied, error

    def launch(self, launch: Any) -> Any:
        if self.applied:
            self.cloud.launch(launch)
        raise self.error

    def machines(self) -> Any:
        return self.cloud.machines()


@pytest.mark.parametrize(("applied", "end", "machines"), [(True, "complete", 2), (False, "complete_with_error", 0)])
def test_a_launch_without_an_answer_is_left_to_its_status(room: Any, applied: bool, end: str, machines: int) -> None:
    real, room.cloud = room.cloud, LosesAnswers(room.cloud, applied=applied, error=TryAgain("connection reset"))
    answer = room.request(2)
    assert answer["message"] == "not confirmed, its status will tell: connection reset"
    assert room.kinds == ["limits", "launch not confirmed"]
    if not applied:
        assert room.status(answer["requestId"])[0]["status"] == "running"
    room.now += 120
    room.cloud = real
    (row,) = room.status(answer["requestId"])
    assert (row["status"], len(row["machines"])) == (end, machines)


def test_a_refused_launch_started_nothing(room: Any) -> None:
    room.cloud = LosesAnswers(room.cloud, applied=False, error=Refused("no permission", code="UnauthorizedOperation"))
    with pytest.raises(Refused):
        room.request(2)


def test_a_request_nobody_made_has_no_machines(room: Any) -> None:
    rows = room.status("foo", "add-1-x", "add-99999999999999-x", "add-x-y", "ret-1-x", "remove-1")
    assert {row["status"] for row in rows} == {"complete_with_error"}
    assert all(row["machines"] == [] and row["message"] for row in rows)


def test_a_request_is_running_until_ec2_lists_all_its_machines(room: Any) -> None:
    request_id = room.request(2)["requestId"]
    forgotten = room.ids()[0]
    room.cloud.forget(forgotten)  # not listed yet
    assert room.status(request_id)[0]["status"] == "running"
    room.now += 119
    assert room.status(request_id)[0]["status"] == "running"
    room.now += 1
    (row,) = room.status(request_id)
    assert (row["status"], row["message"]) == ("complete_with_error", "asked 2, 1 usable")


def test_a_request_just_made_may_not_be_listed_at_all(room: Any) -> None:
    request_id = room.request(1)["requestId"]
    room.cloud.forget(room.ids()[0])
    assert room.status(request_id)[0]["message"] == "the cloud does not list its machines yet"
    room.now += 120
    assert room.status(request_id)[0]["message"] == "no machine of this request is known to the cloud"


def test_a_machine_that_boots_keeps_its_request_running(room: Any) -> None:
    request_id = room.request(2)["requestId"]
    room.cloud.set_state(room.ids()[0], MachineState.PENDING)
    assert room.status(request_id)[0]["status"] == "running"
    room.cloud.set_state(room.ids()[0], MachineState.TERMINATED)
    (row,) = room.status(request_id)
    assert row["status"] == "complete_with_error"
    assert [machine["result"] for machine in row["machines"]] == ["fail", "succeed"]


def test_a_machine_that_failed_is_told_and_then_ended_by_the_one_who_ends(room: Any) -> None:
    request_id = room.request(2)["requestId"]
    stopped = room.ids()[0]
    room.cloud.set_state(stopped, MachineState.STOPPED)
    assert room.status(request_id)[0]["status"] == "complete_with_error"
    assert [machine.state for machine in room.cloud.machines()] == [MachineState.STOPPED, MachineState.RUNNING]
    for _ in range(2):  # once is enough
        assert room.lost(hosts=[]) == []  # LSF drops what it is told has failed, and never returns it
    assert [machine.state for machine in room.cloud.machines()] == [MachineState.TERMINATED, MachineState.RUNNING]
    assert room.kinds.count("reaped") == 1
    assert room.ledger.pools()["cpu"].join_failures == 1
    assert sum(room.spend.month_to_date("2027-01").values()) > 0


def test_those_that_a_launch_ended_itself_take_nothing_from_the_rest(make: Any) -> None:
    """All or none, and no room for all in the first zone: the request has its machines all the same."""
    there = [make.machine(number, asked=2) for number in (1, 2)]
    ended = [make.machine(number, asked=2, state=MachineState.TERMINATED) for number in (3, 4)]
    row = of_launch("add-1-0", Seen(machines=(*ended, *there)), make.now)
    assert (row["status"], row["message"]) == ("complete", "")
    assert [one["machineId"] for one in row["machines"]] == [machine.machine_id for machine in there]
    row = of_launch("add-1-0", Seen(machines=(*ended, there[0])), make.now)
    assert (row["status"], row["message"]) == ("complete_with_error", "asked 2, 1 usable")
