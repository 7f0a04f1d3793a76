from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from burst.replay.bound import lower_bound
from burst.replay.metrics import billed, measure, nodes_up
from burst.replay.peers import shipped
from burst.replay.run import replay
from burst.replay.values import Outcome, Policy, ReplayPool, Site, Workload

QUEUES, LABS = ("normal", "rerun"), ("kim", "lee")
POLICIES = (
    Policy(kind="none"),
    Policy(kind="planned", v=0.02),
    Policy(kind="planned", v=1.0, figures={"depth": 3}),
    Policy(kind="perfect", v=0.2),
    *shipped(),
    Policy(kind="lsf", figures={"pairs": (1, 0.0), "step_nodes": 0, "most_nodes": 3, "idle_s": 60.0}),
    Policy(kind="immediate", figures={"shared": 0, "idle_s": 60.0}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    workload: Workload
    site: Site


@st.composite
def workloads(draw: st.DrawFn, widest: int = 12) -> Workload:
    count = draw(st.integers(1, 25))

    def column(least: float, most: float) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(int(least), int(most)), min_size=count, max_size=count)))

    run = column(1, 5000).astype(np.float64)
    submitted = np.sort(column(0, 8000)).astype(np.float64)
    return Workload(
        submitted=submitted - submitted[0],
        run_s=run,
        limit_s=run + column(0, 3000),
        slots=column(1, widest),
        queue=column(0, 1),
        lab=column(0, 1),
        recorded_wait_s=np.full(count, np.nan),
        queues=QUEUES,
        labs=LABS,
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    pool = ReplayPool(
        name="small", cores=4, usd_per_hour=0.2, boot_s=draw(st.sampled_from((0.0, 90.0, 300.0))), max_nodes=6
    )
    spot = ReplayPool(name="spot", cores=8, usd_per_hour=0.1, boot_s=120.0, max_nodes=2, queues=("rerun",), spot=True)
    site = Site(
        capacity=8,
        pools=(pool, spot) if draw(st.booleans()) else (pool,),
        max_nodes=draw(st.integers(1, 8)),
        nodes_by_lab=draw(st.booleans()),
        spot_hazard=draw(st.sampled_from((0.0, 2.0))),
        rerunnable_queues=("rerun",),
        usd_per_month=draw(st.sampled_from((float("inf"), 1.0))),
        scheduling=draw(st.sampled_from(("easy", "fit"))),
        seed=draw(st.integers(0, 5)),
    )
    return Case(workload=draw(workloads()), site=site)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: f"{one.name} {one.v:g}")
@hypothesis_settings(max_examples=12)
@given(case=cases())
def test_whatever_the_policy_nothing_is_lost_or_used_twice(policy: Policy, case: Case) -> None:
    outcome = replay(case.workload, case.site, policy)
    every_job_runs_once(case, outcome)
    no_slot_is_used_twice(case, outcome)
    nodes_are_used_while_they_are_up(case, outcome)
    caps_hold(case, outcome)


def every_job_runs_once(case: Case, outcome: Outcome) -> None:
    ran = ~np.isnan(outcome.started)
    assert ran[case.workload.slots <= case.site.capacity].all()
    assert (outcome.started >= case.workload.submitted)[ran].all()
    assert np.allclose((outcome.ended - outcome.started)[ran], case.workload.run_s[ran])
    if not case.site.spot_hazard:
        assert outcome.restarts == 0


def no_slot_is_used_twice(case: Case, outcome: Outcome) -> None:
    here = (outcome.pool < 0) & ~np.isnan(outcome.started)
    assert most_at_once(outcome, here, case.workload.slots) <= case.site.capacity
    for node, pool in enumerate(outcome.node_pool):
        cores = case.site.pools[pool].cores
        assert most_at_once(outcome, outcome.node == node, np.minimum(case.workload.slots, cores)) <= cores


def most_at_once(outcome: Outcome, which: np.ndarray, slots: np.ndarray) -> int:
    times = np.concatenate([outcome.started[which], outcome.ended[which]])
    steps = np.concatenate([slots[which], -slots[which]])
    return int(np.cumsum(steps[np.lexsort((steps, times))]).max(initial=0))


def nodes_are_used_while_they_are_up(case: Case, outcome: Outcome) -> None:
    cores = np.array([pool.cores for pool in case.site.pools])[outcome.node_pool]
    boots = np.array([pool.boot_s for pool in case.site.pools])[outcome.node_pool]
    assert (outcome.node_used_s <= cores * (outcome.node_ended - outcome.node_launched) + 1e-6).all()
    assert (billed(outcome) >= 60.0).all()
    burst = outcome.node >= 0
    assert (outcome.started[burst] >= (outcome.node_launched + boots)[outcome.node[burst]]).all()
    assert (outcome.ended[burst] <= outcome.node_ended[outcome.node[burst]]).all()
    several = (case.workload.slots > cores.max(initial=0)) & burst
    nodes = -(-case.workload.slots // cores.max(initial=1))
    assert most_at_once(outcome, several, nodes) <= case.site.max_nodes
    spot = np.array([pool.spot for pool in case.site.pools])[outcome.pool] & burst
    assert (case.workload.queue[spot] == QUEUES.index("rerun")).all()


def caps_hold(case: Case, outcome: Outcome) -> None:
    most = min(case.site.max_nodes, int(outcome.policy.figures.get("most_nodes", 99) or 99))
    assert nodes_up(outcome)[1].max(initial=0) <= most
    for index, pool in enumerate(case.site.pools):
        assert most_at_once_up(outcome, outcome.node_pool == index) <= pool.max_nodes
    if case.site.usd_per_month < float("inf"):
        launches_are_paid_for(case, outcome)


def most_at_once_up(outcome: Outcome, which: np.ndarray) -> int:
    times = np.concatenate([outcome.node_launched[which], outcome.node_ended[which]])
    steps = np.concatenate([np.ones(which.sum()), -np.ones(which.sum())])
    return int(np.cumsum(steps[np.lexsort((steps, times))]).max(initial=0))


def launches_are_paid_for(case: Case, outcome: Outcome) -> None:
    """At every launch all that is spent, and an hour more of all that is up, is within the month's money."""
    prices = np.array([pool.usd_per_hour for pool in case.site.pools])[outcome.node_pool] / 3600
    for now in np.unique(outcome.node_launched):
        there = outcome.node_launched <= now
        up = there & (outcome.node_ended > now)
        spent = (prices * (np.minimum(outcome.node_ended, now) - outcome.node_launched))[there].sum()
        assert spent + (prices[up] * 3600 * case.site.commit_hours).sum() <= case.site.usd_per_month + 1e-9


@hypothesis_settings(max_examples=40)
@given(workload=workloads(widest=8))
def test_what_is_backfilled_never_puts_off_the_job_whose_turn_it_is(workload: Workload) -> None:
    capacity = 8
    outcome = replay(workload, Site(capacity=capacity, pools=(), max_nodes=0), Policy(kind="none"))
    for job in range(workload.jobs):
        turn = max(outcome.started[:job].max(initial=0.0), workload.submitted[job])
        running = np.flatnonzero((outcome.started <= turn) & (outcome.ended > turn))
        running = running[(running < job) | (outcome.started[running] < turn)]
        running = running[running != job]
        free = capacity - workload.slots[running].sum()
        reserved = turn
        for other in running[np.argsort((outcome.started + workload.limit_s)[running], kind="stable")]:
            if free >= workload.slots[job]:
                break
            free += workload.slots[other]
            reserved = outcome.started[other] + workload.limit_s[other]
        assert outcome.started[job] <= reserved


@pytest.mark.parametrize("v", [0.003, 0.1, 1.0])
@hypothesis_settings(max_examples=6)
@given(case=cases())
def test_no_policy_is_below_the_bound(v: float, case: Case) -> None:
    bound = lower_bound(case.workload, case.site, v, slot_s=700.0).usd
    for kind in ("none", "planned", "perfect", "immediate"):
        outcome = replay(case.workload, case.site, Policy(kind=kind, v=v))
        if not np.isnan(outcome.started).any():
            assert measure(case.workload, case.site, outcome, v).j >= bound - 1e-9


def test_without_a_cloud_the_bound_is_that_of_waiting_alone() -> None:
    two = np.array([0.0, 0.0])
    workload = Workload(
        submitted=two,
        run_s=np.array([3600.0, 3600.0]),
        limit_s=np.array([3600.0, 3600.0]),
        slots=np.array([8, 8]),
        queue=np.array([0, 0]),
        lab=np.array([0, 0]),
        recorded_wait_s=two,
        queues=QUEUES,
        labs=LABS,
    )
    site = Site(capacity=8, pools=(), max_nodes=0)
    bound = lower_bound(workload, site, 1.0, slot_s=60.0)
    assert 0.0 < bound.usd <= 8.0
    assert lower_bound(workload, site, 0.0).usd == 0.0
