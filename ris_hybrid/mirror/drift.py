"""What is wanted, what was recorded last, and what AWS really holds, held against each other fact by fact.

What could not be read is ``unknown``, and never reported as missing or changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ris_hybrid.mirror.stated import ABSENT, EXISTS, UNKNOWN, Found, Place, stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan

Verdict = Literal[
    "in step", "changed behind our back", "not applied yet", "both changed", "missing", "unmanaged", "unknown"
]
Severity = Literal["high", "medium", "low"]

_DATA = frozenset({"bucket", "key"})
"""Kinds that are never taken away: one that no plan names any more is left over, not to be removed."""
_HIGH = frozenset(
    {"encryption", "key", "public access blocked", "TLS only", "writes denied", "object lock", "expires", "enabled"}
    | {"statements", "data statements", "tag ris_data_class"}
    | {"denied", "lets in", "lets outsiders in", "taken by", "boundary"}
)
_MEDIUM = frozenset(
    {"versioned", "access logged", "owner enforced", "rotates", "immutable", "scan on push"}
    | {"tag ris_allocation", "tag ris_removed_on", EXISTS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact, and how its three sides stand to each other; a side is None where it has no value."""

    allocation: str
    environment: str
    kind: str
    name: str
    field: str
    verdict: Verdict
    severity: Severity
    wanted: Any = None
    recorded: Any = None
    found: Any = None


def drift(wanted: MirrorPlan, recorded: MirrorPlan | None, found: Mapping[str, Holdings]) -> tuple[Finding, ...]:
    """Every fact of every allocation that is placed in one of the environments that were looked at.

    Args:
        wanted: what the site says now.
        recorded: what was verified last; None when nothing ever was.
        found: what each environment really holds, by name.
    """
    held = {name: Found(holdings) for name, holdings in found.items()}
    before = {plan.bucket.name: plan for plan in recorded.allocations} if recorded else {}
    findings: list[Finding] = []
    for plan in wanted.allocations:
        if plan.environment in held:
            findings.extend(_of_one(plan, before.get(plan.bucket.name), held[plan.environment]))
    for name, here in held.items():
        findings.extend(_unmanaged(name, here, wanted, recorded))
    return tuple(findings)


def differs(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those to look at, the gravest first."""
    order = ("high", "medium", "low")
    found = [finding for finding in findings if finding.verdict != "in step"]
    return tuple(sorted(found, key=lambda one: (order.index(one.severity), one.allocation, one.kind, one.name)))


def verdict(wanted: Any, recorded: Any, found: Any) -> Verdict:
    """How three values of one fact stand to each other; each may be ``ABSENT``, what was found also ``UNKNOWN``."""
    if found is UNKNOWN:
        return "unknown"
    if found == wanted:
        return "in step"
    if recorded is ABSENT or (found == recorded and found is not ABSENT):
        return "not applied yet"
    if found is ABSENT:
        return "missing"
    return "changed behind our back" if recorded == wanted else "both changed"


def severity(kind: str, field: str) -> Severity:
    """How much it matters when this field is not as it should be."""
    if field in _HIGH or (field == EXISTS and kind in _DATA):
        return "high"
    return "medium" if field in _MEDIUM else "low"


def _of_one(plan: AllocationPlan, before: AllocationPlan | None, found: Found) -> Iterator[Finding]:
    wanted = stated(plan)
    recorded = stated(before) if before else {}
    taken_away = {place for place in recorded.keys() - wanted.keys() if _is_removed(place, wanted)}
    for place in (*wanted, *sorted(taken_away)):
        there = found.value(place._replace(field=EXISTS))
        if place.field != EXISTS and there is not True:
            continue  # said once, by the thing itself
        values = _side(wanted, place), _side(recorded, place), found.value(place)
        yield Finding(
            allocation=plan.name,
            environment=plan.environment,
            **place._asdict(),
            verdict=verdict(*values),
            severity=severity(place.kind, place.field),
            **dict(zip(("wanted", "recorded", "found"), map(_value, values), strict=True)),
        )


def _side(facts: Mapping[Place, Any], place: Place) -> Any:
    """What one plan says; a tag it does not have is an empty one of a thing it has."""
    is_tag = place.field.startswith("tag ") and place._replace(field=EXISTS) in facts
    return facts.get(place, "" if is_tag else ABSENT)


def _is_removed(place: Place, wanted: Mapping[Place, Any]) -> bool:
    """Whether the plan takes a whole thing away, or a tag of one that stays."""
    if place.field == EXISTS:
        return place.kind not in _DATA
    return place.field.startswith("tag ") and place._replace(field=EXISTS) in wanted


def _unmanaged(environment: str, found: Found, wanted: MirrorPlan, recorded: MirrorPlan | None) -> Iterator[Finding]:
    planned = {place[:2] for plan in wanted.allocations for place in stated(plan)}
    spaces = tuple(f"{plan.registry.namespace}/" for plan in wanted.allocations)
    leaving = recorded.allocations if recorded else ()
    planned |= {place[:2] for plan in leaving for place in stated(plan) if place.kind not in _DATA}
    for kind, name, allocation in found.ours(environment):
        if (kind, name) in planned or (kind == "repository" and name.startswith(spaces)):
            continue
        yield Finding(
            allocation=allocation,
            environment=environment,
            kind=kind,
            name=name,
            field=EXISTS,
            verdict="unmanaged",
            severity="medium",
            found=True,
        )


def _value(value: Any) -> Any:
    return None if value in (ABSENT, UNKNOWN) else value
