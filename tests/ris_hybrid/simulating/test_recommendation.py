"""The v for a budget or a wait is the best that was replayed, and a gate is only chosen where it does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.settings import Gate
from ris_hybrid.simulating.policies import OPEN
from ris_hybrid.simulating.recommendation import DIGITS, LEAST, MOST, Target, choose, choose_gate, climb, value_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.simulating.rows import Row

    MakeRow = Callable[..., Row]


def curve(make_row: MakeRow, v: float) -> Row:
    """More v costs more and waits less."""
    return make_row(usd_per_month=1000 * v, mean_wait_s=60 / (v + 0.01), p95_wait_s=600 / (v + 0.01), v=v)


@given(budget=st.floats(min_value=1.0, max_value=20_000))
def test_the_largest_v_within_the_budget(budget: float, make_row: MakeRow) -> None:
    tried: list[float] = []

    def attempt(v: float) -> Row:
        tried.append(v)
        return curve(make_row, v)

    found = choose(Target(kind="budget", figure=budget), make_row(kind="none"), attempt)
    assert found.met
    assert found.v in tried
    assert found.row.v == found.v
    assert found.row.usd_per_month <= budget
    steps = [value_at(step) for step in range((MOST - LEAST) * DIGITS + 1)]
    assert not any(found.v < v and 1000 * v <= budget for v in steps)
    assert len(tried) <= 12


def test_a_wait_takes_the_smallest_v_that_reaches_it(make_row: MakeRow) -> None:
    none = make_row(kind="none", mean_wait_s=6000.0, p95_wait_s=60_000.0)
    found = choose(Target(kind="wait", figure=600.0), none, lambda v: curve(make_row, v))
    assert (found.met, found.v) == (True, 0.09)
    late = choose(Target(kind="wait", figure=6001.0, by="p95"), none, lambda v: curve(make_row, v))
    assert late.v == pytest.approx(0.09)


@pytest.mark.parametrize(
    ("target", "met", "v", "why"),
    [
        (Target(kind="wait", figure=7000.0), True, 0.0, "without cloud it is a mean wait of 100.0 min already"),
        (Target(kind="wait", figure=1.0), False, 10.0, "no v reaches it: at v 10 it is a mean wait of 0.1 min"),
        (Target(kind="wait", figure=5500.0), True, 0.001, "no v that is tried misses it"),
        (Target(kind="budget", figure=0.5), False, 0.001, "no v reaches it: at v 0.001 it is a $1.00 a month"),
        (Target(kind="budget", figure=20_000.0), True, 10.0, "no v that is tried misses it"),
    ],
)
def test_ends_of_the_curve_are_said(make_row: MakeRow, target: Target, met: bool, v: float, why: str) -> None:
    none = make_row(kind="none", mean_wait_s=6000.0)
    found = choose(target, none, lambda v: curve(make_row, v))
    assert (found.met, found.v, found.why) == (met, v, why)


def test_under_a_budget_a_larger_v_is_taken_while_it_waits_less(make_row: MakeRow) -> None:
    """The stop makes all of them cost no more; beyond 0.5 money goes to the wrong jobs."""
    target = Target(kind="budget", figure=100.0)
    found = choose(target, make_row(kind="none"), lambda v: curve(make_row, v))
    assert found.v == 0.1
    higher = climb(target, found, lambda v: make_row(core_hours_waited=abs(0.5 - v) * 100 + 10, v=v))
    assert (higher.v, higher.row.v) == (0.5, 0.5)
    assert "a larger v waits no less" in higher.why
    same = climb(target, found, lambda v: make_row(core_hours_waited=100.0, v=v))
    assert (same.v, same.why) == (0.1, found.why)
    assert climb(target, found, lambda v: make_row(core_hours_waited=1 / v, v=v)).v == 10.0
    assert climb(target, found, lambda v: make_row(core_hours_waited=1 / v, v=v, usd_per_month=300 * v)).v == 0.3


def test_values_have_two_digits() -> None:
    assert [value_at(step) for step in (0, 1, 89, 90, 180, 360)] == [0.001, 0.0011, 0.0099, 0.01, 0.1, 10.0]


OWN = (Gate(pending_jobs=10, for_minutes=5),)


@pytest.mark.parametrize(
    ("j_of_own", "harmless_minutes", "gates"),
    [
        (100.5, 60, OWN),
        (130.0, 20, (Gate(pending_jobs=1, for_minutes=20),)),
        (130.0, 60, (Gate(pending_jobs=1, for_minutes=60),)),
        (130.0, 0, OPEN),
    ],
)
def test_the_gate_that_does_no_harm(
    make_row: MakeRow, j_of_own: float, harmless_minutes: float, gates: tuple[Gate, ...]
) -> None:
    def attempt(some: tuple[Gate, ...]) -> Row:
        if some == OWN:
            return make_row(j=j_of_own)
        return make_row(j=100.0 if some[0].for_minutes <= harmless_minutes else 110.0)

    assert choose_gate(Target(kind="budget", figure=500.0), OWN, attempt).gates == gates


def test_a_gate_that_misses_the_target_is_not_chosen(make_row: MakeRow) -> None:
    def attempt(some: tuple[Gate, ...]) -> Row:
        return make_row(j=100.0, mean_wait_s=600.0 if some == OPEN else 700.0)

    found = choose_gate(Target(kind="wait", figure=650.0), OWN, attempt)
    assert found.gates == OPEN
    assert "misses the target" in found.why


def test_a_site_without_gates_gets_one(make_row: MakeRow) -> None:
    found = choose_gate(Target(kind="budget", figure=500.0), (), lambda _: make_row())
    assert found.gates == (Gate(pending_jobs=1, for_minutes=60),)


def test_a_gate_behind_which_nothing_is_sent_is_not_chosen(make_row: MakeRow) -> None:
    def attempt(gates: tuple[Gate, ...]) -> Row:
        return make_row(j=100.0, jobs_burst=0 if gates[0].for_minutes > 10 else 3)

    found = choose_gate(Target(kind="budget", figure=500.0), (Gate(pending_jobs=1, for_minutes=90),), attempt)
    assert found.gates == (Gate(pending_jobs=1, for_minutes=10),)
