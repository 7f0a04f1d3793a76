"""Replayed without cloud against recorded, and the capacity at which they agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from burst.replay.values import Outcome, Policy, Site, Workload
from ris_hybrid.simulating.answer import calibration_warning
from ris_hybrid.simulating.calibration import TRIES, calibrate, compare, cut_to

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def without(toy: Any, load: Workload, capacity: int) -> Outcome:
    site = Site(capacity=capacity, pools=(), max_nodes=0)
    found: Outcome = toy.replay(load, site, Policy(kind="none"))
    return found


def recorded(toy: Any, load: Workload, capacity: int, more_s: float = 0.0) -> Workload:
    """The record of a cluster that had so many slots."""
    return replace(load, recorded_wait_s=without(toy, load, capacity).started - load.submitted + more_s)


@pytest.mark.parametrize(("truth", "guess"), [(3, 3), (3, 6), (6, 3), (5, 40), (9, 3)])
def test_the_true_capacity_is_found(toy: Any, make_load: Callable[..., Workload], truth: int, guess: int) -> None:
    load = recorded(toy, make_load(days=10), truth)
    first = compare(load, without(toy, load, guess), guess)
    found = calibrate(load, first, lambda capacity: without(toy, load, capacity))
    assert (found.capacity, found.capacity_before, found.problem) == (truth, guess, "")
    assert found.ratio == pytest.approx(1.0)
    assert found.scaled == (truth != guess)
    assert not found.far
    assert calibration_warning(found) == ""


def test_a_replay_that_is_far_off_says_so_before_it_is_scaled(toy: Any, make_load: Callable[..., Workload]) -> None:
    load = recorded(toy, make_load(days=10), 3)
    first = compare(load, without(toy, load, 6), 6)
    assert first.far
    assert first.jobs == load.jobs
    assert "--calibrate scales the capacity" in calibration_warning(first)


@pytest.mark.parametrize(
    ("truth", "more_s", "why"), [(12, 30 * 86_400.0, "no room for one job in a hundred"), (3, 30.0, "")]
)
def test_waits_that_no_capacity_explains_are_named(
    toy: Any, make_load: Callable[..., Workload], truth: int, more_s: float, why: str
) -> None:
    """Jobs that waited a month for other reasons, and ones that a whole slot more or less does not hit."""
    load = make_load(days=10)
    load = recorded(toy, replace(load, slots=np.full(load.jobs, 2)) if why else load, truth, more_s)
    load = replace(load, recorded_wait_s=load.recorded_wait_s * (1 if why else 1.3))
    tries: list[int] = []

    def tried(capacity: int) -> Outcome:
        tries.append(capacity)
        return without(toy, load, capacity)

    found = calibrate(load, compare(load, without(toy, load, 12), 12), tried)
    assert "no capacity that was tried makes mean waits agree" in found.problem
    assert (why or "outages, limits, priorities") in found.problem
    assert len(tries) <= TRIES
    assert ("take what follows as a comparison" in calibration_warning(found)) == found.far


def test_jobs_as_wide_as_the_machine_do_not_bar_a_smaller_one(toy: Any, make_load: Callable[..., Workload]) -> None:
    """One of 120 jobs wants all eight slots that the header names; the record is one of five."""
    load = make_load(days=10)
    load = replace(load, slots=np.where(np.arange(load.jobs) == 60, 8, 1))
    load = replace(load, recorded_wait_s=without(toy, cut_to(load, 5), 5).started - load.submitted)
    tried = calibrate(
        load, compare(load, without(toy, load, 8), 8), lambda slots: without(toy, cut_to(load, slots), slots)
    )
    assert (tried.capacity, tried.problem) == (5, "")
    cut = cut_to(load, 5)
    assert (cut.slots.max(), cut.notes) == (
        5,
        ("jobs wider than the scaled capacity, replayed as wide as its 5 slots: 1",),
    )
    assert cut_to(load, 8) is load


def test_a_record_without_waits_is_no_measure(toy: Any, make_load: Callable[..., Workload]) -> None:
    load = make_load(days=2)
    first = compare(load, without(toy, load, 4), 4)
    assert (first.recorded, first.ratio, first.far, first.jobs) == (None, None, False, 0)
    assert "waits of the record are unknown" in calibration_warning(first)
    assert "nothing to scale to" in calibrate(load, first, lambda capacity: without(toy, load, capacity)).problem


def test_jobs_that_never_start_are_not_compared(make_load: Callable[..., Workload]) -> None:
    load = make_load(days=1)
    nothing = np.array([], dtype=np.float64)
    outcome = Outcome(
        policy=Policy(kind="none"),
        started=np.full(load.jobs, np.nan),
        ended=np.full(load.jobs, np.nan),
        pool=np.full(load.jobs, -1),
        node=np.full(load.jobs, -1),
        node_pool=np.array([], dtype=np.int64),
        node_launched=nothing,
        node_ended=nothing,
        node_used_s=nothing,
        usd=0.0,
    )
    assert compare(replace(load, recorded_wait_s=load.run_s), outcome, 1).replayed.mean_s == 0.0
