"""What a replay cost and how long its jobs waited."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.errors import ConfigError
from ris_hybrid.model import Event
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.sandbox.bill import Rented, bill_of
from ris_hybrid.sandbox.demo import modes, moves_in
from ris_hybrid.sandbox.lsf.spec import FinishedJob
from ris_hybrid.sandbox.summary import Moves, Waits, rows_of, waits_of

PRICES = {"small": 0.36, "large": 3.6}


def rented(launched: float, ended: float | None, **fields: Any) -> Rented:
    plain = {"machine_id": f"i-{launched}-{ended}", "instance_type": "small", "lab": "lee"}
    return Rented(launched=launched, ended=ended, **{**plain, **fields})


def job(wait: float) -> FinishedJob:
    return FinishedJob(
        job_id="1", queue="q", lab="lee", slots=1, submitted=100.0, started=100.0 + wait, ended=200.0 + wait
    )


@pytest.mark.parametrize(
    ("launched", "ended", "now", "seconds"),
    [
        (0, 59.0, 1000, 60),  # one minute at least
        (0, 60.0, 1000, 60),
        (0, 61.5, 1000, 61.5),  # by the second from there
        (0, None, 10, 60),
        (0, None, 1000, 1000),  # it still runs
    ],
)
def test_seconds_are_billed_as_ec2_does(launched: float, ended: float | None, now: float, seconds: float) -> None:
    assert rented(launched, ended).seconds(now) == seconds
    bill = bill_of([rented(launched, ended)], PRICES, now)
    assert bill.node_hours == pytest.approx(seconds / 3600)
    assert bill.usd == pytest.approx(seconds * 0.0001)


def test_dollars_go_to_the_lab_and_what_has_none_to_default() -> None:
    rows = [
        rented(0, 1000.0, lab="wu", instance_type="large"),
        rented(0, 1000.0),
        rented(5, 1005.0),
        rented(0, 1000.0, lab=""),
        rented(0, 1000.0, lab="unpriced", instance_type="of tomorrow"),
    ]
    bill = bill_of(rows, PRICES, 2000)
    assert bill.nodes == 5
    assert list(bill.usd_by_lab) == ["default", "lee", "unpriced", "wu"]
    assert bill.usd_by_lab["lee"] == pytest.approx(0.2)
    assert bill.usd_by_lab["wu"] == pytest.approx(1.0)
    assert bill.usd_by_lab["unpriced"] == pytest.approx(1.0)  # the dearest known price, never zero
    assert bill.usd == pytest.approx(sum(bill.usd_by_lab.values()))


@pytest.mark.parametrize(
    ("spans", "episodes"),
    [
        ([], 0),
        ([(0, 10)], 1),
        ([(0, 10), (5, 20), (20, 30)], 1),  # there was a node all the time
        ([(0, 10), (11, 20)], 2),
        ([(0, 100), (1, 2), (50, 60)], 1),
        ([(30, 40), (0, 10), (60, None), (70, 75)], 3),
        ([(0, None), (500, 600)], 1),
    ],
)
def test_an_episode_is_a_time_with_nodes(spans: list[tuple[float, float | None]], episodes: int) -> None:
    assert bill_of([rented(*span) for span in spans], PRICES, 1000).episodes == episodes


def test_no_machine_no_dollar() -> None:
    bill = bill_of([], PRICES, 1000)
    assert (bill.nodes, bill.usd, bill.usd_by_lab, bill.node_hours) == (0, 0.0, {}, 0.0)
    assert isinstance(bill.usd, float)


@given(st.permutations([(0.0, 10.0), (5.0, 20.0), (30.0, 40.0), (30.0, 90.0)]))
def test_the_order_of_the_machines_does_not_matter(spans: list[tuple[float, float]]) -> None:
    bill = bill_of([rented(*span) for span in spans], PRICES, 100)
    assert bill == bill_of([rented(*span) for span in sorted(spans)], PRICES, 100)


@pytest.mark.parametrize(
    ("waits", "mean", "p95"),
    [
        ([], 0, 0),
        ([7], 7, 7),
        (range(1, 21), 10.5, 19),  # nearest rank: the 19th of 20
        (range(1, 101), 50.5, 95),
        ([0] * 19 + [100], 5, 0),
        ([100] + [0] * 9, 10, 100),
    ],
)
def test_waits_are_mean_and_nearest_rank(waits: list[float], mean: float, p95: float) -> None:
    assert waits_of([job(wait) for wait in waits]) == Waits(mean_s=mean, p95_s=p95)


def test_a_summary_is_rounded_to_what_it_can_mean(told: Any) -> None:
    run = {
        "finished": 9,
        "virtual_hours": 2.35,
        "episodes": 1,
        "nodes_launched": 2,
        "node_hours": 1.235,
        "usd": 0.99,
        "usd_by_lab": {"lee": 0.66, "wu": 0.33},
        "mean_wait_s": 61.3,
        "p95_wait_s": 300.0,
        "jobs_burst": 4,
        "jobs_moved": 0,
        "jobs_moved_back": 0,
    }
    none = {"usd": 0.0, "usd_by_lab": {}, "mean_wait_s": 600.0, "jobs_burst": 0}
    assert told.summary().as_json() == {
        "sandbox": True,
        "seed": 7,
        "trace": "a <b>.swf",
        "jobs": 10,
        "mode": "thresholds",
        **run,
        "mean_wait_s_without": 600.0,
        "p95_wait_s_without": 300.0,
        "resources": 60,
        "build_s": 1.8,
        "instances_left": 0,
        "api_calls": 42,
        "protocol_errors": 0,
        "verdict": "",
        "modes": {"thresholds": run, "without": {**run, **none}},
        "wall_s": 12.3,
    }


@pytest.mark.parametrize(
    ("usd", "mean_s", "verdict"),
    [
        (0.9, 61.26, "planned beats thresholds: $0.90 for $0.99, a mean wait of 61 s for 61 s"),
        (0.9, 60.0, "planned beats thresholds: "),
        (0.987, 61.26, "planned loses to thresholds: "),
        (1.2, 90.0, "planned loses to thresholds: "),
        (0.5, 90.0, "neither beats the other: planned cheaper, $0.50 for $0.99, a mean wait of 90 s for 61 s"),
        (1.2, 50.0, "neither beats the other: planned dearer, "),
    ],
)
def test_losses_are_said_as_wins_are(told: Any, usd: float, mean_s: float, verdict: str) -> None:
    summary = told.summary(thresholds=told.run(), planned=told.run(usd, mean_s, moves=Moves(chosen=5, back=2)))
    assert summary.verdict().startswith(verdict)
    assert summary.as_json()["mode"] == "planned"
    assert summary.as_json()["jobs_moved_back"] == 2
    assert rows_of(summary)["jobs moved there, back"] == ("0, 0", "5, 2", "0, 0")


def test_moves_are_counted_job_by_job_from_the_audit_log() -> None:
    log = [
        Event(at=1.0, kind="moving", fields={"jobs": ["1", "2"], "target": "b"}),
        Event(at=1.0, kind="moved", fields={"jobs": ["1", "2"], "target": "b"}),
        Event(at=1.0, kind="not moved", fields={"jobs": ["3"], "target": "b"}),
        Event(at=2.0, kind="moved back", fields={"jobs": ["2"], "target": "a"}),
        Event(at=3.0, kind="moved", fields={"jobs": ["2"], "target": "b"}),
    ]
    assert moves_in(log) == Moves(chosen=3, back=1)


@pytest.mark.parametrize(
    ("mode", "asked", "ours", "expected"),
    [
        ("thresholds", "auto", True, ("thresholds",)),
        ("shadow", "auto", True, ("shadow",)),
        ("planned", "auto", True, ("thresholds", "planned")),
        ("planned", "auto", False, ("thresholds",)),
        ("planned", "thresholds", True, ("thresholds",)),
        ("planned", "planned", True, ("planned",)),
        ("thresholds", "both", True, ("thresholds", "planned")),
        ("planned", "thresholds", False, ("thresholds",)),
    ],
)
def test_which_replays_are_made(make: Any, mode: Any, asked: str, *, ours: bool, expected: tuple[str, ...]) -> None:
    planner = Planner(steering=Steering(queues={"general": "general-burst"}))
    settings = make.settings(mode=mode, planner=planner)
    assert modes(settings, asked, ours=ours) == expected


def test_a_plan_needs_something_to_steer_by_and_our_own_provider(make: Any) -> None:
    with pytest.raises(ConfigError, match="names no burst queue"):
        modes(make.settings(), "both", ours=True)
    with pytest.raises(ConfigError, match="our own provider"):
        modes(make.settings(planner=Planner(steering=Steering(way="flag"))), "planned", ours=False)
    assert modes(make.settings(planner=Planner(steering=Steering(way="flag"))), "planned", ours=True) == ("planned",)
