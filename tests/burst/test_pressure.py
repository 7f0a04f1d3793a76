from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.pressure import Pressure, measure, why_by_reason
from ris_hybrid.model import JobStatus, UnknownWord


def left_out(pressure: Pressure) -> dict[str, tuple[int, int]]:
    return {row.reason: (row.jobs, row.slots) for row in pressure.left_out}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"status": JobStatus.PSUSP}, "held (PSUSP)"),
        ({"status": UnknownWord("NEWWORD")}, "unknown state NEWWORD"),
        ({"queue": "asleep"}, "queue inactive"),
        ({"queue": "nowhere"}, "queue unknown"),
        ({"pend_state": "IPEND"}, "not eligible (IPEND)"),
        # LSF says eligible: its word goes before what the fields suggest
        ({"pend_state": "EPEND", "dependency": "done(7)", "specified_start": "Nov 30 08:00"}, ""),
        ({"pend_state": "EPEND", "reason": "Dependency condition not satisfied"}, "dependency"),
        # job 7 is still there, job 8 is not
        ({"dependency": "done(7)"}, "dependency"),
        ({"dependency": "done(8)"}, ""),
        ({"dependency": "done(8) && ended(9)"}, ""),
        ({"dependency": "done(8) && ended( 7 )"}, "dependency"),
        ({"dependency": "done(8)", "reason": "Job dependency condition not satisfied"}, "dependency"),
        ({"dependency": 'done("nightly")'}, "dependency"),
        ({"dependency": "&&"}, "dependency"),
        ({"dependency": "done(7[3])"}, "dependency"),
        ({"specified_start": "Nov 30 08:00"}, "start time"),
        ({"reason": "The job has a specified start time"}, "start time"),
        ({"reason": "The job was suspended by its owner while pending"}, "held (PSUSP)"),
        ({"reason": "User has reached the per-user limit of the queue"}, "limit"),
        ({"reason": "Job slot limit reached"}, ""),
        ({"reason": "Queue is inactive"}, "queue inactive"),
        ({"reason": "The queue's run window is closed"}, "queue inactive"),
        ({"reason": "New job is waiting for scheduling"}, ""),
        ({"reason": "Not enough hosts with that resource"}, ""),
    ],
)
def test_why_a_job_is_left_out(make: Any, fields: dict[str, Any], reason: str) -> None:
    job = make.job("100", slots=4, **fields)
    upstream = make.job("7", status=JobStatus.RUN, run_s=10.0)
    queues = [make.queue(), make.queue("asleep", is_active=False)]

    pressure = measure([job, upstream], queues, [make.host()])

    assert left_out(pressure) == ({reason: (1, 4)} if reason else {})
    assert (pressure.jobs, pressure.slots) == ((0, 0) if reason else (1, 4))


def test_an_array_element_keeps_its_whole_array_unfinished(make: Any) -> None:
    jobs = [make.job("7[2]", status=JobStatus.RUN), make.job("8", dependency="ended(7)")]
    assert left_out(measure(jobs, [make.queue()], [])) == {"dependency": (1, 1)}


def test_finished_and_running_jobs_are_neither_pressure_nor_left_out(make: Any) -> None:
    jobs = [make.job(str(n), status=status) for n, status in enumerate((JobStatus.RUN, JobStatus.DONE, JobStatus.EXIT))]
    assert measure(jobs, [make.queue()], []) == Pressure()


def test_expected_wait_of_the_worked_example(make: Any) -> None:
    """32 slots run one job of 16 slots with an hour to go; two jobs of 16 slots and an hour wait behind it.

    Ahead of the first are 16 slot-hours: half an hour on 32 slots. Ahead of the second are 32: an hour.
    """
    jobs = [
        make.job("1", status=JobStatus.RUN, slots=16, run_limit_s=7200.0, run_s=3600.0),
        make.job("2", status=JobStatus.RUN, slots=16, run_limit_s=None, run_s=50.0),  # no limit: it adds nothing
        make.job("3", status=JobStatus.RUN, slots=16, run_limit_s=60.0, run_s=90.0),  # over its limit: nothing
        make.job("4", slots=16, pend_s=1200.0, lab="lee"),
        make.job("5", slots=16, pend_s=600.0, lab="wu"),
    ]
    hosts = [make.host("a"), make.host("b", "closed_Full"), make.host("c", "unavail"), make.host("d", "ok", None)]

    pressure = measure(jobs, [make.queue()], hosts)

    assert pressure.slots_in_service == 32
    assert [(g.lab, g.expected_wait_s, g.core_hours) for g in pressure.groups] == [
        ("lee", 1800.0, 16.0),
        ("wu", 3600.0, 16.0),
    ]


def test_a_job_without_a_limit_counts_as_its_queues_mean_or_an_hour(make: Any) -> None:
    jobs = [
        make.job("1", run_limit_s=7200.0),
        make.job("2", run_limit_s=14400.0),
        make.job("3", run_limit_s=None),
        make.job("4", queue="short", run_limit_s=None),
    ]
    pressure = measure(jobs, [make.queue(), make.queue("short")], [])
    assert [(g.queue, g.core_hours) for g in pressure.groups] == [("general", 9.0), ("short", 1.0)]


def test_a_group_knows_how_long_its_jobs_wait(make: Any) -> None:
    jobs = [make.job(str(wait), pend_s=wait) for wait in (60.0, 600.0, 300.0)]
    (group,) = measure(jobs, [make.queue()], []).groups
    assert (group.longest_wait_s, group.waits_s) == (600.0, (600.0, 300.0, 60.0))
    assert [group.waiting(seconds) for seconds in (0, 300, 301, 601)] == [3, 2, 1, 0]


FIELDS = st.fixed_dictionaries(
    {
        "status": st.sampled_from([*JobStatus, UnknownWord("ODD")]),
        "queue": st.sampled_from(["general", "asleep", "nowhere"]),
        "lab": st.sampled_from(["", "lee", "wu"]),
        "slots": st.integers(1, 64),
        "pend_s": st.sampled_from([0.0, 0.1, 60.0, 3600.0]),
        "run_s": st.floats(0, 1e6),
        "run_limit_s": st.none() | st.floats(0.1, 1e6),
        "reason": st.sampled_from(["", "Job slot limit reached", "user limit", "held", "dependency"]),
        "pend_state": st.sampled_from(["", "EPEND", "IPEND"]),
        "dependency": st.sampled_from(["", "done(1)", "done(99999)"]),
        "specified_start": st.sampled_from(["", "Nov 30 08:00"]),
    }
)


@given(rows=st.lists(FIELDS, max_size=25), data=st.data())
def test_every_pending_job_is_counted_once_and_their_order_does_not_matter(
    make: Any, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    jobs = [make.job(str(number), **row) for number, row in enumerate(rows)]
    queues = [make.queue(), make.queue("asleep", is_active=False)]
    pressure = measure(jobs, queues, [make.host()])

    waiting = [j for j in jobs if j.status in {JobStatus.PEND, JobStatus.PSUSP} or isinstance(j.status, UnknownWord)]
    assert pressure.jobs + sum(row.jobs for row in pressure.left_out) == len(waiting)
    assert pressure.slots + sum(row.slots for row in pressure.left_out) == sum(job.slots for job in waiting)
    again = data.draw(st.permutations(jobs))
    assert measure(again, queues, [make.host()]) == pressure


@given(st.text())
def test_a_pend_reason_is_read_whatever_it_says(reason: str) -> None:
    assert why_by_reason(reason) in {"", "dependency", "start time", "held (PSUSP)", "limit", "queue inactive"}


def test_a_job_no_pool_could_ever_hold_is_no_pressure(make: Any) -> None:
    jobs = [make.job("1", slots=64), make.job("2", slots=65)]
    pressure = measure(jobs, [make.queue()], [], widest=64)
    assert (pressure.jobs, pressure.slots) == (1, 64)
    assert left_out(pressure) == {"wider than any pool may grow": (1, 65)}
