"""``ris-hybrid burst run``: the broker, for schedulers without a Resource Connector."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid import clocks, wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption
from ris_hybrid.errors import ConfigError, RisHybridError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burst.broker import Made
    from burst.clients import Clients
    from burst.decide import Decision
    from burst.provider import Provider
    from burst.turn import Turned


def run(
    conf: ConfOption = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="One turn, then end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what a turn would do.")] = False,
    interval: Annotated[float, typer.Option("--interval", min=1.0, help="Seconds between two turns.")] = 60.0,
    host: Annotated[
        str,
        typer.Option("--host", envvar=wiring.HOST_VARIABLE, help="What LSF calls this host, if not its name."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn.")] = False,
) -> None:
    """Be the broker where LSF has no Resource Connector: launch on pressure, close and end idle hosts.

    Runs on every master candidate; only the current master acts. Ends on SIGTERM after the turn it is in.
    """
    broker = _Broker(conf, host, dry_run=dry_run)
    with _told_to_end() as end:
        while True:
            made = _made(broker, once=once)
            if made is not None:
                _say(made, as_json=as_json, dry_run=dry_run)
            if once or end.wait(interval):
                return


class _Broker:
    """Makes the ports of each turn. burst.yaml is read anew each time, as the service does."""

    def __init__(self, conf: Path | None, host: str, *, dry_run: bool) -> None:
        from burst.clients import Clients
        from ris_hybrid.cli.burst_site import enter_sandbox, load_settings
        from ris_hybrid.planner_wiring import Desks
        from ris_hybrid.serve.metrics import Metrics
        from ris_hybrid.serve.process import Order, Turns

        self._clock = enter_sandbox() if conf is None else clocks.clock()
        self._data = wiring.data_dir(load_settings(conf), conf)
        order = Order(load=partial(load_settings, conf), data=self._data, clock=self._clock)
        self._turns = Turns(order, Clients(), Metrics(), self._act)
        self._host = host
        self._dry_run = dry_run
        self._said = ""
        self._made: Made | None = None
        self._desks = Desks(self._data)

    def turn(self) -> Made | None:
        """One turn; None when it was not ours to make, which is said when it begins."""
        self._made = None
        self._turns.take(self._clock.now())
        return self._made

    def _act(self, provider: Provider, clients: Clients) -> Turned | None:
        from burst.duty import Standby, check_flags, once

        check_flags(provider.settings)
        _refuse_beside_connector(provider.settings.provider)
        planner = self._desks.desk(provider.settings)
        site = replace(wiring.broker_site(provider, self._data, clients), planner=planner)
        names = (self._host,) if self._host else wiring.here()
        post = wiring.broker_post(provider.settings, self._data, names)
        made = once(provider, site, post, dry_run=self._dry_run)
        if isinstance(made, Standby):
            if made.why != self._said:
                show.note(f"standing by: {made.why}")
            self._said = made.why
            return None
        self._said = ""
        self._made = made
        return made.watched


def _made(broker: _Broker, *, once: bool) -> Made | None:
    """One turn. One that fails is said and the next one comes, unless no turn can ever work."""
    try:
        return broker.turn()
    except ConfigError:
        raise
    except RisHybridError as error:
        if once:
            raise
        show.warn(f"turn broken off, the next one tries again: {error.message}")
        return None


def _say(made: Made, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        show.line(_json(made, dry_run=dry_run), raw=True)
    else:
        _show(made, dry_run=dry_run)


def _show(turn: Made, *, dry_run: bool) -> None:
    for text in (*_decided(turn, dry_run=dry_run), *_done(turn)):
        show.line(text)
    for refusal in turn.refused:
        show.warn(refusal)


def _decided(turn: Made, *, dry_run: bool) -> Iterator[str]:
    """What is, or would be, launched and why, and why not."""
    verb = "would launch" if dry_run else "launches"
    for decision in turn.decisions:
        if dry_run or decision.nodes == 0:
            yield f"{_who(decision)} {verb} {decision.nodes}: {decision.why}"
    for one in turn.launches:
        yield f"{_who(one.decision)}: {one.why}"


def _done(turn: Made) -> Iterator[str]:
    """What became, or would become, of hosts and machines."""
    yield from (f"would {v.action} {v.host or v.machine.machine_id}: {v.text}" for v in turn.planned)
    yield from (f"would {v.deed} {v.host}: {v.text}" for v in turn.returned.planned)
    back, watched = turn.returned, turn.watched
    lists = (
        ("notice for", watched.noticed if watched else ()),
        ("closed", (*(watched.closed if watched else ()), *back.closed)),
        ("opened", back.reopened),
        ("requeued", back.requeued),
        ("ended", turn.ended),
    )
    yield from (f"{verb} {', '.join(names)}" for verb, names in lists if names)


def _who(decision: Decision) -> str:
    return f"{decision.pool} for {decision.lab or 'jobs without a lab'}"


def _json(turn: Made, *, dry_run: bool) -> str:
    import json

    launches = [
        {
            "pool": one.decision.pool,
            "lab": one.decision.lab,
            "request": one.outcome.request_id if one.outcome else "",
            "machines": [*one.outcome.launched, *one.outcome.adopted] if one.outcome else [],
            "why": one.why,
        }
        for one in turn.launches
    ]
    body: dict[str, Any] = {
        "dry_run": dry_run,
        "decisions": [{"pool": d.pool, "lab": d.lab, "nodes": d.nodes, "why": d.why} for d in turn.decisions],
        "launches": launches,
        "noticed": list(turn.watched.noticed) if turn.watched else [],
        "closed": [*(turn.watched.closed if turn.watched else ()), *turn.returned.closed],
        "opened": turn.returned.reopened,
        "requeued": turn.returned.requeued,
        "ended": list(turn.ended),
        "refused": list(turn.refused),
    }
    return json.dumps(body)


def _refuse_beside_connector(provider: str) -> None:
    """Two brokers would launch twice. Raises ``ConfigError`` where LSF's own is switched on for our provider."""
    switched_on = wiring.connector_on(provider)
    if switched_on is None:
        show.warn("LSF_ENVDIR is not set: whether a Resource Connector launches too is not known")
    elif switched_on:
        raise ConfigError(
            f"LSF's Resource Connector is switched on for {provider}: it launches, and so would this",
            "use one of them: take the provider out of hostProviders.json, or do not run the broker",
        )


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """Set by SIGTERM, from which a turn is finished first. Ctrl-C ends at once: a turn may be lost at any point."""
    end = threading.Event()
    usual = signal.signal(signal.SIGTERM, lambda *_: end.set())
    try:
        yield end
    finally:
        signal.signal(signal.SIGTERM, usual)
