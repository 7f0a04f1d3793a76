"""The cloud machines of the ledger, counted and priced (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ris_hybrid.model import Machine, MachineState, PoolMarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.model import Begun
    from ris_hybrid.settings import BurstSettings, Pool

DEFAULT_ACCOUNT = "default"
LEAST_BILLED_S = 60.0  # as EC2 bills: by the second, one minute at least
BOOT_FACTOR = 2.0
"""A node that takes more than twice its pool's usual boot time counts as coming no more. Boot times of one image
scatter by some ten per cent; twice leaves room for a slow mount, and a dead node stops hiding demand long before the
join time ends it."""
SETTLE_S = 120.0
"""A cloud may not list a machine, or not show its tags, for a moment after it was launched."""
_FILL_S = 60.0  # LSF dispatches once or twice a minute: until then a joined node's slots are free, and its jobs pend


def account_of(lab: str) -> str:
    """The RC account of a lab: LSF says ``default`` where we say nothing."""
    return lab or DEFAULT_ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What is up or coming, at one moment, and what it will have cost."""

    machines: tuple[Machine, ...]
    spent: Mapping[str, float]
    """Dollars of ended machines this month, by lab."""
    now: float
    month_start: float
    marks: Mapping[str, PoolMarks] = field(default_factory=dict)
    """What is written on each pool; a pool that is missing has no marks."""
    lost_usd: float = 0.0
    """Dollars of this month that the ledger knows of and ``spent`` does not: of no lab in particular."""
    data_usd: Mapping[str, float] = field(default_factory=dict)
    """Dollars of this month for data that was sent, is on its way, or will be with what is launched now, by lab."""

    def marks_of(self, pool: str) -> PoolMarks:
        """What is written on one pool."""
        return self.marks.get(pool, PoolMarks())

    def count(self, pool: str | None = None, lab: str | None = None) -> int:
        """Machines that cost money, of a pool, of a lab, or all. Those asked back count until they are gone."""
        return sum(1 for machine in self.machines if _matches(machine, pool, lab) and machine.alive)

    def starting(self, pool: Pool, lab: str) -> int:
        """Machines whose slots are on the way: not joined but still likely to, or joined a moment ago."""
        boot_s = BOOT_FACTOR * (self.marks_of(pool.name).boot_s or pool.boot_s)
        return sum(
            1
            for machine in self.machines
            if _matches(machine, pool.name, lab)
            and machine.wanted
            and (self.now - machine.joined < _FILL_S if machine.joined else self.now - machine.launched < boot_s)
        )

    def last_launch(self, pool: str, lab: str) -> float | None:
        """When the newest machine of this pool and lab was launched, ended ones included."""
        return max((m.launched for m in self.machines if _matches(m, pool, lab)), default=None)

    def committed_usd(self, settings: BurstSettings, lab: str | None = None) -> float:
        """This month's dollars: ended machines, running ones until now and ``commit_hours`` more of each, and data."""
        ended = sum(self.spent.values()) + self.lost_usd if lab is None else self.spent.get(lab, 0.0)
        data = sum(self.data_usd.values()) if lab is None else self.data_usd.get(lab, 0.0)
        alive = sum(
            self.cost(machine, settings.prices) + commit_usd(machine.instance_type, settings)
            for machine in self.machines
            if _matches(machine, None, lab) and machine.alive
        )
        return ended + data + alive

    def cost(self, machine: Machine, prices: Mapping[str, float]) -> float:
        """Dollars of one machine this month until now; a type without a price counts as the dearest known."""
        seconds = self.now - max(machine.launched, self.month_start)
        return max(seconds, LEAST_BILLED_S) / 3600 * price_of(machine.instance_type, prices)


def with_coming(fleet: Fleet, begun: Iterable[Begun], settings: BurstSettings) -> Fleet:
    """The fleet with what was launched a moment ago and no cloud lists yet: for counting caps and money only."""
    shown = Counter(machine.adopted or machine.request_id for machine in fleet.machines)
    coming = (
        planned(settings.pool(one.pool), one.lab, one.nodes - shown[one.request_id], one.at, settings)
        for one in begun
        if abs(fleet.now - one.at) < SETTLE_S
    )
    return replace(fleet, machines=fleet.machines + tuple(machine for some in coming for machine in some))


def planned(pool: Pool | None, lab: str, nodes: int, at: float, settings: BurstSettings) -> tuple[Machine, ...]:
    """Nodes that no list shows yet, of the type that costs most; a pool that is no longer configured has no type."""
    name = pool.name if pool else ""
    return tuple(
        Machine(
            machine_id=f"planned-{name}-{lab}-{number}",
            name="",
            state=MachineState.PENDING,
            instance_type=dearest(pool, settings.prices) if pool else "",
            zone="",
            private_ip="",
            launched=at,
            spot=pool is not None and pool.purchase == "spot",
            provider="",
            pool=name,
            lab=lab,
            request_id="planned",
            asked=nodes,
        )
        for number in range(nodes)
    )


def price_of(instance_type: str, prices: Mapping[str, float]) -> float:
    """Dollars per hour; an unknown price is never zero: the dearest known one stands for it."""
    price = prices.get(instance_type)
    return max(prices.values(), default=0.0) if price is None else price


def dearest(pool: Pool, prices: Mapping[str, float]) -> str:
    """The pool's type that costs most: which one comes is the cloud's choice, so money is counted by this one."""
    return max(pool.instance_types, key=lambda name: price_of(name, prices))


def commit_usd(instance_type: str, settings: BurstSettings) -> float:
    """What starting, or keeping, one such node commits."""
    return settings.budget.commit_hours * price_of(instance_type, settings.prices)


def by_pool_and_lab(machines: Iterable[Machine]) -> dict[tuple[str, str], list[Machine]]:
    """Machines that cost money, grouped and sorted."""
    groups: dict[tuple[str, str], list[Machine]] = {}
    for machine in sorted(machines, key=lambda m: (m.pool, m.lab, m.launched, m.machine_id)):
        if machine.alive:
            groups.setdefault((machine.pool, machine.lab), []).append(machine)
    return groups


def _matches(machine: Machine, pool: str | None, lab: str | None) -> bool:
    return (pool is None or machine.pool == pool) and (lab is None or machine.lab == lab)
