"""The hosts of the virtual cluster: who is open, what is free, which job runs where (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.dispatch import Lane, SlotPool, borrows, shapes_by_queue
from ris_hybrid.sandbox.lsf.resreq import Resources
from ris_hybrid.sandbox.lsf.spec import HostView

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.dispatch import Plan
    from ris_hybrid.sandbox.lsf.resreq import Wish
    from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, QueueSpec

_FINAL = frozenset({"closed_RC", "unavail"})  # LSF's badmin hopen does not end these


@dataclass(slots=True, kw_only=True)
class _HostRecord:
    name: str
    slots: int
    pool: SlotPool
    idle_since: float | None
    borrowed: BorrowedHost | None = None
    closed: str = ""
    """Why it takes no jobs: LSF's status word; empty when open."""
    jobs: dict[str, int] = field(default_factory=dict)
    used: int = 0

    @property
    def status(self) -> str:
        if self.closed:
            return self.closed
        return "closed_Full" if self.used >= self.slots else "ok"


class Farm:
    """Every host with its slots. Knows nothing of queues' order or of time passing."""

    def __init__(self, spec: ClusterSpec, now: float) -> None:
        self._shapes = tuple(SlotPool() for _ in spec.hosts)
        self._by_queue = shapes_by_queue(spec)
        self._local = tuple(Resources(frozenset(shape.resources)) for shape in spec.hosts)
        self._borrowed: dict[tuple[str, Resources], SlotPool] = {}
        self._lanes: dict[tuple[str, str, Wish], Lane] = {}
        self._growing: dict[str, list[tuple[Wish, list[SlotPool]]]] = {}
        """By account: what each of its lanes selects by, and the borrowed pools it has."""
        self._hosts: dict[str, _HostRecord] = {}
        self._returned: dict[str, HostView] = {}
        self.onprem_used = 0
        self.cloud_used = 0
        self.cloud_slots = 0
        for pool, shape in zip(self._shapes, spec.hosts, strict=True):
            for number in range(1, shape.count + 1):
                self._add(_HostRecord(name=f"{shape.prefix}-{number}", slots=shape.slots, pool=pool, idle_since=now))

    @property
    def free(self) -> int:
        """Slots no job holds on open hosts."""
        return sum(pool.total for pools in (self._shapes, self._borrowed.values()) for pool in pools)

    def lane(self, queue: QueueSpec, account: str, wish: Wish) -> Lane:
        """The hosts that jobs of this queue, account and selection may use, now and later."""
        key = (queue.name, account, wish)
        if key not in self._lanes:
            borrowed: list[SlotPool] = []
            if borrows(queue):
                borrowed += (p for (whose, has), p in self._borrowed.items() if whose == account and wish.fits(has))
                self._growing.setdefault(account, []).append((wish, borrowed))
            mine = (index for index in self._by_queue[queue.name] if wish.fits(self._local[index]))
            self._lanes[key] = Lane(onprem=tuple(self._shapes[index] for index in mine), borrowed=borrowed)
        return self._lanes[key]

    def join(self, host: BorrowedHost, now: float) -> None:
        """A borrowed host joins, open and idle; ``ConfigError`` if the name is taken."""
        pool = self._cloud_pool(host.account, host.resources)
        self._add(_HostRecord(name=host.name, slots=host.slots, pool=pool, idle_since=now, borrowed=host))
        self.cloud_slots += host.slots
        self._returned.pop(host.name, None)

    def leave(self, name: str) -> None:
        """A borrowed host that runs nothing any more is forgotten (``bhosts -a`` still shows it)."""
        record = self._hosts.pop(name)
        record.pool.leave(name)
        record.closed = "unavail"
        self._returned[name] = self._view(record)
        self.cloud_slots -= record.slots

    def close(self, name: str, word: str) -> None:
        """No new jobs for this host, for the reason given as LSF's status word."""
        record = self._record(name)
        if record.closed in _FINAL and word != "unavail":
            return
        record.closed = word
        if word == "unavail":
            record.pool.leave(name)
        self._offer(record)

    def reopen(self, name: str) -> None:
        """Open a host an administrator closed; ``ConfigError`` where opening cannot help."""
        record = self._record(name)
        if record.closed in _FINAL:
            raise ConfigError(f"{name}: Host is {record.closed} and cannot be opened", "LSF itself must end this")
        record.closed = ""
        self._offer(record)

    def occupy(self, job_id: str, plan: Plan) -> bool:
        """Take the slots of a plan; whether any of its hosts is borrowed."""
        borrowed = False
        for name, slots in plan:
            record = self._hosts[name]
            record.jobs[job_id] = slots
            record.idle_since = None
            borrowed |= record.borrowed is not None
            self._use(record, slots)
        return borrowed

    def vacate(self, job_id: str, plan: Plan, now: float) -> None:
        """Give the slots of a plan back."""
        for name, slots in plan:
            record = self._hosts[name]
            del record.jobs[job_id]
            if not record.jobs:
                record.idle_since = now
            self._use(record, -slots)

    def may_hold(self, plan: Plan, queue: QueueSpec) -> bool:
        """Whether the queue may use every host of the plan."""
        mine = {id(self._shapes[index]) for index in self._by_queue[queue.name]}
        hosts = [self._hosts[name] for name, _ in plan]
        return all(borrows(queue) if host.borrowed else id(host.pool) in mine for host in hosts)

    def jobs_on(self, name: str) -> tuple[str, ...]:
        """Ids of the jobs that hold slots there; ``ConfigError`` for an unknown host."""
        return tuple(self._record(name).jobs)

    def is_borrowed(self, name: str) -> bool:
        """Whether the host came from a cloud; ``ConfigError`` for an unknown host."""
        return self._record(name).borrowed is not None

    def view(self, name: str) -> HostView | None:
        """The host as bhosts shows it, or None."""
        record = self._hosts.get(name)
        return None if record is None else self._view(record)

    def views(self) -> tuple[HostView, ...]:
        """Every host, on-premises first, then in the order of joining."""
        return tuple(self._view(record) for record in self._hosts.values())

    def returned(self) -> tuple[HostView, ...]:
        """Borrowed hosts that have left and did not come again."""
        return tuple(self._returned.values())

    def _add(self, record: _HostRecord) -> None:
        if record.name in self._hosts:
            raise ConfigError(f"{record.name}: Host name is already in use", "a host needs its own name")
        self._hosts[record.name] = record
        record.pool.join(record.name, record.slots)
        self._offer(record)

    def _cloud_pool(self, account: str, has: Resources) -> SlotPool:
        """The borrowed hosts of an account that have these resources; a new one is told to the lanes it fits."""
        key = (account, has)
        if key not in self._borrowed:
            self._borrowed[key] = pool = SlotPool()
            for wish, borrowed in self._growing.get(account, ()):
                if wish.fits(has):
                    borrowed.append(pool)
        return self._borrowed[key]

    def _use(self, record: _HostRecord, slots: int) -> None:
        record.used += slots
        if record.borrowed is None:
            self.onprem_used += slots
        else:
            self.cloud_used += slots
        self._offer(record)

    def _offer(self, record: _HostRecord) -> None:
        record.pool.offer(record.name, 0 if record.closed else record.slots - record.used)

    def _record(self, name: str) -> _HostRecord:
        record = self._hosts.get(name)
        if record is None:
            raise ConfigError(f"{name}: Bad host name, host group name or cluster name", "bhosts lists them")
        return record

    def _view(self, record: _HostRecord) -> HostView:
        return HostView(
            name=record.name,
            status=record.status,
            slots=record.slots,
            used=record.used,
            jobs=len(record.jobs),
            idle_since=record.idle_since,
            borrowed=record.borrowed,
        )
