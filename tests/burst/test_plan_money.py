"""The budget holds a job's whole run, when it is sent and while it runs: no turn finds money that is spoken for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.planner.live import plan
from ris_hybrid.model import JobStatus
from ris_hybrid.settings import Budget
from tests.burst.test_plan import full, of, seen, steered

if TYPE_CHECKING:
    from burst.planner.values import Plan
    from ris_hybrid.settings import BurstSettings

WEEK = 7 * 86_400.0
"""On one node: 114.24 dollars."""


def planned(make: Any, settings: BurstSettings, *jobs: Any, **fields: Any) -> Plan:
    return plan(seen(make, settings, [full(make, 3000.0), *jobs], **fields), settings)


@pytest.fixture
def settings(make: Any) -> Any:
    def made(**budget: Any) -> BurstSettings:
        return steered(make, planner={"pacing": False}, budget=Budget(**{"usd_per_month": 150.0, **budget}))

    return made


def test_a_week_is_not_sent_on_an_hours_money(make: Any, settings: Any) -> None:
    jobs = [make.job(n, slots=8, run_limit_s=WEEK) for n in "12"]
    made = planned(make, settings(), *jobs)
    assert (sorted(made.chosen), list(made.chosen_by_cap)) == (["1"], ["2"])
    assert of(made, "2").why.startswith(
        "worth it, but budget: $35.70 of this month is left for it, it would commit $114"
    )
    of_lab = planned(make, settings(labs={"lee": 100.0}), *jobs)
    assert of_lab.chosen_by_cap["1"].startswith("lab budget: lee: $100.00 of this month is left for it")


def test_jobs_that_wait_for_their_node_or_run_on_it_keep_their_money(make: Any, settings: Any) -> None:
    node = make.machine(1, name="", launched=make.now - 60)
    first = make.job("1", slots=8, run_limit_s=WEEK, queue="burst")
    second = make.job("2", slots=8, run_limit_s=WEEK)
    assert sorted(planned(make, settings(), first, second, machines=[node]).chosen) == ["1"]
    up = make.machine(1, joined=make.now - 600)
    runs = first._replace(status=JobStatus.RUN, exec_host="8*ip-10-0-0-1", pend_s=0.0)
    hosts = (make.host(), make.row("ip-10-0-0-1", jobs=8))
    for lab in ({}, {"labs": {"lee": 150.0}}):
        made = planned(make, settings(**lab), runs, second, machines=[up], hosts=hosts)
        assert (made.chosen, list(made.chosen_by_cap)) == (frozenset(), ["2"])
    late = runs._replace(run_s=WEEK - 60)
    assert planned(make, settings(), late, second, machines=[up], hosts=hosts).chosen == {"2"}
    gone = make.machine(1, joined=make.now - 600, pool="gone")
    assert planned(make, settings(), runs, second, machines=[gone], hosts=hosts).chosen == frozenset()


def test_what_runs_next_month_is_next_months_money(make: Any, settings: Any) -> None:
    month = 86_400.0 * 31
    made = planned(make, settings(usd_per_month=300.0), make.job("1", slots=8, run_limit_s=month))
    assert made.chosen == {"1"}  # 16.65 days are left of it: 271.66 dollars
