from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.lsf.fields import lab_of
from onprem.lsf.parse import parse_jobs
from onprem.lsf.read import JOB_FIELDS
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Job, JobStatus, UnknownWord

if TYPE_CHECKING:
    from collections.abc import Callable

    Recorded = Callable[[str], str]

PLAIN = {"JOBID": "1", "STAT": "PEND", "QUEUE": "general", "NREQ_SLOT": "2", "PEND_TIME": "60"}
FULL = {name.upper(): "" for name in JOB_FIELDS} | PLAIN
"""As the product's own question is answered; ``PLAIN`` is how narrower questions are."""


def answer(*records: object, **envelope: object) -> str:
    return json.dumps({"COMMAND": "bjobs", "JOBS": len(records), "RECORDS": records} | envelope)


def only(**fields: object) -> Job:
    job, same = parse_jobs(answer(PLAIN | fields, FULL | fields)).jobs
    assert job == same
    return job


def flaw(**fields: object) -> str:
    for record in (PLAIN, FULL):
        read = parse_jobs(answer(record | fields, record))
        assert (len(read.jobs), read.unreadable) == (1, 1)
    return parse_jobs(answer(FULL | fields)).complaint


def test_jobs_of_an_aws_cluster(recorded: Recorded) -> None:
    read = parse_jobs(recorded("bjobs-json/1"))
    assert [(job.job_id, job.status, job.slots) for job in read.jobs] == [
        *((str(number), JobStatus.RUN, 1) for number in (219, 220, 221, 222)),
        *((str(number), JobStatus.PEND, slots) for number, slots in ((224, 1), (225, 1), (226, 2))),
    ]
    assert read.jobs[-1].reason == "There are no suitable hosts for the job;"
    assert (read.unreadable, read.lost, read.listed, read.announced, read.complaint) == (0, 0, 7, 7, "")


def test_every_field_in_lsf_units(recorded: Recorded) -> None:
    read = parse_jobs(recorded("bjobs-json/fields"))
    assert read.jobs == (
        Job(
            job_id="301",
            status=JobStatus.RUN,
            queue="general",
            user="ada",
            lab="lovelace",
            project="default",
            slots=16,
            pend_s=0.0,
            run_s=57208.0,
            run_limit_s=86400.0,
            reason="",
            pend_state="",
            dependency="",
            specified_start="",
            exec_host="16*node62",
        ),
        Job(
            job_id="302[3]",
            status=JobStatus.PEND,
            queue="subscription",
            user="grace",
            lab="hopper",
            project="/navy/cobol",
            slots=4,
            pend_s=840.0,
            run_s=0.0,
            run_limit_s=600.0,
            reason="Job slot limit reached;",
            pend_state="EPEND",
            dependency="",
            specified_start="",
            exec_host="",
        ),
        Job(
            job_id="304",
            status=JobStatus.PEND,
            queue="general",
            user="alan",
            lab="",
            project="default",
            slots=1,
            pend_s=125.0,
            run_s=0.0,
            run_limit_s=None,
            reason="Job dependency condition not satisfied;",
            pend_state="IPEND",
            dependency="done(302)",
            specified_start="May 28 12:45",
            exec_host="",
        ),
    )
    assert (read.unreadable, read.listed, read.announced) == (0, 4, 4)


def test_a_record_with_a_command_of_its_own_is_still_a_job(recorded: Recorded) -> None:
    (job,) = parse_jobs(recorded("bjobs-json/4")).jobs
    assert (job.status, job.run_limit_s, job.run_s, job.slots) == (JobStatus.DONE, 600.0, 1.0, 1)
    assert job.exec_host == "exec-host:exec-host"


def test_an_abridged_answer_keeps_its_jobs_and_says_how_many_are_missing(recorded: Recorded) -> None:
    read = parse_jobs(recorded("bjobs-json/7"))
    assert [(job.job_id, job.slots, job.run_s, job.run_limit_s) for job in read.jobs] == [("806290", 43, 16038, 86400)]
    assert (read.announced, read.listed, read.unreadable, read.lost) == (47, 1, 0, 46)


@pytest.mark.parametrize(("name", "field"), [("bjobs-json/6", "STAT"), ("bjobs-json/8", "JOBID")])
def test_a_record_without_id_or_state_is_unreadable_and_says_so(recorded: Recorded, name: str, field: str) -> None:
    read = parse_jobs(recorded(name))
    assert (read.jobs, read.unreadable) == ((), 1)
    assert f"{field} is missing" in read.complaint


@pytest.mark.parametrize(
    ("group", "lab"),
    [
        ("compute-lee", "lee"),
        ("compute-lee-t1", "lee"),
        ("compute-lee-t3", "lee"),
        ("compute-lee-t4", "lee-t4"),
        ("compute-de-la-cruz-t2", "de-la-cruz"),
        ("/compute-lee", "lee"),
        ("GEN014ECPCI", "GEN014ECPCI"),
        ("/other/compute-lee", "/other/compute-lee"),
        ("compute-", "compute-"),
        ("compute-t1", "t1"),
        ("", ""),
        ("-", ""),
    ],
)
def test_the_lab_is_read_from_the_compute_group(group: str, lab: str) -> None:
    assert lab_of(group) == lab
    assert only(USER_GROUP=group).lab == lab


@pytest.mark.parametrize(
    ("fields", "slots"),
    [
        ({"NREQ_SLOT": "8", "MIN_REQ_PROC": "2", "SLOTS": "3"}, 8),
        ({"NREQ_SLOT": "", "MIN_REQ_PROC": "2", "SLOTS": "3"}, 2),
        ({"NREQ_SLOT": "-", "MIN_REQ_PROC": "-", "SLOTS": "3"}, 3),
        ({"NREQ_SLOT": "", "MIN_REQ_PROC": "", "SLOTS": "0"}, 1),
        ({"NREQ_SLOT": ""}, 1),
        ({"NREQ_SLOT": 8}, 8),
        ({"NREQ_SLOT": None}, 1),
    ],
)
def test_slots_come_from_the_first_field_that_says_a_number(fields: dict[str, object], slots: int) -> None:
    assert only(**fields).slots == slots


@pytest.mark.parametrize(
    ("fields", "job_id"), [({}, "1"), ({"JOBINDEX": "0"}, "1"), ({"JOBINDEX": "-"}, "1"), ({"JOBINDEX": "7"}, "1[7]")]
)
def test_only_array_elements_carry_an_index(fields: dict[str, object], job_id: str) -> None:
    assert only(**fields).job_id == job_id


@pytest.mark.parametrize(
    ("fields", "pend_s"),
    [
        ({"PEND_TIME": "60", "EPENDTIME": "20"}, 20.0),
        ({"PEND_TIME": "60", "EPENDTIME": ""}, 60.0),
        ({"PEND_TIME": "", "EPENDTIME": "-"}, 0.0),
        ({"PEND_TIME": "01:00:00"}, 3600.0),
        ({"PEND_TIME": "60", "STAT": "PSUSP"}, 60.0),
        ({"PEND_TIME": "60", "STAT": "RUN"}, 0.0),
    ],
)
def test_pending_seconds_are_the_eligible_ones_and_only_of_waiting_jobs(fields: dict[str, str], pend_s: float) -> None:
    assert only(**fields).pend_s == pend_s


def test_a_state_we_do_not_know_stays_itself() -> None:
    status = only(STAT="FROZEN").status
    assert isinstance(status, UnknownWord)
    assert status == "FROZEN"


def test_hyphens_mean_unset() -> None:
    job = only(USER="-", QUEUE="-", PROJ_NAME="-", PEND_REASON="-", DEPENDENCY="-", SPECIFIED_START_TIME="-")
    assert (job.user, job.queue, job.project, job.reason, job.dependency, job.specified_start) == ("",) * 6


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"JOBID": "-"}, "JOBID is missing"),
        ({"JOBINDEX": "x"}, "JOBINDEX is 'x'"),
        ({"STAT": ""}, "STAT is missing"),
        ({"NREQ_SLOT": "two"}, "'two', not a count"),
        ({"NREQ_SLOT": "-4"}, "not a count"),
        ({"NREQ_SLOT": "9" * 12}, "not a count"),
        ({"NREQ_SLOT": "", "SLOTS": ["1"]}, "not a count"),
        ({"RUNTIMELIMIT": "soon"}, "'soon' is not a duration"),
        ({"RUN_TIME": "long"}, "'long' is not a duration"),
        ({"PEND_TIME": "NaN"}, "'NaN' is not a duration"),
        ({"USER": ["a"]}, "USER is ['a'], not text"),
        ({"QUEUE": {"name": "x"}}, "not text"),
        ({"STAT": True}, "STAT is True, not text"),
        ({"ERROR": "mbatchd is confused"}, "mbatchd is confused"),
    ],
)
def test_what_is_not_understood_costs_one_record_and_says_why(fields: dict[str, object], words: str) -> None:
    assert words in flaw(**fields)


def test_an_array_element_that_is_no_object_costs_one_record() -> None:
    read = parse_jobs(answer(PLAIN, "PEND", None, PLAIN))
    assert (len(read.jobs), read.unreadable, read.complaint) == (2, 2, "a record is no object")


def test_a_job_that_has_left_meanwhile_is_no_flaw() -> None:
    read = parse_jobs(answer({"JOBID": "13", "ERROR": "Job <13> is not found"}, PLAIN))
    assert (len(read.jobs), read.unreadable, read.lost) == (1, 0, 0)


@pytest.mark.parametrize("notice", ["LSF is processing your request. Please wait ...\n", "\ufeff", "esub set {x}\n"])
def test_notices_before_and_after_the_answer_are_passed_over(notice: str) -> None:
    assert len(parse_jobs(notice + answer(PLAIN) + "\nbye {").jobs) == 1


def test_raw_control_characters_do_not_matter() -> None:
    text = answer(PLAIN | {"PROJ_NAME": "a@b"}).replace("a@b", "a\tb\x01\n")
    assert parse_jobs(text).jobs[0].project == "a\tb\x01\n"


@pytest.mark.parametrize("broken", ['{"JOBID":"2","PROJ_NAME":"say "hi""}', '{"JOBID":"2","X":"a\\"}', "{oops}"])
def test_a_record_that_is_no_json_costs_itself_alone(broken: str) -> None:
    good = [json.dumps(PLAIN | {"JOBID": str(number)}) for number in (1, 3, 4)]
    text = '{"COMMAND":"bjobs","JOBS":4,"RECORDS":[' + ",\n".join([good[0], broken, *good[1:]]) + "]}"
    read = parse_jobs(text)
    assert [job.job_id for job in read.jobs] == ["1", "3", "4"]
    assert (read.unreadable, read.listed, read.announced) == (1, 4, 4)
    assert "no JSON" in read.complaint


def test_an_answer_cut_off_counts_what_is_missing() -> None:
    whole = answer(PLAIN, PLAIN, PLAIN, JOBS="3")
    cut = parse_jobs(whole[: whole.rindex("{") + 9])
    assert (len(cut.jobs), cut.unreadable, cut.announced) == (2, 1, 3)
    after_a_record = parse_jobs(whole[: whole.rindex("{") - 2])
    assert (len(after_a_record.jobs), after_a_record.unreadable, after_a_record.lost) == (2, 1, 1)


def test_nesting_without_end_is_a_broken_record() -> None:
    text = '{"COMMAND":"bjobs","RECORDS":[{"X":' + "[" * 100_000 + "}, " + json.dumps(PLAIN) + "]}"
    read = parse_jobs(text)
    assert (len(read.jobs), read.unreadable, read.announced) == (1, 1, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("LSF is down. Please wait ...", "LSF is down"),
        ('{"COMMAND":"bjobs"}', "without RECORDS"),
        ('{"COMMAND":"bhosts","HOSTS":1,"RECORDS":[]}', "expected an answer of bjobs"),
    ],
)
def test_what_is_no_answer_of_bjobs_is_not_an_empty_queue(text: str, words: str) -> None:
    with pytest.raises(SiteUnavailable, match=words) as caught:
        parse_jobs(text)
    assert caught.value.hint


FIELDS = ["JOBID", "JOBINDEX", "STAT", "NREQ_SLOT", "PEND_TIME", "RUNTIMELIMIT", "RUN_TIME", "USER_GROUP", "ERROR", "X"]
VALUES = st.one_of(st.text(), st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.text(), max_size=2))
FIELD_SETS = st.dictionaries(st.sampled_from(FIELDS), VALUES)
RECORDS = st.one_of(VALUES, FIELD_SETS, FIELD_SETS.map(lambda fields: FULL | fields))


@given(st.lists(RECORDS, max_size=8), st.integers(min_value=0, max_value=3))
def test_odd_records_never_cost_the_others(odd: list[object], good: int) -> None:
    mine = [PLAIN | {"JOBID": f"mine{number}"} for number in range(good)]
    read = parse_jobs(answer(*odd, *mine))
    assert [job.job_id for job in read.jobs if job.job_id.startswith("mine")] == [each["JOBID"] for each in mine]
    assert len(read.jobs) + read.unreadable <= read.listed == len(odd) + good


@given(st.text())
def test_any_text_is_an_answer_or_refused(text: str) -> None:
    for whole in (text, "{" + text, '{"COMMAND":"bjobs","RECORDS":[{' + text, answer(PLAIN)[:-2] + text):
        try:
            read = parse_jobs(whole)
        except SiteUnavailable:
            continue
        assert all(isinstance(job, Job) for job in read.jobs)
        assert read.lost >= read.unreadable >= 0
