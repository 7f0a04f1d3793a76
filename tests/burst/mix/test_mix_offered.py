"""Classes from pending jobs, and types from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.instance_types import InstanceType
from burst.mix.classes import MOST_CLASSES, classes_of, rounded_up
from burst.mix.offered import by_labs, choose_few, types_of
from burst.mix.values import Bounds, JobClass, NodeType
from ris_hybrid.job_ask import JobTraits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.model import Job


@pytest.fixture
def pending(make: Any) -> Callable[..., Job]:
    return lambda job_id, **fields: make.job(job_id=job_id, **fields)


def test_equal_jobs_are_one_class(pending: Callable[..., Job]) -> None:
    jobs = [pending("1", slots=4), pending("2", slots=4), pending("3", slots=1), pending("4", slots=4, lab="kim")]
    traits = {"3": JobTraits(one_host=True, memory_mib=512, gpus=1)}
    found = classes_of(jobs, traits, by_lab=False)
    assert [(one.name, one.jobs, one.span, one.lab) for one in found] == [
        ("4 slots", 3, "any", ""),
        ("1 slots, 512 MiB, 1 GPUs, one host", 1, "one-host", ""),
    ]
    labs = [(one.name, one.jobs, one.lab) for one in classes_of(jobs[2:], {}, by_lab=True)]
    assert labs == [("kim: 4 slots", 1, "kim"), (f"{jobs[2].lab}: 1 slots", 1, jobs[2].lab)]


@pytest.mark.parametrize(("kinds", "most"), [(30, 30), (200, MOST_CLASSES), (1500, MOST_CLASSES)])
def test_too_many_classes_are_merged_by_memory(pending: Callable[..., Job], kinds: int, most: int) -> None:
    traits = {str(number): JobTraits(memory_mib=1000 + number * 13) for number in range(kinds)}
    found = classes_of([pending(name, slots=1) for name in traits], traits, by_lab=False)
    assert len(found) <= most
    assert sum(one.jobs for one in found) == kinds
    assert max(one.memory_mib for one in found) >= 1000 + (kinds - 1) * 13


def test_classes_that_differ_in_slots_are_never_merged(pending: Callable[..., Job]) -> None:
    assert len(classes_of([pending(str(n), slots=n) for n in range(1, 60)], {}, by_lab=False)) == 59


@pytest.mark.parametrize(
    ("mib", "steps", "up"), [(1001, 0, 1001), (1000, 8, 1024), (1100, 8, 1152), (1025, 1, 2048), (7, 8, 7), (9, 8, 9)]
)
def test_memory_is_only_rounded_up(mib: int, steps: int, up: int) -> None:
    assert rounded_up(mib, steps) == up


def catalogue(**fields: Any) -> InstanceType:
    plain = {"name": "c7a.large", "vcpus": 2, "cores": 2, "memory_mib": 4096, "arch": "x86_64", "usd_per_hour": 0.1}
    return InstanceType(**(plain | fields))


def test_what_of_the_catalogue_is_offered() -> None:
    kinds = [
        catalogue(),
        catalogue(name="c6i.large", cores=1, efa=True, spot=False),
        catalogue(name="c7g.large", arch="arm64"),
        catalogue(name="c7a.metal", metal=True),
        catalogue(name="t3.large", burstable=True),
        catalogue(name="c4.large", current=False),
        catalogue(name="x9.large", usd_per_hour=None),
    ]
    found = types_of(kinds, prices={"c7a.large": 0.2}, ncpus="cores")
    assert [(one.name, one.slots, one.usd_per_hour, one.together) for one in found] == [
        ("c6i.large", 1, 0.1, True),
        ("c7a.large", 2, 0.2, False),
    ]
    assert found[0].memory_mib == int(4096 * 0.925)
    assert [one.name for one in types_of(kinds, ("c4.*", "x*"), prices={"x9.large": 1.0}, ncpus="threads")] == [
        "c4.large",
        "x9.large",
    ]
    spot = types_of(kinds, prices={}, ncpus="threads", spot_ratio=0.35)
    assert [(one.name, one.slots, one.usd_per_hour) for one in spot] == [("c7a.large", 2, pytest.approx(0.035))]


def test_a_node_is_of_one_lab() -> None:
    kinds = [NodeType(name="m", slots=8, memory_mib=9, usd_per_hour=1.0)]
    classes = [JobClass(name=lab, jobs=1, slots=1, lab=lab) for lab in ("lee", "kim")]
    assert [one.lab for one in by_labs(kinds, classes)] == ["kim", "lee"]


def test_few_types_cost_more_and_say_so() -> None:
    kinds = [
        NodeType(name="small", slots=2, memory_mib=64, usd_per_hour=0.2),
        NodeType(name="fat", slots=2, memory_mib=640, usd_per_hour=0.5),
        NodeType(name="wide", slots=16, memory_mib=128, usd_per_hour=1.3),
    ]
    classes = [
        JobClass(name="a", jobs=16, slots=1, memory_mib=8),
        JobClass(name="b", jobs=2, slots=1, memory_mib=300),
        JobClass(name="c", jobs=1, slots=1, memory_mib=64),
    ]
    free = choose_few(classes, kinds, Bounds(), None)
    few = choose_few(classes, kinds, Bounds(), 1)
    assert len(free.counts) > 1
    assert [name for name, _ in few.counts] == ["fat"]
    assert few.usd_per_hour > free.usd_per_hour
    assert few.lp_usd == free.lp_usd
    assert few.reasons[-1].startswith(
        f"at most 1 types: with as many types as it likes it would be ${free.usd_per_hour:.2f}"
    )
    assert choose_few(classes, kinds, Bounds(nodes=1), 1).unserved
