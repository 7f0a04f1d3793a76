"""What everything that acts on hosts promises, over commands of the virtual LSF and over the fake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from onprem.lsf.act import LsfHosts
from onprem.lsf.fake import FakeHosts, FakeScheduler
from onprem.lsf.read import LsfScheduler
from onprem.shell import Command, Completed
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Host, JobStatus
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, JobRequest, QueueSpec

if TYPE_CHECKING:
    from ris_hybrid.ports import Hosts, Scheduler

START = 1_790_800_320.0
HOSTS = ("n-1", "n-2", "n-3")
BAD_NAME = "Bad host name, host group name or cluster name\n"


class World(Protocol):
    """Three open hosts of four slots, a job with two slots on the first, and LSF up or down."""

    hosts: Hosts
    scheduler: Scheduler

    def take_down(self) -> None: ...


@dataclass
class VirtualShell:
    """LSF's commands on a cluster in memory; ``old`` speaks as Volclava does: no -C, all hosts known or none done."""

    cluster: Cluster
    old: bool = False
    down: bool = False

    def run(self, command: Command) -> Completed:
        if self.down:
            raise SiteUnavailable(f"{command.argv[0]} did not answer in {command.timeout_s:g} s")
        if self.old and command.argv[0] == "badmin":
            if "-C" in command.argv:
                return Completed(rc=255, stderr="hclose: illegal option -- C\nUsage: hclose [-f] [host_name ...]\n")
            if any(self.cluster.host(name) is None for name in command.argv[2:]):
                return Completed(rc=255, stderr=BAD_NAME)
        reply = run_command(self.cluster, command.argv, {"USER": "lsfadmin"})
        return Completed(rc=reply.rc, stdout=reply.stdout, stderr=reply.stderr)


class Lsf:
    def __init__(self, *, old: bool) -> None:
        spec = ClusterSpec(
            name="c1", hosts=(HostSpec(prefix="n", count=3, slots=4),), queues=(QueueSpec(name="general"),)
        )
        cluster = Cluster(spec, START)
        cluster.submit(JobRequest(run_s=3600.0, slots=2))
        self.shell = VirtualShell(cluster, old=old)
        self.hosts: Hosts = LsfHosts(self.shell)
        self.scheduler: Scheduler = LsfScheduler(self.shell)

    def take_down(self) -> None:
        self.shell.down = True


class Fake:
    def __init__(self, make_job: object) -> None:
        rows = [Host(name=name, status="ok", max_slots=4, jobs=0, running=0) for name in HOSTS]
        self._scheduler = FakeScheduler((make_job,), rows)  # type: ignore[arg-type]  # a Job of conftest's maker
        self.scheduler: Scheduler = self._scheduler
        self.hosts: Hosts = FakeHosts(self._scheduler)

    def take_down(self) -> None:
        self._scheduler.down = True


@pytest.fixture(params=["lsf", "volclava", "fake"])
def world(request: pytest.FixtureRequest, make: object) -> World:
    if request.param == "fake":
        return Fake(make.job(status=JobStatus.RUN, slots=2, exec_host="n-1"))  # type: ignore[attr-defined]
    return Lsf(old=request.param == "volclava")


def statuses(world: World) -> dict[str, str]:
    return {host.name: host.status for host in world.scheduler.hosts()}


def test_a_closed_host_takes_no_jobs_and_keeps_those_it_has(world: World) -> None:
    world.hosts.close(["n-1", "n-3"], "idle for 10 min")
    assert statuses(world) == {"n-1": "closed_Adm", "n-2": "ok", "n-3": "closed_Adm"}
    assert [job.status for job in world.scheduler.jobs()] == [JobStatus.RUN]


def test_opened_hosts_take_jobs_again(world: World) -> None:
    world.hosts.close(HOSTS, "")
    world.hosts.reopen(["n-2"])
    assert statuses(world) == {"n-1": "closed_Adm", "n-2": "ok", "n-3": "closed_Adm"}


def test_doing_it_again_is_harmless(world: World) -> None:
    for _ in range(2):
        world.hosts.close(["n-1"], "idle")
    assert statuses(world)["n-1"] == "closed_Adm"
    for _ in range(2):
        world.hosts.reopen(["n-1"])
    assert statuses(world)["n-1"] == "ok"


def test_a_host_nobody_knows_does_not_keep_the_others_back(world: World) -> None:
    world.hosts.close(["n-1", "gone", "n-2"], "idle")
    assert statuses(world) == {"n-1": "closed_Adm", "n-2": "closed_Adm", "n-3": "ok"}
    world.hosts.reopen(["gone", "n-1", "n-2"])
    assert set(statuses(world).values()) == {"ok"}
    world.hosts.close(["gone"], "idle")


def test_no_name_means_no_host(world: World) -> None:
    """badmin takes no name for the host it runs on."""
    world.hosts.close([], "idle")
    world.hosts.reopen([])
    world.hosts.requeue([])
    assert set(statuses(world).values()) == {"ok"}


def test_a_requeued_job_is_pending_until_a_host_takes_it(world: World) -> None:
    world.hosts.close(HOSTS, "spot notice")
    (job,) = world.scheduler.jobs()
    world.hosts.requeue([job.job_id, "9999"])
    (again,) = world.scheduler.jobs()
    assert (again.job_id, again.status, again.exec_host) == (job.job_id, JobStatus.PEND, "")
    world.hosts.requeue([job.job_id])


def test_an_lsf_that_is_down_is_an_error_and_never_done(world: World) -> None:
    world.take_down()
    for act in (
        lambda: world.hosts.close(["n-1"], "idle"),
        lambda: world.hosts.reopen(["n-1"]),
        lambda: world.hosts.requeue(["1"]),
    ):
        with pytest.raises(SiteUnavailable):
            act()
