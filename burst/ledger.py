"""The fleet as the ledger tells it: machines and pools from their tags, dollars of this month."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from burst.clouds import partly
from burst.clouds.partly import PartlyUnknown
from burst.fleet import Fleet
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from burst.provider import Provider
    from ris_hybrid.model import Machine

_CENT = 0.01


def month_of(now: float) -> str:
    """The calendar month (UTC) a dollar counts in, as ``YYYY-MM``."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def month_start(now: float) -> float:
    """When that month began, epoch seconds."""
    day = datetime.fromtimestamp(now, UTC)
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def observe_fleet(provider: Provider, machines: tuple[Machine, ...] | None = None) -> Fleet:
    """The ledger as it is now. Raises what the ports raise: an unknown fleet is never an empty one.

    ``machines`` are those of the ledger, when the caller has just read them.

    A month's total that the ledger carries and the files do not counts all the same: a lost file is not a new budget.
    """
    marks = provider.ledger.pools()
    return _fleet(provider.cloud.machines() if machines is None else machines, marks, provider)


def glimpse(provider: Provider, seen: partly.Seen) -> tuple[Fleet, Mapping[str, str]]:
    """The fleet as far as it is known, for showing, and which clouds did not answer: never to be decided by.

    What is left out, machines or marks, is unknown: where a cloud did not answer, figures of money are too low.
    """
    marked = partly.marks(provider.ledger)
    return _fleet(seen.machines, marked.pools, provider), {**seen.unread, **marked.unread}


def _fleet(machines: tuple[Machine, ...], marks: Mapping[str, PoolMarks], provider: Provider) -> Fleet:
    month = month_of(provider.now)
    spent = provider.spend.month_to_date(month)
    return Fleet(
        machines=machines,
        spent=spent,
        now=provider.now,
        month_start=month_start(provider.now),
        marks=marks,
        lost_usd=_lost(marks, month, sum(spent.values())),
    )


def note_cost(machines: Iterable[Machine], provider: Provider) -> None:
    """Note what ended machines cost, and the month's total in the ledger when it has changed.

    What cannot be written is told to the audit log, never to the caller.
    """
    at = Fleet(machines=(), spent={}, now=provider.now, month_start=month_start(provider.now))
    month, new_usd = month_of(provider.now), 0.0
    for machine in machines:
        usd = at.cost(machine, provider.settings.prices)
        try:
            new_usd += usd if provider.spend.add(month, machine.machine_id, machine.lab, usd) else 0.0
        except SiteUnavailable as error:
            provider.note("spend not noted", machine=machine.machine_id, usd=usd, message=error.message)
    if new_usd:
        _carry(month, new_usd, provider)


def _carry(month: str, new_usd: float, provider: Provider) -> None:
    """Write the month's total on the first pool that is built and whose cloud answers."""
    built = [pool for pool in provider.settings.pools if pool.built]
    if not built:
        return
    try:
        marked = partly.marks(provider.ledger)
        pool = next((pool.name for pool in built if pool.cloud not in marked.unread), "")
        if not pool:
            raise PartlyUnknown(marked.pools, marked.unread)
        total = _carried(marked.pools, month) + new_usd
        with suppress(SiteUnavailable):  # said already
            total = max(total, sum(provider.spend.month_to_date(month).values()))
        before = marked.pools.get(pool, PoolMarks())
        provider.ledger.mark_pool(pool, replace(before, spent_month=month, spent_usd=total), before)
    except CloudError as error:
        provider.note("spend not marked", month=month, message=error.message)


def _carried(marks: Mapping[str, PoolMarks], month: str) -> float:
    """What the ledger says of the month; the most, in case the pools have changed places."""
    return max((mark.spent_usd for mark in marks.values() if mark.spent_month == month), default=0.0)


def _lost(marks: Mapping[str, PoolMarks], month: str, noted_usd: float) -> float:
    """Less than a cent is what rounding leaves."""
    lost_usd = _carried(marks, month) - noted_usd
    return lost_usd if lost_usd >= _CENT else 0.0
