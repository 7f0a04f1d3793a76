"""Which figures suit a peer best: every setting of its grid is replayed once, then scored for any v (pure).

    J(v) = dollars + v * core-hours waited

A peer does not know v, so one replay of a setting serves every v.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from burst.replay.values import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a replay cost, and how long cores' worth of jobs waited."""

    usd: float
    core_hours_waited: float

    def j(self, v: float) -> float:
        """Dollars, when an hour of waiting is worth ``v`` per core."""
        return self.usd + v * self.core_hours_waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One policy with its score on one workload."""

    policy: Policy
    score: Score


def tuned(found: Iterable[Scored], v: float) -> Mapping[str, Scored]:
    """By kind the setting with the lowest J; of equal ones the first of the grid."""
    best: dict[str, Scored] = {}
    for one in found:
        known = best.get(one.policy.kind)
        if known is None or one.score.j(v) < known.score.j(v):
            best[one.policy.kind] = one
    return best


def shipped(found: Iterable[Scored]) -> Mapping[str, Scored]:
    """By kind the setting that its makers document: the one without figures of our choosing."""
    return {one.policy.kind: one for one in found if not one.policy.figures}
