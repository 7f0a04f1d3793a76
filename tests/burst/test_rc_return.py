"""requestReturnMachines, the status of a return, and getReturnRequests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from burst.rc import verbs
from burst.rc.wire import WireError
from ris_hybrid.errors import Refused, SiteUnavailable, TryAgain
from ris_hybrid.model import MachineState, UnknownWord

MONTH = "2027-01"


@pytest.fixture
def ids(room: Any) -> list[str]:
    """Three machines of lab lee, an hour old."""
    room.request(3)
    room.now += 3600
    return list(room.ids())


def states(room: Any) -> list[Any]:
    return [machine.state for machine in room.cloud.machines()]


def test_machines_are_ended_and_the_return_is_complete(room: Any, ids: list[str]) -> None:
    answer = room.give_back(*ids[:2])
    assert answer["message"] == "2 of 2 machines are ending"
    assert states(room) == [MachineState.TERMINATED, MachineState.TERMINATED, MachineState.RUNNING]
    (row,) = room.status(answer["requestId"])
    assert (row["status"], [one["result"] for one in row["machines"]]) == ("complete", ["succeed", "succeed"])
    assert room.spend.month_to_date(MONTH) == {"lee": pytest.approx(2 * 0.68)}


def test_returning_twice_is_the_same_return(room: Any, ids: list[str]) -> None:
    first = room.give_back(*ids)
    room.now += 30
    assert room.give_back(*ids)["requestId"] == first["requestId"]
    assert room.give_back(ids[0])["requestId"] == first["requestId"]
    assert room.spend.month_to_date(MONTH) == {"lee": pytest.approx(3 * 0.68)}


def test_an_unknown_id_beside_a_known_one_does_not_save_it(room: Any, ids: list[str]) -> None:
    answer = room.give_back("i-0bad", ids[0])
    assert answer["message"] == "1 of 2 machines are ending"
    assert states(room)[0] == MachineState.TERMINATED


def test_returning_what_ec2_forgot_ends(room: Any) -> None:
    answer = room.give_back("i-0bad")
    assert answer["message"] == "EC2 knows none of these under this provider's tags: nothing to end"
    assert room.status(answer["requestId"])[0]["status"] == "running"
    room.now += 120
    (row,) = room.status(answer["requestId"])
    assert (row["status"], row["machines"]) == ("complete_with_error", [])


def test_returning_nothing_is_a_bad_request(room: Any) -> None:
    with pytest.raises(WireError, match="machines: expected at least one, found none"):
        room.give_back()


def test_by_name_the_newest_machine_of_that_name_is_meant(room: Any, ids: list[str]) -> None:
    # EC2 gives an ended machine's address, and so its name, to a new one
    for one in ids[:2]:
        room.cloud._machines[one] = replace(room.cloud._machines[one], name="ip-10-0-0-9")
    room.cloud.set_state(ids[0], MachineState.TERMINATED)
    payload = {"machines": [{"name": "ip-10-0-0-9"}, {"name": "ip-unknown"}]}
    answer = verbs.request_return_machines(payload, room.provider)
    assert answer["message"] == "1 of 2 machines are ending"
    assert [machine.return_id != "" for machine in room.cloud.machines()] == [False, True, False]
    payload = {"machines": [{"name": "ip-10-0-0-9"}]}
    assert [row["machine"] for row in verbs.get_return_requests(payload, room.provider)["requests"]] == ["ip-10-0-0-9"]


class Refusing:
    """A cloud that marks but does not end."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self.tries = 0

    def end(self, *arguments: Any) -> Any:
        self.tries += 1
        self.cloud.fail_next = Refused("termination protection", code="OperationNotPermitted")
        return self.cloud.end(*arguments)

    def machines(self) -> Any:
        return self.cloud.machines()


def test_a_refused_end_stays_marked_and_is_tried_again_at_each_status(room: Any, ids: list[str]) -> None:
    real, room.cloud = room.cloud, Refusing(room.cloud)
    answer = room.give_back(ids[0])
    assert answer["message"] == "marked, but not ended yet: termination protection"
    (row,) = room.status(answer["requestId"])
    assert (row["status"], row["machines"][0]["result"]) == ("running", "executing")
    assert row["message"] == "EC2 still refuses to end 1: termination protection"
    assert room.cloud.tries == 2
    assert room.spend.month_to_date(MONTH) == {}

    room.cloud = real
    assert room.status(answer["requestId"])[0]["status"] == "running"  # it ends now
    assert room.status(answer["requestId"])[0]["status"] == "complete"
    assert room.spend.month_to_date(MONTH) == {"lee": pytest.approx(0.68)}


def test_what_ended_though_the_answer_was_lost_is_paid(room: Any, ids: list[str]) -> None:
    real, room.cloud = room.cloud, Refusing(room.cloud)
    answer = room.give_back(ids[0])
    room.cloud = real
    room.cloud.set_state(ids[0], MachineState.SHUTTING_DOWN)
    (row,) = room.status(answer["requestId"])
    assert (row["status"], row["machines"][0]["result"]) == ("running", "executing")
    assert room.spend.month_to_date(MONTH) == {"lee": pytest.approx(0.68)}


def test_an_end_nobody_knows_about_is_a_failure(room: Any, ids: list[str]) -> None:
    class Silent(Refusing):
        def end(self, *_: Any) -> Any:
            raise TryAgain("connection reset")

    room.cloud = Silent(room.cloud)
    with pytest.raises(TryAgain):
        room.give_back(ids[0])  # nothing is marked: LSF must ask again

    class Blind(Silent):
        def end(self, *_: Any) -> Any:
            self.cloud.fail_next = TryAgain("down")
            raise TryAgain("connection reset")

    room.cloud = Blind(room.cloud.cloud)
    with pytest.raises(TryAgain, match="connection reset"):
        room.give_back(ids[0])  # and what cannot be looked at is not marked either


@pytest.mark.parametrize(
    ("state", "is_lost", "is_paid"),
    [
        (MachineState.PENDING, False, False),
        (MachineState.RUNNING, False, False),
        (UnknownWord("hibernating"), False, False),
        (MachineState.STOPPING, True, False),  # it may start again: it is paid when it has ended
        (MachineState.STOPPED, True, False),
        (MachineState.SHUTTING_DOWN, True, True),
        (MachineState.TERMINATED, True, True),
    ],
)
def test_which_machines_are_lost(room: Any, ids: list[str], state: Any, is_lost: bool, is_paid: bool) -> None:
    room.cloud.set_state(ids[1], state)
    expected = {"machine": f"host of {ids[1]}", "machineId": ids[1], "gracePeriod": 0}
    assert room.lost(*ids) == ([expected] if is_lost else [])
    assert bool(room.spend.month_to_date(MONTH)) == is_paid
    assert room.kinds.count("lost") == is_lost


def test_what_ec2_forgot_is_lost_and_hides_nothing(room: Any, ids: list[str]) -> None:
    room.cloud.forget(ids[0])
    room.cloud.set_state(ids[2], MachineState.TERMINATED)
    assert [row["machineId"] for row in room.lost(*ids, "i-0bad")] == [ids[0], ids[2], "i-0bad"]


def test_no_machines_no_question(room: Any) -> None:
    room.cloud.fail_next = TryAgain("not to be asked")
    assert room.lost() == []


def test_an_unknown_fleet_loses_nothing(room: Any, ids: list[str]) -> None:
    room.cloud.fail_next = TryAgain("EC2 is down")
    with pytest.raises(TryAgain):
        room.lost(*ids)


def test_a_cost_that_cannot_be_noted_is_told_to_the_log(room: Any, ids: list[str]) -> None:
    class Full:
        def add(self, *_: Any) -> None:
            raise SiteUnavailable("no space left")

    room.spend = Full()
    assert room.give_back(ids[0])["requestId"]
    assert "spend not noted" in room.kinds
