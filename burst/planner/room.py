"""Room on nodes that are there or on their way: for what fits there no boot is waited for, and none is paid (pure)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.fleet import BOOT_FACTOR
from burst.lifecycle import by_name, is_here, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from burst.fleet import Fleet
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.settings import BurstSettings, Pool


Free = tuple[int, int, int]
"""What one node has left: slots, MiB, GPUs. Memory and GPUs of one with jobs are taken to go with its slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Free slots of one pool's nodes for one lab."""

    slots: int = 0
    widest: int = 0
    """The most on one node."""
    nodes: tuple[Free, ...] = field(default=(), compare=False)


def room_on(nodes: Iterable[Free]) -> Room:
    """The room that these nodes have together."""
    kept = tuple(node for node in nodes if node[0])
    slots = [node[0] for node in kept]
    return Room(slots=sum(slots), widest=max(slots, default=0), nodes=kept)


def room_of(fleet: Fleet, hosts: Iterable[Host], settings: BurstSettings) -> Mapping[tuple[str, str], Room]:
    """By pool and lab. A node that has not joined has all its slots, until it is so late that it counts no more.

    LSF may list it before it hears from it, as ``unavail``: then it has not joined.
    """
    rows = by_name(hosts)
    pools = {pool.name: pool for pool in settings.pools}
    found: defaultdict[tuple[str, str], list[Free]] = defaultdict(list)
    for machine in fleet.machines:
        if machine.wanted and machine.pool in pools:
            row = rows.get(short_name(machine.name)) if machine.name else None
            pool = pools[machine.pool]
            found[machine.pool, machine.lab].append(_beside(row, _free(machine, row, pool, fleet), pool))
    return {place: room_on(nodes) for place, nodes in found.items()}


def _beside(row: Host | None, slots: int, pool: Pool) -> Free:
    if row is None or not row.jobs:
        return slots, pool.memory_mib, pool.gpus
    return slots, pool.memory_mib * slots // pool.slots, pool.gpus * slots // pool.slots


def _free(machine: Machine, row: Host | None, pool: Pool, fleet: Fleet) -> int:
    if machine.notice or machine.closing or machine.impaired:
        return 0
    if row is not None and (machine.joined or is_here(row)):
        return max(0, (row.max_slots or 0) - row.jobs) if row.takes_jobs else 0
    late = BOOT_FACTOR * (fleet.marks_of(pool.name).boot_s or pool.boot_s)
    return pool.slots if not machine.joined and fleet.now - machine.launched < late else 0
