"""What everything that moves jobs promises, and everything that tells what they ask for: commands of the virtual LSF
and the fakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from onprem.lsf.fake import FakeScheduler
from onprem.lsf.read import LsfScheduler
from onprem.lsf.steer import LsfSteers
from onprem.lsf.traits import LsfTraits
from onprem.lsf.traits_fake import FakeSteers, FakeTraits
from onprem.shell import Command, Completed
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec
from tests.conftest import Make

if TYPE_CHECKING:
    from ris_hybrid.ports import Scheduler, Steers, Traits

START = 1_790_800_320.0
OWN = "select[mem>9] rusage[mem=4GB] span[hosts=1]"


class World(Protocol):
    """Queues general, burst and shut, two slots; job 1 runs, 2 to 4 wait in general, and 2 asks for ``OWN``."""

    steers: Steers
    traits: Traits
    scheduler: Scheduler

    def take_down(self) -> None: ...


@dataclass
class VirtualShell:
    """LSF's commands on a cluster in memory; ``old`` knows no ``-UF``."""

    cluster: Cluster
    old: bool = False
    down: bool = False

    def run(self, command: Command) -> Completed:
        if self.down:
            return Completed(rc=255, stderr="LSF is down. Please wait ...\n")
        if self.old and "-UF" in command.argv:
            return Completed(rc=255, stderr="bjobs: illegal option -- U\nUsage: bjobs [-l] [jobId ...]\n")
        reply = run_command(self.cluster, command.argv, {"USER": "lsfadmin"})
        return Completed(rc=reply.rc, stdout=reply.stdout, stderr=reply.stderr)


class Lsf:
    def __init__(self, *, old: bool) -> None:
        spec = ClusterSpec(
            name="c1",
            hosts=(HostSpec(prefix="n", count=1, slots=2),),
            queues=(QueueSpec(name="general"), QueueSpec(name="burst"), QueueSpec(name="shut", is_open=False)),
            default_queue="general",
        )
        self.shell = VirtualShell(Cluster(spec, START), old=old)
        for options in (("-n", "2"), ("-r", "-app", "blast", "-J", "nm", "-R", OWN), (), ()):
            reply = run_command(self.shell.cluster, ("bsub", *options, "sleep", "500"), {"USER": "kim"})
            assert not reply.rc, reply.stderr
            self.shell.cluster.advance(self.shell.cluster.now + 30)
        self.steers: Steers = LsfSteers(self.shell)
        self.traits: Traits = LsfTraits(self.shell)
        self.scheduler: Scheduler = LsfScheduler(self.shell)

    def take_down(self) -> None:
        self.shell.down = True


class Fake:
    def __init__(self) -> None:
        jobs = (Make.job("1", status=JobStatus.RUN), *(Make.job(str(number)) for number in (2, 3, 4)))
        self._scheduler = FakeScheduler(
            jobs, queues=(Make.queue(), Make.queue("burst"), Make.queue("shut", is_open=False))
        )
        self.scheduler: Scheduler = self._scheduler
        asked = JobTraits(
            resreq=OWN, name="nm", application="blast", one_host=True, memory_mib=4096, gpus=0, rerunnable=True
        )
        traits = FakeTraits(self._scheduler, {"2": asked})
        self.traits: Traits = traits
        self.steers: Steers = FakeSteers(self._scheduler, traits)

    def take_down(self) -> None:
        self._scheduler.down = True


@pytest.fixture(params=["lsf", "old lsf", "fake"])
def world(request: pytest.FixtureRequest) -> World:
    return Fake() if request.param == "fake" else Lsf(old=request.param == "old lsf")


def queues(world: World) -> dict[str, str]:
    return {job.job_id: job.queue for job in world.scheduler.jobs()}


def test_jobs_go_to_the_queue_and_back(world: World) -> None:
    assert world.steers.switch(["2", "4"], "burst") == {"2": "", "4": ""}
    assert queues(world) == {"1": "general", "2": "burst", "3": "general", "4": "burst"}
    assert world.steers.switch(["4"], "general") == {"4": ""}
    assert queues(world)["4"] == "general"


def test_moving_a_job_that_is_there_is_harmless(world: World) -> None:
    for _ in range(2):
        assert world.steers.switch(["2"], "burst") == {"2": ""}
    assert queues(world)["2"] == "burst"


def test_a_job_that_is_over_does_not_keep_the_others_back(world: World) -> None:
    assert world.steers.switch(["2", "99", "3"], "burst") == {"2": "", "3": ""}
    assert queues(world)["3"] == "burst"


def test_a_queue_that_is_not_there_takes_none_and_says_so(world: World) -> None:
    said = world.steers.switch(["2", "3"], "nope")
    assert list(said) == ["2", "3"]
    assert all("No such queue" in why for why in said.values())
    assert set(queues(world).values()) == {"general"}


def test_a_queue_that_is_closed_takes_none_and_says_so(world: World) -> None:
    said = world.steers.switch(["2", "3"], "shut")
    assert list(said) == ["2", "3"]
    assert all("Queue has been closed" in why for why in said.values())
    assert set(queues(world).values()) == {"general"}


def test_no_job_is_nothing(world: World) -> None:
    assert world.steers.switch([], "burst") == {}
    assert world.traits.traits([]) == {}
    assert set(queues(world).values()) == {"general"}


def test_a_requirement_is_replaced_as_a_whole_and_taken_off(world: World) -> None:
    flagged = "select[(risburst) && (mem>9)] order[ut]"
    assert world.steers.require("2", flagged) == ""
    assert world.traits.traits(["2"])["2"].resreq in {flagged, None}
    assert world.steers.require("2", "") == ""
    assert world.traits.traits(["2"])["2"].resreq in {"", None}


def test_a_job_that_started_or_ended_keeps_its_requirement(world: World) -> None:
    for job_id in ("1", "99"):
        assert "it has started or is over" in world.steers.require(job_id, "select[x]")


def test_what_jobs_ask_for(world: World) -> None:
    found = world.traits.traits(["2", "99", "3", "2"])
    assert set(found) == {"2", "3"}
    two = found["2"]
    assert two.resreq in {OWN, None}  # None where there is no -UF: -l does not tell it to the letter
    assert (two.name, two.application, two.one_host, two.memory_mib) == ("nm", "blast", True, 4096)
    assert (two.gpus, two.rerunnable) == (0, True)
    three = found["3"]
    assert three.resreq in {"", None}
    assert (three.one_host, three.memory_mib, three.rerunnable) == (False, 0, None)


def test_a_requirement_is_told_to_the_letter_where_lines_are_not_broken() -> None:
    assert {type(world): world.traits.traits(["2"])["2"].resreq for world in (Lsf(old=False), Fake())} == {
        Lsf: OWN,
        Fake: OWN,
    }
    assert Lsf(old=True).traits.traits(["2"])["2"].resreq is None


def test_jobs_that_are_all_gone_ask_for_nothing(world: World) -> None:
    assert world.traits.traits(["99"]) == {}


def test_an_lsf_that_is_down_is_an_error_and_never_an_answer(world: World) -> None:
    world.take_down()
    for act in (
        lambda: world.steers.switch(["2"], "burst"),
        lambda: world.steers.require("2", "select[x]"),
        lambda: world.traits.traits(["2"]),
    ):
        with pytest.raises(SiteUnavailable) as caught:
            act()
        assert caught.value.hint
