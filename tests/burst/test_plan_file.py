"""The plan as a file between the service and LSF's policy script."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.plan_file import PlanFile, Standing, came_since, plan_path, plan_text, write_plan
from burst.planner.values import Plan, Want
from ris_hybrid.planner_settings import Planner, Steering

if TYPE_CHECKING:
    from pathlib import Path

WANTS = {("cpu", "lee"): Want(nodes=3, jobs=4, slots=20, data_usd=0.25, instead=1), ("cpu", ""): Want(nodes=1)}


@pytest.fixture
def settings(make: Any) -> Any:
    return make.settings(mode="planned", planner=Planner(steering=Steering(plan_minutes=5.0)))


@pytest.fixture
def text(make: Any, settings: Any) -> str:
    machines = make.machine(1), make.machine(2, pool="spot", lab=""), make.machine(3, return_id="back")
    made = Plan(at=make.now, wants=WANTS, beyond=7, values={"": 0.5, "lee": 0.25})
    return plan_text(made, machines, settings)


def read(folder: Path, settings: Any, text: str | bytes, now: float) -> Standing:
    path = plan_path(folder, "aws")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return PlanFile(path, settings).standing(now)


def test_what_is_written_is_read(tmp_path: Path, make: Any, settings: Any, text: str, golden: Any) -> None:
    golden("plan.json", text)
    path = plan_path(tmp_path / "new", "aws")
    write_plan(path, text)
    write_plan(path, text)
    assert [one.name for one in path.parent.iterdir()] == ["aws-plan.json"]
    found = PlanFile(path, settings).standing(make.now + 60)
    one, two = ({make.machine(number).machine_id} for number in (1, 2))
    assert found == Standing(
        at=make.now,
        wants={**WANTS, ("spot", ""): Want()},
        up={
            ("cpu", "lee"): frozenset(one),
            ("cpu", ""): frozenset(),
            ("spot", ""): frozenset(two),
        },
        beyond=7,
        shares={"": 0.5, "lee": 0.25},
    )


@pytest.mark.parametrize(
    ("after_s", "problem"),
    [
        (0, ""),
        (300, ""),
        (301, "the plan is 5 min old (at most 5): does ris-hybrid's service run?"),
        (86_400, "the plan is 1440 min old (at most 5): does ris-hybrid's service run?"),
        (-120, ""),
        (-3600, "the plan is of 60 min ahead: the clocks of its writer and this host differ"),
    ],
)
def test_a_plan_stands_for_some_minutes(
    tmp_path: Path, make: Any, settings: Any, text: str, after_s: float, problem: str
) -> None:
    found = read(tmp_path, settings, text, make.now + after_s)
    assert found.problem == problem
    assert (found.at, bool(found.wants)) == (make.now, not problem)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cluster": "other"}, "the plan is of cluster other, not of c1"),
        ({"provider": "gcp"}, "the plan is of provider gcp, not of aws"),
        ({"mode": "shadow"}, "the plan is of mode shadow, not of planned"),
    ],
)
def test_the_plan_of_somebody_else_is_none(
    tmp_path: Path, make: Any, settings: Any, text: str, change: Any, problem: str
) -> None:
    found = read(tmp_path, settings, json.dumps(json.loads(text) | change), make.now)
    assert (found.problem, found.wants) == (problem, {})


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"at": "soon"},
        {"at": float("nan")},
        {"at": True},
        {"usd": None},
        {"reached": -1},
        {"beyond": 1.5},
        {"chosen": [1]},
        {"chosen": 7},
        {"shares": []},
        {"nodes": [["cpu", "lee", 1, 1, 1, 0.0, 0]]},
        {"nodes": [["cpu", "lee", True, 1, 1, 0.0, 0, []]]},
        {"nodes": [["cpu", "lee", -1, 1, 1, 0.0, 0, []]]},
        {"nodes": [["cpu", 5, 1, 1, 1, 0.0, 0, []]]},
        {"nodes": [["cpu", "lee", 1, 1, 1, 0.0, 0, [3]]]},
        {"nodes": [["cpu", "lee", 1, 1, 1, 1e999, 0, []]]},
        {"nodes": None},
    ],
)
def test_a_damaged_plan_is_none(tmp_path: Path, make: Any, settings: Any, text: str, change: Any) -> None:
    found = read(tmp_path, settings, json.dumps(json.loads(text) | change), make.now)
    assert "is no plan of this version" in found.problem
    assert found == Standing(problem=found.problem)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}'])
def test_what_is_no_plan_at_all_is_none(tmp_path: Path, make: Any, settings: Any, raw: bytes) -> None:
    assert "is no plan of this version" in read(tmp_path, settings, raw, make.now).problem


def test_a_plan_that_is_not_there_or_cannot_be_read_says_so(tmp_path: Path, make: Any, settings: Any) -> None:
    path = tmp_path / "aws-plan.json"
    assert "there is no plan" in PlanFile(path, settings).standing(make.now).problem
    path.mkdir()
    assert "cannot be read: Is a directory" in PlanFile(path, settings).standing(make.now).problem


def test_what_came_since_is_counted_by_id(make: Any) -> None:
    standing = Standing(up={("cpu", "lee"): frozenset({make.machine(1).machine_id})})
    new, other = make.machine(2, launched=make.now - 9999), make.machine(3, pool="spot")
    fleet = [make.machine(1), new, other, make.machine(4, lab="roe"), replace(make.machine(5), return_id="back")]
    assert came_since(standing, fleet, "lee", "cpu") == 1
    assert came_since(standing, fleet, "lee") == 2
