from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onprem.globus.hold import Holds
from onprem.globus.pace import Pace
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class World:
    """A clock that waiting moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_no_more_calls_a_second_than_told() -> None:
    world = World()
    pace = Pace(10, lambda: world.now, world.wait)
    for _ in range(101):
        pace.take()
    assert world.now == pytest.approx(1010)


def test_who_comes_late_need_not_wait_and_a_clock_set_back_holds_nobody_up() -> None:
    world = World()
    pace = Pace(2, lambda: world.now, world.wait)
    pace.take()
    world.now += 5
    pace.take()
    assert world.now == 1005
    world.now = 10
    pace.take()
    assert world.now == pytest.approx(10.5)


def test_a_hold_survives_and_ends(holds: Holds, tmp_path: Path) -> None:
    assert holds.read() == {}
    holds.hold("out", "works")
    holds.hold(None, "all")
    assert Holds(tmp_path / "data" / "hold.json").read() == {"in": "all", "out": "all"}
    holds.release()
    holds.release()
    assert holds.read() == {}


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"in": 1'])
def test_a_hold_that_cannot_be_read_holds(text: str, holds: Holds, tmp_path: Path) -> None:
    holds.hold("in", "x")
    (tmp_path / "data" / "hold.json").write_text(text)
    with pytest.raises(ConfigError, match="nothing is submitted"):
        holds.read()


def test_a_hold_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    blocked = Holds(tmp_path / "file" / "hold.json")
    with pytest.raises(ConfigError, match="cannot be"):
        blocked.hold(None, "x")
    with pytest.raises(ConfigError, match="cannot be"):
        blocked.release()
