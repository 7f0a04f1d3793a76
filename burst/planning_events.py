"""What a plan says into the audit log: one line for the whole, and one for each job whose word has changed (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.planner.kernel import NEVER
from burst.planner.pacing import SITE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.planner.values import Plan, PlannedJob

PLAN, CHOSEN, UNCHOSEN = "plan", "chosen", "unchosen"
"""Kinds of events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One job's event."""

    kind: str
    fields: Mapping[str, object]


def told_plan(plan: Plan) -> dict[str, object]:
    """The whole plan in a few figures; the same figures are not told again."""
    lowered = {lab or "site": round(share, 2) for lab, share in plan.values.items() if share < 1.0 or lab == SITE}
    return {
        "chosen": len(plan.chosen),
        "reached": len(plan.jobs),
        "beyond": plan.beyond,
        "usd": round(plan.usd, 2),
        "share_of_v": lowered,
        "capacity": plan.capacity,
        "nodes": [[pool, lab, want.nodes] for (pool, lab), want in plan.wants.items() if want.nodes],
        "kept_by_cap": len(plan.chosen_by_cap),
        "notes": list(plan.notes),
    }


def differences(plan: Plan, before: Mapping[str, bool]) -> list[Word]:
    """Jobs that are chosen now and were not, or the other way round. One without a word before is as LSF shows it."""
    changed = (one for one in plan.jobs if one.chosen != before.get(one.job.job_id, one.job.chosen))
    return [Word(kind=CHOSEN if one.chosen else UNCHOSEN, fields=figures(one)) for one in changed]


def figures(one: PlannedJob) -> dict[str, object]:
    """The rule's figures of one job, as the log and ``--json`` have them; None where W is for ever."""
    job = one.job
    return {
        "job": job.job_id,
        "queue": job.queue,
        "of_lab": job.lab,
        "slots": job.slots,
        "wait_s": None if one.wait_s >= NEVER else round(one.wait_s, 1),
        "run_s": round(job.length.seconds, 1),
        "run_from": job.length.source,
        "boot_s": round(one.boot_s, 1),
        "to_pool": one.pool,
        "purchase": one.purchase,
        "cores": round(one.cores, 2),
        "usd_per_core_hour": round(one.usd_per_core_hour, 5),
        "v": round(job.value, 5),
        "v_from": job.value_source,
        "worth_usd": None if one.wait_s >= NEVER else round(one.worth_usd, 4),
        "cost_usd": round(one.cost_usd, 4),
        "data_usd": round(job.data_usd, 4),
        "why": one.why,
    }
