from __future__ import annotations

import json
from typing import TYPE_CHECKING

from burst.audit import AuditFile
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from pathlib import Path


def ats(path: Path) -> list[float]:
    return [json.loads(line)["at"] for line in path.read_text().splitlines()]


def test_the_log_is_rotated_by_size_and_five_old_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "aws-audit.jsonl"
    audit = AuditFile(path, rotate_bytes=1)  # every event finds the file full
    for at in range(8):
        audit.record(Event(at=float(at), kind="x"))
    assert {old.name: ats(old) for old in tmp_path.iterdir()} == {
        "aws-audit.jsonl": [7.0],
        "aws-audit.jsonl.1": [6.0],
        "aws-audit.jsonl.2": [5.0],
        "aws-audit.jsonl.3": [4.0],
        "aws-audit.jsonl.4": [3.0],
        "aws-audit.jsonl.5": [2.0],
    }


def test_a_log_below_its_size_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "aws-audit.jsonl"
    for at in (1.0, 2.0):
        AuditFile(path, rotate_bytes=1000).record(Event(at=at, kind="x"))
    assert ats(path) == [1.0, 2.0]
    assert list(tmp_path.iterdir()) == [path]


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a directory should be")
    AuditFile(tmp_path / "file" / "audit.jsonl").record(Event(at=1.0, kind="x"))
    (tmp_path / "folder").mkdir()
    AuditFile(tmp_path / "folder").record(Event(at=1.0, kind="x"))
    assert (tmp_path / "file").read_text() == "a file where a directory should be"


def test_a_rotation_that_fails_does_not_lose_the_event(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"at": 1.0}\n')
    (tmp_path / "audit.jsonl.4").touch()
    (tmp_path / "audit.jsonl.5").mkdir()  # cannot be replaced by a file
    AuditFile(path, rotate_bytes=1).record(Event(at=2.0, kind="x"))
    assert ats(path) == [1.0, 2.0]
