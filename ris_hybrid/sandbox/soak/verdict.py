"""What a soak's day must have kept, and the figures that say so (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One day, when all has come to rest or the time to do so is up."""

    seed: int
    jobs: int
    finished: int
    faults: Mapping[str, int]
    """How often each kind of trouble came."""
    nodes: int
    """Ever launched."""
    most_alive: int
    cap: int
    usd: float
    budget_usd: float
    orphans: tuple[str, ...]
    """Machines alive at the end: every job is done and LSF has returned what it knew."""
    unknown: tuple[str, ...]
    """Machines alive at the end that LSF does not know."""
    leaked: tuple[str, ...]
    """Machines that were alive and unknown to LSF for longer than the reaper may take, at any time."""
    doubled: tuple[str, ...]
    """Requests with more machines alive than were asked for, at any time."""
    breaches: tuple[str, ...]
    """Answers that broke the protocol, kills left aside."""
    hours: float
    """Virtual hours until all was at rest."""
    wall_s: float

    @property
    def failures(self) -> tuple[str, ...]:
        """Guarantees that did not hold, in words."""
        kept = {
            f"{self.jobs - self.finished} jobs not finished": self.jobs == self.finished,
            f"{len(self.orphans)} machines left running: {_some(self.orphans)}": not self.orphans,
            f"{len(self.unknown)} machines unknown to LSF: {_some(self.unknown)}": not self.unknown,
            f"{len(self.leaked)} machines unknown to LSF for too long: {_some(self.leaked)}": not self.leaked,
            f"{len(self.doubled)} requests launched twice: {_some(self.doubled)}": not self.doubled,
            f"{self.most_alive} machines at once, the cap is {self.cap}": self.most_alive <= self.cap,
            f"${self.usd:.2f} spent, the budget is ${self.budget_usd:.2f}": self.usd <= self.budget_usd,
            f"{len(self.breaches)} answers broke the protocol: {_some(self.breaches)}": not self.breaches,
        }
        return tuple(text for text, held in kept.items() if not held)

    def as_json(self) -> dict[str, Any]:
        """One row of ``--json``."""
        return {
            "seed": self.seed,
            "jobs": self.jobs,
            "finished": self.finished,
            "faults": dict(self.faults),
            "nodes": self.nodes,
            "most_alive": self.most_alive,
            "usd": round(self.usd, 2),
            "budget_usd": self.budget_usd,
            "orphans": list(self.orphans),
            "unknown": list(self.unknown),
            "hours": round(self.hours, 1),
            "wall_s": round(self.wall_s, 1),
            "failures": list(self.failures),
        }


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
