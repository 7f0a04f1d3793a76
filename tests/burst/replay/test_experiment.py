"""The hold-out: who is picked on the first half, and what is said of the second."""

from __future__ import annotations

import math

import numpy as np
import pytest

from burst.replay.bootstrap import WEEK_S, interval, weekly
from burst.replay.experiment import Half, geometric_mean, judged, trained
from burst.replay.tuning import Score, Scored, shipped, tuned
from burst.replay.values import Outcome, Policy, ReplayPool, Site, Workload

POOL = ReplayPool(name="cpu", cores=16, usd_per_hour=1.6, boot_s=180.0, max_nodes=9)
SITE = Site(capacity=10, pools=(POOL,), max_nodes=9)
SHIPPED = Policy(kind="count")
EAGER = Policy(kind="count", figures={"jobs": 1.0}, label="count jobs 1")
LAZY = Policy(kind="count", figures={"jobs": 99.0}, label="count jobs 99")


def load(name: str = "log") -> Workload:
    """A job in each of three weeks, 2 slots each."""
    zeros = np.zeros(3, np.int64)
    hour = np.full(3, 3600.0)
    return Workload(
        submitted=np.array([0.0, WEEK_S, 2 * WEEK_S]),
        run_s=hour,
        limit_s=hour,
        slots=np.full(3, 2, np.int64),
        queue=zeros,
        lab=zeros,
        recorded_wait_s=np.zeros(3),
        queues=("general",),
        labs=("lee",),
        name=name,
    )


def replay(workload: Workload, _site: Site, policy: Policy) -> Outcome:
    """One node, started with the first job; the more a policy waits to start it the longer jobs wait."""
    waits = {"none": 36000.0, "planned": 1800.0}.get(policy.kind, 3600.0 * policy.figures.get("jobs", 50.0) / 10)
    started = workload.submitted + waits
    nodes = 0 if policy.kind == "none" else 1
    return Outcome(
        policy=policy,
        started=started,
        ended=started + workload.run_s,
        pool=np.zeros(3, np.int64),
        node=np.zeros(3, np.int64),
        node_pool=np.zeros(nodes, np.int64),
        node_launched=np.zeros(nodes),
        node_ended=np.full(nodes, 10.0 if policy.kind == "planned" else 7200.0),
        node_used_s=np.zeros(nodes),
        usd=0.0,
    )


def test_dollars_go_to_the_week_of_the_launch_and_waiting_to_that_of_the_job() -> None:
    found = weekly(replay(load(), SITE, EAGER), load(), SITE)
    assert found.usd.tolist() == pytest.approx([3.2, 0.0, 0.0])
    assert found.core_hours_waited.tolist() == pytest.approx([0.2, 0.2, 0.2])
    assert found.j(10.0).tolist() == pytest.approx([5.2, 2.0, 2.0])


def test_a_node_is_billed_a_minute_at_least() -> None:
    found = weekly(replay(load(), SITE, Policy(kind="planned", v=1.0)), load(), SITE)
    assert found.usd[0] == pytest.approx(1.6 / 60)


def test_a_setting_is_picked_for_each_value_of_waiting() -> None:
    rows = [
        Scored(policy=SHIPPED, score=Score(usd=50.0, core_hours_waited=50.0)),
        Scored(policy=EAGER, score=Score(usd=100.0, core_hours_waited=1.0)),
        Scored(policy=LAZY, score=Score(usd=1.0, core_hours_waited=500.0)),
    ]
    assert tuned(rows, 0.01)["count"].policy is LAZY
    assert tuned(rows, 10.0)["count"].policy is EAGER
    assert shipped(rows)["count"].policy is SHIPPED


def test_ours_is_judged_against_the_best_that_the_first_half_picked() -> None:
    said: list[str] = []
    half = Half(workload=load(), site=SITE)
    found = trained(half, (SHIPPED, EAGER, LAZY), replay, said.append)
    (cell,) = judged(half, found, (1.0,), replay, said.append)
    assert cell.peer is EAGER
    assert cell.wins == (cell.ratio > 1.0)
    assert cell.ratio == pytest.approx((3.2 + 0.6) / (1.6 / 60 + 3.0))
    assert cell.low <= cell.ratio <= cell.high
    assert cell.none.usd == 0.0
    assert "log: count jobs 1" in said


def test_equal_weeks_leave_no_doubt() -> None:
    assert interval(np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.0, 1.0])) == (2.0, 2.0)


def test_the_mean_of_ratios_is_that_of_their_logarithms() -> None:
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)
    assert math.isclose(geometric_mean([1.44]), 1.44)
