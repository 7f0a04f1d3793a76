"""bswitch and bmod: what is run, and what is made of every answer; and the long form of bjobs as traits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onprem.lsf.amounts import gpus_of, memory_of, on_one_host
from onprem.lsf.steer import LsfSteers, requiring, switching
from onprem.lsf.traits import LsfTraits, parse_traits
from onprem.shell import Command, Completed
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.job_ask import JobTraits

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED = Path(__file__).parents[1] / "golden" / "lsf"
REFUSED = Completed(rc=255, stderr="Job <2>: User cannot use the queue\n")


@dataclass
class Says:
    """A shell that answers by what it is asked, and remembers it."""

    answer: Callable[[tuple[str, ...]], Completed]
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: Command) -> Completed:
        self.asked.append(command.argv)
        return self.answer(command.argv)


def switched(*ids: str) -> str:
    return "".join(f"Job <{one}> is switched to queue <q-burst>\n" for one in ids)


def test_at_most_a_hundred_jobs_stand_on_one_command_line_each_once() -> None:
    commands = switching([*map(str, range(1, 251)), "1", "7[3]"], "q-burst")
    assert [len(command.argv) for command in commands] == [102, 102, 53]
    assert commands[2].argv[-1] == "7[3]"


@pytest.mark.parametrize("odd", ["", "0", "00", "-1", "1 2", "7[1-3]", "7[", "all", "1;ls"])
def test_what_is_no_job_id_is_never_run(odd: str) -> None:
    """bswitch without an id moves the latest job, with 0 all of them."""
    for act in (
        lambda: switching([odd], "q"),
        lambda: requiring(odd, "select[x]"),
    ):
        with pytest.raises(ConfigError):
            act()
    if odd not in {"0", "00"}:
        with pytest.raises(ConfigError):
            LsfTraits(Says(lambda _: Completed(rc=0))).traits([odd])


@pytest.mark.parametrize("odd", ["", "-q", "a b", "a/b", "\u00e4"])
def test_what_is_no_queue_is_never_run(odd: str) -> None:
    with pytest.raises(ConfigError):
        switching(["1"], odd)


def test_a_requirement_is_one_argument_and_none_is_rn() -> None:
    assert requiring("7[3]", "select[(a)] rusage[x=1]").argv == ("bmod", "-R", "select[(a)] rusage[x=1]", "7[3]")
    assert requiring("7", "").argv == ("bmod", "-Rn", "7")
    with pytest.raises(ConfigError):
        requiring("7", "select[a]\n")


def test_after_a_refusal_what_was_not_confirmed_is_asked_again_alone() -> None:
    def answer(argv: tuple[str, ...]) -> Completed:
        if len(argv) > 3:
            return Completed(rc=255, stdout=switched("1", "7[3]"), stderr="Job <2>: ...\nJob <4>: ...\n")
        words = {"2": REFUSED, "3": Completed(rc=0), "4": Completed(rc=255, stderr="Job <4>: No matching job found\n")}
        return words[argv[2]]

    shell = Says(answer)
    said = LsfSteers(shell).switch(["1", "2", "3", "4", "7[3]"], "q-burst")
    assert said == {"1": "", "7[3]": "", "2": "Job <2>: User cannot use the queue", "3": ""}
    assert [argv[2:] for argv in shell.asked[1:]] == [("2",), ("3",), ("4",)]


def test_one_job_alone_is_asked_for_once() -> None:
    shell = Says(lambda _: REFUSED)
    assert LsfSteers(shell).switch(["2"], "q-burst") == {"2": "Job <2>: User cannot use the queue"}
    assert len(shell.asked) == 1


def test_a_queue_that_takes_nobody_is_not_asked_for_each_job() -> None:
    closed = Completed(rc=255, stderr="q-burst: Queue has been closed\nq-burst: Queue has been closed\n")
    shell = Says(lambda _: closed)
    said = LsfSteers(shell).switch(["1", "2", "3"], "q-burst")
    assert said == dict.fromkeys(("1", "2", "3"), "q-burst: Queue has been closed")
    assert len(shell.asked) == 1


def test_a_queue_that_closes_meanwhile_ends_the_asking() -> None:
    def answer(argv: tuple[str, ...]) -> Completed:
        return REFUSED if len(argv) > 3 else Completed(rc=255, stderr="q-burst: Queue has been closed\n")

    shell = Says(answer)
    assert set(LsfSteers(shell).switch(["1", "2", "3"], "q-burst").values()) == {"q-burst: Queue has been closed"}
    assert len(shell.asked) == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("LSF is down. Please wait ...", "lsid"),
        ("batch system daemon not responding ... still trying", "lsid"),
        ("lsb_switchjob: Master batch daemon internal error", "lsid"),
        ("Request from non-LSF host rejected", "lsid"),
        ("Job <2>: User permission denied", "administrator"),
    ],
)
def test_no_answer_and_no_leave_are_errors(words: str, hint: str) -> None:
    steers = LsfSteers(Says(lambda _: Completed(rc=255, stderr=words)))
    for act in (lambda: steers.switch(["2"], "q"), lambda: steers.require("2", "")):
        with pytest.raises(SiteUnavailable) as caught:
            act()
        assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Job <2>: Job has already started", "it has started or is over: "),
        ("Job parameters cannot be changed now; non-repetitive job is running. Job not modified.", "it has started"),
        ("Only the following parameters can be used to modify a running job: -c, -M", "it has started"),
        ("Job <2>: No matching job found", "it has started or is over"),
        ("Bad resource requirement syntax. Job not modified.", "Bad resource requirement syntax"),
        ("", "exit code 255 without a message"),
    ],
)
def test_why_bmod_did_not_do_it(words: str, said: str) -> None:
    assert LsfSteers(Says(lambda _: Completed(rc=255, stderr=words))).require("2", "x").startswith(said)


def test_a_recorded_long_form() -> None:
    text = (RECORDED / "bjobs-l" / "5.txt").read_text()
    found = parse_traits(text, ["2073"])["2073"]
    combined = "select[type == local] order[r15s:pg] rusage[mem=2000.00]"
    assert found == JobTraits(
        resreq="rusage[mem=2000]", combined=combined, name="GRunApplication.0", memory_mib=2000, rerunnable=None
    )


def test_what_goes_over_the_end_of_a_line_is_read_but_not_known_to_the_letter() -> None:
    text = (RECORDED / "bjobs-l" / "5.txt").read_text()
    text = text.replace("rusage[mem=2000]>", "rusage[mem=\n" + " " * 26 + "2000]>")
    found = parse_traits(text, ["2073"], wraps=True)
    assert (found["2073"].resreq, found["2073"].memory_mib) == (None, 2000)


def long_form(rest: str, job_id: str = "7", command: str = "run", after: str = "") -> str:
    return (
        f"\nJob <{job_id}>, Job Name <a, Application <b>>, User <kim>, Project <p>, Application <blast>, Status <PEND>,"
        f" Queue <q>, Command <{command}>\nWed Sep 30 20:33:00: Submitted from host <h>, CWD <$HOME>{rest};\n{after}"
    )


TABLES = """ GPU REQUIREMENT DETAILS:
 Combined: num=2/task:mode=shared:mps=no:j_exclusive=yes
 Effective: -

 RESOURCE REQUIREMENT DETAILS:
 Combined: select[type == any] order[r15s:pg] rusage[mem=1024.00] span[hosts=1]
 Effective: -
"""


def test_everything_the_long_form_says() -> None:
    rest = ", 3 Task(s), Re-runnable, Requested Resources <select[mem>9 && x]>, Login Shell </bin/sh>"
    found = parse_traits(long_form(rest, job_id="7[3]", after=TABLES), ["7[3]"])
    assert found == {
        "7[3]": JobTraits(
            resreq="select[mem>9 && x]",
            combined="select[type == any] order[r15s:pg] rusage[mem=1024.00] span[hosts=1]",
            name="a, Application <b>",
            application="blast",
            one_host=True,
            memory_mib=1024,
            gpus=6,
            rerunnable=True,
        )
    }


def test_gpus_are_those_asked_for_in_words_first() -> None:
    assert parse_traits(long_form(", Requested GPU <num=4>", after=TABLES), ["7"])["7"].gpus == 4


def test_what_an_owner_wrote_cannot_pass_for_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    told = "Thu Oct  1 08:00:00: Submitted from host <h>, Requested Resources <select[evil]>;"
    fakes = long_form("", command=f"x\nJob <8>, User <kim>\n{told}")
    both = fakes + long_form(", Requested Resources <select[mine]>", job_id="8")
    found = parse_traits(both, ["7", "8"])
    assert found["8"].resreq is None
    assert "job 8 twice" in caplog.text
    assert "9" not in parse_traits(both, ["7", "9"])
    twice = long_form(", Output File <a>, Requested Resources <b>>, Requested Resources <select[c]>")
    assert parse_traits(twice, ["7"])["7"].resreq is None
    named = long_form(", Output File <Requested Resources>")
    assert parse_traits(named, ["7"])["7"].resreq is None
    assert parse_traits("Job <7>, User <kim>\n", ["7"]) == {"7": JobTraits(resreq=None)}


def test_many_jobs_are_asked_for_in_parts() -> None:
    shell = Says(lambda argv: Completed(rc=0, stdout="".join(long_form("", job_id=one) for one in argv[2:])))
    assert len(LsfTraits(shell).traits([str(number) for number in range(1, 1002)])) == 1001
    assert [len(argv) for argv in shell.asked] == [502, 502, 3]


def test_no_form_that_is_known_is_no_answer() -> None:
    shell = Says(lambda _: Completed(rc=255, stderr="bjobs: illegal option\n"))
    with pytest.raises(SiteUnavailable, match="illegal option"):
        LsfTraits(shell).traits(["1"])
    assert [argv[1] for argv in shell.asked] == ["-UF", "-l"]
    with pytest.raises(SiteUnavailable, match="printed nothing"):
        LsfTraits(Says(lambda _: Completed(rc=0))).traits(["1"])


@pytest.mark.parametrize(
    ("requirement", "slots", "mib"),
    [
        ("", 4, 0),
        ("select[mem>9000]", 4, 0),
        ("rusage[mem=512.00]", 4, 512),
        ("rusage[tmp=9:swp=1,mem=4GB]", 4, 4096),
        ("rusage[mem=1.5G/task]", 4, 6144),
        ("rusage[mem=8GB/job]", 4, 8192),
        ("rusage[mem=(400M 2G):duration=(10 20)]", 1, 2048),
        ("rusage[mem=1K]", 1, 1),
        ("rusage[mem=1||mem=2T]", 1, 2 * 1024**2),
        ("rusage[maxmem=9:lib.mem=9]", 1, 0),
        ("rusage[mem=99999999999999999999Z]", 1, 2**40),
        ("rusage[mem=]", 1, 0),
    ],
)
def test_memory_in_every_unit(requirement: str, slots: int, mib: int) -> None:
    assert memory_of(requirement, slots) == mib


@pytest.mark.parametrize(
    ("asked", "requirement", "gpus"),
    [
        ("", "", 0),
        ("num=2:mode=shared", "rusage[ngpus_physical=8]", 2),
        ("num=2/task", "", 8),
        ("mode=exclusive_process", "", 1),
        ("", "rusage[ngpus_physical=2.00:mem=1]", 2),
        ("", "select[ngpus>0] rusage[ngpus=1/task]", 4),
    ],
)
def test_gpus(asked: str, requirement: str, gpus: int) -> None:
    assert gpus_of(asked, requirement, 4) == gpus


def test_one_host_is_hosts_1_alone() -> None:
    assert on_one_host("a span[ hosts = 1 ]")
    assert on_one_host("span[ptile=4,hosts=1]")
    assert not on_one_host("span[hosts=12] select[hosts=1]")
