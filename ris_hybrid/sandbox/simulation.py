"""Drives the virtual cluster and its ebrokerd through virtual time, and keeps the history (sandbox).

    next of (submission, cluster event, turn, tick, sample) → advance the cluster → submit → the service's turn
        → ebrokerd's tick → sample

A script call takes no virtual time: the clock stands while a child process answers, so a replay is the same on a
fast and on a slow machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ris_hybrid.sandbox.history import Happening, History, Sample
from ris_hybrid.sandbox.lsf.holdings import Stage
from ris_hybrid.sandbox.narrator import Narrator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.swf import Arrival

SAMPLE_EVERY_S = 60.0
PATIENCE_S = 4 * 3600.0
"""Virtual seconds in which nothing runs, comes or is borrowed before the jobs that still wait are given up."""


class Held(Protocol):
    """A machine somebody lends the cluster."""

    @property
    def stage(self) -> Stage:
        """How far it is."""
        ...


class Lender(Protocol):
    """What brings machines and takes them back: ebrokerd, or our broker where there is none."""

    def next_tick(self) -> float:
        """When ``tick`` has something to do."""
        ...

    def tick(self) -> None:
        """Do what is due now."""
        ...

    def idle(self) -> bool:
        """Whether no machine is held or asked for."""
        ...

    def holdings(self) -> Sequence[Held]:
        """Every machine that has not ended."""
        ...

    def asked_for(self) -> int:
        """Machines asked for that have not come."""
        ...


class Turner(Protocol):
    """ris-hybrid's own service."""

    def next_turn(self) -> float:
        """When ``turn`` is due."""
        ...

    def turn(self) -> None:
        """Take it."""
        ...


def _no_clock(_now: float) -> None:
    """No cloud whose clock would have to follow."""


def _no_watcher(_history: History) -> None:
    """Nobody looks on."""


@dataclass(slots=True, kw_only=True)
class Simulation:
    """One replay. ``arrivals`` are relative to the cluster's time at the start."""

    cluster: Cluster
    arrivals: Sequence[Arrival] = ()
    ebrokerd: Lender | None = None
    service: Turner | None = None
    """Takes its turn before ebrokerd acts at the same moment, so that what ebrokerd asks for is planned."""
    set_clock: Callable[[float], None] = _no_clock
    """Told the virtual time before the service or ebrokerd acts."""
    watch: Callable[[History], None] = _no_watcher
    """Called after every sample, for a live view."""
    history: History = field(init=False)
    _submitted: int = 0
    _moved: float = field(init=False)
    """When a job, a submission or a node was last seen to be under way."""
    _next_sample: float = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(started=self.cluster.now)
        self._next_sample = self._moved = self.cluster.now

    def narrator(self) -> Narrator:
        """What ebrokerd should tell its events to."""
        return Narrator(self.history)

    @property
    def done(self) -> bool:
        """Everything submitted and ended, nothing borrowed any more."""
        return self._submitted == len(self.arrivals) and self.cluster.unfinished() == 0 and self._settled

    @property
    def _settled(self) -> bool:
        return self.ebrokerd is None or self.ebrokerd.idle()

    @property
    def stuck(self) -> bool:
        """Whether what still waits will wait for ever: a job larger than the cluster, a queue nobody opens."""
        patience = 0.0 if self.ebrokerd is None else PATIENCE_S
        return self._idle and self.cluster.now - self._moved >= patience

    @property
    def _idle(self) -> bool:
        submitted = self._submitted == len(self.arrivals)
        return submitted and self.cluster.next_event() is None and self._settled

    def run(self) -> None:
        """Replay until everything is done, or nothing can happen any more."""
        while not self.done and not self.stuck:
            under_way = not self._idle
            self.step(self.next_time())
            if under_way:
                self._moved = self.cluster.now
        self._sample()
        waiting = self.cluster.unfinished()
        if waiting:
            text = f"given up: {waiting} jobs that nothing in this cluster can start"
            self.history.happenings.append(Happening(at=self.cluster.now, kind="stuck", text=text))
        self.watch(self.history)

    def next_time(self) -> float:
        """When something happens next."""
        times = [self._next_sample]
        if self._submitted < len(self.arrivals):
            times.append(self.history.started + self.arrivals[self._submitted].at)
        event = self.cluster.next_event()
        if event is not None:
            times.append(event)
        if self.ebrokerd is not None:
            times.append(self.ebrokerd.next_tick())
        if self.service is not None:
            times.append(self.service.next_turn())
        return max(self.cluster.now, min(times))

    def step(self, to: float) -> None:
        """Everything that is due at ``to``."""
        self.cluster.advance(to)
        while self._submitted < len(self.arrivals) and self.history.started + self.arrivals[self._submitted].at <= to:
            self.cluster.submit(self.arrivals[self._submitted].request)
            self._submitted += 1
        self._act(to)
        if to >= self._next_sample:
            self._sample()
            self._next_sample = to + SAMPLE_EVERY_S
            self.watch(self.history)

    def _act(self, to: float) -> None:
        """What the service and ebrokerd have to do by then."""
        if self.service is not None and self.service.next_turn() <= to:
            self.set_clock(to)
            self.service.turn()
        if self.ebrokerd is not None and self.ebrokerd.next_tick() <= to:
            self.set_clock(to)
            self.ebrokerd.tick()

    def _sample(self) -> None:
        counts = self.cluster.counts()
        stages = [holding.stage for holding in self.ebrokerd.holdings()] if self.ebrokerd else []
        asked = self.ebrokerd.asked_for() if self.ebrokerd else 0
        self.history.samples.append(
            Sample(
                at=self.cluster.now,
                pending_jobs=counts.pending_jobs,
                pending_slots=counts.pending_slots,
                onprem_used=counts.onprem_slots_used,
                cloud_used=counts.cloud_slots_used,
                cloud_slots=counts.cloud_slots,
                nodes_starting=asked + stages.count(Stage.BOOTING),
                nodes_joined=stages.count(Stage.JOINED) + stages.count(Stage.DRAINING),
                nodes_leaving=stages.count(Stage.LEAVING) + stages.count(Stage.RETURNING),
            )
        )
