"""What a probe is, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ris_hybrid.sandbox.conformance.stand import Stand


class Unmet(Exception):
    """The plug-in did not do what the probe needs; the text is the reason in the table."""


def need(met: object, reason: str) -> None:
    """Raise ``Unmet`` with the reason unless something holds."""
    if not met:
        raise Unmet(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing tried on a plug-in. ``run`` raises ``Unmet`` when it fails."""

    name: str
    why: str
    """Why LSF, or the bill, needs it."""
    run: Callable[[Stand], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one probe. ``reason`` is empty when it passed."""

    probe: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a plug-in."""

    provider: str
    rows: Sequence[Row]

    @property
    def passed(self) -> int:
        """Probes passed."""
        return sum(row.passed for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """provider, passed, failed, rows of {probe, passed, reason}."""
        rows = [{"probe": row.probe, "passed": row.passed, "reason": row.reason} for row in self.rows]
        return {"provider": self.provider, "passed": self.passed, "failed": len(rows) - self.passed, "rows": rows}
