"""All that is planned for one allocation, for people: ``ris-hybrid mirror plan NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.cli import mirror_view as view
from ris_hybrid.cli import show
from ris_hybrid.mirror.diff import size
from ris_hybrid.mirror.money import compute_usd, storage

if TYPE_CHECKING:
    from ris_hybrid.mirror.settings import MirrorSettings
    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan, RolePlan
    from ris_hybrid.settings import BurstSettings


def show_one(plan: MirrorPlan, settings: MirrorSettings, burst: BurstSettings | None) -> None:
    """Each bucket of the allocation with all that belongs to it, then what is not mapped or held."""
    for number, one in enumerate(plan.allocations):
        if number:
            show.line()
        _facts(one)
        _prefixes(one)
        _roles(one)
        _budget(one, settings, burst)
        show.line()
        show.table(("TAG", "VALUE"), sorted(one.tags.items()))
    view.show_said(plan, after=bool(plan.allocations))


def _facts(plan: AllocationPlan) -> None:
    bucket = plan.bucket
    show.fields(
        {
            "allocation": plan.name,
            "stage": view.stage(plan),
            "class": plan.data_class,
            "environment": f"{plan.environment} (account {plan.account}, {plan.network})",
            "on premises": f"{plan.path}, {size(plan.quota_bytes) or 'no quota'}",
            "lab, owner": f"{plan.lab}, {plan.owner or '-'}",
            "bucket": bucket.name,
            "key": bucket.key_alias or "of AWS",
            "object lock": bucket.object_lock,
            "writes": "allowed" if bucket.writable else "denied",
            "images": plan.registry.repositories,
            "pools": plan.pools,
        }
    )


def _prefixes(plan: AllocationPlan) -> None:
    moves = [one for one in plan.bucket.transitions if not one.noncurrent]
    rows = []
    for prefix in plan.bucket.prefixes:
        found = next((one for one in moves if prefix.startswith(one.prefix)), None)
        rows.append((prefix, f"{found.storage_class} after {found.after_days} d" if found else "STANDARD"))
    replaced = [one for one in plan.bucket.transitions if one.noncurrent]
    rows += [("(versions that were replaced)", f"{one.storage_class} after {one.after_days} d") for one in replaced]
    show.line()
    show.table(("PREFIX", "STORAGE CLASS"), rows)


def _roles(plan: AllocationPlan) -> None:
    members = {group: who for one in plan.projects for group, who in ((one.rw_group, one.rw), (one.ro_group, one.ro))}
    show.line()
    rows = [
        (role.name, role.group or "nodes of its own pools", _rights(role), members.get(role.group, ()))
        for role in plan.roles
    ]
    show.table(("ROLE", "TAKEN BY", "MAY", "MEMBERS"), rows)


def _rights(role: RolePlan) -> str:
    """What its statements let it do with data; ``s3:PutObject`` and the like write."""
    actions = {action for one in role.statements for action in one["Action"]}
    words = ["read"] if "s3:GetObject" in actions else []
    words += ["write"] if "s3:PutObject" in actions else []
    words += ["push images"] if "ecr:PutImage" in actions else []
    return ", ".join(words)


def _budget(plan: AllocationPlan, settings: MirrorSettings, burst: BurstSettings | None) -> None:
    money = settings.money
    parts = storage(plan.quota_bytes, plan.stage, money, archive="Archive/" in plan.bucket.prefixes)
    fill = f" x {money.expected_fill:.0%} filled" if money.expected_fill != 1 else ""
    rows = [
        (one.what, f"{size(plan.quota_bytes) or '0'}{fill} x {one.usd_per_tib:g} $/TiB", f"{one.usd:.2f}")
        for one in parts
    ]
    nodes = compute_usd(plan.lab, plan.pools, money, burst)
    rows.append(("nodes", "what its pools may cost" if plan.pools else "no pools", f"{nodes:.2f}"))
    alerts = ", ".join(f"{percent} %" for percent in plan.budget.alerts_percent)
    rows.append(("total", f"{plan.budget.name}, alarms at {alerts}", f"{plan.budget.usd_per_month:.2f}"))
    show.line()
    show.table(("BUDGET", "FROM", "$/MONTH"), rows)
