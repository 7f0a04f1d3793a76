"""Traces in the Standard Workload Format as jobs of the past."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from onprem.swf import BadLine, Row, past_job, read_trace, row
from ris_hybrid.errors import ConfigError
from ris_hybrid.past_job import PastJob

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "; Version: 2.2\n;  UnixStartTime: 1000\n; MaxNodes: 50\n;MaxProcs: 100 \n; Note: Version: 7\n"


def columns(**given: object) -> str:
    """A line of 18 columns, all unknown but those given as ``c<number>``."""
    found = ["-1"] * 18
    for name, value in given.items():
        found[int(name[1:]) - 1] = str(value)
    return " ".join(found)


def job(**given: object) -> PastJob:
    found = row(columns(**given))
    assert isinstance(found, Row)
    return past_job(found, 1000.0)


def test_columns_become_a_job() -> None:
    line = {"c1": 7, "c2": 500, "c3": 20, "c4": 60, "c5": 4, "c8": 8, "c9": 120, "c10": 2048, "c11": 1}
    assert job(**line, c12=3, c13=5, c14=2, c15=1) == PastJob(
        job_id="7",
        submitted=1500.0,
        started=1520.0,
        ended=1580.0,
        slots=8,
        run_limit_s=120.0,
        queue="queue1",
        user="user3",
        lab="group5",
        project="",
        name="application2",
        ineligible_s=0.0,
        memory_mib=16,
        failed=False,
    )


def test_what_is_unknown() -> None:
    found = job(c2=0, c4=60, c5=8, c7=1024)
    assert (found.slots, found.run_limit_s, found.memory_mib) == (8, None, 8)
    assert (found.queue, found.user, found.lab, found.name, found.failed) == ("", "", "", "", False)
    assert (found.wait_unknown, found.started, found.ended) == (True, 1000.0, 1060.0)


def test_memory_that_no_machine_has_is_unknown() -> None:
    assert job(c2=0, c4=60, c5=64, c10=68_719_476_736).memory_mib == 0


@pytest.mark.parametrize(("status", "failed"), [(0, True), (1, False), (5, True), (-1, False)])
def test_status(status: int, failed: bool) -> None:
    assert job(c2=0, c3=0, c4=1, c5=1, c11=status).failed is failed


@pytest.mark.parametrize("given", [{"c4": -1, "c5": 4}, {"c4": 5, "c5": 0}])
def test_a_job_that_never_started(given: dict[str, int]) -> None:
    assert job(c2=10, c3=5, **given).started == 0.0


def test_a_requested_time_in_another_column_is_not_guessed() -> None:
    assert job(c2=0, c3=0, c4=1, c5=1, c6=3600).run_limit_s is None


def test_a_file_with_header_more_columns_and_lines_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "t.swf.gz"
    lines = [columns(c1=1, c2=9, c3=0, c4=1, c5=1), columns(c1=2, c2=3, c4=1, c5=1) + " {17,18} q_1d 1:ppn=2#x"]
    path.write_bytes(gzip.compress((HEAD + "\n".join(lines) + "\n\n").encode()))
    told: list[int] = []
    reading = read_trace(path, told.append)
    assert [(job.job_id, job.submitted) for job in reading] == [("1", 1009.0), ("2", 1003.0)]
    assert reading.capacity == 100
    assert reading.warnings() == ("jobs that do not say how long they waited: 1",)
    assert reading.notes() == (*reading.warnings(), "lines that are not in the order of submission: 1")
    assert sum(told) == path.stat().st_size


def test_without_a_header_a_start_at_second_0_is_still_a_start(tmp_path: Path) -> None:
    path = tmp_path / "t.swf"
    path.write_text(columns(c2=0, c3=0, c4=5, c5=1))
    reading = read_trace(path)
    assert [(job.started, job.ended) for job in reading] == [(1.0, 6.0)]
    assert (reading.capacity, reading.notes()) == (0, ())


def test_few_bad_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.swf"
    good = columns(c2=0, c3=0, c4=5, c5=1)
    path.write_text("\n".join(["1 2 3", *[good] * 150, columns(c2="x")]))
    with pytest.raises(ConfigError, match=r"t.swf:1: line: expected 18 columns, found 3 \(2 such lines of 152\)"):
        list(read_trace(path))
    path.write_text("\n".join(["1 2 3", *[good] * 199, columns(c2="x")]))
    reading = read_trace(path)
    assert len(list(reading)) == 199
    assert reading.warnings() == (f"2 of 201 lines passed over, first {path}:1: line: expected 18 columns, found 3",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 2 3", "line: expected 18 columns, found 3"),
        (columns(c4="long"), "run time: expected a number, found 'long'"),
        (columns(c12="nan"), "user: expected a number, found 'nan'"),
        (columns(c4="1e20"), "line: expected numbers of a size that can be true"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    found = row(line)
    assert isinstance(found, BadLine)
    assert found.at("t.swf:3") == f"t.swf:3: {message}"


def test_a_file_of_other_things_is_refused_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "t.swf"
    path.write_text("x\n" * 5000)
    with pytest.raises(ConfigError, match=r"t.swf:1: .*\(1000 such lines of 1000\)"):
        list(read_trace(path))
    path.write_text("; a header\n")
    with pytest.raises(ConfigError, match="expected jobs of a trace, found none"):
        list(read_trace(path))


def test_times_in_milliseconds_are_no_times(tmp_path: Path) -> None:
    assert isinstance(row(columns(c1=1, c2=1.7e12, c4=60, c5=4)), BadLine)
    path = tmp_path / "late.swf"
    path.write_text("; UnixStartTime: 1700000000000\n" + columns(c1=1, c2=5, c3=0, c4=60, c5=4) + "\n")
    reading = read_trace(path)
    assert [one.submitted for one in reading] == [6.0]
    assert reading.warnings() == ("UnixStartTime of the header is no time in seconds: when the trace began is unknown",)
