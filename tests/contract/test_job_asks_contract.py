"""What every teller of jobs' needs promises: over the virtual LSF, over recorded forms, and over the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from onprem.lsf.asks import LsfJobAsks
from onprem.lsf.asks_fake import FakeJobAsks
from onprem.shell import Command, Completed
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.job_ask import JobAsk
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.data.ports import JobAsks

START = 1_790_800_320.0
IMAGE = 'docker("quay.io/lee/tool:1")'
PATH = "/storage1/fs1/lee/Active/Cryo-EM"


class ClusterShell:
    """bjobs of a virtual LSF in this process; ``without`` are fields it does not know."""

    def __init__(self, cluster: Cluster, without: frozenset[str] = frozenset()) -> None:
        self.cluster, self.without = cluster, without
        self.asked: list[tuple[str, ...]] = []

    def run(self, command: Command) -> Completed:
        self.asked.append(command.argv)
        unknown = [word for word in " ".join(command.argv).split() if word in self.without]
        if unknown:
            return Completed(rc=99, stderr=f"<{unknown[0]}> in the format string is not a valid field name.\n")
        reply = run_command(self.cluster, command.argv, {"USER": "root"})
        return Completed(rc=reply.rc, stdout=reply.stdout, stderr=reply.stderr)


class DownShell:
    def run(self, command: Command) -> Completed:
        return Completed(rc=255, stderr=f"LSF is down. Please wait ... ({command.argv[0]})\n")


def virtual() -> Cluster:
    """One slot: the first job runs, the others wait; the last names nothing."""
    cluster = Cluster(
        ClusterSpec(
            name="c1",
            hosts=(HostSpec(prefix="n", count=1, slots=1),),
            queues=(QueueSpec(name="general"),),
            default_queue="general",
        ),
        START,
    )

    def submit(*options: str, **env: str) -> None:
        reply = run_command(cluster, ("bsub", *options), {"USER": "kim", "RIS_SANDBOX_CWD": PATH, **env})
        assert reply.rc == 0, reply.stderr

    submit("-G", "compute-lee", "-a", "docker(ubuntu)", "sleep", "500")
    cluster.advance(START + 60)
    submit(
        "-G", "compute-lee-t2", "-a", IMAGE, "-Jd", f"data={PATH}", "run.sh", LSF_DOCKER_VOLUMES=f"{PATH}:{PATH} /a:/b"
    )
    submit("sleep", "5")
    return cluster


def ask(job_id: str, lab: str, command: str, **fields: str | None) -> JobAsk:
    plain: dict[str, str | None] = {"cwd": PATH, "esub": "", "description": ""}
    return JobAsk(job_id=job_id, user="kim", lab=lab, queue="general", command=command, **{**plain, **fields})


RUNS = ask("1", "lee", "sleep 500", esub="docker(ubuntu)")
WAITS = (ask("2", "lee", "run.sh", esub=IMAGE, description=f"data={PATH}"), ask("3", "", "sleep 5"))


class World(NamedTuple):
    busy: Callable[[], JobAsks]
    idle: Callable[[], JobAsks]
    down: Callable[[], JobAsks]


WORLDS = {
    "lsf": World(
        busy=lambda: LsfJobAsks(ClusterShell(virtual())),
        idle=lambda: LsfJobAsks(ClusterShell(Cluster(virtual().spec, START))),
        down=lambda: LsfJobAsks(DownShell()),
    ),
    "fake": World(
        busy=lambda: FakeJobAsks(WAITS, others=(RUNS,)),
        idle=FakeJobAsks,
        down=lambda: FakeJobAsks(WAITS, down=True),
    ),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def test_every_pending_job_and_no_other(world: World) -> None:
    assert world.busy().asks() == WAITS


def test_jobs_by_their_ids_whatever_their_state_each_once(world: World) -> None:
    assert world.busy().asks(("1", "3", "1")) == (RUNS, WAITS[1])


def test_a_job_that_is_gone_is_left_out(world: World) -> None:
    assert world.busy().asks(("99", "1")) == (RUNS,)
    assert world.busy().asks(("99",)) == ()


def test_no_job_is_nothing(world: World) -> None:
    assert world.idle().asks() == ()


def test_out_of_reach_is_an_error_never_nothing(world: World) -> None:
    with pytest.raises(SiteUnavailable) as caught:
        world.down().asks()
    assert caught.value.hint


def test_a_field_this_bjobs_does_not_know_is_unknown_and_the_others_are_told() -> None:
    shell = ClusterShell(virtual(), frozenset({"esub", "job_description"}))
    found = LsfJobAsks(shell).asks()
    assert [(one.esub, one.description, one.cwd) for one in found] == [(None, None, PATH)] * 2
    assert len(shell.asked) == 3


def test_the_environment_is_asked_for_ids_alone() -> None:
    shell = ClusterShell(virtual())
    asks = LsfJobAsks(shell, environments=True)
    assert [one.volumes for one in asks.asks(("2", "3"))] == [f"{PATH}:{PATH} /a:/b", None]
    assert [one.volumes for one in asks.asks()] == [None, None]
    assert [argv for argv in shell.asked if "-env" in argv] == [("bjobs", "-env", "2"), ("bjobs", "-env", "3")]


def test_elements_of_an_array_have_ids_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    records = [f'{{"JOBID":"7","JOBINDEX":"{index}","ESUB":"docker(a)","QUEUE":"q"}}' for index in (1, 2)]
    answer = '{"COMMAND":"bjobs","JOBS":3,"RECORDS":[' + ",".join([*records, '{"JOBID":""}']) + "]}"
    assert [one.job_id for one in LsfJobAsks(Answers(answer)).asks()] == ["7[1]", "7[2]"]
    assert "1 of 3 job(s) could not be read: a record without JOBID" in caplog.text


def test_too_much_that_cannot_be_read_is_no_answer() -> None:
    broken = '{"COMMAND":"bjobs","JOBS":4,"RECORDS":[{"JOBID":"7"},{"JOBID":["8"]},{"ERROR":"odd"}]}'
    with pytest.raises(SiteUnavailable, match="3 of 4"):
        LsfJobAsks(Answers(broken)).asks()


class Answers:
    def __init__(self, stdout: str) -> None:
        self.stdout = stdout

    def run(self, command: Command) -> Completed:
        assert command.argv[0] == "bjobs"
        return Completed(rc=0, stdout=self.stdout)


def test_of_many_jobs_those_that_wait_are_asked_for_in_one_call() -> None:
    shell = ClusterShell(virtual())
    many = [str(number) for number in range(1, 1003)]
    assert LsfJobAsks(shell).asks(many) == (RUNS, *WAITS)
    assert [len(argv) > 10 for argv in shell.asked] == [False, True]
    assert "-p" in shell.asked[0]
    assert {"2", "3"}.isdisjoint(shell.asked[1][7:])
