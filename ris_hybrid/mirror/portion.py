"""A part of a plan: of one environment, or of one allocation (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import MirrorPlan


def within(plan: MirrorPlan, environment: str) -> MirrorPlan:
    """What is of one environment, of the whole site, or of no environment at all."""
    here = tuple(one for one in plan.allocations if one.environment == environment)
    elsewhere = {one.name for one in plan.allocations} - {one.name for one in here}
    return replace(
        plan,
        allocations=here,
        unmapped=tuple(one for one in plan.unmapped if one.allocation not in elsewhere),
        held=tuple(one for one in plan.held if one.allocation not in elsewhere),
    )


def of(plan: MirrorPlan, name: str) -> MirrorPlan:
    """What is of one allocation, in whatever case its name is written; it may have left a bucket elsewhere."""
    key = name.casefold()
    return replace(
        plan,
        allocations=tuple(one for one in plan.allocations if one.name.casefold() == key),
        unmapped=tuple(one for one in plan.unmapped if one.allocation.casefold() == key),
        held=tuple(one for one in plan.held if one.allocation.casefold() in {key, ""}),
    )
