"""Which machine may end when the burst is switched off, over a cloud and a ledger in memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import draining
from burst.draining import NOBODY
from ris_hybrid.errors import Refused, SiteUnavailable
from ris_hybrid.model import MachineState, PoolMarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ris_hybrid.model import Host

STATES = ["ok", "closed_Adm", "closed_Full", "closed_RC", "unavail", "unreach", "something-new"]


class Control:
    """LSF's hosts, of which some are ours; closing one shows at the next look."""

    def __init__(self, *rows: Host) -> None:
        self.rows = {row.name: row for row in rows}

    def close(self, names: Sequence[str], why: str) -> None:
        assert why
        self.rows |= {name: replace(self.rows[name], status="closed_Adm") for name in names}

    def reopen(self, names: Sequence[str]) -> None:
        raise AssertionError(names)

    def requeue(self, job_ids: Sequence[str]) -> None:
        raise AssertionError(job_ids)


def alive(room: Any) -> list[str]:
    return [machine.machine_id for machine in room.cloud.machines() if machine.alive]


def up(room: Any, count: int, **fields: Any) -> list[Any]:
    """So many machines that joined ten minutes after their launch, half an hour ago."""
    room.request(count)
    room.now += 1800
    for machine_id in room.ids():
        room.cloud.change(machine_id, **{"joined": room.now - 1200, **fields})
    return list(room.cloud.machines())


def look(room: Any, control: Control, unseen: frozenset[str] = NOBODY) -> draining.Drained:
    return draining.turn(room.provider, [*control.rows.values(), room.onprem], control, unseen)


@pytest.mark.parametrize("status", ["ok", "closed_Full", "closed_Adm", "closed_RC"])
@pytest.mark.parametrize("jobs", [{}, {"jobs": 2}, {"running": 1}])
def test_open_hosts_are_closed_and_only_closed_empty_ones_end(
    room: Any, make: Any, status: str, jobs: dict[str, int]
) -> None:
    (machine,) = up(room, 1)
    control = Control(make.row(machine.name, status=status, **jobs))
    first = look(room, control)
    assert bool(alive(room)) is (bool(jobs) or status in {"ok", "closed_Full"})
    look(room, control)
    assert bool(alive(room)) is bool(jobs)
    assert [row.status for row in control.rows.values()] == [status if status == "closed_RC" else "closed_Adm"]
    assert dict(first.seen.left) == {machine.name: sum(jobs.values())}


def test_names_match_without_domain_and_in_any_case(room: Any, make: Any) -> None:
    (machine,) = up(room, 1, joined=0.0)
    control = Control(make.row(f"{machine.name.upper()}.EC2.INTERNAL", jobs=3))
    unseen = NOBODY
    for _ in range(3):
        unseen = look(room, control, unseen).seen.unseen
    assert alive(room) == [machine.machine_id]
    assert [row.status for row in control.rows.values()] == ["closed_Adm"]


def test_an_answer_without_hosts_is_none(room: Any) -> None:
    up(room, 1, joined=0.0)
    with pytest.raises(SiteUnavailable, match="lists no host at all"):
        draining.turn(room.provider, [], Control(), frozenset(room.ids()))
    assert len(alive(room)) == 1


def test_one_that_has_joined_and_is_missed_waits_out_its_time(room: Any, make: Any) -> None:
    """Jobs may run there that LSF cannot see just now."""
    (machine,) = up(room, 1)
    unseen = NOBODY
    for _ in range(3):
        unseen = look(room, Control(), unseen).seen.unseen
        room.now += 1
    assert alive(room) == [machine.machine_id]
    control = Control(make.row(machine.name, status="unavail"))
    room.now += 300
    assert not look(room, control).moved
    assert alive(room) == [machine.machine_id]
    room.now += 60 * room.settings.life.unlisted_minutes
    look(room, control)
    assert alive(room) == []


def test_one_that_never_joined_goes_at_the_second_look_that_misses_it(room: Any) -> None:
    room.request(1)
    first = look(room, Control())
    assert first.moved
    assert len(alive(room)) == 1
    look(room, Control(), first.seen.unseen)
    assert alive(room) == []


def test_what_a_drained_machine_has_cost_is_noted(room: Any, make: Any) -> None:
    (machine,) = up(room, 1)
    look(room, Control(make.row(machine.name, status="closed_Adm")))
    assert alive(room) == []
    assert sum(room.spend.month_to_date("2027-01").values()) > 0


def test_what_has_ended_is_done(room: Any) -> None:
    (machine,) = up(room, 1)
    room.cloud.set_state(machine.machine_id, MachineState.TERMINATED)
    seen = look(room, Control())
    assert (seen.done, seen.verdicts) == (True, ())


@given(rows=st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 3), st.booleans()), max_size=6))
def test_no_machine_with_jobs_ever_ends(new_room: Any, make: Any, rows: list[tuple[str, int, bool]]) -> None:
    room = new_room()
    machines = up(room, len(rows), joined=0.0) if rows else []
    for machine, (_, _, joined) in zip(machines, rows, strict=True):
        room.cloud.change(machine.machine_id, joined=room.now - 1200 if joined else 0.0)
    pairs = list(zip(machines, rows, strict=True))
    control = Control(*(make.row(machine.name, status=status, jobs=jobs) for machine, (status, jobs, _) in pairs))
    unseen = NOBODY
    for _ in range(4):
        unseen = look(room, control, unseen).seen.unseen
        room.now += 3600
    assert {m.machine_id for m, (_, jobs, _) in pairs if jobs} == set(alive(room))


def test_pools_are_off_before_another_launch_may_begin(room: Any) -> None:
    room.ledger.mark_pool("cpu", PoolMarks(join_failures=2), PoolMarks())
    seen = []

    @contextmanager
    def lock() -> Iterator[None]:
        seen.append(room.ledger.pools()["cpu"].off)
        yield
        seen.append(room.ledger.pools()["cpu"].off)

    draining.switch_off(room.provider, lock)
    assert seen == ["", draining.OFF]
    draining.switch_on(room.provider)
    assert room.ledger.pools()["cpu"] == PoolMarks(join_failures=2)


def test_another_reason_for_being_off_stays(room: Any) -> None:
    @contextmanager
    def lock() -> Iterator[None]:
        yield

    room.ledger.mark_pool("cpu", PoolMarks(off="by hand"), PoolMarks())
    draining.switch_off(room.provider, lock)
    draining.switch_on(room.provider)
    assert room.ledger.pools()["cpu"].off == "by hand"


def drained(room: Any, control: Control, wait_s: float = 0.0, **happens: Any) -> tuple[draining.Drained, float]:
    """The whole command, with what ``happens`` at so many seconds; gives the last look and how long it took."""
    start = room.now

    def wait(seconds: float) -> None:
        room.now += seconds
        for at, deed in happens.items():
            if room.now - start >= float(at.removeprefix("at_")):
                deed()

    last = draining.until_empty(lambda unseen: look(room, control, unseen), wait_s, wait)
    return last, room.now - start


def test_one_empty_look_proves_nothing(room: Any) -> None:
    """EC2 lists a machine some seconds after its launch."""
    hidden = room.cloud.machines
    room.request(1)
    room.cloud.machines = lambda: ()
    last, _ = drained(room, Control(), at_4=lambda: setattr(room.cloud, "machines", hidden))
    assert last.done
    assert alive(room) == []


def test_jobs_are_waited_for_and_no_longer_than_said(room: Any, make: Any) -> None:
    (machine,) = up(room, 1)
    control = Control(make.row(machine.name, jobs=1))
    last, took = drained(room, control, 120.0)
    assert (last.done, alive(room)) == (False, [machine.machine_id])
    assert 120 <= took < 180

    def over() -> None:
        control.rows = {name: replace(row, jobs=0) for name, row in control.rows.items()}

    last, took = drained(room, control, 3600.0, at_600=over)
    assert (last.done, alive(room)) == (True, [])
    assert took < 700


def test_what_ec2_refuses_ends_it(room: Any, make: Any) -> None:
    (machine,) = up(room, 1)
    control = Control(make.row(machine.name, status="closed_Adm"))
    plain = room.cloud.end

    def refuse(*given: Any) -> Any:
        plain((), *given[1:])
        raise Refused("termination protection")

    room.cloud.end = refuse
    last, took = drained(room, control, 3600.0)
    assert ("termination protection" in last.refused[0], took) == (True, 0)


def test_waiting_for_jobs_writes_nothing(room: Any, make: Any) -> None:
    """An hour of looks at hundreds of busy hosts must not fill the audit log."""
    (machine,) = up(room, 1)
    control = Control(make.row(machine.name, jobs=1))
    look(room, control)
    before = len(room.audit.events)
    assert look(room, control).verdicts == ()
    assert (len(room.audit.events), alive(room)) == (before, [machine.machine_id])
