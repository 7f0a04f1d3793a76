"""What ``ris-hybrid images`` says, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ris_hybrid.image_sync.syncing import Deed, Synced
    from ris_hybrid.images.plan import ImageLine
    from ris_hybrid.images.report import ImageReport
    from ris_hybrid.images.values import Expiring

_PLAN = ("STEP", "LAB", "IMAGE", "ENV", "DIGEST", "JOBS", "WHY")
_SCAN = ("ANSWER", "LAB", "IMAGE", "ENV", "SCANNED", "WHY")
_REPORT = ("LAB", "ENV", "DIGEST", "DAYS", "SIZE", "IMAGES", "REMARKS")
_DEEDS = ("DID", "IMAGE", "ENV", "REPOSITORY", "DIGEST", "WHY")
_SHORT = 19
"""``sha256:`` and twelve digits."""


def show_plan(lines: Sequence[ImageLine]) -> None:
    """One line for each name in each environment."""
    if lines:
        show.table(_PLAN, [_line(one) for one in lines])
    counted = ", ".join(f"{sum(one.step == step for one in lines)} {step}" for step in _steps(lines))
    show.note(f"{_many(len(lines), 'image')}{f': {counted}' if counted else ''}")


def plan_json(lines: Sequence[ImageLine], *, sandbox: bool) -> dict[str, Any]:
    """``{images: [{lab, written, key, step, reason, ...}]}``."""
    return {"sandbox": sandbox, "images": [_line_json(one) for one in lines]}


def show_scan(lines: Sequence[ImageLine]) -> None:
    """The gate's answer on each image, and the findings that count."""
    rows = [
        (
            one.verdict.answer if one.verdict else "-",
            one.lab,
            one.key,
            one.environment,
            _short(one.judged or one.digest),
            one.verdict.reason if one.verdict else one.reason,
        )
        for one in lines
    ]
    if rows:
        show.table(_SCAN, rows)
    findings = [
        (one.key, flaw.severity, flaw.name, flaw.package, flaw.fixable)
        for one in lines
        if one.verdict
        for flaw in one.verdict.findings
    ]
    if findings:
        show.line()
        show.table(("IMAGE", "SEVERITY", "FINDING", "PACKAGE", "FIX"), findings)
    show.note(_many(len(lines), "image"))


def show_status(
    lines: Sequence[ImageLine], reports: Sequence[ImageReport], risks: Sequence[tuple[str, Expiring]]
) -> None:
    """The plan, then every image in ECR with what is to be said of it, then what lifecycle must not take."""
    show_plan(lines)
    if reports:
        show.line()
        rows = [
            (one.lab, one.environment, _short(one.digest), round(one.days), _size(one), one.names, one.remarks)
            for one in reports
        ]
        show.table(_REPORT, rows)
    for repository, one in risks:
        show.warn(
            f"{repository}: its lifecycle policy (rule {one.rule}) would take {_short(one.digest)}, which jobs name"
        )


def status_json(
    lines: Sequence[ImageLine],
    reports: Sequence[ImageReport],
    risks: Sequence[tuple[str, Expiring]],
    *,
    sandbox: bool,
) -> dict[str, Any]:
    """``{images, stored, at_risk}``."""
    return {
        **plan_json(lines, sandbox=sandbox),
        "stored": [asdict(one) for one in reports],
        "at_risk": [{"repository": repository, **asdict(one)} for repository, one in risks],
    }


def show_synced(run: Synced, *, sandbox: bool) -> None:
    """What was done, what was not and why, and what is left to do."""
    if run.deeds:
        show.table(_DEEDS, [_deed(one) for one in run.deeds])
    for one in run.deeds:
        if one.failed:
            show.warn(f"{one.step} {one.what}: not done: {one.failed}")
    for line in run.lines:
        if line.step != "nothing":
            show.line(f"{line.step}: {line.key} ({line.lab}): {line.reason}")
    done = sum(not one.failed for one in run.deeds)
    ready = sum(one.ready for one in run.lines)
    show.line(f"{'sandbox: ' if sandbox else ''}{_many(done, 'step')} done; {ready} of {len(run.lines)} images ready")


def synced_json(run: Synced, *, sandbox: bool) -> dict[str, Any]:
    """``{images, deeds}``: how things stand, and what was done."""
    return {**plan_json(run.lines, sandbox=sandbox), "deeds": [asdict(one) for one in run.deeds]}


def _line(one: ImageLine) -> tuple[object, ...]:
    who = len(one.jobs) or ", ".join(one.scripts)
    return one.step, one.lab, one.key, one.environment, _short(one.digest or one.holder), who, one.reason


def _line_json(one: ImageLine) -> dict[str, Any]:
    return {**asdict(one), "ready": one.ready}


def _deed(one: Deed) -> tuple[object, ...]:
    step = f"failed: {one.step}" if one.failed else one.step
    return step, one.what, one.environment, one.repository, _short(one.digest), one.reason


def _steps(lines: Iterable[ImageLine]) -> list[str]:
    return list(dict.fromkeys(one.step for one in lines))


def _size(one: ImageReport) -> str:
    return "-" if one.size is None else f"{one.size / 2**20:,.1f} MiB"


def _short(digest: str) -> str:
    return digest[:_SHORT]


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
