"""The fleet as the ledger tells it: machines from their tags, dollars of this month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from burst.fleet import Fleet

if TYPE_CHECKING:
    from ris_hybrid.ports import Cloud, Spend


def month_of(now: float) -> str:
    """The calendar month (UTC) a dollar counts in, as ``YYYY-MM``."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def month_start(now: float) -> float:
    """When that month began, epoch seconds."""
    day = datetime.fromtimestamp(now, UTC)
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def observe_fleet(cloud: Cloud, spend: Spend, now: float) -> Fleet:
    """The ledger as it is now. Raises what the cloud raises: an unknown fleet is never an empty one."""
    return Fleet(
        machines=cloud.machines(),
        spent=spend.month_to_date(month_of(now)),
        now=now,
        month_start=month_start(now),
    )
