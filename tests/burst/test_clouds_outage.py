"""One of two clouds does not answer: the other's machines are told of, returned and reaped; its own stay unknown."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import draining, ids
from burst.broker import Site
from burst.broker import turn as broker_turn
from burst.clouds.joint import JointCloud
from burst.clouds.partly import Seen, look
from burst.draining import NOBODY
from burst.joining import learn
from burst.ledger import glimpse, note_cost
from burst.notices import FakeNotices
from burst.rc import policy, verbs, wire
from burst.reaping import reap
from burst.turn import Turn
from onprem.lsf.fake import FakeHosts
from ris_hybrid.errors import NoCapacity, Refused, TryAgain
from ris_hybrid.model import MachineState, PoolMarks
from tests.two_clouds import CLOUDS, POOL_OF, RESEARCH, TwoClouds, named

SILENT = pytest.mark.parametrize("silent", CLOUDS)
SAID = {"": "EC2: no route", RESEARCH: "research: no route"}


@pytest.fixture
def two(make: Any) -> TwoClouds:
    return TwoClouds(make)


def other_than(silent: str) -> str:
    return next(cloud for cloud in CLOUDS if cloud != silent)


def of(two: TwoClouds, cloud: str) -> str:
    """The id of the cloud's first machine."""
    return next(one for one in two.peek() if one.startswith("research/") is bool(cloud))


@SILENT
def test_nothing_is_launched_on_either_and_the_reason_is_said(two: TwoClouds, silent: str) -> None:
    two.down(silent)
    for cloud in CLOUDS:
        with pytest.raises(TryAgain) as caught:
            two.request(cloud)
        text = f"nothing launched: not every cloud answers: {SAID[silent]}"
        assert wire.error_text(caught.value) == f"{text} Error Code: PartlyUnknown"
        assert two.notes("not launched")[-1]["message"] == text
    assert two.alive == set()


@SILENT
def test_the_policy_script_allows_nothing_and_says_why(two: TwoClouds, silent: str) -> None:
    two.scheduler.all_jobs = tuple(two.make.job(str(number), slots=8) for number in range(4))
    two.down(silent)
    raw = {"providerName": "aws", "templateName": "cpu", "rcAccount": "lee", "newDemand": 3}
    told = policy.answer(wire.read_demand({"request": raw}), two.scheduler, two.provider)
    assert told["request"]["newDemand"] == 0
    assert told["message"] == f"nothing is launched on missing knowledge: not every cloud answers: {SAID[silent]}"
    two.down(silent, "")
    assert policy.answer(wire.read_demand({"request": raw}), two.scheduler, two.provider)["request"]["newDemand"] == 3


@SILENT
def test_a_request_whose_machines_are_known_is_answered_the_other_is_running(two: TwoClouds, silent: str) -> None:
    requests = {cloud: two.request(cloud, 2) for cloud in CLOUDS}
    two.now += 3600
    two.down(silent)
    known, hidden = two.status(requests[other_than(silent)], requests[silent])
    assert (known["status"], len(known["machines"]), known["message"]) == ("complete", 2, "")
    assert (hidden["status"], hidden["machines"]) == ("running", [])
    assert hidden["message"] == f"not every cloud answers: {SAID[silent]}"
    two.down(silent, "")
    assert [row["status"] for row in two.status(*requests.values())] == ["complete", "complete"]


@SILENT
def test_known_machines_end_and_lsf_asks_again_for_the_rest(two: TwoClouds, silent: str) -> None:
    machines = two.up()
    two.down(silent)
    with pytest.raises(TryAgain, match="not returned: ") as caught:
        two.give_back(*machines)
    assert of(two, silent) in caught.value.message
    assert SAID[silent] in caught.value.message
    assert two.alive == {of(two, silent)}
    two.down(silent, "")
    two.now += 60
    again = two.give_back(*machines)
    assert two.alive == set()
    (row,) = two.status(again["requestId"])
    assert (row["status"], len(row["machines"])) == ("complete", 2)


@SILENT
def test_machines_of_a_cloud_that_burst_yaml_has_no_more_are_not_told_as_ended(two: TwoClouds, silent: str) -> None:
    """They run on, and cost: LSF must go on asking until somebody puts the cloud back."""
    machines = two.up()
    left = of(two, silent)
    settings = two.provider.settings
    pools = tuple(pool for pool in settings.pools if pool.cloud != silent)
    kept = replace(settings, pools=pools, clouds=() if silent else settings.clouds)
    other = other_than(silent)
    provider = replace(two.provider, settings=kept, cloud=JointCloud({other: two.fakes[other]}, kept))
    rows = [{"name": one.partition("/")[2] or one, "machineId": one} for one in machines]
    told = verbs.get_return_requests({"machines": rows}, provider, lambda: [two.make.host("onprem-1")])
    assert told["requests"] == []
    with pytest.raises(TryAgain, match="has it no more") as caught:
        verbs.request_return_machines({"machines": rows}, provider)
    assert left in caught.value.message
    assert two.alive == {left}


@SILENT
def test_machines_that_are_all_known_are_returned_as_ever(two: TwoClouds, silent: str) -> None:
    two.up()
    two.down(silent)
    known = of(two, other_than(silent))
    told = two.give_back(known)
    assert told["message"] == "1 of 1 machines are ending"
    assert two.alive == {of(two, silent)}


@SILENT
def test_a_name_without_an_id_may_be_of_the_silent_cloud(two: TwoClouds, silent: str) -> None:
    two.up()
    two.down(silent)
    with pytest.raises(TryAgain, match="not returned: who"):
        verbs.request_return_machines({"machines": [{"name": "who"}]}, two.provider)


@SILENT
def test_a_return_of_no_known_machine_is_running_too(two: TwoClouds, silent: str) -> None:
    two.up()
    known = two.give_back(of(two, silent))["requestId"]
    two.now += 600
    two.down(silent)
    (row,) = two.status(known)
    assert (row["status"], row["machines"]) == ("running", [])
    assert row["message"] == f"not every cloud answers: {SAID[silent]}"


@SILENT
def test_a_return_over_both_is_not_complete_until_both_answer(two: TwoClouds, silent: str) -> None:
    known = two.give_back(*two.up())["requestId"]
    two.down(silent)
    (row,) = two.status(known)
    assert (row["status"], [machine["result"] for machine in row["machines"]]) == ("running", ["succeed"])
    assert SAID[silent] in row["message"]
    two.down(silent, "")
    assert two.status(known)[0]["status"] == "complete"


def test_an_end_that_one_cloud_never_heard_of_is_asked_for_again(two: TwoClouds) -> None:
    """It lists, and then answers no more: its machine is not marked, so the return is not made."""
    machines = two.up()
    two.refuse(RESEARCH, end=TryAgain("gone away"))
    with pytest.raises(TryAgain, match="research: gone away"):
        two.give_back(*machines)
    two.refuse(RESEARCH)
    assert two.status(two.give_back(*machines)["requestId"])[0]["status"] == "complete"
    assert two.alive == set()


@SILENT
def test_a_machine_of_a_silent_cloud_is_never_told_as_gone(two: TwoClouds, silent: str) -> None:
    two.up()
    known, hidden = of(two, other_than(silent)), of(two, silent)
    gone = f"{RESEARCH}/gone" if silent == "" else "i-gone"
    two.down(silent)
    asked = [named(known), named(hidden), named(gone), {"name": "only-a-name", "machineId": ""}]
    assert two.lost(*asked, hosts=[]) == [gone]
    assert two.notes("not told lost")[0] == {"machines": [hidden, "only-a-name"], "why": SAID[silent]}
    two.down(silent, "")
    assert two.lost(*asked, hosts=[]) == [gone, "only-a-name"]


@SILENT
def test_the_others_machines_are_reaped_all_the_same(two: TwoClouds, silent: str) -> None:
    """None has joined, and none ever will."""
    for cloud in CLOUDS:
        two.request(cloud, key=cloud)
    two.now += 3600
    two.down(silent)
    known = of(two, other_than(silent))
    assert two.lost(named(known), named(of(two, silent)), hosts=[]) == [known]
    assert two.alive == {of(two, silent)}
    assert two.peek()[known].end_reason == "failed-to-join"
    marks = two.ledgers[other_than(silent)].pools()[POOL_OF[other_than(silent)]]
    assert marks.join_failures == 1


@SILENT
def test_reaping_says_which_cloud_was_not_judged(two: TwoClouds, silent: str) -> None:
    for cloud in CLOUDS:
        two.request(cloud, key=cloud)
    two.now += 3600
    two.down(silent)
    reaped = reap(two.provider, [two.make.host()])
    assert (reaped.ended, reaped.unread) == ((of(two, other_than(silent)),), {silent: "no route"})
    assert two.notes("not checked")[-1]["message"] == SAID[silent]
    assert dict(reap(two.provider, [two.make.host()], dry_run=True).unread) == {silent: "no route"}


@SILENT
def test_what_one_cloud_refuses_does_not_hide_what_the_other_did(two: TwoClouds, silent: str) -> None:
    """Both list, then one refuses to act: the other's machine is ended, noted and learned from."""
    for cloud in CLOUDS:
        two.request(cloud, key=cloud)
    two.now += 3600
    two.refuse(silent, end=Refused("locked"))
    reaped = reap(two.provider, [two.make.host()])
    known = of(two, other_than(silent))
    assert reaped.ended == (known,)
    assert reaped.refused == (f"not ended: {of(two, silent)}: {SAID[silent].partition(':')[0]}: locked",)
    assert two.spend.month_to_date("2027-01")["lee"] > 0
    assert two.ledger.pools()[POOL_OF[other_than(silent)]].join_failures == 1


@SILENT
def test_a_turn_goes_on_with_what_is_known(two: TwoClouds, silent: str) -> None:
    for cloud in CLOUDS:
        two.request(cloud, key=cloud)
    two.now += 3600
    two.down(silent)
    turned = Turn(two.scheduler, FakeNotices(), FakeHosts(two.scheduler)).take(two.provider)
    known = other_than(silent)
    assert turned.ended == (of(two, known),)
    assert set(turned.stages) == {(POOL_OF[known], "failed-to-join")}
    assert (set(turned.pools), turned.unread) == ({POOL_OF[known]}, {silent: "no route"})
    assert turned.committed_usd != turned.committed_usd  # not a number: what the silent cloud costs is unknown
    assert turned.unknown == {"cloud", "spend"}
    name = SAID[silent].partition(":")[0]
    assert turned.problems[0].text == (
        f"the machines of {name} are unknown, so none of them is ended, and nothing is launched anywhere: no route"
    )


def test_a_notice_for_a_machine_of_a_silent_cloud_waits(two: TwoClouds) -> None:
    two.up()
    mine, notices = of(two, ""), FakeNotices()
    two.down("")
    notices.send(mine, "interruption", two.now - 3600)
    Turn(two.scheduler, notices).take(two.provider)
    assert len(notices.receive()) == 1
    two.down("", "")
    assert Turn(two.scheduler, notices).take(two.provider).noticed == (mine,)
    assert notices.receive() == ()


@SILENT
def test_the_broker_gives_back_what_is_known_and_launches_nothing(two: TwoClouds, silent: str) -> None:
    two.up()
    for machine_id in two.alive:
        two.change(machine_id, idle=two.now - 900)
    two.scheduler.all_hosts = (*two.rows(), two.make.host("onprem-1"))
    two.scheduler.all_jobs = tuple(two.make.job(str(number), slots=64) for number in range(4))
    two.down(silent)
    site = Site(scheduler=two.scheduler, hosts=FakeHosts(two.scheduler), launch_lock=nullcontext)
    made = broker_turn(two.provider, site)
    assert made.ended == (of(two, other_than(silent)),)
    assert (made.decisions, made.launches) == ((), ())
    text = f"nothing is launched on missing knowledge: not every cloud answers: {SAID[silent]}"
    assert made.unknown == text
    assert two.notes("not launched") == [{"message": text}]
    two.down(silent, "")
    assert broker_turn(two.provider, site).launches


@SILENT
def test_draining_empties_the_others_and_is_not_done(two: TwoClouds, silent: str) -> None:
    two.up()
    assert draining.switch_off(two.provider, nullcontext) == {}
    draining.switch_on(two.provider)
    two.down(silent)
    assert draining.switch_off(two.provider, nullcontext) == {silent: "no route"}
    assert [pool for ledger in two.ledgers.values() for pool, mark in ledger.pools().items() if mark.off] == [
        POOL_OF[other_than(silent)]
    ]
    rows = two.rows(status="closed_Adm")
    drained = draining.turn(two.provider, rows, None, NOBODY)
    assert two.alive == {of(two, silent)}
    again = draining.turn(two.provider, rows, None, NOBODY)
    assert (again.done, again.seen.left, again.unread) == (False, {}, {silent: "no route"})
    assert drained.unread == again.unread
    with pytest.raises(TryAgain, match=SAID[silent]):
        draining.switch_on(two.provider)
    assert not any(mark.off for mark in two.ledgers[other_than(silent)].pools().values())


def test_waiting_for_an_empty_site_ends_without_a_cloud(two: TwoClouds) -> None:
    two.down(RESEARCH)
    waits: list[float] = []
    row = [two.make.host()]
    last = draining.until_empty(lambda unseen: draining.turn(two.provider, row, None, unseen), 0.0, waits.append)
    assert (last.done, waits) == (False, [])


@SILENT
def test_the_months_total_is_carried_by_a_cloud_that_answers(two: TwoClouds, silent: str) -> None:
    two.up()
    two.down(silent)
    note_cost([look(two.cloud).machines[0]], two.provider)
    (marks,) = two.ledgers[other_than(silent)].pools().values()
    two.down(silent, "")
    assert marks.spent_usd == pytest.approx(sum(two.spend.month_to_date("2027-01").values()), abs=0.01)


def test_a_total_that_nobody_can_carry_is_said(make: Any) -> None:
    """The only pools are the silent cloud's, though EC2 answers."""
    two = TwoClouds(make)
    two.up()
    machine = two.cloud.machines()[0]
    two.settings = replace(two.settings, pools=two.settings.pools[1:])
    two.down(RESEARCH)
    note_cost([machine], two.provider)
    assert two.notes("spend not marked") == [
        {"month": "2027-01", "message": "not every cloud answers: research: no route"}
    ]


@SILENT
def test_marks_that_cannot_be_read_are_not_written_over(two: TwoClouds, silent: str) -> None:
    two.up()
    machines = two.cloud.machines()
    two.down(silent)
    learn(machines, [machine.machine_id for machine in machines], [], two.provider)
    assert two.ledgers[silent].pools() == {}
    assert two.ledgers[other_than(silent)].pools()[POOL_OF[other_than(silent)]].boot_s == 600.0
    assert two.notes("pool not marked") == [{"pools": [POOL_OF[silent]], "message": SAID[silent]}]


def test_a_mark_that_one_cloud_refuses_keeps_no_other_pool_from_being_marked(two: TwoClouds) -> None:
    two.up()
    machines = two.cloud.machines()
    two.refuse("", mark_pool=Refused("no"))
    learn(machines, [machine.machine_id for machine in machines], [], two.provider)
    assert two.ledgers[RESEARCH].pools()["os"].boot_s == 600.0
    assert two.notes("pool not marked") == [{"pools": ["cpu"], "message": "EC2: no"}]


@SILENT
def test_a_glimpse_of_the_ledger_has_what_is_known(two: TwoClouds, silent: str) -> None:
    two.up()
    two.ledger.mark_pool(POOL_OF[other_than(silent)], PoolMarks(boot_s=90.0), PoolMarks())
    two.down(silent)
    fleet, unread = glimpse(two.provider, look(two.cloud))
    assert [machine.machine_id for machine in fleet.machines] == [of(two, other_than(silent))]
    assert (set(fleet.marks), unread) == ({POOL_OF[other_than(silent)]}, {silent: "no route"})


def test_a_return_that_everything_has_forgotten_is_complete(two: TwoClouds) -> None:
    """Fail-over without the data directory: a second cloud lists an ended machine no more."""
    machines = two.up()
    known = two.give_back(*machines)["requestId"]
    for machine_id in machines:
        two.fakes[RESEARCH if "/" in machine_id else ""].forget(machine_id.rpartition("/")[2])
    (row,) = two.status(known)
    assert (row["status"], row["message"]) == ("running", "the cloud does not show its marks yet")
    two.now += 600
    (row,) = two.status(known)
    assert (row["status"], row["machines"]) == ("complete", [])
    assert row["message"] == "the cloud lists none of its machines any more: all have ended"


@given(st.text(alphabet="retadd-0123456789abcdefnoxg", max_size=40))
def test_only_ids_of_our_form_are_taken_for_ours(text: str) -> None:
    if ids.is_ours(text):
        kind, at, digest = text.split("-")
        assert kind in {"add", "ret"}
        assert at.isdecimal()
        assert len(digest) == 16


@given(st.sampled_from(["add", "ret"]), st.integers(0, 10**11), st.lists(st.text()))
def test_every_id_that_is_made_is_of_our_form(kind: str, at: int, parts: list[str]) -> None:
    assert ids.is_ours(ids.derived(kind, at, *parts))


def test_nothing_is_hidden_where_every_cloud_answers() -> None:
    assert not Seen(machines=()).hides("")


def test_a_pool_of_either_cloud_is_launched_when_both_answer_again(two: TwoClouds) -> None:
    two.down(RESEARCH)
    with pytest.raises(TryAgain):
        two.request(RESEARCH)
    two.down(RESEARCH, "")
    two.request(RESEARCH)
    two.fakes[""].capacity = 0
    with pytest.raises(NoCapacity):
        two.request("")
    assert [machine.state for machine in two.peek().values()] == [MachineState.RUNNING]
