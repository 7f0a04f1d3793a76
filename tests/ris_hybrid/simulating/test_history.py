"""Which part of which record is read."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.simulating.history import Source, read, seconds

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86400
HEADER = "; MaxProcs: 8\n; UnixStartTime: 1767225600\n"  # 1 January 2026


def trace(folder: Path, header: str = HEADER) -> Path:
    """Ten days with a job each, of two labs."""
    lines = [f"{job} {job * DAY} 60 3600 2 -1 -1 2 7200 -1 1 {job % 3} {job % 2} -1 1 -1 -1 -1" for job in range(10)]
    path = folder / "small.swf.gz"
    path.write_bytes(gzip.compress((header + "\n".join(lines) + "\n").encode()))
    return path


@pytest.mark.parametrize(
    ("part", "jobs"),
    [
        ({}, 10),
        ({"since": "3d"}, 7),
        ({"since": "2026-01-03", "until": "2026-01-06T00:00:00+00:00"}, 3),
        ({"until": "4.5d"}, 5),
        ({"most": 4}, 4),
        ({"most": 40}, 10),
    ],
)
def test_a_part_of_the_record(tmp_path: Path, part: dict[str, str], jobs: int) -> None:
    path = trace(tmp_path)
    done: list[int] = []
    history = read(Source(kind="swf", paths=(path,), **part), done.append)
    assert history.workload.jobs == jobs
    assert history.workload.submitted[0] == 0
    assert (history.capacity, sum(done)) == (8, path.stat().st_size)


def test_nothing_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"small.swf.gz: expected jobs that ran, found none between these dates"):
        read(Source(kind="swf", paths=(trace(tmp_path),), since="400d"), lambda _: None)


@pytest.mark.parametrize(
    ("text", "began", "expected"),
    [
        ("tomorrow", 1.0, "expected a date such as"),
        ("30 d", 1.0, "expected a date"),
        ("2026-01-01", 0.0, "does not say"),
    ],
)
def test_dates_that_are_none(text: str, began: float, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        seconds(text, began, "--from")
    assert raised.value.message.startswith("--from: ")
    assert expected in raised.value.message


def test_several_files_share_a_name(tmp_path: Path) -> None:
    assert Source(kind="lsb.acct", paths=(tmp_path / "lsb.acct", tmp_path / "lsb.acct.1")).name == "lsb.acct and 1 more"
