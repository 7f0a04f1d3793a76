"""Jobs of the past into arrays: order, what is left out, limits as they were known then; parts and multiples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.replay.stretches import between, halves, peak_slots, tiled
from burst.replay.workload import workload
from ris_hybrid.past_job import PastJob

if TYPE_CHECKING:
    from burst.replay.values import Workload

T = 1_700_000_000.0
PLAIN = PastJob(
    job_id="1",
    submitted=T,
    started=T + 10,
    ended=T + 110,
    slots=2,
    run_limit_s=200.0,
    queue="general",
    user="kim",
    lab="lee",
    project="p",
    name="blast",
    ineligible_s=0.0,
    memory_mib=0,
    failed=False,
)


def ran(at: float, run_s: float = 100.0, wait_s: float = 10.0, **fields: Any) -> PastJob:
    """A job submitted at this second."""
    start = T + at + wait_s
    times = {"submitted": T + at, "started": start, "ended": start + run_s, "job_id": fields.pop("job_id", f"{at}")}
    return PLAIN._replace(**times, **fields)


def test_jobs_by_time_with_names_as_numbers() -> None:
    load = workload([ran(50, queue="long", lab=""), ran(0), ran(70, queue="long", lab="ng")], name="acct")
    assert (load.name, load.jobs, load.began) == ("acct", 3, T)
    assert load.submitted.tolist() == [0, 50, 70]
    assert load.recorded_wait_s.tolist() == [10, 10, 10]
    assert (load.queues, load.labs) == (("long", "general"), ("", "lee", "ng"))
    assert load.queue.tolist() == [1, 0, 0]
    assert load.lab.tolist() == [1, 0, 2]
    assert load.slots.dtype == load.queue.dtype == np.int64
    assert load.notes == ()


def test_nothing_at_all() -> None:
    load = workload([], notes=lambda: ["said"])
    assert (load.jobs, load.began, load.notes) == (0, 0.0, ("said",))
    assert (halves(load), tiled(load, 3), peak_slots(load)) == ((load, load), load, 0)


def test_what_is_left_out_and_cut_is_said() -> None:
    never, in_no_time = PLAIN._replace(started=0.0), ran(5, run_s=0)
    load = workload([ran(0), ran(0), never, in_no_time, ran(9, run_s=500)], notes=lambda: ["torn: 1"])
    assert load.run_s.tolist() == [100, 200]
    assert load.notes == (
        "torn: 1",
        "jobs that never started, left out: 1",
        "jobs that ran for no time, left out: 1",
        "records of a job met before, left out: 1",
        "jobs that ran past their limit, cut to it: 1",
    )


def test_a_requeued_job_runs_as_often_as_it_ran() -> None:
    assert workload([ran(0, job_id="7"), ran(500, job_id="7")]).jobs == 2


def test_ineligible_seconds_are_no_wait_and_move_the_submission() -> None:
    load = workload([ran(0, wait_s=100, ineligible_s=60), ran(30), ran(40, wait_s=5, ineligible_s=50)])
    assert load.submitted.tolist() == [0, 15, 30]
    assert load.recorded_wait_s.tolist() == [10, 0, 40]
    assert load.began == T + 30


def test_a_wait_nobody_wrote_down_is_nan() -> None:
    load = workload([ran(0, wait_unknown=True, slots=5), ran(50)])
    assert np.isnan(load.recorded_wait_s).tolist() == [True, False]
    assert peak_slots(load) == 2


def test_a_traces_own_seconds_are_no_date() -> None:
    assert workload([PLAIN._replace(submitted=1.0, started=1.0, ended=9.0)]).began == 0.0


def limits(*jobs: PastJob, **given: Any) -> list[float]:
    return workload(jobs, **given).limit_s.tolist()


def test_a_limit_is_estimated_from_runs_of_its_class_that_had_ended() -> None:
    runs = [ran(at, run_s=run_s) for at, run_s in enumerate((100, 120, 140, 160, 190), start=1)]
    later = ran(700, run_s=199)
    load = workload([*runs, ran(600, run_s=999, run_limit_s=None), later])
    assert load.limit_s.tolist() == [200] * 5 + [160, 200]
    assert load.run_s.tolist()[5] == 999
    assert load.notes == ("jobs without a run limit, planned by what jobs like them had taken by then: 1",)


@pytest.mark.parametrize(
    "other",
    [{"user": "lou"}, {"name": "bwa"}, {"slots": 3}, {"name": ""}],
    ids=["user", "name", "slots", "no name"],
)
def test_jobs_of_other_classes_say_nothing(other: dict[str, Any]) -> None:
    asked = ran(600, run_limit_s=None)
    assert limits(ran(0, **other), ran(1, **other), asked)[-1] == 200  # the queue's mean
    assert limits(ran(0, name="blast[1]"), ran(1, name="blast[2]"), asked)[-1] == 100


def test_without_a_class_the_mean_limit_of_the_queue_until_then_else_an_hour() -> None:
    asked = {"run_limit_s": None, "name": ""}
    first, second, third, last = ran(0, **asked), ran(1), ran(2, run_limit_s=400.0), ran(3, **asked)
    assert limits(first, second, third, last, ran(4, queue="long", **asked)) == [3600, 200, 400, 300, 3600]
    assert workload([first, second, last]).notes == (
        "jobs without a run limit, planned by the mean limit of their queue: 1",
        "jobs without a run limit, planned as an hour: nothing else was known: 1",
    )


def test_an_estimate_is_a_minute_at_least() -> None:
    assert limits(ran(0, run_s=3), ran(1, run_s=4), ran(99, run_s=5, run_limit_s=None))[-1] == 60


def test_limits_of_queues_stand_in_where_a_job_did_not_run_longer() -> None:
    given = {"queue_limits": {"general": 150.0}}
    assert limits(ran(0, run_limit_s=None), ran(1), ran(2, run_limit_s=None, queue="long"), **given) == [150, 200, 3600]
    assert limits(ran(0, run_limit_s=None, run_s=151.0, name=""), **given) == [3600]


def test_stretches_begin_at_their_first_job() -> None:
    load = workload([ran(at) for at in (0, 10, 40, 100)])
    first, second = halves(load)
    assert first.submitted.tolist() == [0, 10, 40]
    assert (second.submitted.tolist(), second.began) == ([0], T + 100)
    middle = between(load, 10, 100)
    assert (middle.submitted.tolist(), middle.began, middle.queues) == ([0, 30], T + 10, load.queues)
    assert between(load, 11, 12).jobs == 0
    assert between(workload([PLAIN._replace(submitted=1.0, started=1.0, ended=9.0)]), 0, 9).began == 0.0


def test_copies_follow_each_other() -> None:
    load = tiled(workload([ran(0), ran(100)], name="t"), 3)
    assert load.submitted.tolist() == [0, 100, 150, 250, 300, 400]
    assert (load.jobs, load.run_s.tolist(), load.name) == (6, [100] * 6, "t x 3")


jobs = st.builds(
    ran,
    st.integers(0, 300),
    run_s=st.integers(1, 300),
    wait_s=st.integers(0, 200),
    slots=st.integers(1, 3),
    ineligible_s=st.integers(0, 50).map(float),
    run_limit_s=st.none() | st.integers(50, 400).map(float),
    name=st.sampled_from(["", "a", "b"]),
    queue=st.sampled_from(["x", "y"]),
)


@given(st.lists(jobs, max_size=12, unique_by=lambda job: (job.job_id, job.started)))
def test_no_job_to_come_changes_a_limit(past: list[PastJob]) -> None:
    """Limits of jobs that came until some moment are the same with and without those that came after it."""
    whole = workload(past)
    assert peak(past) >= peak_slots(whole) >= max(whole.slots, default=0)
    for cut in range(0, 300, 60):
        early = [job for job in past if job.submitted + min(job.ineligible_s, job.started - job.submitted) <= T + cut]
        assert same_limits(workload(early), whole)


def same_limits(early: Workload, whole: Workload) -> bool:
    return bool(np.array_equal(early.limit_s, whole.limit_s[: early.jobs]))


def peak(past: list[PastJob]) -> int:
    """Slots in use at once, counted second by second; runs are not cut."""
    once = {(job.job_id, job.started): job for job in past}.values()
    return max(
        (sum(job.slots for job in once if job.started <= at < job.ended) for at in {job.started for job in once}),
        default=0,
    )
