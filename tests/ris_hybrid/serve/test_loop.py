"""The service's life with a clock and a waiter of the test's own: nothing here sleeps."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.clients import Clients
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.serve.answering import Desk
from ris_hybrid.serve.loop import Service
from ris_hybrid.serve.metrics import Metrics
from ris_hybrid.serve.notify import Systemd

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


@dataclass
class Life:
    """A clock that moves by what was waited, and a turn that notes when it came."""

    steps: list[float]
    at: float = 1000.0
    turns: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def wait(self, _seconds: float) -> bool:
        if not self.steps:
            return True
        self.at += self.steps.pop(0)
        return False

    def turn(self, now: float) -> None:
        self.turns.append(now)
        if len(self.turns) == 2:
            raise SiteUnavailable("LSF is down")


class Told(Systemd):
    def __init__(self, life: Life) -> None:
        super().__init__({})
        self.life = life

    def tell(self, *words: str) -> None:
        self.life.told.append(words[0])


def lived(life: Life, path: Path) -> Life:
    service = Service(
        socket=path / "aws-serve.host.sock",
        desk=Desk(Clients(), Metrics()),
        clock=life,
        turn=life.turn,
        systemd=Told(life),
    )
    service.run(life.wait)
    return life


def test_a_turn_comes_at_once_and_every_half_minute(tmp_path: Path) -> None:
    assert lived(Life([10, 19, 1, 29, 1, 300]), tmp_path).turns == [1000, 1030, 1060, 1360]


def test_a_clock_that_was_set_back_does_not_stop_the_turns(tmp_path: Path) -> None:
    assert lived(Life([-500, 10, 20]), tmp_path).turns == [1000, 500, 530]


def test_a_turn_that_fails_is_logged_and_the_next_one_comes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(lived(Life([30, 30]), tmp_path).turns) == 3
    assert "no turn: LSF is down" in caplog.text


def test_systemd_hears_that_it_is_ready_that_it_lives_and_that_it_ends(tmp_path: Path) -> None:
    assert lived(Life([1]), tmp_path).told == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]
