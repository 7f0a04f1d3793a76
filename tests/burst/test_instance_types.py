"""Which types attributes mean, by EC2's rules, over the shipped catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burst.aws.prices import catalog
from burst.instance_types import PRICE_SPREAD, InstanceType, affordable, matching
from ris_hybrid.pool_settings import Requirements

PLAIN = InstanceType(name="c9.large", vcpus=8, cores=4, memory_mib=1000, arch="x86_64", usd_per_hour=1.0)
WANTS = Requirements(vcpus=8, memory_mib=1000, vcpus_max=16, memory_mib_max=4000, exclude=("t*", "*.metal"))


def kind(**fields: Any) -> InstanceType:
    return replace(PLAIN, **fields)


@pytest.mark.parametrize(
    ("fields", "meets"),
    [
        ({}, True),
        ({"vcpus": 16, "memory_mib": 4000}, True),
        ({"vcpus": 7}, False),
        ({"vcpus": 17}, False),
        ({"memory_mib": 999}, False),
        ({"memory_mib": 4001}, False),
        ({"gpus": 1}, False),
        ({"arch": "arm64"}, False),
        ({"arch": "x86_64_mac"}, False),
        ({"arch": "i386/x86_64"}, True),
        ({"metal": True}, False),
        ({"burstable": True}, False),
        ({"current": False}, True),
        ({"usd_per_hour": None}, True),
        ({"name": "t9.large"}, False),
        ({"name": "c9.metal"}, False),
        ({"name": "inf2.xlarge"}, False),
        ({"name": "g6f.large"}, False),
        ({"name": "vt1.3xlarge"}, False),
        ({"name": "is4gen.large"}, True),
    ],
)
def test_each_attribute_counts(fields: dict[str, Any], meets: bool) -> None:
    one = kind(**fields)
    assert matching(WANTS, [one]) == ((one,) if meets else ())


def test_gpus_are_counted_exactly() -> None:
    wants = Requirements(vcpus=1, memory_mib=1, gpus=2)
    two, four = kind(name="g9.2", gpus=2), kind(name="g9.4", gpus=4)
    assert matching(wants, [four, two, PLAIN]) == (two,)


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [
        ("c9.large", {"c9.large"}),
        ("c9*", {"c9.large", "c9a.xl"}),
        ("c9.*", {"c9.large"}),
        ("*9*", {"c9.large", "c9a.xl"}),
    ],
)
def test_what_is_left_out_is_named_as_ec2_does(pattern: str, left_out: set[str]) -> None:
    kinds = [PLAIN, kind(name="c9a.xl"), kind(name="m8.large")]
    found = matching(Requirements(vcpus=1, memory_mib=1, exclude=(pattern,)), kinds)
    assert {one.name for one in kinds} - {one.name for one in found} == left_out


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        ([("c9.l", 1.0, True), ("m9.l", 2.0, True), ("r9.l", 2.01, True)], ["c9.l", "m9.l"]),
        ([("x9.l", 0.1, True), ("c9.l", 1.0, True), ("m9.l", 1.9, True)], ["x9.l", "c9.l", "m9.l"]),
        ([("c1.l", 0.1, False), ("c9.l", 1.0, True)], ["c1.l", "c9.l"]),
        ([("i9.l", 1.0, True), ("i9.x", 3.0, True), ("i2.l", 0.1, False)], ["i2.l", "i9.l"]),
        ([("i2.l", 1.0, False), ("i2.x", 3.0, False)], ["i2.l"]),
        ([("c9.l", None, True), ("i9.l", 3.0, True)], ["i9.l"]),
        ([("c9.l", None, True)], []),
        ([], []),
    ],
)
def test_price_protection_starts_from_the_cheapest_current_general_type(
    kinds: list[tuple[str, float | None, bool]], names: list[str]
) -> None:
    rows = [kind(name=name, usd_per_hour=usd, current=current) for name, usd, current in kinds]
    assert sorted(one.name for one in affordable(rows)) == sorted(names)


def test_a_type_without_a_price_comes_last() -> None:
    rows = [kind(name="a", usd_per_hour=None), kind(name="c", usd_per_hour=2.0), kind(name="b", usd_per_hour=2.0)]
    assert [one.name for one in matching(Requirements(vcpus=1, memory_mib=1), rows)] == ["b", "c", "a"]


@settings(max_examples=60, deadline=None)
@given(
    vcpus=st.integers(1, 200),
    memory_gib=st.integers(1, 2000),
    gpus=st.sampled_from([0, 0, 1, 8]),
    exclude=st.sampled_from([(), ("c*",), ("*flex*", "r?")]),
)
def test_over_the_catalogue_every_type_meets_what_was_asked(
    vcpus: int, memory_gib: int, gpus: int, exclude: tuple[str, ...]
) -> None:
    wants = Requirements(vcpus=vcpus, memory_mib=memory_gib * 1024, gpus=gpus, exclude=exclude)
    found = matching(wants, catalog().values())
    for one in found:
        assert (one.vcpus >= vcpus, one.memory_mib >= memory_gib * 1024, one.gpus) == (True, True, gpus)
        assert one.x86
    left = affordable(found)
    assert set(left) <= set(found)
    prices = [one.usd_per_hour for one in left if one.usd_per_hour is not None]
    assert len(prices) == len(left)
    assert prices == sorted(prices)
    general = [one.usd_per_hour for one in left if one.current and one.name[0] in "cmr" and one.usd_per_hour]
    if general:
        assert max(prices) <= PRICE_SPREAD * min(general)


def test_the_shape_of_a_type_depends_on_what_the_cluster_counts() -> None:
    known = catalog()
    smt, plain = known["c6i.4xlarge"], known["c7a.4xlarge"]
    assert [(one.slots("cores"), one.slots("threads"), one.threads_per_core) for one in (smt, plain)] == [
        (8, 16, 2),
        (16, 16, 1),
    ]
    assert plain.usable_mib == 30310  # of 32768
