"""Turns in the foreground: they end where what was asked for is done or stands still, and show how far it is."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli import data_drive, data_view
from ris_hybrid.clocks import FixedClock
from ris_hybrid.data.lifecycle import IN_CLOUD
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.engine import ask_back
from ris_hybrid.staging.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "/storage1/fs1/wucci/Active/A"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drive(rig: Any, **fields: Any) -> data_drive.Drive:
    def ticking(_seconds: float) -> None:
        rig.mover.tick()

    return data_drive.Drive(world=rig.world(), clock=FixedClock(rig.now), every_s=0.0, wait=ticking, **fields)


def test_it_ends_when_all_is_there(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()

    found = drive(rig).until(["s1"], IN_CLOUD)

    assert [one.state for one in found] == [StagingState.STAGED]
    assert data_drive.exit_code(found, IN_CLOUD) == 0


def test_it_ends_when_nothing_goes_on(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.mover.refuse = {"a": "denied"}
    assert data_drive.exit_code(drive(rig).until(["s1"], IN_CLOUD), IN_CLOUD) == 5

    rig.plan("s2", blocked=("the cache is dirty",))
    assert data_drive.exit_code(drive(rig).until(["s2"], IN_CLOUD), IN_CLOUD) == 3


def test_a_terminal_sees_bytes_rate_and_what_is_left(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.put(a=b"1" * 4096, b=b"2" * 4096)
    rig.plan()
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    drive(rig).until(["s1"], IN_CLOUD)

    shown = terminal.getvalue()
    assert "s1 staged" in shown
    assert "8.2 kB" in shown or "8.0 KiB" in shown or "8.0/8.0" in shown


def test_verify_says_what_is_wrong_with_each_file(rig: Any) -> None:
    rig.put(a=b"1", b=b"2", c=b"3", d=b"4", e=b"5")
    rig.plan(data_class="phi")
    rig.turns()
    rig.objects.mark_deleted("b", "Active/A/a")
    rig.tree.remove(f"{SITE}/b")
    rig.tree.unreadable = {f"{SITE}/c"}
    rig.objects.sums = "none"
    rig.objects.put("b", "Active/A/d", b"4")

    assert {one.path: one.wrong for one in verify(rig.world(), rig.staging)} == {
        "a": "it is not in the cloud",
        "b": "it is not on the site",
        "c": "it cannot be read: (a file): permission denied",
        "d": "S3 has no checksum of it, so it cannot be verified",
        "e": "",
    }


@pytest.mark.parametrize(
    ("seconds", "told"), [(-1, "0 s"), (59, "59 s"), (600, "10 min"), (7_200, "2.0 h"), (200_000, "2.3 d")]
)
def test_durations_as_people_say_them(seconds: float, told: str) -> None:
    assert data_view.duration(seconds) == told


def test_the_journal_is_free_between_two_turns(rig: Any) -> None:
    """A foreground command of days must not keep the service from all other stagings."""
    rig.put(a=b"1")
    rig.plan()
    held: list[str] = []

    @contextmanager
    def opened() -> Iterator[Any]:
        if not held:
            held.append("busy")
            raise SiteUnavailable("another process works with this journal")
        held.append("taken")
        yield rig.journal
        held.append("free")

    def waiting(_seconds: float) -> None:
        assert held[-1] != "taken"
        rig.mover.tick()

    mine = data_drive.Drive(world=rig.world(), clock=FixedClock(rig.now), every_s=0.0, wait=waiting, opened=opened)
    assert [one.state for one in mine.until(["s1"], IN_CLOUD)] == [StagingState.STAGED]
    assert held.count("taken") > 1


def test_only_what_is_on_its_way_back_is_waited_for(rig: Any, capsys: pytest.CaptureFixture[str]) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.turn()
    ask_back(rig.world(), rig.staging, rig.now, "asked for")

    assert data_drive.returning(rig.journal.stagings(), ["s1"]) == []
    assert "is staging: nothing is returned of it" in capsys.readouterr().err
