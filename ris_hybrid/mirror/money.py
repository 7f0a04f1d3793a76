"""An allocation's month in dollars: its quota at S3's price, and what its jobs may spend on nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.naming import budget_name
from ris_hybrid.mirror.values import BudgetPlan

if TYPE_CHECKING:
    from ris_hybrid.mirror.facts import Facts
    from ris_hybrid.mirror.settings import Money
    from ris_hybrid.settings import BurstSettings

_TIB = 1024**4
_LEAST_USD = 1.0
"""AWS takes no budget of nothing."""


def budget(facts: Facts, money: Money, compute_usd: float) -> BudgetPlan:
    """For alarms, not for accounting. A tape tier may hold as much as the quota."""
    usd = _storage_usd(facts, money) + compute_usd
    return BudgetPlan(
        name=budget_name(facts.prefix, facts.name),
        usd_per_month=max(_LEAST_USD, round(usd, 2)),
        alerts_percent=money.alerts_percent,
    )


def compute_usd(lab: str, pools: tuple[str, ...], money: Money, burst: BurstSettings | None) -> float:
    """What a lab's nodes may cost in a month: burst.yaml's budget, else mirror.yaml's; nothing without a pool."""
    if burst is None or not pools:
        return 0.0
    return burst.budget.labs.get(lab, money.compute_usd_per_month)


def _storage_usd(facts: Facts, money: Money) -> float:
    """Nothing without a quota: there is no telling how much it will hold."""
    tib = (facts.quota_bytes or 0) / _TIB * money.expected_fill
    disks = 0.0 if facts.stage == "archived" else tib * money.usd_per_tib_month
    tape = tib * money.archive_usd_per_tib_month if facts.archive or facts.stage == "archived" else 0.0
    return disks + tape
