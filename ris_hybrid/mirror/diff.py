"""What changes between two mirror plans, in the order it is done, each with the reason a person wrote.

Creations come before changes, and those before steps out of the site. What merely follows from a change (the budget
from a quota) is kept with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ris_hybrid.mirror.leaves import DATA_CLASS, NAME, QUOTA, STAGE, Causes, Leaf, leaves
from ris_hybrid.mirror.values import FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan

Step = Literal["create", "change", "off-board"]
_ORDER: tuple[Step, ...] = ("create", "change", "off-board")
_STAGES = ("active", "marked", "read-only", "archived")
_UNITS = {"T": 1024**4, "G": 1024**3, "M": 1024**2, "K": 1024}
_SOURCES = {
    "pools": " in burst.yaml",
    "placement": " in mirror.yaml",
    "budget": " $ a month: money in mirror.yaml, or the lab's budget in burst.yaml",
}
"""Where a person wrote what is in no allocation file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One value that differs; None where it was not or will not be there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One change a person would recognise as one."""

    step: Step
    allocation: str
    field: str
    """``quota``, ``project Cryo-EM``; ``allocation`` for the whole of it."""
    before: Any
    after: Any
    reason: str
    follows: tuple[Detail, ...] = ()
    """Every other value that changes because of it."""


def differences(
    recorded: MirrorPlan | None, wanted: MirrorPlan, files: Mapping[str, str] | None = None
) -> tuple[PlanChange, ...]:
    """What leads from the recorded plan to the wanted one; without a recorded plan everything is new.

    An allocation is known by its bucket: that stays when it is renamed, and another one is made when it moves.

    Args:
        recorded: what was verified last.
        wanted: what the site says now.
        files: the file of an allocation, for the reasons.
    """
    before = {plan.bucket.name: plan for plan in recorded.allocations} if recorded else {}
    after = {plan.bucket.name: plan for plan in wanted.allocations}
    found: list[PlanChange] = []
    for bucket, plan in after.items():
        source = (files or {}).get(plan.name, "")
        old = before.get(bucket)
        if old is None:
            found.append(_created(plan, source))
        elif old != plan:
            found.extend(_of_one(old, plan, source))
    found.extend(_left(before[bucket]) for bucket in before.keys() - after.keys())
    return tuple(sorted(found, key=lambda change: (_ORDER.index(change.step), change.allocation, change.field)))


def _created(plan: AllocationPlan, source: str) -> PlanChange:
    what = {"bucket": plan.bucket.name, "environment": plan.environment, "quota": size(plan.quota_bytes)}
    return PlanChange(
        step="create",
        allocation=plan.name,
        field="allocation",
        before=None,
        after=what,
        reason=f"{source or f'allocation {plan.name}'} is new",
        follows=tuple(Detail(field="/".join(leaf), before=None, after=value) for leaf, value in leaves(plan).items()),
    )


def _left(plan: AllocationPlan) -> PlanChange:
    return PlanChange(
        step="off-board",
        allocation=plan.name,
        field="allocation",
        before={"bucket": plan.bucket.name, "environment": plan.environment},
        after=None,
        reason="it is in no plan any more: what AWS holds of it stays, and is no longer looked after",
    )


def _of_one(old: AllocationPlan, new: AllocationPlan, source: str) -> Iterator[PlanChange]:
    for cause, details in _grouped(old, new).items():
        before, after = _ends(cause, old, new, details)
        yield PlanChange(
            step=_step(cause, old, new),
            allocation=new.name,
            field=cause,
            before=before,
            after=after,
            reason=_stage_reason(new, source) if cause == STAGE else _reason(cause, before, after, source),
            follows=tuple(details),
        )


def _grouped(old: AllocationPlan, new: AllocationPlan) -> dict[str, list[Detail]]:
    """What differs, under what it follows from."""
    before, after, causes = leaves(old), leaves(new), Causes((old, new))
    differ = [leaf for leaf in {**before, **after} if before.get(leaf) != after.get(leaf)]
    active = {cause: None for leaf in differ if (cause := causes.primary(leaf))}
    grouped: dict[str, list[Detail]] = {cause: [] for cause in active}
    for leaf in differ:
        cause = causes.primary(leaf) or _cause(leaf, causes, active)
        detail = Detail(field="/".join(leaf), before=before.get(leaf), after=after.get(leaf))
        grouped.setdefault(cause, []).append(detail)
    return grouped


def _cause(leaf: Leaf, causes: Causes, active: Mapping[str, None]) -> str:
    possible = causes.of(leaf)
    if leaf == ("tag", FINGERPRINT):
        possible = (*active, *possible)
    return next((cause for cause in possible if cause in active), possible[-1])


def _step(cause: str, old: AllocationPlan, new: AllocationPlan) -> Step:
    leaving = cause == STAGE and _STAGES.index(new.stage) > _STAGES.index(old.stage)
    return "off-board" if leaving else "change"


def _ends(cause: str, old: AllocationPlan, new: AllocationPlan, details: list[Detail]) -> tuple[Any, Any]:
    """From what to what."""
    kind, _, name = cause.partition(" ")
    if kind == "project":
        return _members(old, name), _members(new, name)
    plain = {
        NAME: (old.name, new.name),
        STAGE: (old.stage, new.stage),
        QUOTA: (size(old.quota_bytes), size(new.quota_bytes)),
        DATA_CLASS: (old.data_class, new.data_class),
    }
    return plain.get(cause, (details[0].before, details[0].after))


def _members(plan: AllocationPlan, name: str) -> dict[str, Any] | None:
    found = (project for project in plan.projects if project.name == name)
    return next(({"rw": one.rw, "ro": one.ro, "archive": one.archive} for one in found), None)


def _stage_reason(new: AllocationPlan, source: str) -> str:
    if new.moved_to:
        return f"moved to {new.moved_to} on {new.removed_on}: {new.stage}"
    if new.removed_on:
        return f"file gone since {new.removed_on}: {new.stage}"
    return f"{source or 'its file'} is back: {new.stage}"


def _reason(cause: str, before: Any, after: Any, source: str) -> str:
    where = _SOURCES.get(cause, f" in {source}" if source else "")
    if cause.startswith("project "):
        return f"{cause}{_edited(before, after)}{where}"
    if cause.startswith(("role ", "storage classes", "registry", "bucket ", "prefix ")):
        return f"{cause}: made otherwise by ris-hybrid or mirror.yaml"
    return f"{cause} {_shown(before)} -> {_shown(after)}{where}"


def _edited(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    """What was written otherwise about a project: ``: rw +ann -bob``."""
    if before is None or after is None:
        return " is new" if before is None else " is gone"
    words = []
    for key in ("rw", "ro"):
        added = [f"+{name}" for name in after[key] if name not in before[key]]
        taken = [f"-{name}" for name in before[key] if name not in after[key]]
        words += [" ".join((key, *added, *taken))] if added or taken else []
    words += [f"archive {_shown(after['archive'])}"] if before["archive"] != after["archive"] else []
    return f": {', '.join(words)}" if words else " has other names in AWS"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value not in (None, "") else "none"


def size(quota_bytes: int | None) -> str | None:
    """Bytes as the site writes them: ``600T``, ``5500G``; None for no quota."""
    if quota_bytes is None:
        return None
    unit = next((unit for unit, factor in _UNITS.items() if quota_bytes % factor == 0), "")
    return f"{quota_bytes // _UNITS.get(unit, 1)}{unit}"
