from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.sandbox.aws.fleet import Plan, Pool, Room, Side, plan_fleet, plan_side, ranked, sides_of

A = Pool(index=0, instance_type="big", zone="z1", subnet="s1", priority=2)
B = Pool(index=1, instance_type="big", zone="z2", subnet="s2", priority=1)
C = Pool(index=2, instance_type="small", zone="z1", subnet="s1")


def side(target: int, strategy: str = "", **more: object) -> Side:
    return Side(lifecycle="on-demand", target=target, strategy=strategy, **more)  # type: ignore[arg-type]


def given_by(plan: Plan) -> dict[int, int]:
    return {grant.pool.index: grant.count for grant in plan.grants}


def missed(plan: Plan) -> dict[int, str]:
    return {miss.pool.index: miss.code for miss in plan.misses}


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        ("", [0, 1, 2]),
        ("lowest-price", [0, 1, 2]),
        ("prioritized", [1, 0, 2]),
        ("capacity-optimized-prioritized", [1, 0, 2]),
        ("capacity-optimized", [2, 1, 0]),
        ("price-capacity-optimized", [2, 1, 0]),
    ],
)
def test_pools_are_asked_in_the_order_of_the_strategy(strategy: str, order: list[int]) -> None:
    room = Room(machines={("big", "z1"): 1, ("big", "z2"): 5})
    assert [pool.index for pool in ranked([C, B, A], strategy, room)] == order


def test_a_full_pool_passes_on_to_the_next_and_says_so() -> None:
    plan = plan_side(side(5), [A, B, C], Room(machines={("big", "z1"): 2}))
    assert given_by(plan) == {0: 2, 1: 3}
    assert missed(plan) == {0: "InsufficientInstanceCapacity"}


def test_pools_of_one_subnet_share_its_addresses() -> None:
    plan = plan_side(side(5), [A, C], Room(addresses={"s1": 3}))
    assert given_by(plan) == {0: 3}
    assert missed(plan) == dict.fromkeys([0, 2], "InsufficientFreeAddressesInSubnet")


def test_diversified_spreads_evenly() -> None:
    assert given_by(plan_side(side(7, "diversified"), [A, B, C], Room())) == {0: 3, 1: 2, 2: 2}


def test_diversified_goes_on_with_the_pools_that_still_give() -> None:
    plan = plan_side(side(7, "diversified"), [A, B, C], Room(machines={("big", "z1"): 1}))
    assert given_by(plan) == {0: 1, 1: 3, 2: 3}


@pytest.mark.parametrize(("target", "weight", "count"), [(9, 4, 3), (7, 5, 2), (1, 4, 1), (8, 4, 2)])
def test_weights_are_rounded_up(target: int, weight: int, count: int) -> None:
    heavy = Pool(index=0, instance_type="big", zone="z1", subnet="s1", weight=weight)
    plan = plan_side(side(target), [heavy], Room())
    assert given_by(plan) == {0: count}
    assert plan.units == count * weight


def test_below_the_minimum_nothing_is_launched() -> None:
    room = Room(machines={("big", "z1"): 2})
    plan = plan_side(side(5, minimum=3, single_type=True), [A], room)
    assert given_by(plan) == {}
    assert missed(plan) == {0: "InsufficientInstanceCapacity"}
    assert room.machines == {("big", "z1"): 2}


def test_a_single_zone_takes_the_first_zone_that_has_all() -> None:
    plan = plan_side(side(4, single_zone=True), [A, B, C], Room(machines={("big", "z1"): 1, ("small", "z1"): 1}))
    assert given_by(plan) == {1: 4}


def test_a_single_type_takes_the_best_type_when_none_has_all() -> None:
    room = Room(machines={("big", "z1"): 1, ("big", "z2"): 1, ("small", "z1"): 1})
    plan = plan_side(side(4, single_type=True), [C, A, B], room)
    assert given_by(plan) == {0: 1, 1: 1}
    assert room.machines == {("big", "z1"): 0, ("big", "z2"): 0, ("small", "z1"): 1}


def test_a_pool_that_cannot_exist_is_only_an_error() -> None:
    odd = Pool(index=0, instance_type="odd", zone="z1", subnet="s1", refusal=("InvalidInstanceType", "odd"))
    plan = plan_side(side(2), [odd, B], Room())
    assert (given_by(plan), missed(plan)) == ({1: 2}, {0: "InvalidInstanceType"})


def test_a_total_limit_holds_over_both_sides() -> None:
    options = {"on-demand": side(0), "spot": Side(lifecycle="spot", target=0)}
    plan = plan_fleet(
        sides_of({"TotalTargetCapacity": 6, "OnDemandTargetCapacity": 2}, "spot", options), [A], Room(total=3)
    )
    assert [(grant.lifecycle, grant.count) for grant in plan.grants] == [("on-demand", 2), ("spot", 1)]


def test_the_rest_of_the_total_goes_to_the_default_side() -> None:
    options = {"on-demand": side(0), "spot": Side(lifecycle="spot", target=0)}
    fixed = {"TotalTargetCapacity": 5, "SpotTargetCapacity": 2}
    assert [one.target for one in sides_of(fixed, "on-demand", options)] == [3, 2]
    assert [one.target for one in sides_of(fixed, "spot", options)] == [0, 5]


POOLS = st.lists(
    st.builds(
        lambda kind, zone, weight, priority: (kind, zone, weight, priority),
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.integers(1, 4),
        st.none() | st.integers(0, 3),
    ),
    min_size=1,
    max_size=5,
)
STRATEGIES = st.sampled_from(["", "prioritized", "capacity-optimized", "diversified"])


@settings(deadline=None)
@given(POOLS, STRATEGIES, st.integers(1, 20), st.integers(0, 6), st.integers(0, 8), st.integers(0, 25))
def test_a_plan_stays_within_the_room_and_explains_what_is_missing(
    shapes: list[tuple[str, str, int, int | None]], strategy: str, target: int, free: int, addresses: int, minimum: int
) -> None:
    pools = [
        Pool(index=i, instance_type=kind, zone=zone, subnet=zone, weight=weight, priority=priority)
        for i, (kind, zone, weight, priority) in enumerate(shapes)
    ]
    room = Room(machines={("a", "x"): free}, addresses={"y": addresses})
    plan = plan_side(side(target, strategy, minimum=minimum, single_type=bool(minimum)), pools, room.copy())
    assert (
        sum(grant.count for grant in plan.grants if (grant.pool.instance_type, grant.pool.zone) == ("a", "x")) <= free
    )
    assert sum(grant.count for grant in plan.grants if grant.pool.subnet == "y") <= addresses
    assert plan.units >= minimum or not plan.grants
    assert plan.units < target + max(pool.weight for pool in pools)
    if plan.units < min(target, math.inf) and minimum <= target:
        assert plan.misses


@pytest.mark.parametrize("strategy", ["", "lowest-price", "price-capacity-optimized"])
def test_the_cheapest_comes_first_and_what_has_no_price_last(strategy: str) -> None:
    prices = {0: 3.0, 1: None, 2: 1.0}
    pools = [Pool(index=n, instance_type=f"t{n}", zone="z", subnet="s", usd_per_hour=usd) for n, usd in prices.items()]
    assert [pool.index for pool in ranked(pools, strategy, Room())] == [2, 0, 1]
