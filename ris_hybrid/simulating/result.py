"""What a simulation comes to, as values: for the screen, for JSON and for the report alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import Gate
    from ris_hybrid.simulating.calibration import Calibration
    from ris_hybrid.simulating.levels import Timeline
    from ris_hybrid.simulating.premises import Change
    from ris_hybrid.simulating.recommendation import Choice, Target
    from ris_hybrid.simulating.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Between these two lie 95 of 100 draws of the record's weeks."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What to write into burst.yaml for a target, and what to expect of it."""

    target: Target
    choice: Choice
    gates: tuple[Gate, ...]
    gates_why: str
    idle_minutes: float | None
    """Where the site's own figure costs more than it saves."""
    expected: Row
    """Of the v behind the gates, with the budget as the hard stop it is."""
    usd_per_month: Span | None
    """None for a record of too few weeks."""
    mean_wait_s: Span | None
    limits: tuple[str, ...]
    """Why it may come otherwise."""

    @property
    def sends_nothing(self) -> bool:
        """Whether no job of the record would go to the cloud, so that there is nothing to write."""
        return not self.expected.jobs_burst


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The same policies under other premises."""

    changes: tuple[Change, ...]
    rows: tuple[Row, ...]

    @property
    def warning(self) -> str:
        """What makes them hard to compare, in words; empty when nothing does."""
        never = max(row.never_started for row in self.rows)
        return (
            f"up to {never} jobs have no room in the what-if and never start: no figure has their waits"
            if never
            else ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was replayed, for the head of the report."""

    record: str
    jobs: int
    days: float
    began: float
    """Epoch seconds; 0 where the record does not say."""
    capacity: int
    capacity_from: str
    scheduling: str
    v: float
    pools: tuple[str, ...]
    """One line each."""
    inputs: tuple[str, ...]
    seed: int
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Everything a simulation found."""

    facts: Facts
    calibration: Calibration
    rows: tuple[Row, ...]
    standing: tuple[str, ...]
    notes: tuple[str, ...]
    """All that is to be known beside; ``warnings`` among them."""
    warnings: tuple[str, ...] = ()
    """What makes the table useless."""
    recommendation: Recommendation | None = None
    what_if: WhatIf | None = None
    curves: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """By kind of policy the settings that were replayed for the picture."""
    timelines: Mapping[str, Timeline] = field(default_factory=dict)
