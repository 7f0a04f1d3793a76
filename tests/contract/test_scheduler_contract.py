"""What every scheduler promises, over recorded LSF answers and over the fake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from onprem.lsf.fake import FakeScheduler
from onprem.lsf.read import HOST_FIELDS, JOB_FIELDS, QUEUE_FIELDS, LsfScheduler
from onprem.shell import Completed, ReplayShell
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Host, Job, JobStatus, Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.ports import Scheduler

RECORDED = Path(__file__).parents[1] / "golden" / "lsf"
BJOBS = ("bjobs", "-u", "all", "-o", " ".join(JOB_FIELDS), "-json")
BHOSTS = ("bhosts", "-o", " ".join(HOST_FIELDS), "-json")
BQUEUES = ("bqueues", "-o", " ".join(QUEUE_FIELDS), "-json")
PENDING = "There are no suitable hosts for the job;"


class World(NamedTuple):
    """One implementation with the recorded cluster, with the same cluster but no job, and out of reach."""

    busy: Callable[[], Scheduler]
    without_jobs: Callable[[], Scheduler]
    down: Callable[[], Scheduler]


def job(number: int, status: JobStatus, slots: int = 1) -> Job:
    return Job(
        job_id=str(number),
        status=status,
        queue="receiver",
        user="",
        lab="",
        project="",
        slots=slots,
        pend_s=0.0,
        run_s=0.0,
        run_limit_s=None,
        reason=PENDING if status is JobStatus.PEND else "",
        pend_state="",
        dependency="",
        specified_start="",
        exec_host="",
    )


JOBS = (
    *(job(number, JobStatus.RUN) for number in (219, 220, 221, 222)),
    *(job(number, JobStatus.PEND, slots) for number, slots in ((224, 1), (225, 1), (226, 2))),
)
HOSTS = (Host(name="ip-10-30-9-105", status="closed_Full", max_slots=4, jobs=4, running=4),)
QUEUES = (
    Queue(name="eda", is_open=True, is_active=True, max_slots=None, pending_slots=0, running_slots=20),
    Queue(name="normal", is_open=False, is_active=False, max_slots=64, pending_slots=12, running_slots=0),
)


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


def replayed(bjobs: Completed) -> Scheduler:
    answers = {
        BJOBS: bjobs,
        BHOSTS: Completed(rc=0, stdout=recorded("bhosts-json/1")),
        BQUEUES: Completed(rc=0, stdout=recorded("bqueues-json/full")),
    }
    return LsfScheduler(ReplayShell(answers=answers))


def unreachable() -> Scheduler:
    lost = Completed(rc=255, stderr=recorded("errors/3"))
    return LsfScheduler(ReplayShell(answers=dict.fromkeys((BJOBS, BHOSTS, BQUEUES), lost)))


WORLDS = {
    "lsf": World(
        busy=lambda: replayed(Completed(rc=0, stdout=recorded("bjobs-json/1"))),
        without_jobs=lambda: replayed(Completed(rc=255, stderr=recorded("errors/6"))),
        down=unreachable,
    ),
    "fake": World(
        busy=lambda: FakeScheduler(JOBS, HOSTS, QUEUES),
        without_jobs=lambda: FakeScheduler((), HOSTS, QUEUES),
        down=lambda: FakeScheduler(JOBS, HOSTS, QUEUES, down=True),
    ),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def test_every_unfinished_job_pending_and_running(world: World) -> None:
    assert world.busy().jobs() == JOBS


def test_every_host_and_every_queue(world: World) -> None:
    assert world.busy().hosts() == HOSTS
    assert world.busy().queues() == QUEUES


def test_asking_again_gives_the_same(world: World) -> None:
    scheduler = world.busy()
    assert scheduler.jobs() == scheduler.jobs()
    assert scheduler.hosts() == scheduler.hosts()
    assert scheduler.queues() == scheduler.queues()


def test_no_job_leaves_hosts_and_queues(world: World) -> None:
    scheduler = world.without_jobs()
    assert scheduler.jobs() == ()
    assert (scheduler.hosts(), scheduler.queues()) == (HOSTS, QUEUES)


@pytest.mark.parametrize("question", ["jobs", "hosts", "queues"])
def test_out_of_reach_is_an_error_with_a_hint_never_empty(world: World, question: str) -> None:
    with pytest.raises(SiteUnavailable) as caught:
        getattr(world.down(), question)()
    assert caught.value.message
    assert caught.value.hint
