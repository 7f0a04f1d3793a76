"""How the ``globus`` group shows collections, permissions and transfers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onprem.globus.collections_plan import Piece
    from onprem.globus.listing import TaskSeen
    from onprem.globus.permissions import Membership
    from onprem.globus.sharing import SharingPlan
    from ris_hybrid.cli.globus_site import GlobusPlan

_NAMED = 5
"""So many people are named; the rest are counted."""


def plan_json(plan: GlobusPlan) -> dict[str, Any]:
    """The whole plan; documents hold no credentials."""
    return {
        "server": [_piece(piece) for piece in plan.server or ()],
        "guest_collections": [_piece(piece) for piece in plan.guests],
        "permissions": [asdict(one) for one in plan.sharing],
        "changes": plan.changes,
    }


def show_plan(plan: GlobusPlan) -> None:
    """Collections first, then groups, then rules; what is not changed has its reason too."""
    pieces = [*(plan.server or ()), *plan.guests]
    show.table(("WHAT", "OF", "NAME", "STANDS", "WHY"), [_row(piece) for piece in pieces])
    for one in plan.sharing:
        show.line()
        show.line(f"{one.allocation}: guest collection {one.collection}")
        show.table(("DEED", "ON", "WHOM", "WHY"), [*_group_rows(one.groups), *_rule_rows(one)])
        for finding in one.findings:
            show.warn(f"{one.allocation}: {finding}: nothing is applied")
        for group in one.groups:
            if group.unknown:
                show.warn(f"{one.allocation}: {group.group}: not known to Globus: {_some(group.unknown)}")
            if group.held:
                show.warn(f"{one.allocation}: {group.group}: nobody is removed: {group.held}")
    show.line()
    show.line(f"{plan.changes} {'change' if plan.changes == 1 else 'changes'}")


def show_tasks(tasks: Iterable[TaskSeen]) -> None:
    """One transfer a line."""
    rows = [
        (
            one.task_id,
            one.direction or "-",
            one.seen.state,
            one.seen.files,
            one.seen.skipped,
            one.seen.bytes,
            one.seen.faults,
            one.requested,
            one.label,
            one.seen.reason,
        )
        for one in tasks
    ]
    show.table(("TASK", "WAY", "STATE", "FILES", "SAME", "BYTES", "FAULTS", "SINCE", "LABEL", "WHY"), rows)


def _piece(piece: Piece) -> dict[str, Any]:
    return {**asdict(piece), "deed": piece.deed}


def _row(piece: Piece) -> tuple[str, ...]:
    if piece.outside:
        return piece.kind, piece.allocation, piece.name, "none", "its path is not below globus.site_base"
    if piece.kind == "guest collection" and not piece.found:
        why = "its owner makes it, and names it in globus.guest_collections"
        return piece.kind, piece.allocation, piece.name, "missing", why
    return piece.kind, piece.allocation, piece.name, piece.found or piece.deed, ", ".join(piece.differs)


def _group_rows(groups: Iterable[Membership]) -> Iterator[tuple[str, str, str, str]]:
    for group in groups:
        if not group.group_id:
            yield "make", "group", group.name, f"members of {group.group}"
        if group.add:
            yield "add", f"group {group.name}", f"{len(group.add)} people", f"members of {group.group}"
        if group.remove:
            yield "remove", f"group {group.name}", f"{len(group.remove)} people", f"no longer in {group.group}"


def _rule_rows(plan: SharingPlan) -> Iterator[tuple[str, str, str, str]]:
    for change in plan.rules:
        yield change.deed, f"{change.rule.permissions:<2} {change.rule.path}", change.name, change.reason


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
