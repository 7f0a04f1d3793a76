"""What steering needs of the virtual LSF: exclusive resources, bswitch, bmod, and the long form of bjobs."""

from __future__ import annotations

import pytest

from onprem.lsf.long_form import parse_long
from ris_hybrid.errors import ConfigError
from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import Reply, run_command
from ris_hybrid.sandbox.lsf.resreq import Resources, Wish, met, wish_of
from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, HostSpec, QueueSpec

START = 1_790_800_320.0
CLOUD = Resources(frozenset({"awshost"}))
FLAGGED = Resources(frozenset({"awshost", "risburst"}), frozenset({"risburst"}))


@pytest.fixture
def site() -> Cluster:
    """Four slots that ``general`` and its burst queue share; only the latter, and ``flagged``, may borrow."""
    queues = (
        QueueSpec(name="general"),
        QueueSpec(name="general-burst", rc_hosts="awshost"),
        QueueSpec(name="condo"),
        QueueSpec(name="flagged", rc_hosts="awshost", res_req="select[risburst]"),
    )
    hosts = (HostSpec(prefix="n", count=1, slots=4), HostSpec(prefix="k", count=1, slots=1, queues=("condo",)))
    return Cluster(ClusterSpec(name="c", hosts=hosts, queues=queues, default_queue="general"), START)


def lsf(cluster: Cluster, *argv: str) -> Reply:
    return run_command(cluster, argv, {"USER": "kim"})


def node(name: str, resources: Resources, slots: int = 4) -> BorrowedHost:
    return BorrowedHost(
        name=name, slots=slots, account="default", provider="p", template="t", machine_id="i", resources=resources
    )


def where(cluster: Cluster, job_id: str) -> list[str]:
    return [name for name, _ in cluster.jobs((job_id,))[0].hosts]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("a", True),
        ("b", False),
        ("!b", True),
        ("a && b || a", True),
        ("a && (b || !a)", False),
        ("mem>1000 && ncpus == 4 && a", True),
        ("defined(x) && !(b)", True),
        ("type==any", True),
    ],
)
def test_a_selection_is_met_by_the_booleans_of_a_host(selection: str, *, expected: bool) -> None:
    assert met(selection, frozenset({"a"})) is expected


@pytest.mark.parametrize("selection", ["a &&", "(a", "a b", "&& a", "a)", "a & b", "!", "3"])
def test_what_is_no_selection_is_refused(selection: str) -> None:
    with pytest.raises(ConfigError, match="Bad resource requirement syntax"):
        wish_of(f"select[{selection}]")


def test_the_requirements_of_job_and_queue_hold_together() -> None:
    both = wish_of("select[a || b] rusage[mem=3] select[c]", "d")
    assert both.text == "(a || b) && (c) && (d)"
    assert both.named == {"a", "b", "c", "d"}
    assert wish_of("span[hosts=1]") == Wish("")
    assert wish_of("select[!a && (b)]").named == {"b"}


def test_a_host_with_an_exclusive_flag_takes_only_jobs_that_name_it(site: Cluster) -> None:
    lsf(site, "bsub", "-n", "4", "sleep", "1000")
    plain = ("bsub", "-q", "general-burst", "-n", "2")
    for more in ((), ("-R", "select[risburst]"), ("-R", "select[!risburst]"), ("-R", "select[awshost]")):
        lsf(site, *plain, *more, "sleep", "1000")
    lsf(site, "bsub", "-q", "flagged", "-n", "2", "sleep", "1000")
    site.borrow(node("z1", FLAGGED))
    assert [where(site, job_id) for job_id in "23456"] == [[], ["z1"], [], [], ["z1"]]
    site.borrow(node("z2", CLOUD))
    assert [where(site, job_id) for job_id in "23456"] == [["z2"], ["z1"], ["z2"], [], ["z1"]]


def test_a_job_that_names_the_flag_waits_for_a_node_that_has_it(site: Cluster) -> None:
    lsf(site, "bsub", "-q", "general-burst", "-R", "select[(risburst)]", "sleep", "9")
    site.advance(START + 1)
    assert lsf(site, "bjobs", "-noheader", "-o", "pend_reason").stdout == "There are no suitable hosts for the job;\n"
    assert [job.selection for job in site.pending()] == ["(risburst)"]
    assert lsf(site, "bmod", "-Rn", "1").stdout == "Parameters of job <1> are being changed\n"
    assert where(site, "1") == ["n-1"]


def test_bmod_keeps_the_place_in_the_queue(site: Cluster) -> None:
    for _ in range(3):
        lsf(site, "bsub", "-n", "4", "sleep", "100")
    lsf(site, "bmod", "-R", "span[hosts=1]", "2")
    site.advance(START + 100)
    assert [job.job_id for job in site.jobs() if job.status is JobStatus.RUN] == ["2"]
    assert lsf(site, "bmod", "-R", "select[", "3").stderr == "Bad resource requirement syntax. Job not modified.\n"
    assert lsf(site, "bmod", "-R", "select[a]", "2").stderr == "Job <2>: Job has already started\n"
    assert lsf(site, "bmod", "-R", "select[a]", "1").stderr == "Job <1>: Job has already finished\n"


def test_bswitch_moves_what_is_unfinished_and_says_what_is_not(site: Cluster) -> None:
    for _ in range(3):
        lsf(site, "bsub", "-n", "4", "sleep", "100")
    site.advance(START + 100)  # 1 has ended, 2 runs, 3 pends
    reply = lsf(site, "bswitch", "general-burst", "1", "2", "3", "9")
    assert reply.rc == 255
    assert reply.stdout == "".join(f"Job <{job_id}> is switched to queue <general-burst>\n" for job_id in "23")
    assert reply.stderr == "Job <1>: Job has already finished\nJob <9>: No matching job found\n"
    assert [job.queue for job in site.jobs()] == ["general-burst"] * 2
    assert lsf(site, "bswitch", "general-burst", "3").rc == 0  # it is there already


def test_a_running_job_stays_where_the_other_queue_may_not_use_its_host(site: Cluster) -> None:
    lsf(site, "bsub", "-n", "4", "sleep", "100")
    lsf(site, "bsub", "-q", "general-burst", "-n", "4", "sleep", "100")
    site.borrow(node("z1", CLOUD))
    refused = "Host or host group is not used by the queue\n"
    assert lsf(site, "bswitch", "condo", "1").stderr == f"condo: {refused}"
    assert lsf(site, "bswitch", "general", "2").stderr == f"general: {refused}"
    assert [job.queue for job in site.jobs()] == ["general", "general-burst"]


def test_a_closed_queue_takes_no_job() -> None:
    queues = (QueueSpec(name="a"), QueueSpec(name="b", is_open=False))
    cluster = Cluster(ClusterSpec(name="c", hosts=(HostSpec(prefix="n", count=1, slots=1),), queues=queues), START)
    lsf(cluster, "bsub", "-H", "sleep", "9")
    assert lsf(cluster, "bswitch", "b", "1") == (255, "", "b: Queue has been closed\n")


@pytest.mark.parametrize("form", ["-UF", "-l"])
def test_the_long_form_says_what_the_job_itself_asked_for(site: Cluster, form: str) -> None:
    ask = ["-n", "3", "-J", "night", "-G", "compute-abc", "-app", "md", "-W", "2:00", "-r", "-w", "ended(1)"]
    lsf(site, "bsub", "-n", "4", "sleep", "100")
    lsf(site, "bsub", "-q", "flagged", *ask, "-R", "select[mem>1] rusage[mem=512]", "-R", "span[hosts=1]", "./x")
    site.advance(START + 60)
    text = lsf(site, "bjobs", "-u", "all", form).stdout
    jobs = parse_long(text)
    assert list(jobs) == ["1", "2"]
    assert (jobs["2"].slots, jobs["2"].run_limit_s, jobs["2"].lab) == (3, 7200, "abc")
    assert (jobs["2"].dependency, jobs["2"].reason) == ("ended(1)", "Job dependency condition not satisfied;")
    if form == "-l":
        assert all(len(line) <= 80 or "Combined" in line for line in text.splitlines())
        return
    header, submitted = _second(text)
    assert header.startswith("Job <2>, Job Name <night>, User <kim>, User Group <compute-abc>, Project <default>, ")
    assert "Application <md>, Status <PEND>, Queue <flagged>, Command <./x>" in header
    assert "3 Task(s), Re-runnable, Dependency Condition <ended(1)>, " in submitted
    assert submitted.endswith("Requested Resources <select[mem>1] rusage[mem=512] span[hosts=1]>;")
    combined = "select[((mem>1) && (risburst)) && (type == any)] order[r15s:pg] rusage[mem=512.00] span[hosts=1]"
    assert f" Combined: {combined}\n Effective: -\n" in text


def _second(text: str) -> list[str]:
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Job <2>"))
    return lines[at : at + 2]


def test_the_long_form_of_what_ran(site: Cluster) -> None:
    lsf(site, "bsub", "-n", "2", "sleep", "5")
    lsf(site, "bsub", "-W", "1", "sleep", "500")
    site.advance(START + 60)
    first, second = lsf(site, "bjobs", "-UF", "1", "2").stdout.split("\n\nJob ")
    assert "Started 2 Task(s) on Host(s) <2*n-1>;" in first
    assert "Done successfully." in first
    assert "Started on <n-1>;" in second
    assert "Exited with exit code 140." in second
