"""Data's dollars of a month: what is reserved before it is spent, and whether there is room for more (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.estimate import GB
from ris_hybrid.staging.values import Spend
from ris_hybrid.staging.world import month

if TYPE_CHECKING:
    from ris_hybrid.data.settings import Bounds, Prices
    from ris_hybrid.data.values import StagingPlan
    from ris_hybrid.staging.values import MoveRow, Spent


def coming_in(plan: StagingPlan, now: float) -> Spend:
    """What bringing it in costs once; egress is reserved when something goes out."""
    usd = plan.estimate.usd_once - plan.estimate.usd.get("egress", 0.0)
    return Spend(key=f"{plan.staging_id}:in:{plan.created:.0f}", month=month(now), kind="in", usd=usd)


def egress(move: MoveRow, prices: Prices, now: float) -> Spend:
    """What one move out costs."""
    usd = results(move.bytes, prices) + move.files / 1000 * prices.get_usd_per_thousand
    return Spend(key=f"{move.move_id}:egress", month=month(now), kind="egress", usd=usd, bytes=move.bytes)


def results(size: int, prices: Prices) -> float:
    """Dollars that so many bytes of results cost on their way back."""
    return size / GB * prices.egress_usd_per_gb


def too_much(spent: Spent, more_usd: float, more_egress: int, bounds: Bounds) -> str:
    """Why it would pass a bound of the month; empty when it does not."""
    if spent.usd + more_usd > bounds.usd_per_month:
        return f"it would cost {more_usd:.2f} $; of {bounds.usd_per_month:.2f} $ a month {spent.usd:.2f} $ are reserved"
    egress_gb, more_gb = spent.egress_bytes / GB, more_egress / GB
    if more_egress and egress_gb + more_gb > bounds.egress_gb_per_month:
        most = bounds.egress_gb_per_month
        return f"it would bring back {more_gb:.1f} GB; of {most:g} GB a month {egress_gb:.1f} GB are reserved"
    return ""
