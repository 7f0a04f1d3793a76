"""What is carried out of the reaper's verdicts, over the cloud in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import reaping
from burst.lock import if_nobody_acted
from burst.reap import Action
from ris_hybrid.errors import Refused, SiteUnavailable, TryAgain
from ris_hybrid.model import MachineState, PoolMarks
from ris_hybrid.settings import Life

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

MIN = 60.0


class Control:
    """LSF's badmin: what it was told to close."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, str]] = []
        self.answers = True

    def close(self, names: Any, why: str) -> None:
        if not self.answers:
            raise SiteUnavailable("badmin did not answer")
        self.closed += [(name, why) for name in names]

    def reopen(self, names: Any) -> None: ...


class Yard:
    """A fleet whose hosts LSF lists as the test says."""

    def __init__(self, room: Any, make: Any) -> None:
        self.room, self.make = room, make
        self.control = Control()
        self.onprem = make.host("onprem-1")
        room.change(life=Life(join_minutes=15.0, unlisted_minutes=10.0, join_failures=3, lifetime_hours=24.0))

    def launch(self, count: int = 1, *, key: str = "in-1.json") -> list[str]:
        before = set(self.room.ids())
        self.room.request(count, key=key)
        return [one for one in self.room.ids() if one not in before]

    def rows(self, *ids: str, **fields: Any) -> list[Any]:
        names = [machine.name for machine in self.room.cloud.machines() if machine.machine_id in ids]
        return [self.make.row(name, **fields) for name in names]

    def reap(self, *hosts: Any, **how: Any) -> Any:
        return reaping.reap(self.room.provider, [*hosts, self.onprem], control=self.control, **how)

    def machine(self, machine_id: str) -> Any:
        return next(one for one in self.room.cloud.machines() if one.machine_id == machine_id)

    @property
    def marks(self) -> PoolMarks:
        found: PoolMarks = self.room.ledger.pools().get("cpu", PoolMarks())
        return replace(found, spent_month="", spent_usd=0.0)  # what ended machines cost stands there too


@pytest.fixture
def yard(room: Any, make: Any) -> Yard:
    return Yard(room, make)


def test_a_node_that_joins_is_marked_and_its_boot_time_learnt(yard: Yard) -> None:
    first, second = yard.launch(2)
    yard.room.now += 200
    reaped = yard.reap(*yard.rows(first))
    assert reaped.joined == (first,)
    assert (yard.machine(first).joined, yard.machine(second).joined) == (yard.room.now, 0.0)
    assert yard.marks == PoolMarks(boot_s=200.0)
    assert yard.reap(*yard.rows(first)).verdicts == ()


def test_a_boot_time_is_written_anew_only_when_it_has_changed(yard: Yard) -> None:
    yard.room.ledger.mark_pool("cpu", PoolMarks(boot_s=200.0), PoolMarks())
    for age, expected in [(219, 200.0), (240, 230.0), (300, 230.0)]:
        (one,) = yard.launch(1, key=f"in-{age}")
        yard.room.now += age
        hosts = yard.rows(*yard.room.ids())
        yard.reap(*hosts)
        assert yard.machine(one).joined == yard.room.now
        assert yard.marks.boot_s == expected


def test_a_node_that_was_seen_late_tells_no_boot_time(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 15 * MIN
    yard.reap(*yard.rows(one))
    assert yard.machine(one).joined == yard.room.now
    assert yard.marks == PoolMarks()


def test_a_node_that_never_joins_is_ended_and_paid(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 15 * MIN
    reaped = yard.reap()
    assert reaped.ended == (one,)
    machine = yard.machine(one)
    assert (machine.state, machine.end_reason) == (MachineState.TERMINATED, "failed-to-join")
    assert machine.return_id.startswith(f"ret-{yard.room.now:.0f}-")
    assert yard.room.spend.month_to_date("2027-01")["lee"] > 0
    assert yard.marks.join_failures == 1
    assert {"judged", "reaped", "pool marked"} <= set(yard.room.kinds)
    assert yard.reap() == reaping.Reaped()


def test_so_many_failures_in_a_row_switch_the_pool_off(yard: Yard) -> None:
    yard.launch(2)
    yard.room.now += 15 * MIN
    yard.reap()
    assert (yard.marks.join_failures, yard.marks.off) == (2, "")
    yard.launch(1, key="in-2")
    yard.room.now += 15 * MIN
    yard.reap()
    assert yard.marks == PoolMarks(join_failures=3, off="3 nodes in a row did not join LSF")
    with pytest.raises(Refused, match="cpu is off: 3 nodes in a row did not join LSF"):
        yard.room.request(1, key="in-3")


def test_a_node_that_joins_ends_the_row_but_does_not_switch_the_pool_on(yard: Yard) -> None:
    yard.room.ledger.mark_pool("cpu", PoolMarks(join_failures=3, off="mend it"), PoolMarks())
    yard.room.cloud.launch(yard.make.launch(2))
    yard.room.now += 15 * MIN
    yard.room.cloud.launch(yard.make.launch(1, token="t-2"))
    joins = yard.room.ids()[2]
    yard.room.now += 60
    reaped = yard.reap(*yard.rows(joins))
    assert (len(reaped.ended), reaped.joined) == (2, (joins,))
    assert yard.marks == PoolMarks(join_failures=0, off="mend it", boot_s=60.0)


def test_what_lsf_never_learned_of_is_no_failure_of_the_pool(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 10 * MIN
    yard.reap(held=frozenset())
    assert yard.machine(one).end_reason == "orphan"
    assert yard.marks == PoolMarks()


def test_a_host_lsf_lost_is_ended_after_its_time(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 100
    yard.reap(*yard.rows(one))
    yard.room.now += 100
    assert [verdict.action for verdict in yard.reap().verdicts] == [Action.UNLISTED]
    assert yard.machine(one).unlisted == yard.room.now
    yard.reap(*yard.rows(one), held=frozenset({one}))  # it is back
    assert yard.machine(one).unlisted == 0
    yard.reap()
    yard.room.now += 10 * MIN
    assert yard.reap().ended == (one,)
    assert yard.machine(one).end_reason == "unlisted"


def test_a_host_lsf_could_still_use_is_closed_before_it_is_ended(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.cloud.change(one, joined=yard.room.now)
    yard.room.now += 24 * 3600
    (row,) = yard.rows(one)
    reaped = yard.reap(row)
    assert (reaped.ended, reaped.closed) == ((), (row.name,))
    assert yard.control.closed == [(row.name, "24.0 h old, its lifetime is 24 h, and it is empty")]
    (busy,) = yard.rows(one, status="closed_Adm", jobs=1)  # a job had slipped in
    assert yard.reap(busy).ended == ()
    (shut,) = yard.rows(one, status="closed_Adm")
    assert yard.reap(shut).ended == (one,)


def test_lsf_that_does_not_close_a_host_keeps_the_machine(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.cloud.change(one, joined=yard.room.now)
    yard.room.now += 24 * 3600
    yard.control.answers = False
    reaped = yard.reap(*yard.rows(one))
    assert (reaped.ended, reaped.closed) == ((), ())
    assert reaped.refused == (f"not closed: {yard.machine(one).name}: badmin did not answer",)
    assert reaping.reap(yard.room.provider, yard.rows(one)).closed == ()  # and without a badmin at all


def test_a_refused_end_is_told_and_tried_again_with_the_same_id(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 15 * MIN
    real = yard.room.cloud

    class Refusing:
        def machines(self) -> Any:
            return real.machines()

        def end(self, ids: Any, return_id: str, reason: Any) -> Any:
            real.fail_next = Refused("termination protection")
            return real.end(ids, return_id, reason)

    yard.room.cloud = Refusing()
    reaped = yard.reap()
    assert (reaped.ended, reaped.refused) == ((), (f"not ended: {one}: termination protection",))
    marked = yard.machine(one)
    yard.room.cloud = real
    yard.room.now += 60
    assert yard.reap() == reaping.Reaped()  # EC2 gets its time
    yard.room.now += 180
    assert yard.reap().ended == (one,)
    assert (yard.machine(one).return_id, yard.machine(one).end_reason) == (marked.return_id, "failed-to-join")
    assert yard.marks == PoolMarks()  # counted when it is ended for it, not when an end is repeated


def test_one_machine_that_cannot_be_ended_saves_no_other(yard: Yard) -> None:
    stopped, late = yard.launch(2)
    yard.room.cloud.change(stopped, state=MachineState.STOPPED, joined=yard.room.now)
    yard.room.now += 15 * MIN
    real = yard.room.cloud

    class Picky:
        def machines(self) -> Any:
            return real.machines()

        def end(self, ids: Any, return_id: str, reason: Any) -> Any:
            if stopped in ids:
                raise Refused("protected")
            return real.end(ids, return_id, reason)

    yard.room.cloud = Picky()
    reaped = yard.reap()
    assert (reaped.ended, len(reaped.refused)) == ((late,), 1)


def test_nodes_that_switch_themselves_off_count_as_failed_to_join(yard: Yard) -> None:
    one, two = yard.launch(2)
    yard.room.cloud.set_state(one, MachineState.STOPPED)
    yard.room.cloud.change(two, state=MachineState.TERMINATED, gave_up=True)  # what spot machines do
    yard.reap()
    assert {yard.machine(machine).end_reason for machine in (one, two)} == {"failed-to-join"}
    assert yard.marks.join_failures == 2
    assert yard.reap() == reaping.Reaped()


def test_a_cluster_without_any_host_is_not_believed(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 60 * MIN
    reaped = reaping.reap(yard.room.provider, [], control=yard.control)
    assert [(verdict.action, verdict.text) for verdict in reaped.verdicts] == [
        (Action.KEEP, "LSF lists no host at all, which cannot be")
    ]
    assert yard.machine(one).alive


def test_a_dry_run_only_judges(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 15 * MIN
    reaped = yard.reap(dry_run=True)
    assert [(verdict.action, verdict.machine.machine_id) for verdict in reaped.verdicts] == [(Action.END, one)]
    assert reaped.ended == ()
    assert yard.machine(one).alive
    assert "judged" not in yard.room.kinds


def test_a_ledger_that_cannot_be_written_is_told(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 60

    class ReadOnly:
        def mark(self, *_: Any) -> None:
            raise Refused("CreateTags is not allowed")

        def pools(self) -> Any:
            raise Refused("DescribeLaunchTemplates is not allowed")

    yard.room.ledger = ReadOnly()
    reaped = yard.reap(*yard.rows(one))
    assert (reaped.joined, reaped.refused) == ((), (f"not marked: {one}: CreateTags is not allowed",))
    yard.room.now += 15 * MIN
    assert yard.reap().ended == (one,)
    assert "pool not marked" in yard.room.kinds


def test_joined_nodes_are_noted_by_whoever_asks_lsf_anyway(yard: Yard) -> None:
    first, second = yard.launch(2)
    yard.room.now += 90
    machines = yard.room.cloud.machines()
    noted = reaping.note_joined(yard.room.provider, machines, yard.rows(second))
    assert [machine.joined for machine in noted] == [0.0, yard.room.now]
    assert yard.machine(second).joined == yard.room.now
    assert yard.machine(first).joined == 0
    assert yard.marks.boot_s == 90.0
    assert reaping.note_joined(yard.room.provider, noted, yard.rows(second)) == noted


def test_an_absence_is_counted_anew_once_lsf_has_listed_the_host_again(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.now += 60
    yard.reap(*yard.rows(one))
    yard.room.now += 60
    yard.reap()  # one answer without its row
    assert yard.machine(one).unlisted == yard.room.now
    yard.room.now += 60
    yard.reap(*yard.rows(one))  # by the service, which does not know what ebrokerd holds
    assert yard.machine(one).unlisted == 0
    yard.room.now += 20 * MIN
    assert yard.reap().ended == ()
    assert yard.machine(one).alive


def test_who_holds_a_host_is_counted_apart_from_whether_lsf_lists_it(yard: Yard) -> None:
    (one,) = yard.launch()
    yard.room.cloud.change(one, joined=yard.room.now)
    yard.room.now += 10 * MIN
    yard.reap(*yard.rows(one), held=frozenset())
    begin = yard.room.now
    yard.room.now += 60
    yard.reap()
    yard.room.now += 60
    yard.reap(*yard.rows(one))
    machine = yard.machine(one)
    assert (machine.unlisted, machine.unheld) == (0, begin)
    yard.reap(*yard.rows(one), held=frozenset({one}))
    assert yard.machine(one).unheld == 0


def test_of_two_reapers_that_look_at_once_one_acts(yard: Yard, tmp_path: Path) -> None:
    yard.launch(2)
    yard.room.now += 15 * MIN
    clock = [yard.room.now]

    def alone(seen_at: float) -> AbstractContextManager[bool]:
        return if_nobody_acted(tmp_path / "reap.lock", seen_at, lambda: clock[0])

    def reap(seen: Any, now: float) -> Any:
        mine = replace(yard.room.provider, alone=alone, now=now)
        return reaping.reap(mine, [yard.onprem], machines=seen)

    seen = yard.room.cloud.machines()
    clock[0] += 5  # the first has needed five seconds when the second, which looked meanwhile, wants to act
    assert len(reap(seen, yard.room.now).ended) == 2
    second = reap(seen, yard.room.now + 2)
    assert (second.ended, len(second.verdicts)) == ((), 2)  # what is of no use is known all the same
    assert yard.marks.join_failures == 2
    assert yard.room.kinds[-1] == "not reaped"
    assert reap(yard.room.cloud.machines(), yard.room.now + 30).verdicts == ()


def test_a_machine_is_paid_though_the_answer_to_its_end_was_lost(yard: Yard) -> None:
    yard.launch()
    yard.room.now += 15 * MIN
    real = yard.room.cloud

    class Silent:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def end(self, *arguments: Any) -> Any:
            real.end(*arguments)
            raise TryAgain("no answer")

    yard.room.cloud = Silent()
    assert yard.reap().ended == ()
    assert yard.room.spend.month_to_date("2027-01") == {}
    yard.room.cloud = real
    yard.room.now += 30
    assert yard.reap() == reaping.Reaped()
    assert yard.room.spend.month_to_date("2027-01")["lee"] > 0


def test_many_verdicts_of_a_kind_are_one_line_of_the_log(yard: Yard) -> None:
    ids = yard.launch(50)
    yard.room.now += 60
    yard.reap(*yard.rows(*ids))
    (event,) = [event for event in yard.room.audit.events if event.kind == "judged"]
    assert (event.fields["action"], list(event.fields["machines"])) == ("joined", ids)
    assert event.fields["machines"][ids[0]] == f"LSF lists {yard.machine(ids[0]).name}"


CASES = st.lists(
    st.tuples(
        st.sampled_from(["none", "idle", "busy", "shut"]),
        st.sampled_from([0.0, 1.0]),
        st.sampled_from([0.0, 100.0, 700.0]),
        st.sampled_from([0.0, 100.0, 700.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(cases=CASES, asked=st.booleans(), age=st.sampled_from([60.0, 700.0, 1000.0, 90_000.0]))
def test_a_second_turn_right_after_does_nothing_more(
    make: Any, new_room: Any, cases: Any, *, asked: bool, age: float
) -> None:
    yard = Yard(new_room(), make)
    ids = yard.launch(len(cases))
    yard.room.now += age
    hosts, held = [], set()
    for one, (row, joined, unlisted, unheld, mine) in zip(ids, cases, strict=True):
        since = yard.room.now - unlisted if unlisted and joined else 0.0
        book = yard.room.now - unheld if unheld and joined else 0.0
        yard.room.cloud.change(one, joined=joined, unlisted=since, unheld=book)
        fields = {"idle": {}, "busy": {"jobs": 1}, "shut": {"status": "closed_Adm"}}
        hosts += yard.rows(one, **fields[row]) if row != "none" else []
        held |= {one} if mine else set()
    how = {"held": frozenset(held)} if asked else {}
    yard.reap(*hosts, **how)
    before = (yard.room.cloud.machines(), yard.marks)
    again = yard.reap(*hosts, **how)
    assert again.ended == again.joined == ()
    assert (yard.room.cloud.machines(), yard.marks) == before
