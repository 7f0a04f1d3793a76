"""Schedulers whose bjobs knows few fields (Volclava) or no -o at all (OpenLava, LSF before 9.1)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.lsf.brief import BRIEF_FIELDS, parse_brief, parse_table
from onprem.lsf.long_form import parse_long
from onprem.lsf.moments import moment, since
from onprem.lsf.read import JOB_FIELDS, NEWER_FIELDS, LsfScheduler
from onprem.shell import Completed, LocalShell, ReplayShell
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Recorded = Callable[[str], str]

NOW = datetime(2026, 9, 30, 20, 32, 20).astimezone().timestamp()
FULL = f"bjobs -u all -o {' '.join(JOB_FIELDS)} -json"
OLDER = f"bjobs -u all -o {' '.join(name for name in JOB_FIELDS if name not in NEWER_FIELDS)} -json"
BRIEF = f"bjobs -u all -o {' '.join(BRIEF_FIELDS)} -json"
TABLE, UF, LONG = "bjobs -u all -w", "bjobs -u all -p -UF", "bjobs -u all -p -l"
BAD_FIELD = Completed(rc=99, stderr="<jobindex> in the format string is not a valid field name.\n")
NO_OPTION = Completed(rc=255, stderr="bjobs: illegal option -- o\nUsage: bjobs [-h] [-V] [-l] [-w]\n")


class Lsf:
    """A scheduler that answers these lines and no others; questions with blanks in a word are told apart by it."""

    def __init__(self, answers: dict[str, Completed]) -> None:
        self.shell = ReplayShell(answers={_argv(line): answer for line, answer in answers.items()})
        self.port = LsfScheduler(self.shell, now=lambda: NOW)

    @property
    def asked(self) -> list[str]:
        return [" ".join(command.argv) for command in self.shell.asked]


def _argv(line: str) -> tuple[str, ...]:
    before, option, rest = line.partition(" -o ")
    return (*before.split(), "-o", rest.removesuffix(" -json"), "-json") if option else tuple(line.split())


def ok(text: str) -> Completed:
    return Completed(rc=0, stdout=text)


def volclava(recorded: Recorded, *, long: str = "volclava/bjobs-UF") -> Lsf:
    return Lsf({FULL: BAD_FIELD, OLDER: BAD_FIELD, BRIEF: ok(recorded("volclava/bjobs-brief")), UF: ok(recorded(long))})


def test_fifteen_fields_and_the_long_form_make_whole_jobs(recorded: Recorded) -> None:
    lsf = volclava(recorded)
    answer = lsf.port.read_jobs()
    assert answer.notices == ()
    running, dependent, element, held = answer.jobs
    assert (running.job_id, running.status, running.slots, running.run_s) == ("101", JobStatus.RUN, 3, 3620.0)
    assert (running.exec_host, running.pend_s) == ("vln1:vln1:vln2", 0.0)
    assert (dependent.slots, dependent.pend_s, dependent.run_limit_s) == (4, 600.0, 5400.0)
    assert (dependent.dependency, dependent.specified_start) == ("done(77) && exit(78, >3)", "")
    assert (dependent.reason, dependent.lab) == ("Job slot limit reached: 3 hosts;", "")
    assert (element.job_id, element.slots, element.lab, element.pend_s) == ("103[7]", 1, "bio", 120.0)
    assert element.specified_start == "Thu Oct  1 08:00:00"
    assert element.reason == "The job has a specified start time: 1 host; Job slot limit reached: 2 hosts;"
    assert (held.status, held.pend_s) == (JobStatus.PSUSP, 80.0)
    assert lsf.asked == [FULL, OLDER, BRIEF, UF]


def test_a_long_form_that_wraps_says_the_same(recorded: Recorded) -> None:
    wrapped = parse_long(recorded("volclava/bjobs-l"))
    assert (wrapped["102"].slots, wrapped["102"].run_limit_s, wrapped["102"].dependency) == (4, 5400.0, "done(77)")
    assert (wrapped["103[7]"].slots, wrapped["103[7]"].lab) == (1, "bio")


@pytest.mark.parametrize(
    ("name", "job_id", "limit", "at"),
    [
        ("bjobs-l/1", "131851", 28800.0, "Tue Jul 24 10:03:15"),
        ("bjobs-l/5", "2073", 28800.0, "Mon Aug  4 12:28:51 2014"),
        ("bjobs-UF/1", "1", None, "Tue May  6 15:45:10"),
    ],
)
def test_recorded_long_forms(recorded: Recorded, name: str, job_id: str, limit: float | None, at: str) -> None:
    (found,) = parse_long(recorded(name)).items()
    assert found[0] == job_id
    assert (found[1].slots, found[1].run_limit_s, found[1].submitted, found[1].dependency) == (1, limit, at, "")


@pytest.mark.parametrize(
    ("words", "slots"),
    [
        (", 4 Processors Requested", 4),
        (", 4-8 Processors Requested", 4),
        (", 12 Task(s)", 12),
        (", 2, 16 Task(s)", 2),
        (", Output File </a, 9 Processors Requested>", 1),
        ("", 1),
    ],
)
def test_how_many_slots_a_job_asks_for(words: str, slots: int) -> None:
    text = f"Job <7>, User <kim>, Status <PEND>, Command <x>\nWed Sep 30 20:22:20: Submitted from host <n>{words};\n"
    assert parse_long(text)["7"].slots == slots


def test_a_user_cannot_name_a_job_into_another_lab(recorded: Recorded) -> None:
    del recorded
    text = (
        "Job <7>, Job Name <a, User Group <compute-rich>>, User <kim>, User Group <compute-poor>, Status <PEND>, "
        "Command <b, User Group <compute-rich>>\nWed Sep 30 20:22:20: Submitted from host <n>;\n"
    )
    assert parse_long(text)["7"].lab == "poor"


def test_without_any_o_the_table_lists_and_the_long_form_tells(recorded: Recorded) -> None:
    rows = recorded("bjobs/6") + "102   kim  PEND  normal  vln1   align this  Sep 30 20:22\n"
    lsf = Lsf({FULL: NO_OPTION, TABLE: ok(rows), UF: NO_OPTION, LONG: ok(recorded("volclava/bjobs-l"))})
    answer = lsf.port.read_jobs()
    assert [job.job_id for job in answer.jobs] == ["3926", "605", "1480", "7678", "7679", "7680", "102"]
    assert answer.jobs[-1].slots == 4
    assert answer.jobs[0].exec_host == "hostC"
    assert answer.notices == ("bjobs: slots of 4 pending job(s) are unknown and count as one each",)
    assert {job.slots for job in answer.jobs[2:6]} == {1}
    assert lsf.asked == [FULL, TABLE, UF, LONG]


def test_a_table_with_names_of_any_length(recorded: Recorded) -> None:
    read = parse_table(recorded("bjobs-w/1"))
    assert (len(read.jobs), read.lost) == (14, 0)
    wide = read.jobs[-1].job
    assert (wide.user, wide.slots, wide.exec_host.count("it-r16u31")) == ("longusername", 10, 10)
    pending = read.jobs[2]
    assert (pending.job.status, pending.job.exec_host, pending.submitted) == (JobStatus.PEND, "", "Oct 31 14:44")
    assert str(read.jobs[5].job.status) == "UNKWN"


@pytest.mark.parametrize("name", ["bjobs/3", "bjobs/4", "bjobs/6"])
def test_recorded_tables_are_read_to_the_last_row(recorded: Recorded, name: str) -> None:
    text = recorded(name)
    read = parse_table("LSF is processing your request. Please wait ...\n" + text)
    assert (len(read.jobs), read.lost) == (len(text.strip().splitlines()) - 1, 0)


def test_a_row_that_is_not_understood_is_lost_and_counted() -> None:
    read = parse_table("JOBID USER STAT\n12 kim PEND normal n1 x Sep 30 20:22\n12 kim what\n")
    assert (len(read.jobs), read.lost) == (1, 1)
    assert "12 kim what" in read.complaint
    with pytest.raises(SiteUnavailable, match="2 of 3 jobs could not be read"):
        Lsf({FULL: NO_OPTION, TABLE: ok("JOBID USER\n12 kim PEND q n x Sep 30 20:22\n1\n2\n"), UF: ok(" ")}).port.jobs()


def test_what_is_no_table_is_unknown() -> None:
    with pytest.raises(SiteUnavailable, match="no table with JOBID"):
        parse_table("bjobs: what?\n")


def test_a_bad_record_costs_itself_only() -> None:
    read = parse_brief('{"COMMAND":"bjobs","JOBS":3,"RECORDS":[{"JOBID":"1","STAT":"RUN"},{"JOBID":"2"}]}')
    assert (len(read.jobs), read.lost, read.complaint) == (1, 2, "job 2: STAT is missing")


def test_nothing_pending_asks_for_no_long_form(recorded: Recorded) -> None:
    lsf = Lsf({FULL: NO_OPTION, TABLE: ok(recorded("bjobs/3"))})
    assert [job.lab for job in lsf.port.jobs()] == ["", ""]


def test_jobs_that_started_meanwhile_need_no_long_form(recorded: Recorded) -> None:
    none = Completed(rc=254, stderr="No pending job found\n")
    lsf = Lsf({FULL: BAD_FIELD, OLDER: BAD_FIELD, BRIEF: ok(recorded("volclava/bjobs-brief")), UF: none})
    assert lsf.port.read_jobs().notices == ("bjobs: slots of 2 pending job(s) are unknown and count as one each",)


def test_an_older_scheduler_without_jobs_has_none() -> None:
    none = Completed(rc=254, stderr="No unfinished job found\n")
    assert Lsf({FULL: NO_OPTION, TABLE: none}).port.jobs() == ()
    assert Lsf({FULL: BAD_FIELD, OLDER: BAD_FIELD, BRIEF: none}).port.jobs() == ()


@pytest.mark.parametrize("late", [TABLE, UF, LONG])
def test_a_scheduler_that_falls_silent_between_two_questions_is_unknown(recorded: Recorded, late: str) -> None:
    answers = {FULL: NO_OPTION, TABLE: ok(recorded("bjobs/4")), UF: NO_OPTION, LONG: ok("x")}
    answers[late] = Completed(rc=255, stderr="batch system daemon not responding ... still trying\n")
    with pytest.raises(SiteUnavailable, match="still trying"):
        Lsf(answers).port.jobs()


def test_hosts_of_a_scheduler_with_text_only(recorded: Recorded) -> None:
    usage = Completed(rc=255, stderr="bhosts: illegal option -- o\nUsage: bhosts [-w | -l]\n")
    question = "bhosts -o host_name status max njobs run -json"
    lsf = Lsf({question: usage, "bhosts -w": ok(recorded("volclava/bhosts-w"))})
    assert [(host.name, host.status, host.jobs) for host in lsf.port.hosts()] == [
        ("vln1", "closed_Full", 2),
        ("vln2", "closed_Adm", 1),
        ("vln3", "unavail", 0),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sep 30 20:22", (2026, 9, 30, 20, 22, 0)),
        ("Wed Sep 30 20:22:20", (2026, 9, 30, 20, 22, 20)),
        ("Sep  3 20:22:20 2025", (2025, 9, 3, 20, 22, 20)),
        ("Oct 31 13:00", (2025, 10, 31, 13, 0, 0)),
        ("Sep 30 20:32 L", (2026, 9, 30, 20, 32, 0)),
    ],
)
def test_moments_without_a_year_are_past(text: str, expected: tuple[int, int, int, int, int, int]) -> None:
    assert moment(text, NOW) == datetime(*expected).astimezone().timestamp()


@pytest.mark.parametrize("text", ["", "-", "yesterday", "Foo 30 20:22", "Feb 30 20:22", "30/09-20:22"])
def test_what_is_no_moment_is_unknown(text: str) -> None:
    assert moment(text, NOW) is None
    assert since(text, NOW) == 0.0


def test_without_a_clock_nobody_has_waited(recorded: Recorded) -> None:
    lsf = volclava(recorded)
    assert {job.pend_s for job in LsfScheduler(lsf.shell).jobs()} == {0.0}


@pytest.mark.parametrize("question", ["jobs", "hosts", "queues"])
def test_still_trying_for_ever_is_given_up(tmp_path: Path, question: str) -> None:
    for name in ("bjobs", "bhosts", "bqueues"):
        words = "echo 'batch system daemon not responding ... still trying' >&2"
        (tmp_path / name).write_text(f"#!/bin/sh\nwhile :; do {words}; sleep 9; done\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    lsf = LsfScheduler(LocalShell(environment={"PATH": f"{tmp_path}:/usr/bin:/bin"}), timeout_s=0.3)
    with pytest.raises(SiteUnavailable, match=r"did not answer in 0.3 s; its last words: batch .* still trying"):
        getattr(lsf, question)()


@given(
    text=st.text(),
    words=st.lists(st.sampled_from(["Job <1>", ", ", "Submitted from host <a>", "\n", "<", ">", "PEND"])),
)
def test_any_text_is_read_or_refused(text: str, words: list[str]) -> None:
    for some in (text, "".join(words), "Job <1>, User <k>\nWed Sep 30 20:22:20: Submitted from host <n>" + text):
        with suppress(SiteUnavailable):
            assert all(job.slots >= 1 for job in parse_long(some).values())
        with suppress(SiteUnavailable):
            assert parse_table("JOBID\n" + some).lost >= 0
        with suppress(SiteUnavailable):
            assert parse_brief(some).lost >= 0
