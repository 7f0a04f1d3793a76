"""What the broker tries after a pool had nothing to give: the pools that come next for the same jobs (pure).

LSF's Resource Connector turns to its next template when it reads a capacity code. The broker does so in the same turn:
it plans once more, with what it has just launched in the fleet and the pools that gave nothing left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.decide import with_planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from burst.decide import Decision
    from burst.engine import Observed
    from ris_hybrid.settings import BurstSettings

    Deciding = Callable[[Observed], tuple[Decision, ...]]
    """What is to be launched for what is seen, by pool and lab."""


def next_decisions(
    observed: Observed,
    tried: Sequence[tuple[Decision, int]],
    empty: Iterable[str],
    settings: BurstSettings,
    deciding: Deciding,
) -> tuple[Decision, ...]:
    """What to launch of other pools in place of what did not come.

    Args:
        observed: what the first plan was made of.
        tried: every decision that was carried out, and the nodes that came or may have come of it.
        empty: the pools that had nothing.
        settings: gates, caps and budget.
        deciding: what made the first decisions, by thresholds or by a plan.
    """
    fleet = observed.fleet
    for decision, nodes in tried:
        fleet = with_planned(fleet, replace(decision, nodes=nodes), settings)
    until = fleet.now + settings.life.capacity_hold_minutes * 60
    held = {name: replace(fleet.marks_of(name), held_until=until, held_for="no capacity") for name in empty}
    again = deciding(replace(observed, fleet=replace(fleet, marks={**fleet.marks, **held})))
    done = {(decision.pool, decision.lab) for decision, _ in tried}
    return tuple(one for one in again if one.nodes and (one.pool, one.lab) not in done)
