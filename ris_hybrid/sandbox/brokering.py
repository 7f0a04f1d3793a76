"""A virtual LSF without ebrokerd: our own broker takes its turns, and nodes join by themselves (sandbox).

The broker is the function ``ris-hybrid burst run --once`` calls; LSF's commands are answered in this process, EC2 is
the sandbox's over HTTP, and the virtual clock stands still while a turn is made.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.broker import Site
from burst.duty import Post, Standby, once
from burst.fleet import account_of
from burst.lock import one_at_a_time
from onprem.lsf.act import LsfHosts
from onprem.lsf.lsid import LsfMaster
from onprem.lsf.read import LsfScheduler
from onprem.shell import Command, Completed
from ris_hybrid import wiring
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.sandbox.history import Happening
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.reply import master_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from burst.broker import Made
    from burst.provider import Provider
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.nursery import Node, Nursery
    from ris_hybrid.settings import BurstSettings

EVERY_S = 120.0
"""As often as the sandbox's ebrokerd computes demand."""


@dataclass(frozen=True, slots=True)
class ClusterShell:
    """LSF's commands on a cluster in this process (the ``Shell`` port)."""

    cluster: Cluster

    def run(self, command: Command) -> Completed:
        """See ``onprem.shell.Shell``."""
        reply = run_command(self.cluster, command.argv, {"USER": "lsfadmin"})
        return Completed(rc=reply.rc, stdout=reply.stdout, stderr=reply.stderr)


class Broker:
    """Takes the place of ``Ebrokerd`` in a simulation."""

    protocol_errors = ()
    """Nobody speaks LSF's protocol here."""

    def __init__(self, cluster: Cluster, provider: Provider, nursery: Nursery, data: Path, history: History) -> None:
        shell = ClusterShell(cluster)
        lock = data / f"{provider.settings.provider}-launch.lock"
        self._cluster = cluster
        self._provider = provider
        self._nursery = nursery
        self._history = history
        self._site = Site(
            scheduler=LsfScheduler(shell, now=lambda: cluster.now),
            hosts=LsfHosts(shell),
            launch_lock=lambda: one_at_a_time(lock),
        )
        self._post = Post(
            master=LsfMaster(shell),
            here=(master_host(cluster),),
            lock=data / f"{provider.settings.provider}-broker.lock",
        )
        self._next_turn = cluster.now
        self._failure = ""
        self._refused: dict[tuple[str, str], str] = {}

    def next_tick(self) -> float:
        """When a turn is due, or a machine has booted."""
        return min(self._next_turn, self._nursery.next_join() or self._next_turn)

    def tick(self) -> None:
        """Let machines join, and take a turn if it is time. Afterwards ``next_tick`` is later than now."""
        now = self._cluster.now
        self._tell("joined", *self._nursery.look())
        if now >= self._next_turn:
            self._turn()
            self._nursery.look()
            self._next_turn = now + EVERY_S

    def idle(self) -> bool:
        """Whether no machine is left."""
        return not self._nursery.nodes()

    def holdings(self) -> tuple[Node, ...]:
        """Every machine that has not ended."""
        return self._nursery.nodes()

    def asked_for(self) -> int:
        """Nothing is asked for that is not launched at once."""
        return 0

    def rc_rows(self) -> tuple[()]:
        """There is no Resource Connector."""
        return ()

    def _turn(self) -> None:
        provider = replace(self._provider, now=self._cluster.now)
        try:
            made = once(provider, self._site, self._post)
        except (SiteUnavailable, CloudError) as error:
            self._no_turn(f"no turn: {error.message}")
            return
        if isinstance(made, Standby):
            self._no_turn(made.why)
            return
        self._failure = ""
        self._narrate(made)

    def _no_turn(self, why: str) -> None:
        if why != self._failure:
            self._tell("refused", why)
        self._failure = why

    def _narrate(self, turn: Made) -> None:
        for decision in turn.decisions:
            borrower = (decision.pool, decision.lab)
            stage = "; ".join(reason.stage for reason in decision.reasons)
            text = f"{decision.nodes} nodes of {decision.pool} for {account_of(decision.lab)}: {decision.why}"
            if decision.nodes:
                self._refused.pop(borrower, None)
                self._tell("decision", text, nodes=decision.nodes)
            elif self._refused.get(borrower) != stage:
                self._refused[borrower] = stage
                self._tell("refused", text)
        for one in turn.launches:
            nodes = len(one.outcome.launched) if one.outcome else 0
            what = f"{nodes} nodes of {one.decision.pool} for {account_of(one.decision.lab)}: {one.why}"
            self._tell("launch" if nodes else "refused", what, nodes=nodes)
        self._tell("leaving", *turn.ended)

    def _tell(self, kind: str, *texts: str, nodes: int = 0) -> None:
        for text in texts:
            self._history.happenings.append(Happening(at=self._cluster.now, kind=kind, text=text, nodes=nodes))


def provider_of(settings: BurstSettings, data: Path, now: float, env: Mapping[str, str]) -> Provider:
    """The production ports on the sandbox's AWS; AWS's libraries read the environment when their client is made."""
    data.mkdir(parents=True, exist_ok=True)
    with entered(env):
        return wiring.provider(settings, data, now)


@contextmanager
def entered(env: Mapping[str, str]) -> Iterator[None]:
    """This process with these variables, while the block runs."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
