"""Placed jobs dealt anew over their pools: only where that is cheaper, only within the pools that are worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burst.planner.mixed import MOST_KINDS, mixed
from burst.planner.prices import offer, quote
from burst.planner.values import Candidate, Length
from ris_hybrid.settings import Caps

if TYPE_CHECKING:
    from burst.mix.program import Problem, Unsolved


def site(make: Any, **fields: Any) -> Any:
    pools = (
        make.pool("small", instance_types=("c7a.2xlarge",), slots=8, cores=8),
        make.pool("large", instance_types=("c7a.8xlarge",), slots=32, cores=32, memory_mib=120000),
    )
    return make.settings(pools=pools, prices={"c7a.2xlarge": 0.41, "c7a.8xlarge": 1.65}, **fields)


def candidate(job_id: str, slots: int, **fields: Any) -> Candidate:
    length = Length(seconds=3600.0, source="RUNLIMIT")
    plain = {"job_id": job_id, "queue": "general", "lab": "lee", "slots": slots, "length": length, "pend_s": 0.0}
    return Candidate(**(plain | {"value": 0.1, "one_host": True} | fields))


def placed(make: Any, settings: Any, *jobs: Candidate, first: str = "small", only: bool = False) -> list[Any]:
    """Every job with the pools it may have."""
    pools = [pool for pool in settings.pools if not only or pool.name == first]
    return [(job, tuple(quote(job, offer(pool, make.fleet(), settings)) for pool in pools)) for job in jobs]


def no_solver(_: Problem) -> Unsolved:
    raise AssertionError("nothing is to be chosen")


def pools_of(found: Any) -> set[str]:
    return {one.offer.pool for one in found.jobs.values()}


SIX: dict[tuple[str, str], int] = {("small", "lee"): 6}


def test_jobs_that_fill_small_nodes_badly_go_to_a_large_one(make: Any) -> None:
    """Six jobs of five slots are six nodes of eight, or one of thirty-two."""
    settings = site(make)
    rows = placed(make, settings, *(candidate(str(n), 5) for n in range(6)))
    found = mixed(rows, SIX, make.fleet(), settings)
    assert found is not None
    assert (pools_of(found), dict(found.nodes)) == ({"large"}, {("large", "lee"): 1})


def test_jobs_stay_where_they_are_when_no_other_way_is_cheaper(make: Any) -> None:
    settings = site(make)
    rows = placed(make, settings, *(candidate(str(n), 8) for n in range(2)))
    assert mixed(rows, {("small", "lee"): 2}, make.fleet(), settings) is None


def test_a_job_keeps_to_the_pools_that_are_worth_it(make: Any) -> None:
    settings = site(make)
    rows = placed(make, settings, *(candidate(str(n), 5) for n in range(6)), only=True)
    assert mixed(rows, SIX, make.fleet(), settings, no_solver) is None
    assert mixed([], {}, make.fleet(), settings, no_solver) is None


def test_caps_of_pools_labs_and_all_hold(make: Any) -> None:
    settings = site(make, caps=Caps(nodes=7, per_lab=9, labs={"lee": 7}))
    rows = placed(make, settings, *(candidate(str(n), 5) for n in range(6)))
    assert mixed(rows, SIX, make.fleet(), settings) is not None
    up = [make.machine(number, pool="large", lab="lee") for number in range(1, 8)]
    assert mixed(rows, SIX, make.fleet(*up), settings) is None


def test_too_many_kinds_of_jobs_stay_where_they_were_placed(make: Any) -> None:
    settings = site(make)
    jobs = [candidate(str(n), 5, memory_mib=n) for n in range(MOST_KINDS + 1)]
    assert mixed(placed(make, settings, *jobs), SIX, make.fleet(), settings, no_solver) is None
