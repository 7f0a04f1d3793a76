"""What the sandbox's machines would have cost, from the clouds' side: every machine they ever started (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.fleet import LEAST_BILLED_S, account_of, price_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Rented:
    """One instance, from launch to end; ``ended`` is None while it runs."""

    machine_id: str
    instance_type: str
    lab: str
    launched: float
    ended: float | None

    def seconds(self, now: float) -> float:
        """Billed seconds: EC2 bills by the second, one minute at least, boot included."""
        return max((now if self.ended is None else self.ended) - self.launched, LEAST_BILLED_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The sum: node-hours, dollars, and how often the cloud was gone to."""

    nodes: int
    node_hours: float
    usd: float
    usd_by_lab: Mapping[str, float]
    episodes: int


def rented(row: Mapping[str, object]) -> Rented:
    """One row of ``World.instances``."""
    tags, ended = row["tags"], row["ended"]
    return Rented(
        machine_id=str(row["id"]),
        instance_type=str(row["type"]),
        lab=str(tags.get("ris_lab", "")) if isinstance(tags, dict) else "",
        launched=float(str(row["launched"])),
        ended=None if ended is None else float(str(ended)),
    )


def bill_of(rented: Iterable[Rented], prices: Mapping[str, float], now: float) -> Bill:
    """The bill up to ``now``. An episode is a time with at least one node between times with none."""
    rows = sorted(rented, key=lambda row: (row.launched, row.machine_id))
    by_lab: dict[str, float] = {}
    hours = 0.0
    for row in rows:
        hours += row.seconds(now) / 3600
        usd = row.seconds(now) / 3600 * price_of(row.instance_type, prices)
        by_lab[account_of(row.lab)] = by_lab.get(account_of(row.lab), 0.0) + usd
    return Bill(
        nodes=len(rows),
        node_hours=hours,
        usd=sum(by_lab.values(), 0.0),
        usd_by_lab=dict(sorted(by_lab.items())),
        episodes=_episodes(rows, now),
    )


def _episodes(rows: list[Rented], now: float) -> int:
    count, until = 0, float("-inf")
    for row in rows:
        if row.launched > until:
            count += 1
        until = max(until, now if row.ended is None else row.ended)
    return count
