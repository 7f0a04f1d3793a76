"""How far the month's money lowers v, so that it lasts as long as the month (pure).

v in force = v * clamp(left / (budget * share of the month that is left), 0, 1). While no more is committed than the
month's even course, nothing is lowered; what was saved earlier may be spent later at the full v. It only ever lowers:
the limits stop launches where the money is at its end.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from burst.fleet import Fleet
    from ris_hybrid.settings import BurstSettings

_DAY_S = 86_400.0
SITE = ""
"""Stands for the site as a whole beside the labs' names."""


def month_left(now: float) -> float:
    """Share of the calendar month (UTC) that is still to come, 0 to 1."""
    return month_left_s(now) / _month_s(datetime.fromtimestamp(now, UTC))


def month_left_s(now: float) -> float:
    """Seconds of the calendar month (UTC) that are still to come."""
    day = datetime.fromtimestamp(now, UTC)
    begun = day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    return _month_s(day) - (now - begun)


def _month_s(day: datetime) -> float:
    return monthrange(day.year, day.month)[1] * _DAY_S


def share(left_usd: float, budget_usd: float, month_share: float) -> float:
    """What is left of v, 0 to 1. A budget of nothing leaves nothing."""
    due = budget_usd * month_share
    if left_usd <= 0.0 or due <= 0.0:
        return 0.0
    return min(1.0, left_usd / due)


def shares(fleet: Fleet, settings: BurstSettings, labs: Iterable[str]) -> dict[str, float]:
    """What is left of v for the site (the empty name) and for each lab with a budget of its own, the lower one."""
    if not settings.planner.pacing:
        return {SITE: 1.0}
    budget, ahead = settings.budget, month_left(fleet.now)
    found = {SITE: share(budget.usd_per_month - fleet.committed_usd(settings), budget.usd_per_month, ahead)}
    for lab in sorted(set(labs) & budget.labs.keys()):
        left = budget.labs[lab] - fleet.committed_usd(settings, lab)
        found[lab] = min(found[SITE], share(left, budget.labs[lab], ahead))
    return found


def percent(left: float) -> str:
    """What is left of v, below 1, in words: never 100 %, which would say that nothing is lowered."""
    return f"{min(99, round(left * 100))}%"


def value_of(queue: str, lab: str, settings: BurstSettings) -> tuple[float, str]:
    """v in dollars an hour and core, and where it is set: the lab's goes before the queue's, before that of all."""
    planner = settings.planner
    if lab in planner.labs:
        return planner.labs[lab], f"lab {lab}"
    if queue in planner.queues:
        return planner.queues[queue], f"queue {queue}"
    return planner.value, "planner.value"
