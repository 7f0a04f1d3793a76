"""Keeps the calls of one process below so many a second; Globus allows about 20, averaged over ten seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Pace:
    """Spaces calls evenly. ``now`` tells epoch seconds, ``wait`` lets seconds pass."""

    def __init__(self, calls_per_s: float, now: Callable[[], float], wait: Callable[[float], None]) -> None:
        self._interval_s = 1 / calls_per_s
        self._now = now
        self._wait = wait
        self._next = 0.0

    def take(self) -> None:
        """Wait until the next call may be made, an interval at most: a clock that was set back holds nobody up."""
        now = self._now()
        due = min(max(self._next, now), now + self._interval_s)
        if due > now:
            self._wait(due - now)
        self._next = due + self._interval_s
