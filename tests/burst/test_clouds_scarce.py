"""EC2 and another cloud in one burst: whose price is lower goes first, and what one has not comes from the other."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from burst.broker import Site
from burst.broker import turn as broker_turn
from burst.decide import decide_all
from burst.ledger import observe_fleet
from burst.planner.live import plan
from burst.rc import wire
from burst.rc.wire import LSF_CAPACITY_CODES
from onprem.lsf.fake import FakeHosts
from ris_hybrid.errors import CloudError, NoCapacity, QuotaReached, TryAgain
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.settings import Budget, Caps
from tests.burst.test_plan import full, seen
from tests.two_clouds import CLOUDS, POOL_OF, RESEARCH, TwoClouds, cheaper, two_settings

WORDS = ["NoValidHost", "QuotaExceeded", "ZONE_RESOURCE_POOL_EXHAUSTED", "InsufficientInstanceCapacity", "odd", ""]


@pytest.fixture
def two(make: Any) -> TwoClouds:
    return TwoClouds(make)


def broker(two: TwoClouds) -> Any:
    site = Site(scheduler=two.scheduler, hosts=FakeHosts(two.scheduler), launch_lock=nullcontext)
    return broker_turn(two.provider, site)


def press(two: TwoClouds, jobs: int) -> None:
    two.scheduler.all_jobs = tuple(two.make.job(str(number), slots=8) for number in range(jobs))


def counts(two: TwoClouds) -> dict[str, int]:
    return {cloud: sum(m.alive for m in two.fakes[cloud].machines()) for cloud in CLOUDS}


@pytest.mark.parametrize("error", [NoCapacity, QuotaReached])
@pytest.mark.parametrize("code", WORDS)
def test_any_clouds_word_turns_lsf_to_its_next_template(error: type[CloudError], code: str) -> None:
    text = wire.error_text(error("nothing there", code=code))
    assert text.rpartition("Error Code: ")[2] in LSF_CAPACITY_CODES
    assert code in text


@pytest.mark.parametrize("code", WORDS[:3])
def test_a_full_cloud_holds_its_own_pool_and_the_other_is_asked(two: TwoClouds, code: str) -> None:
    two.fakes[RESEARCH].capacity, two.fakes[RESEARCH].code = 0, code
    with pytest.raises(NoCapacity) as caught:
        two.request(RESEARCH)
    assert wire.error_text(caught.value) == (
        f"research: the fake cloud is full ({code}) Error Code: InsufficientCapacity"
    )
    assert two.ledger.pools()["os"].held_for == code
    with pytest.raises(NoCapacity) as held:
        two.request(RESEARCH, key="again")
    assert wire.error_text(held.value).endswith(f"({code}) Error Code: InsufficientCapacity")
    two.request("", key="next template")
    assert counts(two) == {"": 1, RESEARCH: 0}


def test_a_request_met_in_part_is_told_with_a_code_that_lsf_knows(two: TwoClouds) -> None:
    two.fakes[RESEARCH].capacity = 2
    request = two.request(RESEARCH, 5)
    (row,) = two.status(request)
    assert (row["status"], len(row["machines"])) == ("complete_with_error", 2)
    assert row["message"] == "asked 5, 2 usable; (NoValidHost) Error Code: InsufficientCapacity"
    assert all(machine["machineId"].startswith("research/") for machine in row["machines"])
    assert two.notes("launched")[-1]["shortfall"] == ["NoValidHost: the fake cloud is full"]


@pytest.mark.parametrize("empty", CLOUDS)
def test_the_broker_takes_from_the_other_cloud_what_one_has_not(two: TwoClouds, empty: str) -> None:
    first, other = ("cpu", "os") if empty == "" else ("os", "cpu")
    pools = tuple(replace(pool, priority=20 if pool.name == first else 10) for pool in two.settings.pools)
    two = TwoClouds(two.make, pools=pools)
    press(two, 3)
    two.fakes[empty].capacity = 0
    made = broker(two)
    assert [(one.decision.pool, one.empty) for one in made.launches] == [(first, True), (other, False)]
    assert counts(two) == {empty: 0, ("" if empty else RESEARCH): 3}


def test_what_a_cloud_gives_in_part_is_made_up_for_by_the_other(two: TwoClouds) -> None:
    press(two, 5)
    two.fakes[""].capacity = 2
    broker(two)
    assert counts(two)[""] == 2
    two.now += 30
    broker(two)  # the pool is held: the rest is the other's
    assert counts(two) == {"": 2, RESEARCH: 3}


def test_caps_and_money_count_both_clouds(two: TwoClouds) -> None:
    two = TwoClouds(two.make, caps=Caps(nodes=3))
    two.request("", 2)
    two.request(RESEARCH, 5)
    assert counts(two) == {"": 2, RESEARCH: 1}
    with pytest.raises(CloudError, match="cap"):
        two.request("", key="more")
    fleet = observe_fleet(two.provider)
    each = {"fake.large": 0.68, "research/fake.large": 0.34}
    assert fleet.committed_usd(two.settings) == pytest.approx((2 * each["fake.large"] + 0.34) * (1 + 1 / 60))


def test_money_spent_on_one_cloud_is_missing_on_the_other(two: TwoClouds) -> None:
    two = TwoClouds(two.make, budget=Budget(usd_per_month=1.5))
    two.request("", 2)
    with pytest.raises(CloudError, match="not committed"):
        two.request(RESEARCH, 1)
    assert counts(two) == {"": 2, RESEARCH: 0}


def test_decisions_see_what_the_pools_before_them_took(two: TwoClouds) -> None:
    pools = tuple(replace(pool, max_nodes=2) for pool in two.settings.pools)
    settings = replace(two.settings, pools=pools)
    pressure = two.make.pressure(two.make.group(jobs=3, slots=24))
    decisions = decide_all(pressure, observe_fleet(two.provider), settings)
    assert [(one.pool, one.nodes) for one in decisions] == [("cpu", 2), ("os", 1)]


@pytest.mark.parametrize("cheap", CLOUDS)
@pytest.mark.parametrize("small", [False, True])
def test_the_planner_sends_jobs_where_the_price_is_lower(make: Any, cheap: str, *, small: bool) -> None:
    planner = Planner(value=0.5, steering=Steering(queues={"general": "burst", "short": "burst-short"}))
    settings = cheaper(two_settings(make, mode="planned", planner=planner), cheap)
    if small:  # several in one node
        jobs = [make.job(str(number), slots=2, run_limit_s=7200.0) for number in range(1, 5)]
    else:
        jobs = [make.job("1", slots=8, run_limit_s=7200.0)]
    made = plan(seen(make, settings, [full(make), *jobs]), settings)
    assert {one.pool for one in made.jobs} == {POOL_OF[cheap]}
    assert {place: want.nodes for place, want in made.wants.items() if want.nodes} == {(POOL_OF[cheap], "lee"): 1}


@pytest.mark.parametrize("cheap", CLOUDS)
def test_the_planner_takes_the_dearer_cloud_when_the_cheaper_is_full(make: Any, cheap: str) -> None:
    planner = Planner(value=1.0, steering=Steering(queues={"general": "burst", "short": "burst-short"}))
    pools = tuple(replace(pool, max_nodes=1) if pool.cloud == cheap else pool for pool in two_settings(make).pools)
    settings = cheaper(two_settings(make, mode="planned", planner=planner, pools=pools), cheap)
    jobs = [make.job(str(number), slots=8, run_limit_s=7200.0) for number in range(1, 4)]
    made = plan(seen(make, settings, [full(make), *jobs]), settings)
    other = POOL_OF[next(cloud for cloud in CLOUDS if cloud != cheap)]
    assert {place[0]: want.nodes for place, want in made.wants.items()} == {POOL_OF[cheap]: 1, other: 2}


def test_a_launch_that_one_cloud_does_not_answer_is_not_confirmed(two: TwoClouds) -> None:
    two.refuse(RESEARCH, launch=TryAgain("timed out"))
    request = two.request(RESEARCH)
    assert two.status(request)[0]["status"] == "running"
    assert two.notes("launch not confirmed")[-1]["message"] == "research: timed out"
