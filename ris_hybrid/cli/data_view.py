"""What the data plane says, for people and as JSON. Names of files of PHI are left out unless they are asked for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ris_hybrid.cli import show
from ris_hybrid.data.estimate import tib
from ris_hybrid.data.lifecycle import NEXT
from ris_hybrid.data.values import StagingState
from ris_hybrid.staging.leasing import claims
from ris_hybrid.staging.outlook import ready_at, remaining

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.data.lifecycle import StagingEvent
    from ris_hybrid.data.sharing import Reused
    from ris_hybrid.data.values import LeftOut, StagingPlan
    from ris_hybrid.staging.evicting import Evicted
    from ris_hybrid.staging.values import Count, Staging, Transition

NOTHING = "nothing was ever staged"
_STATUS = ("STAGING", "DATASET", "STATE", "WAY", "FILES", "SIZE", "DONE", "RATE", "LEFT", "JOBS", "WHY")
_WIDE = 60
_SETTLED = frozenset({"ok", "taken", "gone"})


def show_plan(plan: StagingPlan, *, names: bool) -> None:
    """What would go, which way and why, how long, what it costs, what stays, what blocks."""
    estimate = plan.estimate
    show.fields(
        {
            "staging": plan.staging_id,
            "dataset": str(plan.dataset),
            "class": plan.data_class,
            "bucket": plan.bucket,
            "files": f"{plan.totals.files:,} ({tib(plan.totals.bytes)}), largest {tib(plan.totals.largest)}",
            "there": f"{plan.there.files:,} ({tib(plan.there.bytes)}) were compared already",
            "way": plan.way,
            "takes": f"{duration(estimate.seconds_p50)}, nine in ten times less than {duration(estimate.seconds_p90)}",
            "costs": f"{estimate.usd_once:,.2f} $ once, {estimate.usd.get('storage_month', 0.0):,.2f} $ a month",
        }
    )
    show.line()
    show.table(("WHY THIS WAY",), [(line,) for line in plan.why])
    if estimate.usd:
        show.line()
        show.table(("COST", "$"), [(name, f"{usd:,.2f}") for name, usd in estimate.usd.items()])
    if plan.left_out:
        show.line()
        rows = [(one.reason, one.files, tib(one.bytes), _examples(one, plan, names=names)) for one in plan.left_out]
        show.table(("LEFT OUT", "FILES", "SIZE", "FOR EXAMPLE"), rows)
    if plan.blocked:
        show.line()
        show.table(("BLOCKED",), [(line,) for line in plan.blocked])


def plan_json(plan: StagingPlan, *, names: bool) -> dict[str, Any]:
    """All of it; ``examples`` are empty for PHI unless names are asked for."""
    data = asdict(plan)
    for one, left in zip(data["left_out"], plan.left_out, strict=True):
        one["examples"] = _examples(left, plan, names=names)
    data["estimate"]["usd_once"] = plan.estimate.usd_once
    return data


def reused_json(one: Reused) -> dict[str, Any]:
    """A dataset that a staging has already."""
    return {"staging_id": one.staging_id, "dataset": str(one.wanted.dataset), "jobs": list(one.wanted.jobs)}


def _examples(left: LeftOut, plan: StagingPlan, *, names: bool) -> tuple[str, ...]:
    return left.examples if names or plan.data_class != "phi" else ()


def show_status(rows: Sequence[tuple[Staging, Sequence[Count]]], now: float) -> None:
    """One line for each staging."""
    if not rows:
        show.note(NOTHING)
        return
    show.table(_STATUS, [_status_row(one, counts, now) for one, counts in rows])


def _status_row(one: Staging, counts: Sequence[Count], now: float) -> tuple[object, ...]:
    said = status_json(one, counts, now)
    done = f"{said['done_bytes'] / said['bytes']:.0%}" if said["bytes"] else "-"
    rate = f"{tib(round(said['bytes_per_s']))}/s" if said["bytes_per_s"] else None
    left = duration(said["ready_at"] - now) if said["ready_at"] else None
    why = one.reason if len(one.reason) <= _WIDE else f"{one.reason[: _WIDE - 3]}..."
    head = (one.staging_id, str(one.plan.dataset), one.state.value, one.plan.way, one.plan.totals.files)
    return (*head, tib(one.plan.totals.bytes), done, rate, left, len(claims(one)) or None, why)


def status_json(one: Staging, counts: Sequence[Count], now: float) -> dict[str, Any]:
    """How a staging stands; no file is named."""
    done, total = done_and_all(one, counts)
    return {
        "staging_id": one.staging_id,
        "dataset": str(one.plan.dataset),
        "class": one.plan.data_class,
        "bucket": one.plan.bucket,
        "way": one.plan.way,
        "state": one.state.value,
        "going": one.going,
        "reason": one.reason,
        "consistency": one.consistency,
        "bytes": total,
        "done_bytes": done,
        "bytes_per_s": remaining(one)[1],
        "ready_at": ready_at(one, now),
        "files": [asdict(count) for count in counts],
        "moves": [
            {
                "move_id": move.move_id,
                "task_id": move.task_id,
                "stage": move.stage,
                "seen": move.seen,
                "reason": move.reason,
            }
            for move in one.moves
            if move.stage != "closed"
        ],
        "jobs": [{"job_id": lease.job_id, "state": lease.state} for lease in one.leases],
    }


def done_and_all(one: Staging, counts: Sequence[Count]) -> tuple[int, int]:
    """Bytes that are through the way it goes, those under way among them, and all."""
    mine = [count for count in counts if count.direction == one.going]
    settled = sum(count.bytes for count in mine if count.state in _SETTLED)
    total = sum(count.bytes for count in mine)
    moving = sum(m.moved_bytes for m in one.moves if m.direction == one.going and m.stage in {"sent", "over"})
    return min(settled + moving, total), total


def show_history(lines: Sequence[Transition]) -> None:
    """The log of one staging."""
    rows = [(moment(one.at), one.actor, one.event.value, one.after.value, one.reason) for one in lines]
    show.line()
    show.table(("AT", "WHO", "WHAT", "THEN", "WHY"), rows)


def history_json(lines: Sequence[Transition]) -> list[dict[str, Any]]:
    """The log of one staging."""
    return [asdict(one) for one in lines]


def show_evicted(one: Staging, found: Evicted, *, dry_run: bool) -> None:
    """What went and what stays."""
    if one.state is StagingState.EVICTED:
        show.line(f"{one.staging_id} ({one.plan.dataset}) is evicted already: nothing of it is in the cloud")
        return
    if found.refused:
        show.line(f"{one.staging_id} ({one.plan.dataset}) is not evicted: {found.refused}")
        return
    verb = "would be" if dry_run else "were"
    show.line(f"{one.staging_id} ({one.plan.dataset}): {found.files:,} files ({tib(found.bytes)}) {verb} deleted")
    if found.stays:
        show.table(("STAYS", "FILES"), list(found.stays))


def show_next(found: Sequence[Staging], event: StagingEvent, *, as_json: bool) -> None:
    """What an event would make of each."""
    if as_json:
        told = [
            {"staging_id": one.staging_id, "state": one.state.value, "after": NEXT[one.state][event].value}
            for one in found
        ]
        show.json_object({"dry_run": True, "stagings": told})
        return
    for one in found:
        after = NEXT[one.state][event]
        would = "and would stay so" if after is one.state else f"and would be {after.value}"
        show.line(f"{one.staging_id} ({one.plan.dataset}) is {one.state.value}, {would}")


def moment(at: float) -> str:
    """ISO, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3.5 h``, ``2.1 d``."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{max(seconds, 0):.0f} s"
