from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.shell import Completed, ReplayShell
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onprem.lsf.read import LsfScheduler

    Recorded = Callable[[str], str]
    Make = Callable[[Mapping[str, Completed]], LsfScheduler]

BAD_FIELD = Completed(rc=99, stderr="<pendstate> in the format string is not a valid field name.\n")
USAGE = Completed(rc=255, stderr="bhosts: illegal option -- o\nUsage: bhosts [-h] [-V] [-w]\n")


def jobs_answer(good: int, *, odd: int = 0, announced: int | None = None) -> str:
    records: list[dict[str, str]] = [{"JOBID": str(number), "STAT": "PEND"} for number in range(good)]
    records += [{"JOBID": f"odd{number}"} for number in range(odd)]
    return json.dumps(
        {"COMMAND": "bjobs", "JOBS": len(records) if announced is None else announced, "RECORDS": records}
    )


def asked(scheduler: LsfScheduler) -> list[tuple[str, ...]]:
    assert isinstance(scheduler.shell, ReplayShell)
    return [command.argv for command in scheduler.shell.asked]


def test_jobs_are_asked_for_once_and_for_every_user(scheduler: Make, recorded: Recorded) -> None:
    lsf = scheduler({"bjobs": Completed(rc=0, stdout=recorded("bjobs-json/fields"))})
    answer = lsf.read_jobs()
    assert [job.job_id for job in answer.jobs] == ["301", "302[3]", "304"]
    assert answer.notices == ()
    ((command, *options),) = asked(lsf)
    assert command == "bjobs"
    assert options[:3] == ["-u", "all", "-o"]
    assert options[-1] == "-json"


def test_no_job_is_an_empty_queue_only_when_lsf_says_so(scheduler: Make, recorded: Recorded) -> None:
    none = recorded("errors/6")
    for rc in (0, 254, 255):
        assert scheduler({"bjobs": Completed(rc=rc, stderr=none)}).jobs() == ()
    assert scheduler({"bjobs": Completed(rc=255, stdout=jobs_answer(0))}).jobs() == ()
    waited = "LSF is processing your request. Please wait ...\n" + none
    assert scheduler({"bjobs": Completed(rc=255, stderr=waited)}).jobs() == ()


@pytest.mark.parametrize("question", ["bjobs", "bhosts", "bqueues"])
@pytest.mark.parametrize(
    ("stdout", "stderr", "words"),
    [
        ("", "", "printed nothing"),
        ("\n", "", "printed nothing"),
        ("", "LSF is down. Please wait ...\n" * 9, r"LSF is down\. Please wait \.\.\.$"),
        ("LSF is down. Please wait ...\n", "", "LSF is down"),
        ("", "lsb_init: Failed in an LSF library call: Unable to open file lsf.conf", "lsf.conf"),
        ("", "ls_getclustername(): LIM is down; try later", "LIM is down"),
        ("", "Request from non-LSF host rejected", "non-LSF host"),
    ],
)
@pytest.mark.parametrize("rc", [0, 255])
def test_silence_is_unknown_in_lsf_own_words(
    scheduler: Make, question: str, stdout: str, stderr: str, words: str, rc: int
) -> None:
    lsf = scheduler({question: Completed(rc=rc, stdout=stdout, stderr=stderr)})
    ask = {"bjobs": lsf.jobs, "bhosts": lsf.hosts, "bqueues": lsf.queues}[question]
    with pytest.raises(SiteUnavailable, match=words) as caught:
        ask()
    assert question in caught.value.message
    assert "lsid" in caught.value.hint


@pytest.mark.parametrize("name", ["errors/3", "errors/4"])
def test_recorded_cries_of_a_lost_lsf_are_repeated(scheduler: Make, recorded: Recorded, name: str) -> None:
    with pytest.raises(SiteUnavailable) as caught:
        scheduler({"bjobs": Completed(rc=255, stderr=recorded(name))}).jobs()
    assert recorded(name).strip() in caught.value.message


def test_one_unreadable_job_is_a_notice(scheduler: Make, caplog: pytest.LogCaptureFixture) -> None:
    lsf = scheduler({"bjobs": Completed(rc=0, stdout=jobs_answer(2, odd=1))})
    answer = lsf.read_jobs()
    assert len(answer.jobs) == 2
    assert answer.notices == ("bjobs: 1 job(s) left out as unreadable: job odd0: STAT is missing",)
    with caplog.at_level(logging.WARNING, logger="onprem.lsf.read"):
        assert len(lsf.jobs()) == 2
    assert caplog.messages == list(answer.notices)


def test_up_to_a_twentieth_may_be_unreadable(scheduler: Make) -> None:
    assert len(scheduler({"bjobs": Completed(rc=0, stdout=jobs_answer(95, odd=5))}).jobs()) == 95
    with pytest.raises(SiteUnavailable, match=r"6 of 100 jobs could not be read .*STAT is missing"):
        scheduler({"bjobs": Completed(rc=0, stdout=jobs_answer(94, odd=6))}).jobs()
    with pytest.raises(SiteUnavailable, match="1 of 1 jobs could not be read"):
        scheduler({"bjobs": Completed(rc=0, stdout=jobs_answer(0, odd=1))}).jobs()


def test_a_count_that_disagrees_is_a_notice_until_too_many_are_missing(scheduler: Make, recorded: Recorded) -> None:
    for announced in (99, 101):
        answer = scheduler({"bjobs": Completed(rc=0, stdout=jobs_answer(100, announced=announced))}).read_jobs()
        assert len(answer.jobs) == 100
        assert answer.notices == (f"bjobs announced {announced} job(s) and listed 100",)
    with pytest.raises(SiteUnavailable, match=r"46 of 47 jobs could not be read$"):
        scheduler({"bjobs": Completed(rc=0, stdout=recorded("bjobs-json/7"))}).jobs()
    with pytest.raises(SiteUnavailable, match="5 of 5"):
        scheduler({"bjobs": Completed(rc=0, stdout=jobs_answer(0, announced=5))}).jobs()


@pytest.mark.parametrize(("stderr", "said"), [("mbatchd\nmbatchd\nbusy", "mbatchd / busy"), ("", "no message")])
def test_a_bad_exit_code_beside_a_full_answer_is_a_notice(scheduler: Make, stderr: str, said: str) -> None:
    answer = scheduler({"bjobs": Completed(rc=255, stdout=jobs_answer(1), stderr=stderr)}).read_jobs()
    assert len(answer.jobs) == 1
    assert answer.notices == (f"bjobs ended with 255: {said}",)


def test_a_site_without_the_newer_fields_is_asked_once_more(scheduler: Make) -> None:
    lsf = scheduler({"bjobs": BAD_FIELD, "older bjobs": Completed(rc=0, stdout=jobs_answer(3))})
    assert len(lsf.jobs()) == 3
    first, second = asked(lsf)
    assert "pendstate" in first[4]
    assert "pendstate" not in second[4]
    assert "ependtime" not in second[4]


def test_hosts_and_queues_as_json(scheduler: Make, recorded: Recorded) -> None:
    lsf = scheduler(
        {
            "bhosts": Completed(rc=0, stdout=recorded("bhosts-json/1")),
            "bqueues": Completed(rc=0, stdout=recorded("bqueues-json/full")),
        }
    )
    assert [host.name for host in lsf.hosts()] == ["ip-10-30-9-105"]
    assert [queue.name for queue in lsf.queues()] == ["eda", "normal"]


def test_hosts_and_queues_fall_back_on_tables(scheduler: Make, recorded: Recorded) -> None:
    lsf = scheduler(
        {
            "bhosts": USAGE,
            "bhosts -w": Completed(rc=0, stdout=recorded("bhosts/4")),
            "bqueues": USAGE,
            "bqueues -w": Completed(rc=0, stdout=recorded("bqueues/2")),
        }
    )
    assert [host.name for host in lsf.hosts()] == ["cmp01"]
    assert [queue.name for queue in lsf.queues()] == ["normal"]


@pytest.mark.parametrize("answer", [Completed(rc=0), Completed(rc=255, stdout="HOST_NAME\n", stderr="LIM is down")])
def test_a_table_is_held_to_the_same_rule(scheduler: Make, answer: Completed) -> None:
    lsf = scheduler({"bhosts": USAGE, "bhosts -w": answer, "bqueues": USAGE, "bqueues -w": answer})
    with pytest.raises(SiteUnavailable, match="bhosts gave no answer"):
        lsf.hosts()
    with pytest.raises(SiteUnavailable, match="bqueues gave no answer"):
        lsf.queues()


@given(stdout=st.text(), stderr=st.text(), rc=st.integers(min_value=-64, max_value=255))
def test_whatever_the_commands_print_is_read_or_refused(scheduler: Make, stdout: str, stderr: str, rc: int) -> None:
    answer = Completed(rc=rc, stdout=stdout, stderr=stderr)
    lsf = scheduler(dict.fromkeys(("bjobs", "older bjobs", "bhosts", "bhosts -w", "bqueues", "bqueues -w"), answer))
    for ask in (lsf.jobs, lsf.hosts, lsf.queues):
        with suppress(SiteUnavailable):
            assert isinstance(ask(), tuple)
