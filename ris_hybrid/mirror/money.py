"""An allocation's month in dollars: its quota at S3's price, and what its jobs may spend on nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.mirror.naming import budget_name
from ris_hybrid.mirror.values import BudgetPlan

if TYPE_CHECKING:
    from ris_hybrid.mirror.facts import Facts
    from ris_hybrid.mirror.settings import Money
    from ris_hybrid.mirror.values import MirrorPlan, Stage
    from ris_hybrid.settings import BurstSettings

_TIB = 1024**4
_LEAST_USD = 1.0
"""AWS takes no budget of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One class of storage in an allocation's month."""

    what: str
    tib: float
    usd_per_tib: float

    @property
    def usd(self) -> float:
        """Dollars a month."""
        return self.tib * self.usd_per_tib


def budget(facts: Facts, money: Money, compute_usd: float) -> BudgetPlan:
    """For alarms, not for accounting. A tape tier may hold as much as the quota."""
    usd = sum(one.usd for one in storage(facts.quota_bytes, facts.stage, money, archive=facts.archive)) + compute_usd
    return BudgetPlan(
        name=budget_name(facts.prefix, facts.name),
        usd_per_month=max(_LEAST_USD, round(usd, 2)),
        alerts_percent=money.alerts_percent,
    )


def usd_per_month(plan: MirrorPlan) -> float:
    """What all of a plan may cost in a month, in dollars."""
    return round(sum(one.budget.usd_per_month for one in plan.allocations), 2)


def compute_usd(lab: str, pools: tuple[str, ...], money: Money, burst: BurstSettings | None) -> float:
    """What a lab's nodes may cost in a month: burst.yaml's budget, else mirror.yaml's; nothing without a pool."""
    if burst is None or not pools:
        return 0.0
    return burst.budget.labs.get(lab, money.compute_usd_per_month)


def storage(quota_bytes: int | None, stage: Stage, money: Money, *, archive: bool) -> tuple[Storage, ...]:
    """What an allocation may hold, by class. Nothing without a quota: there is no telling how much it will hold."""
    tib = (quota_bytes or 0) / _TIB * money.expected_fill
    disks = Storage(what="storage", tib=tib, usd_per_tib=money.usd_per_tib_month)
    tape = Storage(what="archive", tib=tib, usd_per_tib=money.archive_usd_per_tib_month)
    if stage == "archived":
        return (tape,)
    return (disks, tape) if archive else (disks,)
