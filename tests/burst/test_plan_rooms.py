"""Nodes that are up or booting are used before others are asked for, whichever pool they are of and whatever it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.planner.live import plan
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import PoolMarks
from ris_hybrid.settings import Budget, Gate, Release
from tests.burst.test_plan import full, of, seen, steered

if TYPE_CHECKING:
    from burst.planner.values import Plan
    from ris_hybrid.settings import BurstSettings

PRICES = {"c6i.4xlarge": 0.68, "fake.large": 0.70}


def booting(make: Any, number: int, pool: str, **fields: Any) -> Any:
    return make.machine(number, name="", launched=make.now - 60, pool=pool, **fields)


def planned(make: Any, settings: BurstSettings, jobs: Any, **fields: Any) -> Plan:
    return plan(seen(make, settings, [full(make), *jobs], **fields), settings)


@pytest.mark.parametrize("queue", ["general", "burst"])
def test_room_of_every_pool_is_used_before_new_nodes_are_asked_for(make: Any, queue: str) -> None:
    pools = make.pool(), make.pool("dear", instance_types=("fake.large",))
    settings = steered(make, pools=pools, prices=PRICES)
    machines = [booting(make, n, "cpu") for n in range(2)] + [booting(make, n + 9, "dear") for n in range(3)]
    jobs = [make.job(str(n), slots=8, run_limit_s=3600.0, queue=queue) for n in range(1, 6)]
    made = planned(make, settings, jobs, machines=machines)
    assert sum(want.nodes for want in made.wants.values()) == 0
    assert made.chosen == {"1", "2", "3", "4", "5"}


def test_a_pool_on_hold_keeps_the_jobs_that_its_nodes_are_coming_for(make: Any) -> None:
    settings = steered(make)
    fleet = make.fleet(booting(make, 1, "cpu"), marks={"cpu": PoolMarks(held_until=make.now + 500, held_for="none")})
    jobs = [make.job(n, slots=8, run_limit_s=3600.0, queue="burst") for n in "12"]
    made = planned(make, settings, jobs, fleet=fleet, traits={"2": JobTraits(one_host=True)})
    assert (set(made.chosen), sum(want.nodes for want in made.wants.values())) == ({"1"}, 0)
    assert of(made, "1").boot_s == 0.0


def test_a_gate_below_release_keeps_the_jobs_that_nodes_are_coming_for(make: Any) -> None:
    settings = steered(make, gates=(Gate(pending_jobs=9),), release=Release(pending_jobs=5, pending_slots=99))
    jobs = [make.job("1", slots=8, run_limit_s=3600.0, queue="burst"), make.job("2", run_limit_s=60.0)]
    made = planned(make, settings, jobs, machines=[booting(make, 1, "cpu"), booting(make, 2, "cpu")])
    assert made.chosen == {"1"}


def test_jobs_in_a_burst_queue_that_starts_nothing_ask_for_no_node(make: Any) -> None:
    settings = steered(make)
    queues = make.queue(), make.queue("burst", is_active=False)
    made = planned(make, settings, [make.job("1", slots=8, run_limit_s=3600.0, queue="burst")], queues=queues)
    assert (made.chosen, made.wants) == (frozenset(), {})
    assert of(made, "1").why == "queue burst is inactive"


def turns(make: Any, settings: BurstSettings, jobs: Any, traits: Any = None) -> list[Plan]:
    """Two turns, half a minute apart: the first one's nodes boot, and its jobs are in burst queues, in the second."""
    sight = {"traits": traits or {}}
    first = planned(make, settings, jobs, **sight)
    new = [
        booting(make, 10 * number + at, decision.pool, lab=decision.lab)
        for number, decision in enumerate(first.decisions)
        for at in range(decision.nodes)
    ]
    moved = [job._replace(queue="burst" if job.job_id in first.chosen else "general") for job in jobs]
    return [first, planned(make, settings, moved, machines=new, **sight)]


def test_nodes_stay_with_the_wide_job_that_they_were_launched_for(make: Any) -> None:
    long = [make.job(n, slots=8, run_limit_s=50_000.0, pend_s=900.0) for n in "12"]  # worth a node that is there
    wide = make.job("9", slots=16, run_limit_s=3600.0, pend_s=10.0)
    first, then = turns(make, steered(make), [*long, wide])
    assert (set(first.chosen), [one.nodes for one in first.decisions]) == ({"9"}, [2])
    assert (set(then.chosen), [one.nodes for one in then.decisions]) == ({"9"}, [0])
    assert of(then, "9").boot_s == 0.0


def test_memory_and_slots_of_nodes_that_boot_are_filled_as_they_were_planned(make: Any) -> None:
    jobs = [make.job("1", slots=2, run_limit_s=3600.0), make.job("2", slots=6, run_limit_s=3600.0)]
    jobs += [make.job("3", slots=8, run_limit_s=3600.0), make.job("4", slots=12, run_limit_s=3600.0)]
    pools = make.pool(), make.pool("dear", instance_types=("fake.large",), slots=16)
    settings = steered(make, pools=pools, prices={**PRICES, "fake.large": 1.36})
    first, then = turns(make, settings, jobs, {"1": JobTraits(memory_mib=29_000, one_host=True)})
    assert first.chosen == then.chosen == {"1", "2", "3", "4"}
    assert sum(one.nodes for one in then.decisions) == 0


def test_room_of_nodes_with_jobs_goes_to_chosen_jobs_over_several_and_to_those_with_gpus(make: Any) -> None:
    pool = make.pool(gpus=4)
    settings = steered(make, pools=(pool,))
    up = [make.machine(n, joined=make.now - 900) for n in (1, 2, 3)]
    hosts = [make.host(), *(make.row(f"ip-10-0-0-{n}", jobs=4) for n in (1, 2, 3))]
    wide = make.job("1", slots=9, run_limit_s=3600.0, queue="burst")
    two, three = (make.job(n, slots=1, run_limit_s=3600.0, queue="burst") for n in "23")
    traits = {"2": JobTraits(gpus=2, one_host=True), "3": JobTraits(gpus=4, one_host=True)}
    made = planned(make, settings, [wide, two, three], machines=up, hosts=hosts, traits=traits)
    assert [of(made, n).boot_s for n in "123"] == [0.0, 0.0, 300.0]  # a node with jobs has two of its four GPUs
    made = planned(make, settings, [two, three], machines=up, hosts=hosts, traits=traits)
    assert [of(made, n).boot_s for n in "23"] == [0.0, 300.0]


def test_a_pool_of_which_a_limit_lets_nothing_through_is_in_nobodys_way(make: Any) -> None:
    pools = *(make.pool(n, labs=("lee",)) for n in ("cpu", "twin")), make.pool("other", labs=("roe",))
    budget = Budget(usd_per_month=1000.0, labs={"roe": 0.01})
    settings = steered(make, pools=pools, budget=budget, planner={"pacing": False})
    made = planned(make, settings, [make.job(lab, slots=8, run_limit_s=600.0, lab=lab) for lab in ("lee", "roe")])
    assert (set(made.chosen), set(made.chosen_by_cap)) == ({"lee"}, {"roe"})
