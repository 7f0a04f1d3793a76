from __future__ import annotations

from typing import Any

import pytest

from onprem.globus.room import room


@pytest.mark.parametrize(
    ("in_flight", "free", "code"),
    [(0, True, ""), (2, True, ""), (3, True, ""), (102, True, ""), (103, False, "TasksInFlight")],
)
def test_three_run_and_a_hundred_wait(in_flight: int, free: bool, code: str, made: Any) -> None:
    found = room(in_flight, "in", {}, made.settings())
    assert (found.free, found.code) == (free, code)
    assert str(in_flight) in found.reason


def test_a_site_may_let_none_wait(made: Any) -> None:
    assert not room(3, "in", {}, made.settings(pending_tasks=0)).free


def test_a_hold_is_of_its_direction(made: Any) -> None:
    held = room(0, "out", {"out": "network works"}, made.settings())
    assert (held.free, held.code) == (False, "Held")
    assert "network works" in held.reason
    assert room(0, "in", {"out": "network works"}, made.settings()).free
