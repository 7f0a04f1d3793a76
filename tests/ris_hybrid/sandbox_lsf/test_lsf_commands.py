from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.sandbox.lsf.bjobs_fields import FIELDS, GETTERS, combined_resreq
from ris_hybrid.sandbox.lsf.commands import COMMANDS, Reply, run_command
from ris_hybrid.sandbox.lsf.spec import BorrowedHost

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.cluster import Cluster

Run = Callable[..., Reply]


def record(run: Run, job_id: str, fields: str, **env: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(run("bjobs", "-o", fields, "-json", job_id, **env).stdout)["RECORDS"][0]
    return found


def test_bsub_reads_its_options(cluster: Cluster, run: Run) -> None:
    options = "-q general -n 2,4 -J myjob -G compute-abc -P proj -W 1:30/n-1 -M 8GB -a docker(x) -r -R span[hosts=1]"
    reply = run("bsub", *options.split(), "sleep", "90")
    assert reply == (0, "Job <1> is submitted to queue <general>.\n", "")
    request = cluster.jobs()[0].request
    assert (request.slots, request.name, request.user_group, request.project) == (2, "myjob", "compute-abc", "proj")
    assert (request.run_s, request.run_limit_s, request.rerunnable) == (90, 5400, True)
    assert request.resreq == "span[hosts=1]"


@pytest.mark.parametrize(
    ("command", "env", "run_s"),
    [
        ("sleep 5", {}, 5),
        ("/bin/sleep 2.5", {}, 2.5),
        ("bwa mem", {}, 60),
        ("sleep 5", {"RIS_SANDBOX_RUN_S": "7"}, 7),
    ],
)
def test_how_long_a_job_runs(cluster: Cluster, run: Run, command: str, env: dict[str, str], run_s: float) -> None:
    run("bsub", *command.split(), **env)
    assert cluster.jobs()[0].request.run_s == run_s


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["-q", "nope", "x"], "nope: No such queue. Job not submitted.\n"),
        (["-J", "a ([x])", "x"], "Bad job name. Job not submitted.\n"),
        (["-J", "arr[1-3]", "x"], "Bad job name. Job not submitted.\n"),
        (["-J", " ", "x"], "Bad job name. Job not submitted.\n"),
        (["-n", "0", "x"], "0: Bad number of slots. Job not submitted.\n"),
        (["-n", "many", "x"], "many: Bad number of slots. Job not submitted.\n"),
        (["-W", "long", "x"], "long: Bad run limit. Job not submitted.\n"),
        (["-b", "soon", "x"], "soon: Bad time specification. Job not submitted.\n"),
        (["-w", "done(9)", "x"], "done(9): No matching job found. Job not submitted.\n"),
        (["-R", "select[a", "x"], "Bad resource requirement syntax. Job not submitted.\n"),
    ],
)
def test_bsub_refuses_what_it_cannot_take(cluster: Cluster, run: Run, argv: list[str], text: str) -> None:
    assert run("bsub", *argv) == (255, "", text)
    assert cluster.unfinished() == 0


def test_bsub_refuses_a_run_time_that_is_no_number(run: Run) -> None:
    reply = run("bsub", "x", RIS_SANDBOX_RUN_S="soon")
    assert (reply.rc, reply.stderr) == (255, "RIS_SANDBOX_RUN_S: expected seconds, found 'soon'. Job not submitted.\n")


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"lsid"}))
def test_an_unknown_option_is_a_usage_error(run: Run, command: str) -> None:
    reply = run(command, "-nosuch")
    assert (reply.rc, reply.stdout) == (255, "")
    assert reply.stderr.startswith(f"{command}: illegal option -- nosuch\nUsage: {command} ")


@pytest.mark.parametrize(
    "argv",
    [
        ["bsub"],
        ["bsub", "-q"],
        ["bmod", "1"],
        ["bmod", "-n", "2"],
        ["bswitch", "lab1"],
        ["bkill"],
        ["badmin"],
        ["badmin", "hclose"],
        ["badmin", "reconfig", "now"],
        ["bqueues", "-json"],
        ["bhosts", "-json"],
    ],
)
def test_an_incomplete_command_is_a_usage_error(run: Run, argv: list[str]) -> None:
    reply = run(*argv)
    assert (reply.rc, reply.stdout) == (255, "")
    assert f"\nUsage: {argv[0]} " in reply.stderr


def test_a_command_may_carry_its_path_and_an_unknown_one_is_not_found(run: Run) -> None:
    assert run("/opt/lsf/bin/lsid").stdout.endswith("My cluster name is c1\nMy master name is c1-master\n")
    assert run("bacct") == (127, "", "bacct: command not found\n")
    assert run().rc == 127
    assert "sandbox" in run("bjobs", "-V").stderr


def test_bjobs_shows_the_callers_own_jobs_unless_told_otherwise(cluster: Cluster, run: Run) -> None:
    run("bsub", "-J", "mine", "-q", "lab1", "-P", "p1", "-G", "compute-abc", "sleep", "9")
    run_command(cluster, ["bsub", "-J", "theirs", "sleep", "9"], {"LOGNAME": "bob"})
    run_command(cluster, ["bsub", "-J", "nobody's", "sleep", "9"], {})

    def names(*argv: str) -> list[str]:
        return run("bjobs", "-noheader", "-o", "name", *argv).stdout.split("\n")[:-1]

    assert names() == ["mine"]
    assert names("-u", "all") == ["mine", "theirs", "nobody's"]
    assert names("-u", "user") == ["nobody's"]
    assert names("-u", "all", "-q", "lab1") == ["mine"]
    assert names("-u", "all", "-P", "p1") == ["mine"]
    assert names("-u", "all", "-G", "compute-abc") == ["mine"]
    assert names("-u", "all", "-J", "theirs") == ["theirs"]
    assert names("2") == ["theirs"]


@pytest.mark.parametrize(
    ("flag", "ids", "notice"),
    [
        ("-a", "1 2 3 4", "No job found"),
        ("-d", "1", "No DONE/EXIT job found"),
        ("-p", "3 4", "No pending job found"),
        ("-r", "2", "No running job found"),
        ("-s", "4", "No suspended job found"),
    ],
)
def test_bjobs_selects_by_state(cluster: Cluster, run: Run, flag: str, ids: str, notice: str) -> None:
    assert run("bjobs", flag) == (255, "", f"{notice}\n")
    run("bsub", "sleep", "1")
    run("bsub", "-n", "8", "sleep", "50")
    cluster.advance(cluster.now + 1)
    run("bsub", "sleep", "1")
    run("bsub", "-H", "sleep", "1")
    shown = run("bjobs", flag, "-noheader", "-o", "id").stdout
    assert shown.split() == ids.split()


def test_bjobs_takes_its_layout_from_the_environment_except_wide(run: Run) -> None:
    run("bsub", "sleep", "9")
    assert run("bjobs", LSB_BJOBS_FORMAT="id stat").stdout == "JOBID STAT\n1 RUN\n"
    assert run("bjobs", "-w", "-noheader", LSB_BJOBS_FORMAT="id stat").stdout.startswith("1       kim     RUN ")
    assert run("bqueues", LSB_BQUEUES_FORMAT="qname").stdout == "QUEUE_NAME\nlab1\ngeneral\n"
    assert run("bhosts", LSB_BHOSTS_FORMAT="hname").stdout == "HOST_NAME\nn-1\nn-2\n"


def test_bjobs_fields_of_a_job_through_its_life(cluster: Cluster, run: Run) -> None:
    fields = "exec_host nexec_host slots first_host start_time finish_time exit_code exit_reason"
    fields += " cpu_used effective_resreq mem"
    run("bsub", "-n", "8", "-W", "2", "sleep", "500")
    run("bsub", "-n", "6", "sleep", "500")
    assert set(record(run, "2", fields).values()) == {""}
    cluster.advance(cluster.now + 10)
    running = record(run, "1", fields)
    assert (running["EXEC_HOST"], running["NEXEC_HOST"]) == (":".join(["n-1"] * 4 + ["n-2"] * 4), "2")
    assert (running["FINISH_TIME"], running["SLOTS"]) == ("Sep 30 20:34 L", "8")
    assert (running["CPU_USED"], running["EFFECTIVE_RESREQ"]) == (
        "80.0 second(s)",
        "select[type == local] order[r15s:pg]",
    )
    cluster.advance(cluster.now + 110)
    ended = record(run, "1", fields)
    assert (ended["EXIT_CODE"], ended["FINISH_TIME"]) == ("140", "Sep 30 20:34")
    assert ended["EXIT_REASON"].startswith("TERM_RUNLIMIT")
    short = record(run, "2", "exec_host nalloc_slot alloc_slot", LSB_SHORT_HOSTLIST="1")
    assert short == {"EXEC_HOST": "4*n-1:2*n-2", "NALLOC_SLOT": "6", "ALLOC_SLOT": "4*n-1:2*n-2"}


def test_every_field_of_bjobs_can_be_asked_for(run: Run) -> None:
    run("bsub", "-H", "sleep", "9")
    names = " ".join(field.name for field in FIELDS)
    shown = record(run, "1", names)
    assert set(shown) == {field.name.upper() for field in FIELDS}
    assert set(GETTERS) <= {field.name for field in FIELDS}


@pytest.mark.parametrize("layout", ["id foo", "id:x", "foo:5", "", "id delimiter='ab'"])
def test_a_layout_that_is_wrong_is_refused(run: Run, layout: str) -> None:
    run("bsub", "sleep", "9")
    reply = run("bjobs", "-o", layout) if layout else run("bjobs", "-o", " ")
    assert (reply.rc, reply.stdout) == (255, "")
    assert reply.stderr


def test_lsfs_own_words_for_an_unknown_field(run: Run) -> None:
    run("bsub", "sleep", "9")
    assert run("bjobs", "-o", "id Foo").stderr == "<Foo> in the format string is not a valid field name.\n"


@pytest.mark.parametrize("delimiter", ["delimiter='^'", 'delimiter="^"', "delimiter=^"])
def test_a_delimiter_may_be_quoted_either_way(run: Run, delimiter: str) -> None:
    run("bsub", "sleep", "9")
    assert run("bjobs", "-noheader", "-o", f"ID stat:9 queue {delimiter}").stdout == "1^RUN^general\n"


def test_combined_resreq_adds_lsfs_defaults() -> None:
    assert combined_resreq("") == "select[type == local] order[r15s:pg]"
    assert combined_resreq("rusage[mem=512:tmp=3] order[mem]") == (
        "select[type == local] order[r15s:pg] rusage[mem=512.00:tmp=3.00]"
    )
    assert combined_resreq("select[mem>1]") == "select[(mem>1) && (type == any)] order[r15s:pg]"


def test_bhosts_leaves_out_returned_hosts_unless_all_are_asked_for(cluster: Cluster, run: Run) -> None:
    host = BorrowedHost(name="z", slots=1, account="a", provider="p", template="t", machine_id="i-1")
    cluster.borrow(host)
    assert run("bhosts", "-rconly", "-noheader").stdout.split()[0] == "z"
    cluster.release("z")
    assert run("bhosts", "z").stderr == "z: Bad host name, host group name or cluster name\n"
    assert run("bhosts", "-a", "-w", "-noheader").stdout.splitlines()[-1].split()[:2] == ["z", "unavail"]
    assert run("bhosts", "-rconly") == (0, "", "")


def test_badmin_opens_and_closes_hosts(cluster: Cluster, run: Run) -> None:
    assert run("badmin", "hclose", "n-1").stdout == "Close <n-1> ...... done\n"
    assert cluster.hosts()[0].status == "closed_Adm"
    cluster.close("n-2", "closed_RC")
    reply = run("badmin", "hopen", "n-1", "n-2")
    assert reply == (255, "Open <n-1> ...... done\n", "n-2: Host is closed_RC and cannot be opened\n")


@pytest.mark.parametrize("word", ["ckconfig", "reconfig", "mbdrestart"])
def test_badmin_finds_no_errors_in_configuration_files(run: Run, word: str) -> None:
    reply = run("badmin", word)
    assert reply.rc == 0
    assert "No errors found." in reply.stdout


def test_bmod_and_bswitch_change_a_pending_job(cluster: Cluster, run: Run) -> None:
    run("bsub", "-H", "sleep", "9")
    argv = ["-n", "3", "-W", "10", "-b", "22:00", "-R", "select[awshost]"]
    assert run("bmod", *argv, "1").stdout == "Parameters of job <1> are being changed\n"
    assert run("bswitch", "lab1", "1").stdout == "Job <1> is switched to queue <lab1>\n"
    job = cluster.jobs()[0]
    assert (job.queue, job.request.slots, job.request.run_limit_s) == ("lab1", 3, 600)
    assert job.request.resreq == "select[awshost]"
    assert run("bmod", "-n", "2", "1").rc == 0
    assert cluster.jobs()[0].request.resreq == "select[awshost]"
    assert run("bswitch", "nosuch", "1") == (255, "", "nosuch: No such queue\n")
    assert run("bmod", "-n", "1", "9").rc == 255


def test_one_bad_id_does_not_keep_the_others_back(run: Run) -> None:
    run("bsub", "sleep", "9")
    assert run("bkill", "9", "1") == (255, "Job <1> is being terminated\n", "Job <9>: No matching job found\n")
