"""The service's life: it listens, takes a turn every 30 seconds, and ends when told to.

    start ─▶ listening ─READY─▶ turn ─▶ wait ─▶ turn ... ─told to end─▶ what runs is finished ─▶ socket gone

Clock and waiting are given from outside: production waits on an event that SIGTERM sets, the sandbox's clock runs
faster than life, and a test's stands still.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import RisHybridError, SiteUnavailable
from ris_hybrid.serve import notify
from ris_hybrid.serve.listener import listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ris_hybrid.ports import Clock
    from ris_hybrid.serve.answering import Desk
    from ris_hybrid.serve.notify import Systemd

PERIOD_S = 30.0
POLL_S = 0.5  # how often the clock is looked at, and systemd told that we live
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts of a running service."""

    socket: Path
    desk: Desk
    clock: Clock
    turn: Callable[[float], None]
    """One turn at this time; what it raises as ``RisHybridError`` is logged, and the next turn comes."""
    systemd: Systemd

    def run(self, wait: Callable[[float], bool]) -> None:
        """Serve until ``wait(seconds)`` says to end. Raises as ``listening`` does."""
        with listening(self.socket, self.desk.answer) as thread:
            self.systemd.tell(notify.READY, "STATUS=listening")
            last: float | None = None
            while thread.is_alive():
                last = self._due(last)
                self.systemd.tell(notify.ALIVE)
                if wait(POLL_S):
                    self.systemd.tell(notify.STOPPING)
                    return
            raise SiteUnavailable(f"{self.socket}: nobody listens any more", "the log says why")

    def _due(self, last: float | None) -> float:
        """Take a turn when it is time. A clock that was set back must not keep us waiting."""
        now = self.clock.now()
        if last is not None and abs(now - last) < PERIOD_S:
            return last
        try:
            self.turn(now)
        except RisHybridError as error:
            _LOG.warning("no turn: %s", error.message)
        return now
