"""The life of a staging as a matrix: what must follow, and what must never."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.lifecycle import AT_REST, AT_WORK, IN_CLOUD, NEXT, StagingEvent, after
from ris_hybrid.data.values import StagingState

S, E = StagingState, StagingEvent


def test_the_table_is_total() -> None:
    assert set(NEXT) == set(S)
    assert all(set(row) == set(E) for row in NEXT.values())


def test_the_usual_life() -> None:
    events = (E.BEGUN, E.VERIFIED, E.LEASED, E.FREED, E.BROUGHT, E.TAKEN)
    states = [after(events[:count]) for count in range(len(events) + 1)]
    assert states == [S.PLANNED, S.STAGING, S.STAGED, S.IN_USE, S.RETURNING, S.RETURNED, S.EVICTED]


@pytest.mark.parametrize(
    ("event", "into", "sources"),
    [
        (E.TAKEN, S.EVICTED, {S.RETURNED}),
        (E.VERIFIED, S.STAGED, {S.STAGING}),
        (E.BROUGHT, S.RETURNED, {S.RETURNING}),
        (E.LEASED, S.IN_USE, {S.STAGED, S.RETURNING, S.RETURNED}),
        (E.FREED, S.RETURNING, {S.IN_USE}),
        (E.HELD, S.BLOCKED, {S.PLANNED, S.STAGING, S.RETURNING}),
        (E.BROKEN, S.FAILED, {S.PLANNED, S.STAGING, S.RETURNING, S.BLOCKED}),
        (E.CANCELLED, S.CANCELLED, {S.PLANNED, S.STAGING, S.BLOCKED, S.FAILED}),
        (E.BEGUN, S.STAGING, {S.PLANNED, S.BLOCKED, S.FAILED}),
        (E.RETURN_BEGUN, S.RETURNING, {S.STAGED, S.RETURNED, S.BLOCKED, S.FAILED, S.CANCELLED}),
        (E.REPLANNED, S.PLANNED, {S.STAGED, S.RETURNED, S.EVICTED, S.BLOCKED, S.FAILED, S.CANCELLED}),
    ],
)
def test_an_event_changes_these_states_and_no_others(
    event: StagingEvent, into: StagingState, sources: set[StagingState]
) -> None:
    for state in S:
        expected = into if state in sources else state
        assert NEXT[state][event] is expected, f"{state} {event}"


def test_from_in_use_only_the_end_of_its_last_job_leads_away() -> None:
    assert {event for event in E if NEXT[S.IN_USE][event] is not S.IN_USE} == {E.FREED}


@given(st.lists(st.sampled_from(E)))
def test_nothing_is_evicted_that_was_not_returned(events: list[StagingEvent]) -> None:
    states = [after(events[:count]) for count in range(len(events) + 1)]
    for before, state in pairwise(states):
        if state is S.EVICTED and before is not S.EVICTED:
            assert before is S.RETURNED


def test_every_state_is_of_one_kind_or_of_none() -> None:
    assert set() == IN_CLOUD & AT_REST
    assert set() == AT_WORK & AT_REST
    assert set(S) - IN_CLOUD - AT_REST - AT_WORK == {S.BLOCKED}
