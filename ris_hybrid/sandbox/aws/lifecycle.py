"""When a machine is in which state: the virtual clock, EC2's delays, and the layer's own record of each machine.

    pending --pending_s--> running --Stop--> stopping --shutting_down_s--> stopped --Start--> pending
       any --Terminate--> shutting-down --shutting_down_s--> terminated --one hour--> forgotten

moto knows only the words running, stopped and terminated; since when it has said one gives the state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FORGOTTEN_S = 3600.0
"""Ended instances stay visible for about an hour (EC2 user guide, "Terminate your instance")."""

STATE_CODE: Mapping[MachineState, int] = {
    MachineState.PENDING: 0,
    MachineState.RUNNING: 16,
    MachineState.SHUTTING_DOWN: 32,
    MachineState.TERMINATED: 48,
    MachineState.STOPPING: 64,
    MachineState.STOPPED: 80,
}
"""EC2 API reference, InstanceState."""

_STEPS: Mapping[str, tuple[MachineState, MachineState]] = {
    "running": (MachineState.PENDING, MachineState.RUNNING),
    "stopped": (MachineState.STOPPING, MachineState.STOPPED),
    "terminated": (MachineState.SHUTTING_DOWN, MachineState.TERMINATED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds a machine takes to come and to go, and a transfer from its start to its end."""

    pending_s: float = 20.0
    shutting_down_s: float = 30.0
    transfer_s: float = 60.0


class Clock:
    """Real time until it is set; from then on it moves only when it is set again, and never back."""

    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self._fixed: float | None = None

    def now(self) -> float:
        """Epoch seconds."""
        return self._real() if self._fixed is None else self._fixed

    def set(self, now: float) -> None:
        """Stand still at ``now``. Raises ``ConfigError`` for a figure that is no time or would go back."""
        if not math.isfinite(now) or now < 0:
            raise ConfigError(f"{now} is not a time in epoch seconds")
        if self._fixed is not None and now < self._fixed:
            raise ConfigError(f"the clock is at {self._fixed} and does not go back to {now}", "reset the sandbox first")
        self._fixed = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the layer remembers of a machine: moto's word for its state since when, and what moto drops."""

    number: int
    """Counts machines in the order they came."""
    machine_id: str
    account: str
    region: str
    word: str
    since: float
    launched: float
    ended: float | None = None
    """When it was told to end: from then on it costs nothing."""
    group: str = ""
    """Its placement group."""
    released: bool = False
    """Whether its addresses went back to the subnet."""
    taken: float | None = None
    """When the cloud takes it away: two minutes after a spot interruption was announced."""

    def state(self, now: float, timing: Timing) -> MachineState:
        """EC2's word for it. Raises ``ValueError`` for a word of moto that EC2 does not have."""
        if self.word not in _STEPS:
            return MachineState(self.word)
        first, then = _STEPS[self.word]
        delay = timing.pending_s if first is MachineState.PENDING else timing.shutting_down_s
        return first if now < self.since + delay else then

    def due(self, now: float) -> bool:
        """Whether the cloud takes it away now: its time has come and nobody ended it before."""
        return self.taken is not None and now >= self.taken and self.ended is None

    @property
    def interrupted(self) -> bool:
        """Whether it was the cloud that ended it."""
        return self.taken is not None and self.ended == self.taken

    def forgotten(self, now: float) -> bool:
        """Whether EC2 would say it never existed."""
        return self.ended is not None and now >= self.ended + FORGOTTEN_S

    def told(self, word: str, now: float) -> Record:
        """The record after moto said ``word`` at ``now``."""
        if word == self.word:
            return self
        ended = now if word == "terminated" else None
        return replace(self, word=word, since=now, ended=ended)


class Book:
    """The records of every machine there ever was, oldest first."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}

    def note(self, place: tuple[str, str], words: Iterable[tuple[str, str]], now: float) -> None:
        """Take over ``(machine id, moto's word)`` as seen in ``place`` (account, region)."""
        account, region = place
        for machine_id, word in words:
            known = self.records.get(machine_id)
            if known is None:
                known = Record(
                    number=len(self.records),
                    machine_id=machine_id,
                    account=account,
                    region=region,
                    word="",
                    since=now,
                    launched=now,
                )
            self.records[machine_id] = known.told(word, now)

    def take(self, machine_id: str, at: float) -> None:
        """Note when the cloud takes a machine away; a time noted before stands."""
        record = self.records[machine_id]
        if record.taken is None and record.ended is None:
            self.records[machine_id] = replace(record, taken=at)

    def change(self, machine_id: str, *, group: str | None = None, released: bool | None = None) -> None:
        """Note a placement group, or that the addresses are back."""
        record = self.records[machine_id]
        self.records[machine_id] = replace(
            record,
            group=record.group if group is None else group,
            released=record.released if released is None else released,
        )

    def visible(self, place: tuple[str, str], now: float) -> dict[str, Record]:
        """Records of ``place`` that EC2 would still show, by machine id, oldest first."""
        return {
            record.machine_id: record
            for record in self.records.values()
            if (record.account, record.region) == place and not record.forgotten(now)
        }


def stamp(at: float) -> str:
    """Epoch seconds as EC2 writes a time: ``2026-11-22T18:37:17.000Z``."""
    return datetime.fromtimestamp(math.floor(at), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
