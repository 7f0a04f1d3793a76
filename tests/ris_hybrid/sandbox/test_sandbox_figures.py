"""What a replay cost and how long its jobs waited."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.sandbox.bill import Rented, bill_of
from ris_hybrid.sandbox.lsf.spec import FinishedJob
from ris_hybrid.sandbox.summary import Waits, waits_of

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
    assert told.summary().as_json() == {
        "sandbox": True,
        "seed": 7,
        "trace": "a <b>.swf",
        "jobs": 10,
        "finished": 9,
        "virtual_hours": 2.35,
        "episodes": 1,
        "nodes_launched": 2,
        "node_hours": 1.235,
        "usd": 0.99,
        "usd_by_lab": {"lee": 0.65, "wu": 0.33},
        "mean_wait_s": 61.3,
        "p95_wait_s": 300.0,
        "mean_wait_s_without": 600.0,
        "p95_wait_s_without": 1200.0,
        "resources": 60,
        "build_s": 1.8,
        "instances_left": 0,
        "api_calls": 42,
        "protocol_errors": 0,
        "wall_s": 12.3,
    }
