"""The fleet as the ledger tells it: machines and pools from their tags, dollars of this month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from burst.fleet import Fleet
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from burst.provider import Provider
    from ris_hybrid.model import Machine


def month_of(now: float) -> str:
    """The calendar month (UTC) a dollar counts in, as ``YYYY-MM``."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def month_start(now: float) -> float:
    """When that month began, epoch seconds."""
    day = datetime.fromtimestamp(now, UTC)
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def observe_fleet(provider: Provider) -> Fleet:
    """The ledger as it is now. Raises what the ports raise: an unknown fleet is never an empty one."""
    return Fleet(
        machines=provider.cloud.machines(),
        spent=provider.spend.month_to_date(month_of(provider.now)),
        now=provider.now,
        month_start=month_start(provider.now),
        marks=provider.ledger.pools(),
    )


def note_cost(machines: Iterable[Machine], provider: Provider) -> None:
    """Note what ended machines cost. A file that cannot be written is told to the audit log, never to the caller."""
    at = Fleet(machines=(), spent={}, now=provider.now, month_start=month_start(provider.now))
    for machine in machines:
        usd = at.cost(machine, provider.settings.prices)
        try:
            provider.spend.add(month_of(provider.now), machine.machine_id, machine.lab, usd)
        except SiteUnavailable as error:
            provider.note("spend not noted", machine=machine.machine_id, usd=usd, message=error.message)
