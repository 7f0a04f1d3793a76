"""Whether one more task may be submitted now (pure).

Globus runs three tasks of an identity at once and keeps about a hundred waiting; what comes beyond that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.data.settings import Globus
    from ris_hybrid.data.values import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Whether there is room for one more, and why, or why not."""

    free: bool
    reason: str
    code: str = ""
    """``Held`` or ``TasksInFlight`` where there is none."""


def room(in_flight: int, direction: Direction, holds: Mapping[Direction, str], settings: Globus) -> Room:
    """Of one identity that has so many tasks which have not ended, of any kind and whoever submitted them."""
    if direction in holds:
        return Room(free=False, reason=f"transfers {direction} are held: {holds[direction]}", code="Held")
    most = settings.active_tasks + settings.pending_tasks
    if in_flight >= most:
        reason = f"{in_flight} tasks of this identity have not ended; {most} are the most"
        return Room(free=False, reason=reason, code="TasksInFlight")
    if in_flight >= settings.active_tasks:
        return Room(free=True, reason=f"{in_flight} tasks have not ended: Globus lets this one wait")
    return Room(free=True, reason=f"{in_flight} of {settings.active_tasks} tasks run")
