"""requestReturnMachines, the status of a return, and getReturnRequests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from burst.rc import verbs
from burst.rc.wire import WireError
from ris_hybrid.errors import Refused, SiteUnavailable, TryAgain
from ris_hybrid.model import EndReason, MachineState, UnknownWord
from ris_hybrid.settings import Life

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
    assert answer["message"] == "the cloud knows none of these under this provider's tags: nothing to end"
    for later in (0, 120, 86_400):
        room.now += later
        (row,) = room.status(answer["requestId"])
        assert (row["status"], row["machines"]) == ("complete", [])
        assert row["message"] == "the cloud knew none of its machines: nothing had to end"


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


def test_a_return_of_one_that_was_ended_with_others_is_of_that_one_alone(room: Any, ids: list[str]) -> None:
    room.cloud.end(ids[:2], "ret-1-reaped", EndReason.FAILED_TO_JOIN)
    answer = room.give_back(ids[0])
    (row,) = room.status(answer["requestId"])
    assert [machine["machineId"] for machine in row["machines"]] == [ids[0]]
    assert room.give_back(ids[0])["requestId"] == answer["requestId"]


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
    assert row["message"] == "the cloud still refuses to end 1: termination protection"
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


def test_what_ec2_forgot_is_lost_and_hides_nothing(room: Any, make: Any, ids: list[str]) -> None:
    hosts = rows(room, make, ids[1])
    room.cloud.forget(ids[0])
    room.cloud.set_state(ids[2], MachineState.TERMINATED)
    assert [row["machineId"] for row in room.lost(*ids, "i-0bad", hosts=hosts)] == [ids[0], ids[2], "i-0bad"]


@pytest.mark.parametrize(
    ("fields", "is_lost"),
    [
        (None, True),
        ({"status": "unavail"}, True),
        ({"status": "unreach", "jobs": 2}, True),  # neither EC2 nor LSF has it: its jobs can only start again
        ({"status": "ok"}, False),
        ({"status": "closed_Adm", "jobs": 2}, False),
    ],
)
def test_what_ec2_does_not_list_is_lost_only_when_lsf_hears_nothing_from_it(
    room: Any, make: Any, ids: list[str], *, fields: Any, is_lost: bool
) -> None:
    for one in ids:  # another region, account or cluster name in the settings: EC2 answers, and lists none of ours
        room.cloud.forget(one)
    rows = [] if fields is None else [make.row(f"HOST of {one}.ec2.internal", **fields) for one in ids]
    assert [row["machineId"] for row in room.lost(*ids, hosts=rows)] == (ids if is_lost else [])
    assert room.kinds.count("not told lost") == (not is_lost)


@pytest.mark.parametrize("hosts", [None, "none"])
def test_what_ec2_does_not_list_stays_while_lsf_cannot_be_asked(room: Any, ids: list[str], hosts: Any) -> None:
    room.cloud.forget(ids[0])
    payload = {"machines": [{"name": "a", "machineId": ids[0]}, {"name": "b", "machineId": ids[1]}]}
    ask = {} if hosts is None else {"ask_hosts": list}  # LSF always lists some host: no row is no answer
    assert verbs.get_return_requests(payload, room.provider, **ask)["requests"] == []
    (event,) = [event for event in room.audit.events if event.kind == "not told lost"]
    assert event.fields == {"machines": [ids[0]], "why": "LSF could not be asked"}


@pytest.mark.parametrize("name", ["ip-10-0-0-1", "IP-10-0-0-1.ec2.internal", "ip-10-0-0-1.wustl.edu"])
def test_a_host_that_is_only_named_is_found_whatever_domain_lsf_has_cut(
    room: Any, ids: list[str], *, name: str
) -> None:
    room.cloud.change(ids[0], name="ip-10-0-0-1.ec2.internal")
    room.cloud.change(ids[1], name="")  # EC2 has given it none yet: no host is meant by that
    payload = {"machines": [{"name": name, "machineId": ""}]}
    assert verbs.get_return_requests(payload, room.provider)["requests"] == []
    assert verbs.request_return_machines(payload, room.provider)["message"] == "1 of 1 machines are ending"
    assert [machine.alive for machine in room.cloud.machines()] == [False, True, True]


def test_a_machine_whose_end_nobody_confirmed_is_paid_when_it_is_seen_ended(room: Any, ids: list[str]) -> None:
    room.cloud.change(ids[0], return_id="ret-1800003500-a", end_reason="orphan", state=MachineState.TERMINATED)
    room.cloud.change(ids[1], return_id="ret-1700000000-a", end_reason="orphan", state=MachineState.TERMINATED)
    for _ in range(2):
        assert room.lost() == []
    # the other was asked back in an earlier month, which has been paid
    assert room.spend.month_to_date(MONTH) == {"lee": pytest.approx(0.68)}


@pytest.mark.parametrize(("jobs", "is_lost"), [(0, True), (2, False)])
def test_an_impaired_machine_goes_when_it_is_empty(
    room: Any, make: Any, ids: list[str], *, jobs: int, is_lost: bool
) -> None:
    room.cloud.change(ids[0], joined=room.now - 3000, impaired=True)
    for one in ids[1:]:
        room.cloud.change(one, joined=room.now - 3000)
    hosts = rows(room, make, *ids, jobs=jobs)
    assert [row["machineId"] for row in room.lost(*ids, hosts=hosts)] == ([ids[0]] if is_lost else [])


def test_a_notice_is_told_with_the_time_that_is_left(room: Any, ids: list[str]) -> None:
    for one, seconds in zip(ids, (90.9, 0.5, -30), strict=True):
        room.cloud.change(one, notice=room.now + seconds)
    assert [row["gracePeriod"] for row in room.lost(*ids)] == [90, 0, 0]
    room.cloud.set_state(ids[0], MachineState.TERMINATED)
    assert [row["gracePeriod"] for row in room.lost(*ids)] == [0, 0, 0]


def test_a_machine_we_ended_ourselves_is_told_even_while_ec2_refuses_to(room: Any, ids: list[str]) -> None:
    room.cloud.change(ids[0], return_id="ret-1800003600-a", end_reason="failed-to-join")
    room.cloud.change(ids[1], return_id="ret-1800003600-b", end_reason="returned")  # LSF asked for that itself
    assert [row["machineId"] for row in room.lost(*ids)] == [ids[0]]


@pytest.fixture
def booting(room: Any) -> list[str]:
    """Two machines that have not joined."""
    room.change(life=Life(join_minutes=15.0, unlisted_minutes=10.0))
    room.request(2)
    return list(room.ids())


def rows(room: Any, make: Any, *machine_ids: str, **fields: Any) -> list[Any]:
    return [make.row(machine.name, **fields) for machine in room.cloud.machines() if machine.machine_id in machine_ids]


def test_lsf_is_asked_only_when_a_machine_is_suspicious(room: Any, make: Any, booting: list[str]) -> None:
    room.now += 299
    assert room.lost(*booting, hosts=[]) == []
    assert room.questions == 0
    room.now += 1
    assert room.lost(*booting, hosts=rows(room, make, *booting)) == []  # they have joined
    assert room.lost(*booting, hosts=[]) == []
    assert room.questions == 1
    assert {machine.joined for machine in room.cloud.machines()} == {room.now}


def test_a_held_machine_that_never_joined_is_told_and_ended(room: Any, make: Any, booting: list[str]) -> None:
    room.now += 900
    good, bad = booting
    answer = room.lost(*booting, hosts=rows(room, make, good))
    assert answer == [{"machine": f"host of {bad}", "machineId": bad, "gracePeriod": 0}]
    assert states(room) == [MachineState.RUNNING, MachineState.TERMINATED]
    assert room.cloud.machines()[1].end_reason == "failed-to-join"


@pytest.mark.parametrize("held", [True, False])
def test_nothing_is_ended_when_lsf_cannot_be_asked(room: Any, booting: list[str], *, held: bool) -> None:
    room.now += 7200
    assert room.lost(*(booting if held else ()), hosts=None) == []
    assert states(room) == [MachineState.RUNNING] * 2
    (event,) = [event for event in room.audit.events if event.kind == "not reaped"]
    assert event.fields["machines"] == booting
    assert event.fields["why"] == "LSF could not be asked: bhosts did not answer in time"
    payload: dict[str, Any] = {"machines": []}
    assert verbs.get_return_requests(payload, room.provider)["requests"] == []  # nor without a way to ask
    assert states(room) == [MachineState.RUNNING] * 2


def test_what_nobody_holds_or_lists_is_ended_though_lsf_names_no_machine(
    room: Any, make: Any, booting: list[str]
) -> None:
    room.now += 600
    listed = booting[0]
    assert room.lost(hosts=rows(room, make, listed, jobs=1)) == []
    assert states(room) == [MachineState.RUNNING, MachineState.TERMINATED]
    assert room.cloud.machines()[1].end_reason == "orphan"
    assert room.cloud.machines()[0].joined == room.now  # bhosts decides, not the empty list


def test_a_host_the_book_has_lost_is_closed_and_then_ended(room: Any, make: Any, booting: list[str]) -> None:
    class Control:
        closed: ClassVar[list[str]] = []

        def close(self, names: Any, why: str) -> None:
            self.closed += [f"{name}: {why}" for name in names]

        def reopen(self, names: Any) -> None: ...

    one, other = booting
    for machine_id in booting:
        room.cloud.change(machine_id, joined=room.now)
    room.now += 600
    busy = rows(room, make, other, jobs=3)
    for _ in range(2):
        assert room.lost(hosts=[*rows(room, make, one), *busy], control=Control()) == []
    assert room.cloud.machines()[0].unheld == room.now
    room.now += 600
    room.lost(hosts=[*rows(room, make, one), *busy], control=Control())
    name = room.cloud.machines()[0].name
    assert Control.closed == [f"{name}: {name} is empty and ebrokerd does not hold it, for 10 min (at most 10)"]
    assert states(room) == [MachineState.RUNNING] * 2
    room.lost(hosts=[*rows(room, make, one, status="closed_Adm"), *busy], control=Control())
    assert states(room) == [MachineState.TERMINATED, MachineState.RUNNING]


@pytest.mark.parametrize(("jobs", "asked_back"), [(0, True), (2, False)])
def test_lsf_is_asked_to_give_an_old_host_back_when_it_is_empty(
    room: Any, make: Any, booting: list[str], *, jobs: int, asked_back: bool
) -> None:
    room.change(life=Life(lifetime_hours=1.0))
    old, _ = booting
    room.cloud.change(old, joined=room.now)
    room.cloud.change(booting[1], joined=room.now, launched=room.now + 3000)
    room.now += 3600
    answer = room.lost(*booting, hosts=rows(room, make, *booting, jobs=jobs))
    assert [row["machineId"] for row in answer] == ([old] if asked_back else [])
    assert states(room) == [MachineState.RUNNING] * 2  # LSF closes the host and returns it


def test_one_lost_among_five_hundred_is_found(room: Any, make: Any) -> None:
    room.change(pools=(make.pool(max_nodes=500),))
    room.request(500)
    room.cloud.forget(room.ids()[250])
    held = [f"i-{number:017d}" for number in range(1, 501)]
    assert [row["machineId"] for row in room.lost(*held, hosts=[])] == [held[250]]


def test_hundreds_that_are_lost_are_one_line_of_the_log(room: Any, make: Any) -> None:
    room.change(pools=(make.pool(max_nodes=500),))
    room.request(500)
    for one in room.ids():
        room.cloud.set_state(one, MachineState.TERMINATED)
    assert len(room.lost(*room.ids())) == 500
    (event,) = [event for event in room.audit.events if event.kind == "lost"]
    assert event.fields == {"machines": dict.fromkeys(room.ids(), 0)}


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
