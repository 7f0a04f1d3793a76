"""The service as a process: signals, systemd's environment, and what each turn is made of.

Settings are read anew at every turn. A file that has become wrong is said, and the settings before it stay; the
scripts' calls read the provider's own configuration at each call, service or not.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from burst import deadline
from burst.audit import warnings_in
from burst.clients import Clients
from burst.turn import Turn
from ris_hybrid import relay, wiring
from ris_hybrid.errors import ConfigError
from ris_hybrid.planner_wiring import Desks
from ris_hybrid.serve.answering import Desk
from ris_hybrid.serve.loop import Service
from ris_hybrid.serve.metrics import Metrics
from ris_hybrid.serve.notify import Systemd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from burst.provider import Provider
    from burst.turn import Turned
    from ris_hybrid.ports import Clock
    from ris_hybrid.settings import BurstSettings

_LSF_S = 10.0  # for one question of a turn
_TURN_S = 120.0  # nothing is sent to a cloud later than this in a turn; systemd waits longer for a sign of life


def _to_nobody(_text: str) -> None:
    """The audit log alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is served."""

    load: Callable[[], BurstSettings]
    """burst.yaml as it is now; raises ``ConfigError``."""
    data: Path
    clock: Clock
    metrics: Path | None = None
    """Where the figures go; None puts them into the data directory."""
    say: Callable[[str], None] = _to_nobody
    """Told what is wrong, once until it is something else."""


def socket_of(order: Order, provider: str) -> Path:
    """Where the service of this provider listens; the directory is made by whoever listens there."""
    return Path(relay.socket_path(str(order.data), provider))


def serve(order: Order) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what runs. Raises as ``Order.load`` and ``listening``."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    clients, metrics = Clients(), Metrics()
    turns = Turns(order, clients, metrics)
    service = Service(
        socket=socket_of(order, turns.settings.provider),
        desk=Desk(clients, metrics),
        clock=order.clock,
        turn=turns.take,
        systemd=Systemd(os.environ),
    )
    service.run(stop.wait)


class Watch:
    """The service's turn: notices, the reaper, and then, where the mode says so, the planner."""

    def __init__(self, data: Path) -> None:
        self._desks = Desks(data)

    def __call__(self, provider: Provider, clients: Clients) -> Turned:
        """One turn. What the planner cannot do is told in the answer; the reaper is done by then."""
        ports = wiring.scheduler(_LSF_S), wiring.notices(provider, clients), wiring.hosts(_LSF_S)
        turned = Turn(*ports).take(provider)
        desk = self._desks.desk(provider.settings)
        if desk is None:
            return turned
        done = desk.planning.take(provider, desk.hands)
        return replace(turned, planned=done, problems=turned.problems + done.problems)


class Turns:
    """Makes the ports of each turn, and writes the figures after it. ``deed`` is what is done in a turn: ``Watch``."""

    def __init__(
        self,
        order: Order,
        clients: Clients,
        metrics: Metrics,
        deed: Callable[[Provider, Clients], Turned | None] | None = None,
    ) -> None:
        self._order = order
        self._clients = clients
        self._metrics = metrics
        self._deed = deed or Watch(order.data)
        self._said: frozenset[str] = frozenset()
        self.settings = self._load()

    def take(self, now: float) -> None:
        """One turn."""
        wrong = self._reload()
        provider = wiring.provider(
            self.settings, self._order.data, now, clients=self._clients, ticking=self._order.clock
        )
        if wrong:
            provider.note("configuration not taken over", message=wrong)
        with warnings_in(provider.audit, now), deadline.within(_TURN_S):
            turned = self._deed(provider, self._clients)
        self._say([wrong] * bool(wrong) + [problem.text for problem in (turned.problems if turned else ())])
        if turned is None:  # nothing was looked at, so there is nothing to tell
            return
        self._metrics.turned(turned, self.settings)
        self._metrics.write(self._order.metrics or self._order.data / f"{self.settings.provider}.prom")

    def _say(self, texts: Sequence[str]) -> None:
        for text in texts:
            if text not in self._said:
                self._order.say(text)
        self._said = frozenset(texts)

    def _reload(self) -> str:
        """Take the file over as it is now; why it cannot be, if so."""
        provider = self.settings.provider
        try:
            settings = self._load()
        except ConfigError as error:
            return error.message
        if settings.provider != provider:
            return f"provider: expected {provider}, found {settings.provider}: start the service anew"
        self.settings = settings
        return ""

    def _load(self) -> BurstSettings:
        """The settings, with clients that can be made of them."""
        settings = self._order.load()
        if settings.notices:
            self._clients.sqs(settings)
        return settings
