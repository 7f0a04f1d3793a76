from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.sandbox.lsf.dispatch import (
    Lane,
    SlotPool,
    account_of,
    borrows,
    lab_of,
    place,
    shapes_by_queue,
    wants_one_host,
)
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec


def pool(**free: int) -> SlotPool:
    made = SlotPool()
    for host, slots in free.items():
        made.join(host, slots)
        made.offer(host, slots)
    return made


def lane(onprem: SlotPool, *clouds: SlotPool) -> Lane:
    return Lane(onprem=(onprem,), borrowed=clouds)


def test_a_job_takes_the_tightest_host_that_holds_it() -> None:
    assert place(lane(pool(a=8, b=4, c=16)), 3) == (("b", 3),)


def test_a_job_too_wide_for_one_host_spans_as_few_as_possible() -> None:
    assert place(lane(pool(a=2, b=4, c=3)), 6) == (("b", 4), ("c", 2))


def test_onprem_comes_before_a_cloud_host_that_would_fit_better() -> None:
    assert place(lane(pool(a=4, b=4), pool(z=8)), 8) == (("a", 4), ("b", 4))


def test_a_cloud_host_is_taken_whole_before_both_are_mixed() -> None:
    assert place(lane(pool(a=4), pool(z=8)), 8) == (("z", 8),)


def test_both_are_mixed_when_nothing_else_is_left() -> None:
    assert place(lane(pool(a=4), pool(z=8)), 12) == (("z", 8), ("a", 4))


def test_a_job_that_wants_one_host_never_spans() -> None:
    assert place(lane(pool(a=4, b=4), pool(z=4)), 8, one_host=True) is None


def test_a_job_that_does_not_fit_is_not_placed() -> None:
    assert place(lane(pool(a=4)), 5) is None


def test_a_host_that_left_offers_nothing() -> None:
    made = pool(a=4, b=2)
    made.leave("a")
    made.leave("a")
    assert (made.hosts, made.total, made.capacity, made.hosts_with_room) == (1, 2, 2, 1)


def test_a_condo_queue_uses_only_its_own_hosts_and_others_only_shared_ones() -> None:
    spec = ClusterSpec(
        name="c",
        hosts=(HostSpec(prefix="n", count=1, slots=1), HostSpec(prefix="k", count=1, slots=1, queues=("lab1",))),
        queues=(QueueSpec(name="general"), QueueSpec(name="lab1")),
    )
    assert shapes_by_queue(spec) == {"general": (0,), "lab1": (1,)}


@pytest.mark.parametrize(
    ("group", "lab"),
    [
        ("compute-maher", "maher"),
        ("compute-maher-t2", "maher"),
        ("compute-a-b-t10", "a-b"),
        ("compute-table", "table"),
        ("storage-x", ""),
        ("", ""),
    ],
)
def test_the_lab_is_read_from_the_user_group(group: str, lab: str) -> None:
    assert lab_of(group) == lab


def test_the_account_is_the_queues_then_the_labs_then_default() -> None:
    plain, tagged = QueueSpec(name="q"), QueueSpec(name="q", rc_account="shared")
    assert account_of(tagged, "compute-maher") == "shared"
    assert account_of(plain, "compute-maher") == "maher"
    assert account_of(plain, "") == "default"


@pytest.mark.parametrize(("rc_hosts", "may"), [("none", False), ("", False), ("all", True), ("awshost", True)])
def test_only_queues_with_rc_hosts_borrow(rc_hosts: str, may: bool) -> None:
    assert borrows(QueueSpec(name="q", rc_hosts=rc_hosts)) is may


def test_span_hosts_1_is_seen_among_other_sections() -> None:
    assert wants_one_host("select[mem>1] span[ hosts = 1 ]")
    assert not wants_one_host("span[ptile=4]")


@settings(max_examples=100, deadline=None)
@given(
    onprem=st.lists(st.integers(0, 9), max_size=6),
    cloud=st.lists(st.integers(0, 9), max_size=4),
    slots=st.integers(1, 40),
    one_host=st.booleans(),
)
def test_a_plan_holds_exactly_the_job_within_what_is_free(
    onprem: list[int], cloud: list[int], slots: int, one_host: bool
) -> None:
    free = {f"n{i}": size for i, size in enumerate(onprem)} | {f"z{i}": size for i, size in enumerate(cloud)}
    near = pool(**{name: size for name, size in free.items() if name[0] == "n"})
    far = pool(**{name: size for name, size in free.items() if name[0] == "z"})
    plan = place(lane(near, far), slots, one_host=one_host)
    if plan is None:
        assert (max(free.values(), default=0) if one_host else sum(free.values())) < slots
        return
    assert sum(taken for _, taken in plan) == slots
    assert len({host for host, _ in plan}) == len(plan)
    assert all(0 < taken <= free[host] for host, taken in plan)
    if sum(onprem) >= slots and not one_host:
        assert all(host[0] == "n" for host, _ in plan)
    if one_host:
        assert len(plan) == 1
