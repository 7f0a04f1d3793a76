"""ris-hybrid's service in virtual time: its turn, with the plan and the moves (sandbox).

What the turn does is what the service does in production. It asks LSF in this process, as the sandbox's broker does;
what changes LSF, ``bswitch`` and ``bmod``, runs as child processes by the commands on PATH. A turn in which no job is
pending is left out: it would plan nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst.planning import Ground, Hands, Planning
from onprem.lsf.read import LsfScheduler
from onprem.lsf.steer import LsfSteers
from onprem.lsf.traits import LsfTraits
from onprem.shell import LocalShell
from ris_hybrid.sandbox.brokering import ClusterShell
from ris_hybrid.sandbox.history import Happening

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.provider import Provider
    from onprem.shell import Command, Completed, Shell
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.lsf.cluster import Cluster

EVERY_S = 120.0
"""As often as the sandbox's ebrokerd computes demand; a resident service takes its turn every 30 s."""
_CHANGES = frozenset({"bswitch", "bmod"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitShell:
    """Commands that change LSF as child processes, its answers from this process (the ``Shell`` port)."""

    asks: Shell
    acts: Shell

    def run(self, command: Command) -> Completed:
        """See ``onprem.shell.Shell``."""
        return (self.acts if command.argv[0] in _CHANGES else self.asks).run(command)


@dataclass(slots=True, kw_only=True)
class ServiceTurns:
    """Takes the service's turns in a simulation."""

    cluster: Cluster
    provider: Provider
    planning: Planning
    env: Mapping[str, str]
    history: History
    stopped: bool = False
    """Whether the service is dead: no turn is taken, and the plan file grows old."""
    _next: float = field(init=False)
    _said: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._next = self.cluster.now

    def next_turn(self) -> float:
        """When a turn is due."""
        return self._next

    def turn(self) -> None:
        """Take it, if there is anything to plan. Afterwards ``next_turn`` is later than now."""
        now = self.cluster.now
        self._next += EVERY_S * (int((now - self._next) // EVERY_S) + 1)
        if self.stopped or not self.cluster.counts().pending_jobs:
            return
        shell = SplitShell(asks=ClusterShell(self.cluster), acts=LocalShell(environment=self.env))
        scheduler, ground = LsfScheduler(shell, now=lambda: now), Ground(traits=LsfTraits(shell))
        hands = Hands(scheduler=scheduler, steers=LsfSteers(shell), ground=ground)
        made = self.planning.take(replace(self.provider, now=now), hands)
        if made.steered is not None:
            self._tell("moved", made.steered.moved, "sent to the cloud's queue")
            self._tell("moved back", made.steered.back, "sent back")
        said = frozenset(problem.text for problem in made.problems)
        self.history.happenings += (Happening(at=now, kind="trouble", text=text) for text in sorted(said - self._said))
        self._said = said

    def _tell(self, kind: str, ids: tuple[str, ...], what: str) -> None:
        if ids:
            text = f"{len(ids)} job{'s' * (len(ids) > 1)} {what}: {', '.join(ids)}"
            self.history.happenings.append(Happening(at=self.cluster.now, kind=kind, text=text))
