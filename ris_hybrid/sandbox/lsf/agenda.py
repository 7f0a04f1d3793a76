"""What will happen by itself and when: jobs that end, start times that come (sandbox)."""

from __future__ import annotations

import heapq
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(IntEnum):
    """At one moment jobs end before others may begin."""

    END = 0
    BEGIN = 1


class Due(NamedTuple):
    """One thing that will happen; ``run`` tells a requeued job's old end from its new one."""

    at: float
    kind: Kind
    run: int
    job_id: str


class Agenda:
    """Due things in order of time. What a change has made void is dropped when it comes up."""

    def __init__(self, is_valid: Callable[[Due], bool]) -> None:
        self._is_valid = is_valid
        self._heap: list[Due] = []

    def add(self, due: Due) -> None:
        """Note something; noting it twice is harmless only if doing it twice is."""
        heapq.heappush(self._heap, due)

    def next_at(self) -> float | None:
        """When the first valid thing is due, or None."""
        while self._heap and not self._is_valid(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def take(self, at: float) -> Due | None:
        """Remove and return the first valid thing due exactly at that time, or None."""
        return heapq.heappop(self._heap) if self.next_at() == at else None
