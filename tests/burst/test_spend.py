from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from burst.spend import SpendFile
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

MONTH = "2026-11"
GOOD = '{"machine": "i-1", "lab": "lee", "usd": 1.5}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / f"aws-spend-{MONTH}.jsonl"


def test_one_file_a_provider_and_month(tmp_path: Path, path: Path) -> None:
    SpendFile(tmp_path, "aws").add(MONTH, "i-1", "lee", 1.5)
    assert path.read_text() == GOOD
    assert SpendFile(tmp_path, "other").month_to_date(MONTH) == {}


def test_a_torn_line_is_passed_over_and_does_not_swallow_the_next(tmp_path: Path, path: Path) -> None:
    path.write_text(GOOD + '{"machine": "i-2", "la')  # the writer was killed
    spend = SpendFile(tmp_path, "aws")
    spend.add(MONTH, "i-3", "lee", 2.0)
    spend.add(MONTH, "i-4", "lee", 4.0)
    assert SpendFile(tmp_path, "aws").month_to_date(MONTH) == {"lee": 7.5}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "7",
        '{"machine": "i-9", "lab": "lee"}',
        '{"machine": "i-9", "lab": "lee", "usd": null}',
        '{"machine": "i-9", "lab": "lee", "usd": "many"}',
        '{"machine": "i-9", "lab": "lee", "usd": NaN}',
        '{"machine": "i-9", "lab": "lee", "usd": 1e999}',
    ],
)
def test_a_line_of_another_form_is_passed_over(tmp_path: Path, path: Path, line: str) -> None:
    path.write_text(f"{line}\n{GOOD}")
    assert SpendFile(tmp_path, "aws").month_to_date(MONTH) == {"lee": 1.5}


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path, path: Path) -> None:
    path.write_bytes(b"\xff\xfe\n" + GOOD.encode())
    assert SpendFile(tmp_path, "aws").month_to_date(MONTH) == {"lee": 1.5}


def test_two_processes_may_note_the_same_machine(tmp_path: Path) -> None:
    one, other = SpendFile(tmp_path, "aws"), SpendFile(tmp_path, "aws")
    other.add(MONTH, "i-0", "lee", 1.0)
    one.add(MONTH, "i-1", "lee", 1.0)
    other.add(MONTH, "i-1", "lee", 9.0)
    assert one.month_to_date(MONTH) == other.month_to_date(MONTH) == {"lee": 2.0}


def test_a_file_that_cannot_be_read_is_not_an_empty_one(tmp_path: Path, path: Path) -> None:
    path.mkdir()
    with pytest.raises(SiteUnavailable, match=r"aws-spend-2026-11\.jsonl: cannot be read"):
        SpendFile(tmp_path, "aws").month_to_date(MONTH)
    with pytest.raises(SiteUnavailable, match="cannot be read"):
        SpendFile(tmp_path, "aws").add(MONTH, "i-1", "lee", 1.0)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(SiteUnavailable, match=r"cannot be (read|written)"):
        SpendFile(tmp_path / "link", "aws").add(MONTH, "i-1", "lee", 1.0)
    dangling = tmp_path / f"aws-spend-{MONTH}.jsonl"
    dangling.symlink_to(tmp_path / "not there" / "file")
    with pytest.raises(SiteUnavailable, match="cannot be written"):
        SpendFile(tmp_path, "aws").add(MONTH, "i-1", "lee", 1.0)
