"""How an instant fleet is spread over its pools: strategies, weights, capacity, addresses, minimum. Pure.

Source: EC2 API reference, CreateFleet (SpotOptionsRequest, OnDemandOptionsRequest), and the user guide's
"Allocation strategies". Where EC2 takes the cheapest pool first, the catalogue's on-demand price decides, on spot too,
and the order in which the overrides were given where it has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PRIORITIZED = frozenset({"prioritized", "capacity-optimized-prioritized"})
CHEAPEST = frozenset({"", "lowest-price"})
"""EC2's default, under both of its names."""
DIVERSIFIED = "diversified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One override: machines of one type in one subnet."""

    index: int
    instance_type: str
    zone: str
    subnet: str
    weight: int = 1
    """Units of capacity one machine gives."""
    priority: float | None = None
    usd_per_hour: float | None = None
    refusal: tuple[str, str] | None = None
    """Code and message of EC2's refusal when nothing can ever come from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The spot or the on-demand part of a fleet."""

    lifecycle: str
    target: int
    """Units."""
    strategy: str = ""
    minimum: int = 0
    """Units below which nothing is launched."""
    single_type: bool = False
    single_zone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Machines one pool gives."""

    pool: Pool
    lifecycle: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Why a pool gave less than it was asked for."""

    pool: Pool
    lifecycle: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a fleet gets and what it does not get."""

    grants: tuple[Grant, ...] = ()
    misses: tuple[Miss, ...] = ()

    @property
    def units(self) -> int:
        """The capacity it reaches."""
        return sum(grant.count * grant.pool.weight for grant in self.grants)


@dataclass(slots=True, kw_only=True)
class Room:
    """What is still free; taking from it makes it smaller. A type and zone, or subnet, not named is unlimited."""

    machines: dict[tuple[str, str], int] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)
    total: int | None = None
    """At most so many machines in all, whatever the pools have (a fault on order)."""

    def copy(self) -> Room:
        """The same room, to try something out in."""
        return Room(machines=dict(self.machines), addresses=dict(self.addresses), total=self.total)

    def free(self, pool: Pool) -> float:
        """How many machines the capacity of a pool allows."""
        total = math.inf if self.total is None else self.total
        return min(self.machines.get((pool.instance_type, pool.zone), math.inf), total)

    def take(self, pool: Pool, wanted: int) -> tuple[int, tuple[str, str] | None]:
        """Take up to ``wanted`` machines: how many there are, and the code and message if they are fewer."""
        if pool.refusal is not None:
            return 0, pool.refusal
        free, addresses = self.free(pool), self.addresses.get(pool.subnet, math.inf)
        got = int(max(0, min(wanted, free, addresses)))
        key = (pool.instance_type, pool.zone)
        if key in self.machines:
            self.machines[key] -= got
        if pool.subnet in self.addresses:
            self.addresses[pool.subnet] -= got
        if self.total is not None:
            self.total -= got
        if got == wanted:
            return got, None
        return got, no_addresses(pool.subnet) if addresses < free else no_capacity(pool.instance_type, pool.zone)


def no_capacity(instance_type: str, zone: str) -> tuple[str, str]:
    """EC2's code and words for a type that a zone has no more of."""
    message = f"We currently do not have sufficient {instance_type} capacity in zone {zone}. (sandbox)"
    return "InsufficientInstanceCapacity", message


def no_addresses(subnet: str) -> tuple[str, str]:
    """EC2's code and words for a full subnet."""
    return "InsufficientFreeAddressesInSubnet", f"There are not enough free addresses in subnet '{subnet}'. (sandbox)"


def ranked(pools: Iterable[Pool], strategy: str, room: Room) -> list[Pool]:
    """Pools in the order in which the strategy asks them; ties keep the order given."""
    ordered = sorted(pools, key=lambda pool: pool.index)
    if strategy in PRIORITIZED:
        # A pool without a priority comes last.
        return sorted(ordered, key=lambda pool: math.inf if pool.priority is None else pool.priority)
    if strategy == "capacity-optimized":
        return sorted(ordered, key=lambda pool: -room.free(pool))
    if strategy == "price-capacity-optimized":
        return sorted(ordered, key=lambda pool: (-room.free(pool), _usd(pool)))
    return sorted(ordered, key=_usd) if strategy in CHEAPEST else ordered


def _usd(pool: Pool) -> float:
    """What can never come is refused at once; a type without a price comes last."""
    if pool.refusal is not None:
        return 0.0
    return math.inf if pool.usd_per_hour is None else pool.usd_per_hour


def spread(side: Side, pools: Sequence[Pool], room: Room) -> Plan:
    """Fill the target from the pools in turn; ``diversified`` takes one machine of each at a time."""
    counts: dict[Pool, int] = {}
    misses: dict[Pool, Miss] = {}
    left = side.target
    asking = ranked(pools, side.strategy, room)
    while left > 0 and asking:
        for pool in tuple(asking):
            if left <= 0:
                break
            wanted = 1 if side.strategy == DIVERSIFIED else math.ceil(left / pool.weight)
            got, why = room.take(pool, wanted)
            if why is not None:
                misses[pool] = Miss(pool=pool, lifecycle=side.lifecycle, code=why[0], message=why[1])
                asking.remove(pool)
            counts[pool] = counts.get(pool, 0) + got
            left -= got * pool.weight
    grants = (Grant(pool=pool, lifecycle=side.lifecycle, count=n) for pool, n in counts.items() if n)
    return Plan(grants=tuple(grants), misses=tuple(misses.values()))


def plan_side(side: Side, pools: Sequence[Pool], room: Room) -> Plan:
    """One part of a fleet: all of it in one type or zone where asked, nothing at all below the minimum."""
    best: Plan | None = None
    misses: list[Miss] = []
    for group in _groups(side, ranked(pools, side.strategy, room)):
        tried = spread(side, group, room.copy())
        misses += tried.misses
        if best is None or tried.units > best.units:
            best = tried
        if best.units >= side.target:
            break
    if best is None or best.units < max(side.minimum, 1):
        return Plan(misses=tuple(misses))
    for grant in best.grants:
        room.take(grant.pool, grant.count)
    return Plan(grants=best.grants, misses=tuple(misses))


def _groups(side: Side, pools: Sequence[Pool]) -> list[list[Pool]]:
    groups: dict[tuple[str, str], list[Pool]] = {}
    for pool in pools:
        key = (pool.instance_type if side.single_type else "", pool.zone if side.single_zone else "")
        groups.setdefault(key, []).append(pool)
    return list(groups.values())


def plan_fleet(sides: Iterable[Side], pools: Sequence[Pool], room: Room) -> Plan:
    """The whole fleet: each part with a target, in order, from the room the parts before it left."""
    plans = [plan_side(side, pools, room) for side in sides if side.target > 0]
    return Plan(
        grants=tuple(grant for plan in plans for grant in plan.grants),
        misses=tuple(miss for plan in plans for miss in plan.misses),
    )


def sides_of(target: Mapping[str, int], default: str, options: Mapping[str, Side]) -> tuple[Side, Side]:
    """On-demand and spot parts: the fixed targets first, the rest of the total to the default type."""
    on_demand, spot = target.get("OnDemandTargetCapacity", 0), target.get("SpotTargetCapacity", 0)
    rest = max(0, target["TotalTargetCapacity"] - on_demand - spot)
    if default == "spot":
        spot += rest
    else:
        on_demand += rest
    return replace(options["on-demand"], target=on_demand), replace(options["spot"], target=spot)
