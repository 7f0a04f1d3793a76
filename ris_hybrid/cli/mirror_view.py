"""What the mirror says, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.cli import show
from ris_hybrid.cli.mirror_changes import show_changes
from ris_hybrid.mirror.diff import size
from ris_hybrid.mirror.money import usd_per_month

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.mirror.diff import PlanChange
    from ris_hybrid.mirror.drift import Finding
    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan
    from ris_hybrid.mirroring.applying import Applied, Preview

_PLAN = ("ALLOCATION", "STAGE", "CLASS", "ENV", "QUOTA", "$/MONTH", "POOLS", "BUCKET")
_DRIFT = ("SEVERITY", "VERDICT", "ALLOCATION", "ENV", "KIND", "NAME", "FIELD", "WANTED", "RECORDED", "FOUND")
_POOLS = 3
"""So many are named; ``mirror plan NAME`` has them all."""
_DEEDS = ("create", "update", "replace", "delete", "keep")
_ALIKE = 3
"""More allocations of which the same is to be said make one line; ``--json`` names them all."""
_WIDE = 40
"""Values longer than this are told by their length; ``--json`` has them whole."""


def show_plan(plan: MirrorPlan) -> None:
    """The allocations, then what could not be mapped, then what is held back."""
    if plan.allocations:
        show.table(_PLAN, [_row(one) for one in plan.allocations])
    show_said(plan, after=bool(plan.allocations))
    usd = usd_per_month(plan)
    what = f"{_many(len({one.name for one in plan.allocations}), 'allocation')}, {usd:,.0f} $ a month"
    show.note(f"{what}; not mapped: {len(plan.unmapped)}; held: {len(plan.held)}")


def show_said(plan: MirrorPlan, *, after: bool) -> None:
    """What could not be mapped and what is held, each a table; an empty line before one that comes after another."""
    unmapped = [(one.allocation, one.field, one.reason) for one in plan.unmapped]
    held = [(one.allocation or "the whole site", one.step, one.reason) for one in plan.held]
    for columns, rows in ((("NOT MAPPED", "FIELD", "WHY"), unmapped), (("HELD", "STEP", "WHY"), held)):
        if rows:
            if after:
                show.line()
            show.table(columns, _alike(rows))
            after = True


def _alike(rows: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The rows, with one in place of many that differ in the allocation alone."""
    names: dict[tuple[str, str], list[str]] = {}
    for name, *rest in rows:
        names.setdefault((rest[0], rest[1]), []).append(name)
    few = [row for row in rows if len(names[row[1], row[2]]) <= _ALIKE]
    many = [(f"{len(each)} allocations", *what) for what, each in names.items() if len(each) > _ALIKE]
    return [*many, *few]


def plan_json(plan: MirrorPlan, *, sandbox: bool) -> dict[str, Any]:
    """``{allocations, unmapped, held}``."""
    return {
        "sandbox": sandbox,
        "allocations": [asdict(one) for one in plan.allocations],
        "unmapped": [asdict(one) for one in plan.unmapped],
        "held": [asdict(one) for one in plan.held],
    }


def show_diff(changes: Sequence[PlanChange], recorded: MirrorPlan | None, wanted: MirrorPlan) -> None:
    """One line for each change, in the order they are done, then what a month costs where that changes."""
    if changes:
        rows = [(one.step, one.allocation, one.field, one.reason, len(one.follows)) for one in changes]
        show.table(("STEP", "ALLOCATION", "FIELD", "WHY", "VALUES"), rows)
    before, after = usd_per_month(recorded) if recorded else 0.0, usd_per_month(wanted)
    if before != after:
        show.line(f"$/month in total: {before:,.2f} -> {after:,.2f} ({after - before:+,.2f})")
    show.note(_many(len(changes), "change"))


def diff_json(changes: Sequence[PlanChange], *, sandbox: bool) -> dict[str, Any]:
    """``{changes: [{step, allocation, field, before, after, reason, follows}]}``."""
    return {"sandbox": sandbox, "changes": [asdict(one) for one in changes]}


def show_drift(findings: Sequence[Finding], facts: int) -> None:
    """One line for each fact that is not in step, the gravest first."""
    _show_findings(findings)
    show.note(f"{_many(facts, 'fact')} compared, {len(findings)} not in step")


def _show_findings(findings: Sequence[Finding]) -> None:
    if findings:
        show.table(_DRIFT, [_finding(one) for one in findings])


def drift_json(findings: Sequence[Finding], facts: int, *, sandbox: bool) -> dict[str, Any]:
    """``{facts, findings: [{verdict, severity, ...}]}``."""
    return {"sandbox": sandbox, "facts": facts, "findings": [asdict(one) for one in findings]}


def show_applied(run: Applied, *, sandbox: bool) -> None:
    """What each stack did and changed, what was not done, and what is not there."""
    _show_runs(run.done, "did")
    show_changes(run.done)
    if run.failed:
        show.line(f"failed: {run.failed}")
    for stack in run.not_done:
        show.line(f"not done: {stack}")
    _show_findings(run.unverified)
    changes = sum(len(one.changes) for one in run.done)
    end = "everything was read back and recorded" if run.recorded else "nothing was recorded"
    if run.unverified:
        end = f"not recorded: {_many(len(run.unverified), 'fact')} read back otherwise"
    show.line(f"{'sandbox: ' if sandbox else ''}{_many(changes, 'change')}; {end}")


def applied_json(run: Applied, *, sandbox: bool) -> dict[str, Any]:
    """``{stacks, failed, not_done, unverified, recorded}``."""
    return {
        "sandbox": sandbox,
        "stacks": [asdict(one) for one in run.done],
        "failed": run.failed,
        "failure": run.failure.message if run.failure else "",
        "not_done": run.not_done,
        "unverified": [asdict(one) for one in run.unverified],
        "recorded": run.recorded,
    }


def show_preview(seen: Preview, *, sandbox: bool) -> None:
    """What each stack would do and change, and that there is more where a layer could not be previewed."""
    _show_runs(seen.would, "would")
    show_changes(seen.would)
    for stack in seen.unseen:
        show.line(f"not previewed: {stack}")
    total = _many(sum(len(one.changes) for one in seen.would), "change")
    if seen.unseen:
        are = "is" if len(seen.unbuilt) == 1 else "are"
        why = f"{', '.join(seen.unbuilt)} {are} not built yet"
        total = f"at least {total}; {_many(len(seen.unseen), 'layer')} not previewed: {why}"
    show.line(f"{'sandbox: ' if sandbox else ''}{total}; nothing was done (--dry-run)")


def preview_json(seen: Preview, *, sandbox: bool) -> dict[str, Any]:
    """``{dry_run, stacks, not_previewed}``."""
    stacks = [asdict(one) for one in seen.would]
    return {"sandbox": sandbox, "dry_run": True, "stacks": stacks, "not_previewed": seen.unseen}


def _show_runs(runs: Iterable[Deployed], verb: str) -> None:
    rows = [(one.stack, *(_count(one, deed) for deed in _DEEDS), one.same) for one in runs]
    if rows:
        show.table((verb.upper(), *(deed.upper() for deed in _DEEDS), "SAME"), rows)


def _count(run: Deployed, deed: str) -> int:
    return sum(1 for change in run.changes if change.deed == deed)


def _row(plan: AllocationPlan) -> tuple[object, ...]:
    return (
        plan.name,
        stage(plan),
        plan.data_class,
        plan.environment,
        size(plan.quota_bytes),
        round(plan.budget.usd_per_month),
        _first(plan.pools),
        plan.bucket.name,
    )


def stage(plan: AllocationPlan) -> str:
    """Where it stands, and why it is on its way out."""
    if plan.stage == "active":
        return plan.stage
    moved = f", moved to {plan.moved_to}" if plan.moved_to else ""
    return f"{plan.stage} since {plan.removed_on}{moved}"


def _first(pools: Sequence[str]) -> tuple[str, ...]:
    more = (f"+{len(pools) - _POOLS}",) if len(pools) > _POOLS else ()
    return (*pools[:_POOLS], *more)


def _finding(one: Finding) -> tuple[object, ...]:
    values = map(_short, (one.wanted, one.recorded, one.found))
    return (one.severity, one.verdict, one.allocation, one.environment, one.kind, one.name, one.field, *values)


def _short(value: Any) -> Any:
    text = show.cell(value)
    if len(text) <= _WIDE:
        return value
    return f"({_many(len(value), 'entry', 'entries')})" if isinstance(value, tuple) else f"{text[: _WIDE - 3]}..."


def _many(count: int, word: str, words: str = "") -> str:
    return f"{count} {word if count == 1 else words or f'{word}s'}"
