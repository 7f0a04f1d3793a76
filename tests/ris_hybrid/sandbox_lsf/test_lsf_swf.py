from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.swf import Arrival, Names, read_swf

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "; Version: 2.2\n;  MaxJobs: 3\n"


def row(**fields: object) -> str:
    """A line of 18 columns, all unknown but those given as ``c<number>``."""
    columns = ["-1"] * 18
    for name, value in fields.items():
        columns[int(name[1:]) - 1] = str(value)
    return " ".join(columns)


def read(tmp_path: Path, *lines: str, names: Names | None = None) -> tuple[Arrival, ...]:
    path = tmp_path / "trace.swf"
    path.write_text(HEAD + "\n".join(lines) + "\n\n")
    return read_swf(path, names).arrivals


def test_columns_become_a_request(tmp_path: Path) -> None:
    names = Names(labs=("abc", "xyz"), queues={3: "general"})
    (arrival,) = read(tmp_path, row(c2=500, c4=60, c5=4, c8=8, c9=120, c12=7, c13=5, c15=3), names=names)
    request = arrival.request
    assert (arrival.at, request.run_s, request.slots, request.run_limit_s) == (500, 60, 8, 120)
    assert (request.user, request.user_group, request.queue) == ("user7", "compute-xyz", "general")


def test_unknown_values_have_plain_defaults(tmp_path: Path) -> None:
    (arrival,) = read(tmp_path, row(c2=0, c4=60, c5=4), names=Names(labs=("abc",)))
    request = arrival.request
    assert (request.slots, request.run_limit_s, request.queue, request.user) == (4, None, "", "user")
    assert request.user_group == "compute-abc"


def test_the_user_decides_the_lab_where_the_group_is_unknown_and_no_labs_mean_no_group(tmp_path: Path) -> None:
    line = row(c2=0, c4=60, c5=4, c12=3)
    assert read(tmp_path, line, names=Names(labs=("abc", "xyz")))[0].request.user_group == "compute-xyz"
    assert read(tmp_path, line)[0].request.user_group == ""


def test_a_run_is_cut_to_what_was_asked(tmp_path: Path) -> None:
    assert read(tmp_path, row(c2=0, c4=99, c5=1, c9=60))[0].request.run_s == 60


def test_jobs_are_sorted_and_those_that_never_ran_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.swf.gz"
    lines = [row(c2=9, c4=1, c5=1), row(c2=3, c4=1, c5=1, c8=2), row(c2=1, c4=-1, c5=1), row(c2=1, c4=5, c5=0)]
    path.write_bytes(gzip.compress((HEAD + "\n".join(lines) + " {17,18} extra\n").encode()))
    trace = read_swf(path)
    assert [arrival.at for arrival in trace.arrivals] == [3, 9]
    assert trace.left_out == 2
    assert trace.header == "; Version: 2.2\n;  MaxJobs: 3"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 2 3", r"trace.swf:3: line: expected 18 columns, found 3"),
        (row(c4="long"), r"trace.swf:3: run time: expected a number, found 'long'"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, line)


@pytest.mark.parametrize(
    "data", [None, b"\x1f\x8bnonsense", gzip.compress(b"; x\n" * 99, mtime=0)[:-9]], ids=["none", "junk", "cut"]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "broken.swf.gz"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"broken\.swf\.gz: expected a readable trace"):
        read_swf(path)
