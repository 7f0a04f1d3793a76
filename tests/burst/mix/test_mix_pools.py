"""Chosen jobs over pools: nodes by pool and lab, with ids and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burst.mix.pools import PoolRoom, Wish, spread
from burst.mix.values import Bounds

if TYPE_CHECKING:
    from burst.mix.program import Problem, Unsolved


def room(make: Any, name: str = "cpu", usd: float = 1.0, left: int = 100, **fields: Any) -> PoolRoom:
    return PoolRoom(pool=make.pool(name, **fields), usd_per_hour=usd, left=left)


def wish(job_id: str, pools: tuple[str, ...] = ("cpu",), **fields: Any) -> Wish:
    return Wish(**({"job_id": job_id, "lab": "lee", "slots": 4, "pools": pools} | fields))


def never(_: Problem) -> Unsolved:
    raise AssertionError("no solver is needed")


def test_one_pool_needs_no_solver(make: Any) -> None:
    jobs = [wish(str(number)) for number in range(5)] + [wish("9", lab="kim", slots=1)]
    found = spread(jobs, [room(make), room(make, "other")], solver=never)
    assert found.nodes == {("cpu", "kim"): 1, ("cpu", "lee"): 3}
    assert found.ids == {("cpu", "kim"): ("9",), ("cpu", "lee"): ("0", "1", "2", "3", "4")}
    assert (found.way, found.usd_per_hour, found.left) == ("first fit", 4.0, {})
    (reason,) = found.reasons["cpu", "lee"]
    assert (reason.stage, reason.nodes) == ("mix", 3)
    assert reason.text == (
        "5 chosen jobs of lee lie on 3 new nodes of cpu (first fit: "
        "every job has one pool, so that there is nothing to choose; first fit is taken: $4.00 an hour)"
    )


def test_jobs_with_a_choice_take_the_cheaper_way(make: Any) -> None:
    both = ("cpu", "large")
    jobs = [wish(str(number), both, slots=5) for number in range(6)]
    pools = [room(make), room(make, "large", 2.5, slots=32, memory_mib=120000)]
    found = spread(jobs, pools)
    assert found.nodes == {("large", "lee"): 1}
    assert found.ids == {("large", "lee"): tuple("012345")}


def test_a_pool_that_is_full_leaves_the_rest_to_the_next(make: Any) -> None:
    jobs = [wish(str(number), ("cpu", "dear"), slots=8) for number in range(3)]
    found = spread(jobs, [room(make, left=2), room(make, "dear", 3.0)])
    assert found.nodes == {("cpu", "lee"): 2, ("dear", "lee"): 1}


@pytest.mark.parametrize(("left", "nodes"), [(3, {("mpi", "lee"): 3}), (2, {}), (-1, {})])
def test_a_wide_job_has_all_its_nodes_or_none(make: Any, left: int, nodes: dict[tuple[str, str], int]) -> None:
    found = spread([wish("1", ("mpi",), slots=20)], [room(make, "mpi", left=left, all_or_none=True)])
    assert found.nodes == nodes
    assert found.left == ({} if nodes else {"1": "the caps leave no node for it"})


def test_what_no_pool_holds_says_why(make: Any) -> None:
    jobs = [wish("1", slots=20, one_host=True), wish("2", memory_mib=40000, one_host=True), wish("3", pools=())]
    found = spread(jobs, [room(make)])
    assert found.left == {
        "1": "no type has 20 slots (the most there is: 8)",
        "2": "no type has 40000 MiB (the most there is: 30000)",
        "3": "no type may take it",
    }
    assert (found.way, found.nodes) == ("none", {})


def test_of_equal_jobs_the_first_are_served(make: Any) -> None:
    found = spread([wish(name) for name in "zyx"], [room(make, left=1)])
    assert found.ids == {("cpu", "lee"): ("z", "y")}
    assert found.left == {"x": "the caps leave no node for it"}


def test_nobody_asks(make: Any) -> None:
    assert (spread([], [room(make)]).nodes, spread([], []).way) == ({}, "none")


@settings(max_examples=15, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 30), st.sampled_from(("lee", "kim")), st.booleans()), max_size=12),
    left=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    total=st.none() | st.integers(0, 6),
    lab=st.integers(0, 4),
)
def test_caps_hold_and_every_job_is_placed_once_or_left(
    make: Any, sizes: list[tuple[int, str, bool]], left: tuple[int, int], total: int | None, lab: int
) -> None:
    jobs = [
        wish(str(at), ("cpu", "large"), slots=slots, lab=whose, one_host=one)
        for at, (slots, whose, one) in enumerate(sizes)
    ]
    pools = [room(make, left=left[0]), room(make, "large", 1.9, left[1], slots=16, memory_mib=60000)]
    found = spread(jobs, pools, Bounds(nodes=total, labs={"kim": lab}))
    placed = [job_id for ids in found.ids.values() for job_id in ids]
    assert sorted([*placed, *found.left]) == sorted(job.job_id for job in jobs)
    for pool in pools:
        assert sum(nodes for (name, _), nodes in found.nodes.items() if name == pool.pool.name) <= pool.left
    assert sum(nodes for (_, whose), nodes in found.nodes.items() if whose == "kim") <= lab
    assert total is None or sum(found.nodes.values()) <= total
    assert set(found.ids) == set(found.nodes) == set(found.reasons)
