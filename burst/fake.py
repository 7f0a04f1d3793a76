"""A cloud in memory that keeps the port's promises and can fail on purpose; shipped, for tests and dry runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from burst import tags
from burst.outlook import Word
from ris_hybrid.errors import CloudError, NoCapacity
from ris_hybrid.model import EndReason, Launched, Machine, MachineState, Shortfall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ris_hybrid.model import Launch, PoolMarks

_CAPACITY = "InsufficientInstanceCapacity"


class FakeCloud:
    """Machines are running at once and end at once; ``capacity`` bounds how many may be alive.

    Host names begin with ``host``: two clouds of one site have none in common.
    """

    def __init__(
        self, now: Callable[[], float], *, provider: str = "fake", capacity: int = 1000, host: str = "ip"
    ) -> None:
        self._now = now
        self._provider = provider
        self._host = host
        self._machines: dict[str, Machine] = {}
        self._tokens: dict[str, Launched] = {}
        self._started = 0
        self.capacity = capacity
        self.code = _CAPACITY
        """The word for a lack of capacity: other clouds have others."""
        self.fail_next: CloudError | None = None
        """Raised by the next call, once."""

    def launch(self, launch: Launch) -> Launched:
        """Start what capacity allows, once per token."""
        self._maybe_fail()
        if launch.token in self._tokens:
            return self._tokens[launch.token]
        alive = sum(1 for machine in self._machines.values() if machine.alive)
        given = min(launch.count, self.capacity - alive)
        if given <= 0:
            raise NoCapacity("the fake cloud is full", code=self.code)
        full = Shortfall(code=self.code, message="the fake cloud is full", scarce=True)
        short = () if given == launch.count else (full,)
        ids = tuple(self._start(launch, bool(short)) for _ in range(given))
        self._tokens[launch.token] = Launched(machine_ids=ids, shortfall=short)
        return self._tokens[launch.token]

    def machines(self) -> tuple[Machine, ...]:
        """Every machine ever launched, unless forgotten."""
        self._maybe_fail()
        return tuple(self._machines.values())

    def end(
        self, machine_ids: Sequence[str], return_id: str, reason: EndReason = EndReason.RETURNED
    ) -> tuple[str, ...]:
        """Mark, then end what is known."""
        known = tuple(machine_id for machine_id in machine_ids if machine_id in self._machines)
        for machine_id in known:
            marked = replace(self._machines[machine_id], return_id=return_id, end_reason=reason)
            self._machines[machine_id] = marked
        self._maybe_fail()
        for machine_id in known:
            self.set_state(machine_id, MachineState.TERMINATED)
        return known

    def set_state(self, machine_id: str, state: MachineState) -> None:
        """Let something happen to a machine behind our back."""
        self._machines[machine_id] = replace(self._machines[machine_id], state=state)

    def forget(self, machine_id: str) -> None:
        """What a cloud does about an hour after a machine has ended."""
        del self._machines[machine_id]

    def change(self, machine_id: str, **fields: Any) -> None:
        """Let the ledger say something else of a machine."""
        self._machines[machine_id] = replace(self._machines[machine_id], **fields)

    def _start(self, launch: Launch, short: bool) -> str:
        self._started += 1
        number = self._started
        machine_id = f"i-{number:017d}"
        self._machines[machine_id] = Machine(
            machine_id=machine_id,
            name=f"{self._host}-10-0-{number // 250}-{number % 250 + 1}",
            state=MachineState.RUNNING,
            instance_type="fake.large",
            zone="zone-a",
            private_ip=f"10.0.{number // 250}.{number % 250 + 1}",
            launched=self._now(),
            spot=False,
            provider=self._provider,
            pool=launch.pool,
            lab=launch.lab,
            request_id=launch.request_id,
            asked=launch.asked,
            shortfall=self.code if short else launch.shortfall,
        )
        return machine_id

    def _maybe_fail(self) -> None:
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure


_FIELDS = {
    tags.REQUEST: "request_id",
    tags.SHORTFALL: "shortfall",
    tags.RETURN: "return_id",
    tags.END: "end_reason",
    tags.JOINED: "joined",
    tags.IDLE: "idle",
    tags.CLOSING: "closing",
    tags.UNLISTED: "unlisted",
    tags.UNHELD: "unheld",
    tags.NOTICE: "notice",
    tags.REBALANCE: "rebalance",
    tags.ASKED: "asked",
    tags.ADOPTED: "adopted",
}
_FIGURES = {
    "joined": float,
    "idle": float,
    "closing": float,
    "unlisted": float,
    "unheld": float,
    "notice": float,
    "rebalance": float,
    "asked": int,
}


class FakeLedger:
    """The ledger of a ``FakeCloud``: what is written on its machines shows in what it lists."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud
        self._pools: dict[str, dict[str, str]] = {}

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """Write on every machine the cloud knows."""
        known = {machine.machine_id for machine in self._cloud.machines()}
        fields = {_FIELDS[key]: value for key, value in marks.items() if key in _FIELDS}
        values = {
            name: _FIGURES.get(name, str)(value or 0 if name in _FIGURES else value) for name, value in fields.items()
        }
        for machine_id in known.intersection(machine_ids):
            self._cloud.change(machine_id, **values)

    def pools(self) -> Mapping[str, PoolMarks]:
        """Every pool ever marked."""
        return {pool: tags.pool_marks(written) for pool, written in self._pools.items()}

    def mark_pool(self, pool: str, marks: PoolMarks, before: PoolMarks) -> None:
        """Remember what differs, as the tags it would be."""
        self._pools.setdefault(pool, {}).update(tags.pool_changes(marks, before))


class FakeOutlook:
    """The data plane's word in memory; ``said`` None stands for a file that is not there."""

    def __init__(self, said: Word | None = None, most_s: float = 900.0) -> None:
        self.said = said
        self._most_s = most_s

    def word(self, now: float) -> Word:
        """What it says, unless it is too old."""
        if self.said is None:
            return Word(at=0.0, problem="nothing was said yet")
        if now - self.said.at > self._most_s:
            return Word(at=self.said.at, problem=f"the outlook is {(now - self.said.at) / 60:.0f} min old")
        return self.said
