"""Which hosts a job gets: on-premises before borrowed, as few as possible, nothing reserved (sandbox)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.sandbox.lsf.spec import ClusterSpec, QueueSpec

Plan = tuple[tuple[str, int], ...]
"""Host names with the slots taken on each."""

DEFAULT_ACCOUNT = "default"
_LAB = re.compile(r"compute-(?P<lab>.+?)(?:-t\d+)?")
_ONE_HOST = re.compile(r"span\[\s*hosts\s*=\s*1\s*\]")


class SlotPool:
    """Free slots of interchangeable hosts, kept by size so that the best fit is found without a scan."""

    __slots__ = ("_by_free", "_free", "_slots", "capacity", "total")

    def __init__(self) -> None:
        self._by_free: dict[int, dict[str, None]] = {}
        self._free: dict[str, int] = {}
        self._slots: dict[str, int] = {}
        self.total = 0
        self.capacity = 0

    @property
    def hosts(self) -> int:
        """Hosts of the pool that are not dead, closed ones included."""
        return len(self._slots)

    @property
    def hosts_with_room(self) -> int:
        """Hosts that could take at least one slot now."""
        return len(self._free)

    def join(self, host: str, slots: int) -> None:
        """Count a live host and its slots; ``offer`` says separately how many may be used."""
        self._slots[host] = slots
        self.capacity += slots

    def leave(self, host: str) -> None:
        """Forget a host that died or was given back; a host already forgotten is passed over."""
        self.offer(host, 0)
        self.capacity -= self._slots.pop(host, 0)

    def offer(self, host: str, free: int) -> None:
        """Set how many slots of a host may be used now; 0 for a full or closed one."""
        old = self._free.pop(host, 0)
        if old:
            bucket = self._by_free[old]
            del bucket[host]
            if not bucket:
                del self._by_free[old]
        if free > 0:
            self._free[host] = free
            self._by_free.setdefault(free, {})[host] = None
        self.total += max(free, 0) - old

    def best(self, slots: int) -> tuple[int, str] | None:
        """The host with the fewest free slots that still holds ``slots``, as (free, name)."""
        free = min((size for size in self._by_free if size >= slots), default=None)
        return None if free is None else (free, next(iter(self._by_free[free])))

    def widest(self) -> Iterator[tuple[int, str]]:
        """Every host with room as (free, name), largest first."""
        for free in sorted(self._by_free, reverse=True):
            for host in self._by_free[free]:
                yield free, host


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The pools that jobs of one queue, account and selection may use, on-premises and borrowed."""

    onprem: tuple[SlotPool, ...]
    borrowed: Sequence[SlotPool]
    """Grows when a host with other resources than any before it joins."""

    @property
    def pools(self) -> tuple[SlotPool, ...]:
        """All of them, on-premises first."""
        return (*self.onprem, *self.borrowed)


def place(lane: Lane, slots: int, *, one_host: bool = False) -> Plan | None:
    """Choose hosts for a job of ``slots``; None when it does not fit now.

    On-premises alone, else borrowed alone, else both: a job spans the two only where nothing else is left.
    """
    for pools in (lane.onprem, lane.borrowed):
        plan = _fit(pools, slots, one_host)
        if plan is not None:
            return plan
    return None if one_host or not lane.borrowed else _fit(lane.pools, slots, one_host)


def _fit(pools: Sequence[SlotPool], slots: int, one_host: bool) -> Plan | None:
    if sum(pool.total for pool in pools) < slots:
        return None
    fits = (best for pool in pools if (best := pool.best(slots)))
    single = min(fits, default=None, key=lambda best: best[0])
    if single is not None:
        return ((single[1], slots),)
    return None if one_host else _span(pools, slots)


def _span(pools: Sequence[SlotPool], slots: int) -> Plan:
    """Largest rooms first, which gives the fewest hosts; the caller has checked that there is enough."""
    plan: list[tuple[str, int]] = []
    rooms = [room for pool in pools for room in _enough(pool, slots)]
    rooms.sort(key=lambda room: -room[0])
    widest = iter(rooms)
    while slots:
        free, host = next(widest)
        plan.append((host, min(free, slots)))
        slots -= plan[-1][1]
    return tuple(plan)


def _enough(pool: SlotPool, slots: int) -> Iterator[tuple[int, str]]:
    """The largest rooms of a pool, no more than a job of ``slots`` can use."""
    for room in pool.widest():
        if slots <= 0:
            return
        slots -= room[0]
        yield room


def shapes_by_queue(spec: ClusterSpec) -> Mapping[str, tuple[int, ...]]:
    """For each queue the indexes of the host shapes that serve it: its own, or those that serve any queue."""
    owned = {queue for shape in spec.hosts for queue in shape.queues}
    return {
        queue.name: tuple(
            index
            for index, shape in enumerate(spec.hosts)
            if (queue.name in shape.queues if queue.name in owned else not shape.queues)
        )
        for queue in spec.queues
    }


def lab_of(user_group: str) -> str:
    """``compute-<lab>`` or ``compute-<lab>-t2`` to ``<lab>``; empty for any other group."""
    match = _LAB.fullmatch(user_group)
    return match["lab"] if match else ""


def account_of(queue: QueueSpec, user_group: str) -> str:
    """The RC account of a job: its queue's RC_ACCOUNT, else its lab, else ``default``."""
    return queue.rc_account or lab_of(user_group) or DEFAULT_ACCOUNT


def borrows(queue: QueueSpec) -> bool:
    """Whether jobs of the queue may run on borrowed hosts (RC_HOSTS set and not ``none``)."""
    return queue.rc_hosts.strip().lower() not in {"", "none"}


def wants_one_host(resreq: str) -> bool:
    """Whether the resource requirement keeps the job on a single host (``span[hosts=1]``)."""
    return _ONE_HOST.search(resreq) is not None
