"""``ris-hybrid burst run``: the broker, for schedulers without a Resource Connector."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid import wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption
from ris_hybrid.errors import ConfigError, RisHybridError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burst.broker import Turn
    from burst.decide import Decision
    from burst.duty import Standby
    from ris_hybrid.cli.burst_site import BurstSite


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
    broker = _Broker.open(conf, host)
    with _told_to_end() as end:
        while True:
            _turn(broker, dry_run=dry_run, once=once, as_json=as_json)
            if once or end.wait(interval):
                return


@dataclass(slots=True, kw_only=True)
class _Broker:
    """The ports, opened once; the clock is read anew for each turn."""

    site: BurstSite
    here: tuple[str, ...]
    said: str = ""
    """Why it stood by at the last turn."""

    @classmethod
    def open(cls, conf: Path | None, host: str) -> _Broker:
        from ris_hybrid.cli.burst_site import open_site

        site = open_site(conf)
        _refuse_beside_connector(site.settings.provider)
        return cls(site=site, here=(host,) if host else wiring.here())

    def turn(self, *, dry_run: bool) -> Turn | Standby:
        from burst.duty import once

        settings = self.site.settings
        provider = replace(self.site.provider, now=wiring.clock().now())
        site = wiring.broker_site(settings, self.site.data, self.site.scheduler)
        return once(provider, site, wiring.broker_post(settings, self.site.data, self.here), dry_run=dry_run)


def _turn(broker: _Broker, *, dry_run: bool, once: bool, as_json: bool) -> None:
    """One turn and its words. One that fails is said; the next one comes, unless no turn can ever work."""
    from burst.duty import Standby

    try:
        made = broker.turn(dry_run=dry_run)
    except ConfigError:
        raise
    except RisHybridError as error:
        if once:
            raise
        show.warn(f"no turn, nothing was ended: {error.message}")
        return
    if isinstance(made, Standby):
        if made.why != broker.said:
            show.note(f"standing by: {made.why}")
        broker.said = made.why
        return
    broker.said = ""
    if as_json:
        show.line(_json(made, dry_run=dry_run), raw=True)
    else:
        _show(made, dry_run=dry_run)


def _show(turn: Turn, *, dry_run: bool) -> None:
    for text in (*_decided(turn, dry_run=dry_run), *_done(turn)):
        show.line(text)
    for refusal in turn.refused:
        show.warn(refusal)


def _decided(turn: Turn, *, dry_run: bool) -> Iterator[str]:
    """What is, or would be, launched and why, and why not."""
    verb = "would launch" if dry_run else "launches"
    for decision in turn.decisions:
        if dry_run or decision.nodes == 0:
            yield f"{_who(decision)} {verb} {decision.nodes}: {decision.why}"
    for one in turn.launches:
        yield f"{_who(one.decision)}: {one.why}"


def _done(turn: Turn) -> Iterator[str]:
    """What became, or would become, of hosts and machines."""
    for verdict in turn.reaped.verdicts:
        if verdict.action != "keep":
            yield f"{verdict.action} {verdict.host or verdict.machine.machine_id}: {verdict.text}"
    back = turn.returned
    yield from (f"would {plan.deed} {plan.host}: {plan.text}" for plan in back.planned)
    lists = (("closed", back.closed), ("opened", back.reopened), ("requeued", back.requeued), ("ended", back.ended))
    yield from (f"{verb} {', '.join(names)}" for verb, names in lists if names)


def _who(decision: Decision) -> str:
    return f"{decision.pool} for {decision.lab or 'jobs without a lab'}"


def _json(turn: Turn, *, dry_run: bool) -> str:
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
        "joined": list(turn.reaped.joined),
        "ended": [*turn.reaped.ended, *turn.returned.ended],
        "closed": [*turn.reaped.closed, *turn.returned.closed],
        "opened": turn.returned.reopened,
        "requeued": turn.returned.requeued,
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
