"""One record of lsb.acct: real ones of four versions, each made-up part, and what must not be taken for a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from onprem.lsf.acct.reading import AcctOptions, read_acct
from ris_hybrid.past_job import PastJob

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onprem.lsf.acct.job import LabBy

VERSIONS = ("7.06", "9.11", "9.13", "10.1")
GOOD = 20
"""Good records around the one looked at, so that a file is not refused."""


@pytest.fixture
def read(tmp_path: Path, line: Callable[..., str]) -> Callable[..., tuple[PastJob | None, tuple[str, ...]]]:
    """The job of one line, or None; and what was said of it."""

    def one(text: str, lab_by: LabBy = "account") -> tuple[PastJob | None, tuple[str, ...]]:
        path = tmp_path / "lsb.acct"
        filler = "".join(line(job=9000 + number) for number in range(GOOD))
        path.write_bytes((text + filler).encode("utf-8", "surrogateescape"))
        reading = read_acct([path], AcctOptions(lab_by=lab_by, gap_days=1e9))
        jobs = [job for job in reading if not job.job_id.startswith("90")]
        assert len(jobs) <= 1
        return (jobs[0] if jobs else None), reading.notes()

    return one


@pytest.fixture
def job(read: Any, line: Callable[..., str]) -> Callable[..., PastJob]:
    """The job of a made-up record; nothing may be said of it."""

    def made(lab_by: LabBy = "account", **fields: Any) -> PastJob:
        found, notes = read(line(**fields), lab_by)
        assert notes == ()
        assert isinstance(found, PastJob)
        return found

    return made


def test_real_records_of_all_versions(read: Any, real: Callable[[str], str], golden: Any) -> None:
    found = {version: read(real(version)) for version in VERSIONS}
    assert all(notes == () for _, notes in found.values())
    jobs = {version: job._asdict() for version, (job, _) in found.items()}
    golden("lsf/acct/jobs.json", json.dumps(jobs, indent=1) + "\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_with_a_field_too_few_or_too_many_or_cut_is_seen_or_does_no_harm(
    tmp_path: Path, real: Callable[[str], str], line: Callable[..., str], version: str
) -> None:
    text = real(version)
    fields = pieces(text)
    short = [fields[:place] + fields[place + 1 :] for place in range(len(fields))]
    long = [[*fields[:place], fields[place], *fields[place:]] for place in range(len(fields))]
    changed = [" ".join(one) for one in short + long] + [text[:end] for end in range(13, len(text), 3)]
    path = tmp_path / "lsb.acct"
    path.write_text("".join(f"{one}\n" for one in [text.strip(), *changed]) + line() * len(changed))
    reading = read_acct([path])
    whole, *others = [job for job in reading if job.job_id != "100"]
    assert [job for job in others if job != whole] == []
    assert len(others) < len(changed) / 3
    assert reading.warnings()


def pieces(text: str) -> list[str]:
    """Fields as they stand, quotes and all."""
    fields, inside = [""], False
    for letter in text.strip():
        inside ^= letter == '"'
        if letter == " " and not inside:
            fields.append("")
        else:
            fields[-1] += letter
    return [field for field in fields if field]


def test_a_record_of_a_fix_pack(job: Any) -> None:
    assert job() == PastJob(
        job_id="100",
        submitted=1_700_000_000.0,
        started=1_700_000_300.0,
        ended=1_700_000_900.0,
        slots=1,
        run_limit_s=3600.0,
        queue="general",
        user="kim",
        lab="lee",
        project="alpha",
        name="",
        ineligible_s=0.0,
        memory_mib=4,
        failed=False,
    )


@pytest.mark.parametrize(
    ("fields", "slots"),
    [
        ({"asked": 4, "slots": '1 "32*node1"', "hosts": '1 "32*node1"'}, 32),
        ({"asked": 2, "slots": '3 "a" "a" "b"', "hosts": '3 "a" "a" "b"'}, 3),
        ({"slots": '32 "16*a" "16*b"', "hosts": '2 "16*a" "16*b"'}, 32),
        ({"slots": "0", "hosts": '2 "a" "b"'}, 2),
        ({"asked": 5, "slots": "0", "hosts": "0"}, 5),
        ({"slots": '1 "x*node"'}, 1),
    ],
)
def test_slots_are_those_kept_not_those_asked_for(job: Any, fields: dict[str, Any], slots: int) -> None:
    assert job(**fields).slots == slots


@pytest.mark.parametrize(("limit", "seconds"), [(-1, None), (0, None), (2**31 - 1, None), (43_200, 43_200.0)])
def test_a_run_limit_of_minus_one_or_nothing_is_none(job: Any, limit: int, seconds: float | None) -> None:
    assert job(limit=limit).run_limit_s == seconds


def test_a_job_that_never_started(job: Any) -> None:
    found = job(start=0, hosts="0", slots="0", status=32)
    assert (found.started, found.ended, found.failed, found.ineligible_s) == (0.0, 1_700_000_900.0, True, 0.0)


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"ineligible": 120}, 120.0),
        ({"ineligible": 5000}, 300.0),
        ({"requeued": 1_700_000_200}, 200.0),
        ({"requeued": 1_700_000_200, "ineligible": 250}, 250.0),
        ({"requeued": 77}, 0.0),
    ],
)
def test_wait_that_more_slots_would_not_have_ended(job: Any, fields: dict[str, Any], seconds: float) -> None:
    assert job(**fields).ineligible_s == seconds


@pytest.mark.parametrize(
    ("lab_by", "fields", "lab"),
    [
        ("account", {"account": "/compute-lee-t2/kim"}, "lee"),
        ("account", {"account": "/groups/compute-lee/kim"}, "lee"),
        ("account", {"account": "/ceg"}, "ceg"),
        ("account", {"account": "/others*0"}, "others"),
        ("account", {"account": "/kim"}, ""),
        ("account", {"account": ""}, ""),
        ("project", {"project": "compute-ng"}, "ng"),
        ("user", {}, "kim"),
        ("queue", {}, "general"),
    ],
)
def test_the_lab_is_read_from_where_the_site_keeps_it(
    job: Any, lab_by: LabBy, fields: dict[str, Any], lab: str
) -> None:
    assert job(lab_by=lab_by, **fields).lab == lab


@pytest.mark.parametrize(
    ("fields", "mib"),
    [
        ({"effective": "rusage[mem=4096.00] span[hosts=1] "}, 4096),
        ({"effective": "rusage[ngpus=1,mem=16G] "}, 16_384),
        ({"effective": "rusage[mem=1.2.3] "}, 4),
        ({"effective": "", "resreq": "rusage[mem=512M]"}, 512),
        ({"used_kb": -1}, 0),
    ],
)
def test_memory_asked_for_or_else_used(job: Any, fields: dict[str, Any], mib: int) -> None:
    assert job(**fields).memory_mib == mib


@pytest.mark.parametrize(
    "fields",
    [
        {"extensions": "0"},
        {"usage": '1 "node1" 100 200 30 4 0'},
        {"usage": "2 node1 100 200 30 4 0 node2 100 200 30 4 0"},
        {"networks": '2 "18338657682652659712" 1 "18338657682652659713" 1'},
        {"ranges": "2 1 10 1 20 30 2"},
        {"rest": '1 "gpu1" 2 "a" "1" "b" "2" 2 "s1" "s2" 0'},
        {"rest": '2 "gpu1" 0 "gpu2" 1 "a" "1" 0 0'},
        {"rest": ""},
        {"command": 'say ""hello""; run ""'},
        {"command": '""sh"" ""x""'},
        {"name": "", "app": "blast"},
    ],
)
def test_parts_of_varying_length_move_nothing(job: Any, fields: dict[str, Any]) -> None:
    found = job(ineligible=60, **fields)
    assert (found.slots, found.run_limit_s, found.ineligible_s, found.user) == (1, 3600.0, 60.0, "kim")


def test_names_with_quotes_blanks_and_letters_of_any_kind(job: Any, read: Any, line: Callable[..., str]) -> None:
    found = job(name='a ""b"" [1-3]', index=3, project="größe", user="kim")
    assert (found.name, found.job_id, found.project) == ('a "b" [1-3]', "100[3]", "größe")
    latin, notes = read(line(project="gr\udcf6\udcdfe"))
    assert (latin.project, notes) == ("größe", ())


def test_fields_behind_those_known_are_said(read: Any, line: Callable[..., str]) -> None:
    found, notes = read(line(rest='0 0 0 12.5 "more"'))
    assert found is not None
    assert notes == ("records with fields behind those known, which were not read: 1",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"submit": 12}, "submitTime: not a time"),
        ({"submit": 5_000_000_000, "event": 5_000_000_001, "start": 0}, "submitTime: not a time"),
        ({"event": 5_000_000_000}, "eventTime: not a time"),
        ({"limit": 10**30}, "runLimit: no number of LSF's is so large"),
        ({"event": 1_600_000_000}, "eventTime: before submitTime"),
        ({"start": 1_600_000_000}, "startTime: not between submitTime and eventTime"),
        ({"start": 1_700_009_000}, "startTime: not between submitTime and eventTime"),
        ({"status": 4}, "jStatus: neither EXIT nor DONE"),
        ({"asked": 0, "hosts": "0", "slots": "0"}, "numProcessors: not a number of slots"),
        ({"slots": '1 "99999999*a"'}, "numProcessors: not a number of slots"),
        ({"slots": '3 "a" "b"'}, "numAllocSlots: expected so many strings"),
        ({"slots": '3 "2*a" "2*b"'}, "numAllocSlots: expected so many strings"),
        ({"hosts": '-1 "a"'}, "numExHosts: is negative"),
        ({"hosts": '1e1 "a"'}, "numExHosts: expected a number"),
        ({"hosts": "1 64"}, "numExHosts: expected so many strings"),
        ({"submit": "soon"}, "submitTime: expected a number"),
        ({"limit": '"-1"'}, "runLimit: expected a number"),
        ({"extensions": '1 "1032" "0"'}, "numSubmitExt, key: expected a number"),
        ({"rest": '1 "gpu1" 2 "a"'}, "numKVP: ends within an entry"),
        ({"rest": "1"}, "numGPURusages: ends within an entry"),
        ({"command": 'torn "" here"'}, "a string is not closed"),
        ({"command": 'torn" here "'}, "stime: expected a number"),
    ],
)
def test_what_does_not_fit_is_counted_with_its_line_and_reason(
    read: Any, line: Callable[..., str], fields: dict[str, Any], reason: str
) -> None:
    found, notes = read(line(**fields))
    assert found is None
    assert len(notes) == 1
    assert f"1 of {GOOD + 1} JOB_FINISH records passed over: 1 x {reason}" in notes[0]
    assert f"lsb.acct:1: {reason}" in notes[0]


def test_clocks_that_differ_by_seconds_are_no_reason(job: Any) -> None:
    found = job(start=1_699_999_990)
    assert (found.started, found.ended) == (1_700_000_000.0, 1_700_000_900.0)
