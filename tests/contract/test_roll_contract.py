"""The promises of the Roll port, kept by its file and by the fake."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.roll import REMEMBERED_S, FakeRoll, RollFile, Row
from burst.libcloud.values import Node
from ris_hybrid.model import MachineState, UnknownWord

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    def __init__(self, now: float) -> None:
        self.at = now

    def now(self) -> float:
        return self.at


@pytest.fixture
def clock(make: Any) -> Clock:
    return Clock(make.now)


@pytest.fixture(params=["file", "fake"])
def roll(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Any:
    return (
        RollFile(tmp_path / "data" / "aws-research-roll.json", clock.now)
        if request.param == "file"
        else FakeRoll(clock.now)
    )


def row(number: int = 1, **fields: Any) -> Row:
    node = Node(
        node_id=f"n-{number}",
        name=f"ris-cpu-{number}",
        state=UnknownWord("RESCUE") if number == 2 else MachineState.RUNNING,
        size="m1.large",
        zone="nova-1",
        private_ip="10.0.0.1",
        launched=1_800_000_000.0,
        tags={"ris_lab": "wücci", "ris_token": "t"},
    )
    return Row(node=node, **fields)


def test_what_is_noted_is_read_as_it_was(roll: Any) -> None:
    assert roll.rows() == {}
    roll.note([row(1), row(2, unwritten={"ris_return": "ret-1"})])
    roll.note([])
    assert roll.rows() == {"n-1": row(1), "n-2": row(2, unwritten={"ris_return": "ret-1"})}
    assert isinstance(roll.rows()["n-2"].node.state, UnknownWord)


def test_one_that_is_gone_is_kept_for_an_hour(roll: Any, clock: Clock) -> None:
    roll.note([row(1, gone=clock.at), row(2)])
    clock.at += REMEMBERED_S - 1
    assert set(roll.rows()) == {"n-1", "n-2"}
    clock.at += 1
    assert set(roll.rows()) == {"n-2"}


def test_whoever_listed_earlier_and_notes_later_undoes_nothing(roll: Any, clock: Clock) -> None:
    roll.note([row(1, gone=clock.at, unwritten={"ris_return": "ret-1"})])
    roll.note([row(1)])
    assert roll.rows()["n-1"] == row(1, gone=clock.at, unwritten={"ris_return": "ret-1"})


def test_a_mark_is_kept_until_the_machine_shows_it(roll: Any) -> None:
    roll.note([row(1, unwritten={"ris_return": "ret-1", "ris_lab": ""})])
    shown = replace(row(1).node, tags={"ris_return": "ret-1"})
    roll.note([Row(node=shown)])
    assert roll.rows()["n-1"] == Row(node=shown)


def test_callers_at_once_lose_nothing_of_each_other(roll: Any) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: roll.note([row(number)]), range(10, 26)))
    assert len(roll.rows()) == 16


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"rows": 3}', b'{"rows": [{"node": {}}]}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_damaged_file_is_as_none_and_is_written_anew(damage: bytes, tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "roll.json"
    path.write_bytes(damage)
    roll = RollFile(path, clock.now)
    assert roll.rows() == {}
    roll.note([row(1)])
    assert RollFile(path, clock.now).rows() == {"n-1": row(1)}


def test_a_file_that_cannot_be_written_stops_nobody(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "data").write_text("a file, where the folder should be", encoding="utf-8")
    roll = RollFile(tmp_path / "data" / "roll.json", clock.now)
    roll.note([row(1)])
    assert roll.rows() == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give files away")
def test_what_root_wrote_by_hand_lsfs_scripts_can_open(tmp_path: Path, clock: Clock) -> None:
    os.chown(tmp_path, 12345, 12346)
    RollFile(tmp_path / "roll.json", clock.now).note([row(1)])
    owners = {(path.name, path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()}
    assert owners == {("roll.json", 12345, 12346), ("roll.lock", 12345, 12346)}


def test_noting_the_same_again_writes_nothing(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "roll.json"
    RollFile(path, clock.now).note([row(1)])
    before = path.stat().st_mtime_ns, path.stat().st_ino
    RollFile(path, clock.now).note([row(1)])
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_what_many_threads_note_at_once_is_all_kept(roll: Any) -> None:
    """A cloud that takes no marks while it builds leaves those of a whole launch to the roll, eight at a time."""
    roll.note([row(number) for number in range(40)])
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: roll.note([row(number, unwritten={"ris_return": "ret-1"})]), range(32)))
    assert sum(bool(one.unwritten) for one in roll.rows().values()) == 32


def test_marks_of_one_machine_that_come_at_once_are_kept_together(roll: Any) -> None:
    roll.note([row(1, unwritten={"ris_return": "ret-1"}), row(1, unwritten={"ris_end": "idle"})])
    assert roll.rows()["n-1"].unwritten == {"ris_return": "ret-1", "ris_end": "idle"}
