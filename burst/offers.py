"""A pool's offers: every type in every place in every way of buying it, best first, and why in this order (pure).

An offer is what EC2 calls a capacity pool; a place is one of its subnets, or a zone of another cloud. Preference goes
before price: the types of a pool stand in the order in which burst.yaml prefers them, or by price where burst.yaml only
says what a node must have.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import TYPE_CHECKING

from burst.fleet import price_of
from ris_hybrid.model import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.settings import Pool

MOST_OVERRIDES = 300
"""Types times subnets in one CreateFleet call (EC2 API reference, FleetLaunchTemplateConfigRequest)."""
_STAGE = "offers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Machines of one type in one place, bought one way."""

    instance_type: str
    subnet: str
    """A zone where the pool is not EC2's; empty: its cloud chooses."""
    purchase: str
    """``on-demand`` or ``spot``."""
    priority: int
    """0 is preferred; equal ones are taken by price."""
    usd_per_hour: float
    """List price; spot costs at most this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What a pool can ask for, best first."""

    offers: tuple[Offer, ...]
    reasons: tuple[Reason, ...]
    left_out: int = 0
    """Pairs of type and subnet that do not fit into one call."""


def ranked(pool: Pool, prices: Mapping[str, float]) -> Ranking:
    """Every offer of a pool whose types are known (see ``burst.shapes``)."""
    pairs = sorted(
        product(dict.fromkeys(pool.instance_types), dict.fromkeys(pool.places)),
        key=lambda pair: (_priority(pool, pair[0]), price_of(pair[0], prices)),
    )
    kept = pairs[:MOST_OVERRIDES] if pool.provider == "ec2" and not pool.requirements else pairs
    offers = tuple(
        Offer(
            instance_type=kind,
            subnet=subnet,
            purchase=purchase,
            priority=_priority(pool, kind),
            usd_per_hour=price_of(kind, prices),
        )
        for (kind, subnet), purchase in product(kept, _purchases(pool))
    )
    left_out = len(pairs) - len(kept)
    return Ranking(offers=offers, reasons=tuple(_reasons(pool, left_out)), left_out=left_out)


def split(pool: Pool, count: int) -> tuple[int, int]:
    """How many of ``count`` machines are bought on demand, and how many on spot."""
    if pool.purchase == "mixed":
        on_demand = ceil(round(count * pool.on_demand_ratio, 6))  # 0.07 * 100 is a little more than 7
        return on_demand, count - on_demand
    return (0, count) if pool.purchase == "spot" else (count, 0)


def _priority(pool: Pool, kind: str) -> int:
    return 0 if pool.requirements else pool.instance_types.index(kind)


def _purchases(pool: Pool) -> tuple[str, ...]:
    return ("on-demand", "spot") if pool.purchase == "mixed" else (pool.purchase,)


def _places(pool: Pool) -> str:
    if pool.provider == "ec2":
        return f"{len(pool.subnets)} subnets"
    if not pool.zones:
        return "the zone its cloud chooses"
    return f"{len(pool.zones)} zones as listed ({', '.join(pool.zones)})"


def _reasons(pool: Pool, left_out: int) -> Iterator[Reason]:
    if pool.requirements:
        text = f"by price: EC2 is told what a node must have, and {len(pool.instance_types)} types have it"
    else:
        text = f"types as listed ({', '.join(pool.instance_types)}), each in {_places(pool)}"
    yield Reason(stage=_STAGE, text=text)
    if pool.purchase == "mixed":
        text = f"{pool.on_demand_ratio:.0%} on demand, rounded up, the rest on spot"
        yield Reason(stage=_STAGE, text=text)
    if pool.purchase != "on-demand":
        yield Reason(stage=_STAGE, text="on spot EC2 puts spare capacity before this order")
    if pool.reservations:
        yield Reason(stage=_STAGE, text="open capacity reservations of the account first")
    if pool.all_or_none:
        yield Reason(stage=_STAGE, text="one type in one zone, and every node of a launch or none")
    if left_out:
        text = f"EC2 takes {MOST_OVERRIDES} pairs of type and subnet in one call: the last {left_out} are left out"
        yield Reason(stage=_STAGE, text=text)
