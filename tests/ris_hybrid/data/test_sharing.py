from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.lifecycle import IN_CLOUD
from ris_hybrid.data.sharing import Held, Wanted, serving, share, why_not_evict, why_not_return
from ris_hybrid.data.values import Dataset, StagingState

if TYPE_CHECKING:
    from collections.abc import Callable

    Staging = Callable[..., Held]


def wanted(subtree: str, *jobs: str) -> Wanted:
    return Wanted(dataset=Dataset(allocation="wucci", subtree=subtree), jobs=jobs)


def test_a_dataset_is_served_by_what_is_there_then_by_the_soonest(staging: Staging) -> None:
    late = staging("s1", "Active", state=StagingState.STAGING, ready_at=200.0)
    soon = staging("s2", "Active", state=StagingState.STAGING, ready_at=100.0)
    some_time = staging("s3", "Active", state=StagingState.PLANNED)
    there = staging("s4", "", state=StagingState.STAGED)
    gone = staging("s5", "Active/x", state=StagingState.EVICTED)
    other = staging("s6", "Active", state=StagingState.STAGED, allocation="lee")
    dataset = Dataset(allocation="wucci", subtree="Active/x")
    held = [late, soon, some_time, there, gone, other]
    order = []
    while (found := serving(dataset, held)) is not None:
        order.append(found.plan.staging_id)
        held.remove(found)
    assert order == ["s4", "s2", "s1", "s3"]


def test_two_jobs_that_need_the_same_share_one_staging(staging: Staging) -> None:
    held = [staging("s1", "Active/Cryo-EM")]
    sharing = share(
        [
            wanted("Active/Cryo-EM/run1", "1"),
            wanted("Active/new/a", "2", "3"),
            wanted("Active/new", "3", "4"),
            wanted("Active/newer", "5"),
        ],
        held,
    )
    assert [(one.staging_id, one.wanted.jobs) for one in sharing.reused] == [("s1", ("1",))]
    assert sharing.new == (wanted("Active/new", "3", "4", "2"), wanted("Active/newer", "5"))


subtrees = st.sampled_from(["", "a", "a/b", "a/b/c", "ab", "d"])


@given(st.lists(st.builds(wanted, subtrees, st.sampled_from("12345")), max_size=8), st.lists(subtrees, max_size=3))
def test_every_dataset_has_one_staging_and_no_two_new_ones_overlap(
    staging: Staging, asked: list[Wanted], held: list[str]
) -> None:
    there = [staging(f"s{number}", subtree) for number, subtree in enumerate(held)]
    sharing = share(asked, there)
    for one in asked:
        homes = [new for new in sharing.new if new.dataset.covers(one.dataset) and set(one.jobs) <= set(new.jobs)]
        homes_there = [reused for reused in sharing.reused if reused.wanted == one][:1]
        assert len(homes_there) == 1 or len(homes) == 1
    for new in sharing.new:
        assert not any(other.dataset.covers(new.dataset) for other in sharing.new if other is not new)
    assert [new.dataset for new in share(asked[::-1], there).new] == [new.dataset for new in sharing.new]


@pytest.mark.parametrize("state", list(StagingState))
def test_only_what_is_there_comes_back_and_not_while_it_is_used(staging: Staging, state: StagingState) -> None:
    one = staging("s1", "Active", state=state, jobs=("7", "8"))
    assert (why_not_return(one, {"9"}) == "") == (state in IN_CLOUD)
    if state in IN_CLOUD:
        assert why_not_return(one, {"8"}) == "jobs use it: 8"
    else:
        assert why_not_return(one, {"8"}) == f"it is {state.value}"


def test_many_jobs_are_not_all_named(staging: Staging) -> None:
    jobs = tuple("1234567")
    assert why_not_return(staging("s1", "", jobs=jobs), jobs) == "jobs use it: 1, 2, 3, 4, 5 and more"


@pytest.mark.parametrize("state", list(StagingState))
def test_nothing_is_evicted_that_was_not_compared_on_prem(staging: Staging, state: StagingState) -> None:
    said = why_not_evict(staging("s1", "Active", state=state), [], set(), [])
    assert (said == "") == (state is StagingState.RETURNED)


def test_what_somebody_needs_is_not_evicted(staging: Staging) -> None:
    one = staging("s1", "Active/a", state=StagingState.RETURNED, jobs=("7",))
    assert why_not_evict(one, [], {"7"}, []) == "jobs use it: 7"
    wider = staging("s2", "Active", state=StagingState.IN_USE)
    assert why_not_evict(one, [wider], set(), []) == "staging s2 has the same objects and is in use"
    beside = staging("s3", "Active/b", state=StagingState.IN_USE)
    dead = staging("s4", "Active/a", state=StagingState.EVICTED)
    resting = staging("s5", "Active", state=StagingState.RETURNED)
    assert why_not_evict(one, [beside, dead, resting], set(), []) == ""
    pending = [Dataset(allocation="wucci", subtree=subtree) for subtree in ("Active/a/x", "Active", "Active/b")]
    assert why_not_evict(one, [], set(), pending) == "2 datasets of pending jobs are in it"
