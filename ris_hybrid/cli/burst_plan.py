"""``burst plan``: what would be launched now, and which jobs are worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_deciding import decided
from ris_hybrid.cli.burst_site import ConfOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burst.decide import Decision
    from burst.planner.values import Plan, PlannedJob
    from ris_hybrid.cli.burst_site import BurstSite

_COLUMNS = ("job", "queue", "lab", "slots", "W min", "r min", "b min", "p $/core-h", "n'", "v", "worth $", "cost $")

_CAPPED = 5
"""Jobs named with a cap."""


def plan(
    conf: ConfOption = None,
    *,
    rows: Annotated[int, typer.Option(help="Jobs shown at most, first come first; 0 shows all.", min=0)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show what would be launched now, with its price; in modes planned and shadow also which jobs are worth it.

    Changes nothing: LSF does the asking. W is the planned wait, r the run, b the boot, p the price, n' the cores that
    are billed, v what an hour of waiting is worth per core.
    """
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    now = decided(site)
    wanted = [one for one in now.decisions if one.nodes]
    if as_json:
        body: dict[str, Any] = {"sandbox": site.sandbox, "launch": [decision_row(one) for one in wanted]}
        show.json_object(body | _plan_json(now.plan, site.settings.mode))
        return
    if now.plan:
        _show_plan(now.plan, rows, site)
    if not wanted:
        show.line("nothing would be launched now: ris-hybrid burst decide --explain says why")
        return
    show.table(
        ("pool", "lab", "nodes", "jobs", "slots", "commits $"),
        [(d.pool, d.lab or "-", d.nodes, d.pending_jobs, d.pending_slots, f"{d.usd_committed:.2f}") for d in wanted],
    )
    committed = now.observed.fleet.committed_usd(site.settings)
    show.line(f"committed this month before: ${committed:.2f} of ${site.settings.budget.usd_per_month:.2f}")


def decision_row(decision: Decision) -> dict[str, Any]:
    """One decision as JSON has it."""
    return {
        "pool": decision.pool,
        "lab": decision.lab,
        "nodes": decision.nodes,
        "pending_jobs": decision.pending_jobs,
        "pending_slots": decision.pending_slots,
        "usd_committed": round(decision.usd_committed, 4),
        "data_usd": round(decision.data_usd, 4),
        "reasons": [{"stage": r.stage, "text": r.text, "nodes": r.nodes} for r in decision.reasons],
    }


def word_of(one: PlannedJob, plan: Plan) -> str:
    """The plan's word on one job: chosen, cap (worth it, and a cap keeps it), kept, or barred."""
    if one.chosen:
        return "chosen"
    if one.job.job_id in plan.chosen_by_cap:
        return "cap"
    return "kept" if one.pool else "barred"


def caps_of(plan: Plan) -> dict[str, list[str]]:
    """Each cap that keeps worthy jobs here, with their ids."""
    found: dict[str, list[str]] = {}
    for job_id, cap in plan.chosen_by_cap.items():
        found.setdefault(cap, []).append(job_id)
    return found


def _show_plan(plan: Plan, rows: int, site: BurstSite) -> None:
    mode = site.settings.mode
    word = "are sent" if mode == "planned" else "would be sent"
    where = f"{'sandbox, ' if site.sandbox else ''}mode {mode}"
    show.line(f"{where}: {len(plan.chosen)} of {len(plan.jobs)} pending jobs {word}, for ${plan.usd:.2f}")
    shown = plan.jobs[: rows or None]
    if shown:
        show.table((*_COLUMNS, "word"), [(*_cells(one), word_of(one, plan)) for one in shown])
    hidden = len(plan.jobs) - len(shown)
    if hidden:
        show.line(f"{hidden} more jobs: --rows 0 shows them")
    for text in _limited(plan):
        show.line(text)
    if mode == "shadow":
        show.line("thresholds decide on nodes as before:")


def _limited(plan: Plan) -> Iterator[str]:
    """What keeps jobs here beside their own sums."""
    from burst.planner.pacing import percent

    if plan.beyond:
        yield f"{plan.beyond} jobs are behind planner.depth and wait for a later plan"
    for lab, share in plan.values.items():
        if share < 1.0:
            yield f"v is lowered to {percent(share)} for {lab or 'all'}: the month's money goes faster than the month"
    for cap, jobs in caps_of(plan).items():
        others = f" and {len(jobs) - _CAPPED} others" if len(jobs) > _CAPPED else ""
        yield f"kept by a cap: {', '.join(jobs[:_CAPPED])}{others}: {cap}"
    yield from plan.notes


def _cells(one: PlannedJob) -> tuple[object, ...]:
    from burst.planner.kernel import NEVER

    job, never = one.job, one.wait_s >= NEVER
    wait = "never" if never else f"{one.wait_s / 60:.0f}"
    head = (job.job_id, job.queue, job.lab or "-", job.slots, wait, f"{job.length.seconds / 60:.0f}")
    if not one.pool:
        return (*head, "-", "-", "-", f"{job.value:g}", "-", "-")
    price = (f"{one.boot_s / 60:.1f}", f"{one.usd_per_core_hour:.4f}", f"{one.cores:g}", f"{job.value:g}")
    return (*head, *price, "-" if never else f"{one.worth_usd:.2f}", f"{one.cost_usd:.2f}")


def _plan_json(plan: Plan | None, mode: str) -> dict[str, Any]:
    if plan is None:
        return {}
    from burst.planning_events import figures

    return {
        "mode": mode,
        "at": plan.at,
        "capacity": plan.capacity,
        "chosen": len(plan.chosen),
        "usd": round(plan.usd, 4),
        "beyond": plan.beyond,
        "share_of_v": {lab or "site": round(share, 4) for lab, share in plan.values.items()},
        "notes": list(plan.notes),
        "jobs": [{**figures(one), "pend_s": one.job.pend_s, "word": word_of(one, plan)} for one in plan.jobs],
    }
