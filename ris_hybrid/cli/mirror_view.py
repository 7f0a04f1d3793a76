"""What the mirror says, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.cli import show
from ris_hybrid.mirror.diff import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.mirror.diff import PlanChange
    from ris_hybrid.mirror.drift import Finding
    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan
    from ris_hybrid.mirroring.applying import Applied, Preview

_PLAN = ("ALLOCATION", "ENV", "CLASS", "STAGE", "QUOTA", "$/MONTH", "PROJECTS", "POOLS", "BUCKET")
_DRIFT = ("SEVERITY", "VERDICT", "ALLOCATION", "ENV", "KIND", "NAME", "FIELD", "WANTED", "RECORDED", "FOUND")
_DEEDS = ("create", "update", "replace", "delete", "keep")
_WIDE = 40
"""Values longer than this are told by their length; ``--json`` has them whole."""


def show_plan(plan: MirrorPlan) -> None:
    """The allocations, then what could not be mapped, then what is held back."""
    if plan.allocations:
        show.table(_PLAN, [_row(one) for one in plan.allocations])
    for left in plan.unmapped:
        show.line(f"not mapped: {left.allocation}: {left.field}: {left.reason}")
    for held in plan.held:
        show.line(f"held: {held.allocation or 'the whole site'}: {held.step}: {held.reason}")
    show.note(f"{_many(len(plan.allocations), 'allocation')}; not mapped: {len(plan.unmapped)}; held: {len(plan.held)}")


def plan_json(plan: MirrorPlan, *, sandbox: bool) -> dict[str, Any]:
    """``{allocations, unmapped, held}``."""
    return {
        "sandbox": sandbox,
        "allocations": [asdict(one) for one in plan.allocations],
        "unmapped": [asdict(one) for one in plan.unmapped],
        "held": [asdict(one) for one in plan.held],
    }


def show_diff(changes: Sequence[PlanChange]) -> None:
    """One line for each change, in the order they are done."""
    if changes:
        rows = [(one.step, one.allocation, one.field, one.reason, len(one.follows)) for one in changes]
        show.table(("STEP", "ALLOCATION", "FIELD", "WHY", "VALUES"), rows)
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
    """What each stack did, what was not done, and what is not there."""
    _show_runs(run.done, "did")
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
    """What each stack would do."""
    _show_runs(seen.would, "would")
    for stack in seen.unseen:
        show.line(f"not previewed: {stack}: an earlier layer is not built yet")
    changes = sum(len(one.changes) for one in seen.would)
    show.line(f"{'sandbox: ' if sandbox else ''}{_many(changes, 'change')}; nothing was done (--dry-run)")


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
        plan.environment,
        plan.data_class,
        plan.stage,
        size(plan.quota_bytes),
        f"{plan.budget.usd_per_month:.2f}",
        len(plan.projects),
        plan.pools,
        plan.bucket.name,
    )


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
