from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.mirror.ladder import Gone, Step, steps
from ris_hybrid.mirror.settings import Brakes, OffBoarding

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import Stage

TODAY = date(2027, 1, 15)
PACE = OffBoarding(read_only_after_days=30, archive_after_days=90)


def gone(stage: Stage, days: int | None = None, **given: str) -> Gone:
    since = "" if days is None else (TODAY - timedelta(days=days)).isoformat()
    plain = {"name": "lee", "brake": "", "fileset": "", "stage_since": ""}
    return Gone(stage=stage, removed_on=since, **(plain | given))


def step(one: Gone, *, known: int = 100, brakes: Brakes | None = None) -> Step:
    return steps([one], known, TODAY, PACE, brakes or Brakes())[0]


@pytest.mark.parametrize(
    ("stage", "days", "after"),
    [
        ("active", None, "marked"),
        ("marked", None, "marked"),
        ("marked", 0, "marked"),
        ("marked", 29, "marked"),
        ("marked", 30, "read-only"),
        ("marked", 400, "read-only"),
        ("read-only", 30, "read-only"),
        ("read-only", 89, "read-only"),
        ("read-only", 90, "archived"),
        ("archived", 90, "archived"),
        ("archived", 4000, "archived"),
        ("marked", -40, "marked"),
    ],
)
def test_a_stage_follows_from_the_days_since_the_file_was_gone(stage: Stage, days: int | None, after: Stage) -> None:
    assert step(gone(stage, days)).stage == after


@pytest.mark.parametrize("stage", ["active", "marked", "read-only"])
@pytest.mark.parametrize("days", [0, 30, 90, 400])
def test_a_brake_holds_every_step_and_says_so(stage: Stage, days: int) -> None:
    since = None if stage == "active" else days
    after = step(gone(stage, since, brake="the listing is old"))
    assert after.stage == stage
    assert after.held is not None
    assert after.held.reason == "the listing is old"


@pytest.mark.parametrize(
    ("stage", "after"),
    [("active", "marked"), ("marked", "marked"), ("read-only", "read-only"), ("archived", "archived")],
)
def test_while_the_fileset_is_there_it_is_marked_at_most(stage: Stage, after: Stage) -> None:
    taken = step(gone(stage, 400, fileset="lee_active"))
    assert taken.stage == after
    if stage in {"marked", "read-only"}:
        assert taken.held is not None
        assert "fileset lee_active" in taken.held.reason


def test_the_day_is_todays_when_the_ledger_has_none_and_else_the_ledgers() -> None:
    assert step(gone("active")).removed_on == "2027-01-15"
    assert step(gone("marked")).removed_on == "2027-01-15"
    assert step(gone("marked", 40)).removed_on == "2026-12-06"
    assert step(gone("active", brake="no")).removed_on == ""


def test_what_waits_says_how_long() -> None:
    held = step(gone("marked", 12)).held
    assert held is not None
    assert (held.step, held.reason) == ("make read-only", "gone since 2027-01-03, 12 days of 30")


@pytest.mark.parametrize(
    ("known", "leaving", "begins"),
    [(1, 1, True), (3, 1, True), (3, 2, False), (100, 5, True), (100, 6, False), (1000, 10, True), (1000, 11, False)],
)
def test_only_so_many_begin_at_once(known: int, leaving: int, begins: bool) -> None:
    taken = steps([gone("active", name=f"lab{n}") for n in range(leaving)], known, TODAY, PACE, Brakes())
    assert {one.stage for one in taken} == {"marked" if begins else "active"}
    for one in taken:
        assert (one.held is None) == begins
        if one.held:
            assert f"{leaving} allocations would begin to go at once" in one.held.reason


def test_those_on_their_way_go_on_while_a_crowd_is_held_and_those_held_already_are_no_crowd() -> None:
    crowd = [gone("active", name=f"lab{n}") for n in range(6)]
    taken = steps([*crowd, gone("marked", 30)], 100, TODAY, PACE, Brakes())
    assert [one.stage for one in taken] == ["active"] * 6 + ["read-only"]
    braked = [gone("active", brake="unknown", name=f"lab{n}") for n in range(6)]
    assert steps([*braked, gone("active")], 100, TODAY, PACE, Brakes())[-1].stage == "marked"


@pytest.mark.parametrize(
    ("marked", "days", "begins"),
    [(4, 0, True), (5, 0, False), (5, 1, False), (5, -1, False), (5, 2, True), (5, -3, True)],
)
def test_those_marked_since_yesterday_count_so_that_many_applies_are_no_way_around(
    marked: int, days: int, begins: bool
) -> None:
    begun = [gone("marked", days, name=f"gone{n}") for n in range(marked)]
    taken = steps([gone("active"), *begun], 100, TODAY, PACE, Brakes())[0]
    assert (taken.stage == "marked") == begins
    if taken.held:
        assert "1 would begin to go, beside 5 since yesterday: more than 5 together" in taken.held.reason


@pytest.mark.parametrize(("stage", "after"), [("marked", "read-only"), ("read-only", "archived")])
@pytest.mark.parametrize("done", [0, 2, 5, 7])
def test_only_so_many_a_day_take_a_later_step_and_who_is_gone_longest_goes_first(
    stage: Stage, after: Stage, done: int
) -> None:
    waiting = [gone(stage, 400 + n, name=f"lab{n}") for n in range(8)]
    today = [gone(after, 400, name=f"done{n}", stage_since="2027-01-15") for n in range(done)]
    before = [gone(after, 400, name=f"old{n}", stage_since="2027-01-14") for n in range(6)]
    # On a read-only one of today or yesterday the next step is due as well: only the former waits for it.
    crowded = [*waiting, *today, *(before if after == "archived" else ())]
    taken = steps(crowded, 100, TODAY, PACE, Brakes())[:8]
    goes = max(0, 5 - done)
    assert [one.stage for one in taken] == [stage] * (8 - goes) + [after] * goes
    for one in taken:
        assert one.stage_since == ("2027-01-15" if one.stage == after else "")
        assert (one.held is None) == (one.stage == after)
        if one.held:
            assert one.held.reason == "only 5 may take this step in one day: it is another's turn"


def test_the_order_of_the_input_does_not_say_who_goes() -> None:
    waiting = [gone("marked", 400, name=f"lab{n}") for n in range(4)]
    taken = steps(waiting[::-1], 40, TODAY, PACE, Brakes())
    assert [one.stage for one in taken] == ["marked", "marked", "read-only", "read-only"]


@pytest.mark.parametrize(
    ("since", "after"),
    [("2027-01-14", "archived"), ("2027-01-15", "read-only"), ("2027-01-16", "read-only"), ("2099-01-01", "archived")],
)
def test_one_step_a_day(since: str, after: Stage) -> None:
    taken = step(gone("read-only", 400, stage_since=since))
    assert taken.stage == after
    if taken.held:
        assert taken.held.reason == f"it came to read-only on {since}: one step a day"
