"""Condos: a job is planned on the hosts that serve its queue, and on no others."""

from __future__ import annotations

from typing import Any

import pytest

from burst.planner.candidates import Sight
from burst.planner.live import plan
from burst.planner.partitions import parts_of
from burst.pressure import measure
from ris_hybrid.model import JobStatus
from ris_hybrid.planner_settings import Planner, Steering

HOSTS = {"condo": "condo-*", "twin": "condo-*", "": ""}


def sight(make: Any, *jobs: Any, hosts: Any, machines: Any = ()) -> Sight:
    queues = [make.queue("general"), make.queue("condo"), make.queue("general-burst"), make.queue("condo-burst")]
    return Sight(
        jobs=jobs, queues=queues, hosts=hosts, fleet=make.fleet(*machines), pressure=measure(jobs, queues, hosts)
    )


def settings(make: Any, **fields: Any) -> Any:
    steering = Steering(queues={"general": "general-burst", "condo": "condo-burst"})
    return make.settings(mode="planned", planner=Planner(steering=steering, **fields))


def running(make: Any, job_id: str, queue: str, host: str) -> Any:
    return make.job(job_id, status=JobStatus.RUN, queue=queue, slots=16, exec_host=f"16*{host}", run_limit_s=36_000.0)


@pytest.fixture
def busy(make: Any) -> Any:
    """The general hosts are full for ten hours, the condo's are empty."""
    hosts = [make.host("exec-1"), make.host("condo-1.site.edu"), make.host("condo-2")]
    jobs = running(make, "1", "general", "exec-1"), make.job("2", slots=4), make.job("3", slots=4, queue="condo")
    return jobs, hosts


def test_the_hosts_of_a_condo_do_not_help_the_general_queue(make: Any, busy: Any) -> None:
    jobs, hosts = busy
    one = plan(sight(make, *jobs, hosts=hosts), settings(make))
    assert [(job.job.job_id, job.wait_s, job.chosen) for job in one.jobs] == [("2", 0, False), ("3", 0, False)]
    parted = plan(sight(make, *jobs, hosts=hosts), settings(make, hosts={"condo": "condo-*"}))
    assert [(job.job.job_id, job.wait_s, job.chosen) for job in parted.jobs] == [("2", 36_000, True), ("3", 0, False)]
    assert parted.capacity == one.capacity == 48


def test_what_runs_elsewhere_takes_no_slot_of_a_part(make: Any, busy: Any) -> None:
    jobs, hosts = busy
    both = make.job("4", status=JobStatus.RUN, slots=32, exec_host="16*condo-1:16*exec-1", run_limit_s=7200.0)
    told = plan(
        sight(make, jobs[1], make.job("3", slots=32, queue="condo"), both, hosts=hosts),
        settings(make, hosts={"condo": "condo-*"}),
    )
    assert [job.wait_s for job in told.jobs] == [7200, 7200]


def test_a_pattern_that_matches_no_host_sends_nobody(make: Any, busy: Any) -> None:
    jobs, hosts = busy
    told = plan(sight(make, *jobs, hosts=hosts), settings(make, hosts={"condo": "cond0-*"}))
    (kept,) = (job for job in told.jobs if job.job.queue == "condo")
    assert not kept.chosen
    assert "no host of the site is known to serve condo (planner.hosts)" in kept.why


def test_queues_with_the_same_patterns_are_one_part(make: Any) -> None:
    hosts = [make.host("condo-1"), make.host("x-1"), make.host("ip-10-0-0-1", max_slots=8)]
    parts = parts_of(hosts, [make.machine()], HOSTS)
    assert parts.of("condo") is parts.of("twin")
    assert (parts.of("condo").capacity, parts.of("general").capacity, parts.whole.capacity) == (16, 16, 32)
    assert parts.of("condo").away == {"ip-10-0-0-1", "x-1"}


def test_room_on_a_node_is_given_once(make: Any) -> None:
    """Two condos of one lab, both full; a node with eight free slots takes one of the two jobs at no boot."""
    hosts = [make.host("a-1"), make.host("b-1"), make.row("ip-10-0-0-1")]
    jobs = [running(make, "1", "general", "a-1"), running(make, "2", "condo", "b-1")]
    jobs += [make.job("3", slots=8), make.job("4", slots=8, queue="condo")]
    told = plan(
        sight(make, *jobs, hosts=hosts, machines=[make.machine()]),
        settings(make, hosts={"general": "a-*", "condo": "b-*"}),
    )
    assert [(job.job.job_id, job.boot_s) for job in told.jobs] == [("3", 0), ("4", make.pool().boot_s)]
    assert {place: want.nodes for place, want in told.wants.items()} == {("cpu", "lee"): 1}
