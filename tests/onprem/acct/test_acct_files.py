"""Files of lsb.acct: in any order, packed, torn, with holes, of versions to come, or no such file at all."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.lsf.acct.reading import AcctOptions, read_acct
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = 86_400
START = 1_700_000_000


@pytest.fixture
def days(line: Callable[..., str]) -> Callable[..., str]:
    """``days(0, 1)``: a record that ended on each of these days; the number of the day is the job's id."""

    def made(*numbers: int) -> str:
        return "".join(
            line(job=day, submit=START + day * DAY, start=START + day * DAY, event=START + day * DAY + 60)
            for day in numbers
        )

    return made


def test_rotated_files_are_read_by_time_whatever_their_order(tmp_path: Path, days: Callable[..., str]) -> None:
    (tmp_path / "lsb.acct").write_text(days(4, 5))
    (tmp_path / "lsb.acct.1").write_text("# remark\n\n" + days(2, 3))
    (tmp_path / "lsb.acct.2.gz").write_bytes(gzip.compress(days(0, 1).encode()))
    reading = read_acct([tmp_path / name for name in ("lsb.acct.1", "lsb.acct", "lsb.acct.2.gz", "lsb.acct")])
    assert [job.job_id for job in reading] == ["0", "1", "2", "3", "4", "5"]
    assert reading.notes() == ()


def test_days_without_a_record_are_said(tmp_path: Path, days: Callable[..., str]) -> None:
    path = tmp_path / "lsb.acct"
    path.write_text(days(0, 2, 9, 20, 40, 60, 61))
    reading = read_acct([path], AcctOptions(gap_days=5))
    assert len(list(reading)) == 7
    first, second, third, more = reading.warnings()
    assert first == ("no record between 2023-11-16 22:14 UTC and 2023-11-23 22:14 UTC (7.0 days): is a file missing?")
    assert "(11.0 days)" in second
    assert "(20.0 days)" in third
    assert more == "1 more gaps of over 5 days"


def test_a_torn_last_line_is_not_used(tmp_path: Path, days: Callable[..., str]) -> None:
    path = tmp_path / "lsb.acct"
    path.write_text(days(0, 1)[:-1])
    reading = read_acct([path])
    assert [job.job_id for job in reading] == ["0"]
    assert reading.warnings() == (
        f"1 of 2 JOB_FINISH records passed over: 1 x last line is torn ({path}:2: last line is torn)",
    )


def test_a_packed_file_that_ends_early_is_read_as_far_as_it_goes(tmp_path: Path, days: Callable[..., str]) -> None:
    path = tmp_path / "lsb.acct.3.gz"
    path.write_bytes(gzip.compress(days(*range(400)).encode())[:-200])
    reading = read_acct([path])
    assert 100 < len(list(reading)) < 400
    assert reading.warnings() == (f"{path} ends early: it was read as far as it goes",)


def test_a_file_that_says_no_time_comes_first(tmp_path: Path, days: Callable[..., str]) -> None:
    bare, cut, plain = tmp_path / "lsb.acct.1", tmp_path / "lsb.acct.2.gz", tmp_path / "lsb.acct"
    bare.write_text("# remark\n" * 1100 + days(5))
    cut.write_bytes(gzip.compress(b"# remark\n" * 9)[:-9])
    plain.write_text(days(0))
    reading = read_acct([plain, bare, cut])
    assert [job.job_id for job in reading] == ["5", "0"]


def test_a_version_to_come_is_used_where_it_fits(tmp_path: Path, line: Callable[..., str]) -> None:
    path = tmp_path / "lsb.acct"
    shifted = line(version="12.1", limit='7 "new"')
    path.write_text(line(version="11.1") * 3 + shifted * 2 + line(version="", status=1) + line())
    reading = read_acct([path])
    assert len(list(reading)) == 4
    option, status = "options3: expected a number", "jStatus: neither EXIT nor DONE"
    places = f"({path}:4: {option}; {path}:5: {option}; {path}:6: {status})"
    assert reading.warnings() == (
        f"3 of 7 JOB_FINISH records passed over: 2 x {option}, 1 x {status} {places}",
        "records of LSF version 11.1, which is not known yet, read as those of 10.1: 3",
        "records of LSF version 12.1, which is not known yet, that do not fit the layout of 10.1: 2",
        "records of LSF version ?, which is not known yet, that do not fit the layout of 10.1: 1",
    )


def test_other_events_are_counted(tmp_path: Path, line: Callable[..., str]) -> None:
    path = tmp_path / "lsb.acct"
    others = '"JOB_RESIZE" "10.1" 1700000000 1\n"EVENT_ADRSV_FINISH" "10.1" 1700000000 1\n'
    path.write_text(others * 2 + "what is this\n" + '"JOB_FINISH\n' + line() * 3)
    reading = read_acct([path])
    assert len(list(reading)) == 3
    passed, adrsv, resize = reading.notes()
    assert "2 x not a record of LSF" in passed
    assert (adrsv, resize) == (
        "records of EVENT_ADRSV_FINISH passed over: 2",
        "records of JOB_RESIZE passed over: 2",
    )


def test_of_many_that_do_not_fit_the_first_are_named(tmp_path: Path, line: Callable[..., str]) -> None:
    path = tmp_path / "lsb.acct"
    path.write_text(line(status=1) * 5 + line() * 5)
    reading = read_acct([path])
    assert len(list(reading)) == 5
    assert reading.warnings()[0].endswith(f"{path}:3: jStatus: neither EXIT nor DONE; and 2 more)")


def test_bytes_consumed_are_told_as_they_lie_on_disk(tmp_path: Path, days: Callable[..., str]) -> None:
    plain, packed = tmp_path / "lsb.acct", tmp_path / "lsb.acct.1.gz"
    plain.write_text(days(1, 2) + "# remark\n" * 5000)
    packed.write_bytes(gzip.compress(days(0).encode()))
    told: list[int] = []
    reading = read_acct([plain, packed], on_bytes=told.append)
    assert len(list(reading)) == 3
    assert sum(told) == plain.stat().st_size + packed.stat().st_size
    assert len(told) > 2
    assert min(told) >= 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"lsb.acct: expected JOB_FINISH records, found none"),
        ('"JOB_RESIZE" "10.1" 1\n', r"lsb.acct: expected JOB_FINISH records, found none"),
        ("1 2 3\n" * 30, r"lsb.acct:1: not a record of LSF; 30 of 30 records do not fit"),
        ("1 2 3\n" * 10_001, r"lsb.acct:1: not a record of LSF; 10000 of 10000 records do not fit"),
        ('"JOB_FINISH" "99.9" 1 2 "x"\n', r"lsb.acct:1: jobId: expected|lsb.acct:1: "),
    ],
)
def test_what_is_no_accounting_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "lsb.acct"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        list(read_acct([path]))


JUNK = [b"", b"\xff", b"\x00", b"\x01", b'"', b'""', b" ", b"\n", b"0", b"-1", b"9" * 25, b"nan", b"16*", b"\x85"]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 9), st.sampled_from(JUNK)), max_size=6))
def test_whatever_stands_in_a_file_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, line: Callable[..., str], changes: list[tuple[int, int, bytes]]
) -> None:
    text = line().encode()
    for at, gone, junk in changes:
        text = text[:at] + junk + text[at + gone :]
    path = tmp_path_factory.getbasetemp() / "lsb.acct"
    path.write_bytes(text + b"\n" + line().encode() * 9)
    reading = read_acct([path], AcctOptions(gap_days=0.0))
    assert len(list(reading)) >= 9
    assert all(isinstance(note, str) for note in reading.notes())


def test_a_file_that_is_not_there_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone: expected a readable lsb.acct file"):
        list(read_acct([tmp_path / "gone"]))
    with pytest.raises(ConfigError, match="no accounting file"):
        read_acct([])
