"""Where ``now`` comes from: the machine's clock, or the sandbox's virtual time."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.ports import Clock

CLOCK_VARIABLE = "RIS_HYBRID_SANDBOX_CLOCK"
"""Set by the sandbox alone: its virtual time. Everything else runs the same code as production."""

_LATEST = 253_402_300_800.0  # the year 10000, which calendars do not reach


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()


class FixedClock:
    """One moment, given by the sandbox or a test."""

    def __init__(self, at: float) -> None:
        self._at = at

    def now(self) -> float:
        """That moment."""
        return self._at


def wait(seconds: float) -> None:
    """Let real time pass, between two looks of a command that watches."""
    time.sleep(seconds)


class ToldClock:
    """Asks an environment anew each time; the sandbox keeps its time in one."""

    def __init__(self, env: Callable[[], Mapping[str, str]]) -> None:
        self._env = env

    def now(self) -> float:
        """Epoch seconds."""
        return clock(self._env()).now()


def clock(env: Mapping[str, str] = os.environ) -> Clock:
    """The sandbox's virtual time where it is set, else the system's."""
    text = env.get(CLOCK_VARIABLE, "")
    if not text:
        return SystemClock()
    try:
        at = float(text)
    except ValueError:
        at = math.nan
    if not 0 <= at < _LATEST:
        raise ConfigError(f"{CLOCK_VARIABLE}: expected epoch seconds, found {text!r}")
    return FixedClock(at)
