"""The order of a pool's offers, and how a launch is split over the ways of buying."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.offers import MOST_OVERRIDES, Offer, ranked, split
from ris_hybrid.pool_settings import Requirements
from ris_hybrid.settings import Pool

NAMES = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=40)
WANTS = Requirements(vcpus=1, memory_mib=1)
POOLS = st.builds(
    Pool,
    name=st.just("cpu"),
    max_nodes=st.just(1),
    instance_types=NAMES.map(tuple),
    subnets=NAMES.map(tuple),
    requirements=st.sampled_from([None, WANTS]),
    purchase=st.sampled_from(["on-demand", "spot", "mixed"]),
    on_demand_ratio=st.floats(0.01, 0.99),
)
PRICES = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.floats(0.01, 99))


def texts(pool: Pool, prices: dict[str, float]) -> list[str]:
    return [reason.text for reason in ranked(pool, prices).reasons]


def test_preference_goes_before_price_and_the_order_of_subnets_is_kept(make: Any) -> None:
    pool = make.pool(instance_types=("dear", "cheap"), subnets=("s2", "s1"))
    assert [(one.instance_type, one.subnet, one.priority, one.usd_per_hour) for one in ranked(pool, PAID).offers] == [
        ("dear", "s2", 0, 3.0),
        ("dear", "s1", 0, 3.0),
        ("cheap", "s2", 1, 1.0),
        ("cheap", "s1", 1, 1.0),
    ]
    assert texts(pool, PAID) == ["types as listed (dear, cheap), each in 2 subnets"]


PAID = {"dear": 3.0, "cheap": 1.0}


def test_by_attributes_the_cheapest_is_first(make: Any) -> None:
    pool = make.pool(instance_types=("dear", "cheap"), requirements=WANTS)
    assert [one.instance_type for one in ranked(pool, PAID).offers] == ["cheap", "dear"]
    assert texts(pool, PAID) == ["by price: EC2 is told what a node must have, and 2 types have it"]


def test_every_way_a_pool_is_bought_is_an_offer_and_is_said(make: Any) -> None:
    pool = make.pool(
        instance_types=("cheap",), purchase="mixed", on_demand_ratio=0.25, reservations=True, all_or_none=True
    )
    offers = ranked(pool, PAID).offers
    plain = {"instance_type": "cheap", "subnet": "subnet-1", "priority": 0, "usd_per_hour": 1.0}
    assert offers == tuple(Offer(purchase=way, **plain) for way in ("on-demand", "spot"))
    assert texts(pool, PAID)[1:] == [
        "25% on demand, rounded up, the rest on spot",
        "on spot EC2 puts spare capacity before this order",
        "open capacity reservations of the account first",
        "one type in one zone, and every node of a launch or none",
    ]


def test_what_ec2_does_not_take_in_one_call_is_left_out_and_said(make: Any) -> None:
    kinds = tuple(f"t{number}" for number in range(101))
    pool = make.pool(instance_types=kinds, subnets=("s1", "s2", "s3"))
    ranking = ranked(pool, {})
    assert (len(ranking.offers), ranking.left_out) == (MOST_OVERRIDES, 3)
    assert {one.instance_type for one in ranking.offers} == set(kinds[:100])
    assert "the last 3 are left out" in ranking.reasons[-1].text


def test_attributes_are_one_override_for_each_subnet_however_many_types_they_mean(make: Any) -> None:
    kinds = tuple(f"t{number}" for number in range(200))
    pool = make.pool(instance_types=kinds, subnets=("s1", "s2"), requirements=WANTS)
    assert ranked(pool, {}).left_out == 0


@given(pool=POOLS, prices=PRICES)
def test_no_offer_is_outside_the_pool_and_none_comes_twice(pool: Pool, prices: dict[str, float]) -> None:
    ranking = ranked(pool, prices)
    keys = [(one.instance_type, one.subnet, one.purchase) for one in ranking.offers]
    assert len(keys) == len(set(keys))
    assert {kind for kind, _, _ in keys} <= set(pool.instance_types)
    assert {subnet for _, subnet, _ in keys} <= set(pool.subnets)
    ways = {"on-demand", "spot"} if pool.purchase == "mixed" else {pool.purchase}
    assert {way for _, _, way in keys} == ways
    pairs = len(set(pool.instance_types)) * len(set(pool.subnets))
    assert len(keys) == (pairs - ranking.left_out) * len(ways)
    assert pool.requirements or len(keys) <= MOST_OVERRIDES * len(ways)


@given(pool=POOLS, prices=PRICES)
def test_the_order_is_by_priority_then_price_and_always_the_same(pool: Pool, prices: dict[str, float]) -> None:
    offers = ranked(pool, prices).offers
    assert offers == ranked(pool, dict(reversed(prices.items()))).offers
    keys = [(one.priority, one.usd_per_hour) for one in offers]
    assert keys == sorted(keys)


@given(pool=POOLS, count=st.integers(1, 1000))
def test_what_is_asked_is_bought_one_way_or_the_other(pool: Pool, count: int) -> None:
    on_demand, spot = split(pool, count)
    assert on_demand + spot == count
    assert min(on_demand, spot) >= 0
    if pool.purchase == "mixed":
        assert on_demand >= count * pool.on_demand_ratio - 1e-6
        assert on_demand - 1 < count * pool.on_demand_ratio
    else:
        assert (spot == 0) == (pool.purchase == "on-demand")


@pytest.mark.parametrize(
    ("count", "ratio", "on_demand"), [(1, 0.1, 1), (10, 0.1, 1), (100, 0.07, 7), (3, 0.5, 2), (4, 0.5, 2), (3, 0.99, 3)]
)
def test_the_share_on_demand_is_rounded_up(make: Any, count: int, ratio: float, on_demand: int) -> None:
    pool = make.pool(purchase="mixed", on_demand_ratio=ratio)
    assert split(pool, count) == (on_demand, count - on_demand)
