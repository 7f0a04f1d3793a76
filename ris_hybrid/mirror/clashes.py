"""Two allocations may not have one name in AWS: hashes make that rare, this makes it impossible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.values import Unmapped

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from ris_hybrid.mirror.values import AllocationPlan

_Place = tuple[str, str, str]


def apart(
    plans: Iterable[AllocationPlan], mirrored: Container[str]
) -> tuple[tuple[AllocationPlan, ...], tuple[Unmapped, ...]]:
    """The plans sorted by name, homes first, without new ones whose names others have; what is mirrored stays."""
    owners: dict[_Place, str] = {}
    kept, unmapped = [], []
    for plan in sorted(plans, key=lambda one: (one.bucket.name not in mirrored, one.name.casefold())):
        places = list(_places(plan))
        clash = next((place for place in places if place in owners or places.count(place) > 1), None)
        if clash is not None and plan.bucket.name not in mirrored:
            text = f"its {clash[0]} would have the name {clash[2]}, which {owners.get(clash, plan.name)} has: rename it"
            unmapped.append(Unmapped(allocation=plan.name, field=clash[0], reason=text))
            continue
        owners |= dict.fromkeys(places, plan.name)
        kept.append(plan)
    kept.sort(key=lambda one: (one.name.casefold(), one.name, one.moved_to, one.environment))
    return tuple(kept), tuple(unmapped)


def _places(plan: AllocationPlan) -> Iterator[_Place]:
    """Kind, where the name must be unique, name."""
    yield "bucket", "", plan.bucket.name
    yield "budget", plan.account, plan.budget.name
    yield "images", plan.account, plan.registry.namespace
    for role in plan.roles:
        yield "role", plan.account, role.name
