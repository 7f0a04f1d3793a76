"""Where a command works: the site of a burst.yaml, or the sandbox that runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks, wiring
from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from burst.provider import Provider
    from ris_hybrid.ports import Clock, Scheduler
    from ris_hybrid.settings import BurstSettings


ConfOption = Annotated[
    Path | None,
    typer.Option("--conf", envvar="RIS_HYBRID_CONF", help="burst.yaml; without it the running sandbox is used."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstSite:
    """One site, ready to be asked."""

    settings: BurstSettings
    provider: Provider
    scheduler: Scheduler
    sandbox: bool
    data: Path
    """Where the audit log and the month's spend lie."""
    clock: Clock
    """What a command that stays goes by."""


def load_settings(conf: Path | None) -> BurstSettings:
    """burst.yaml with shapes, prices and stack outputs filled in; the running sandbox's when no file is named."""
    from burst.shapes import with_shapes
    from ris_hybrid.config.burst_file import load_burst
    from ris_hybrid.config.outputs import merge_outputs

    if conf is not None:
        return with_shapes(merge_outputs(load_burst(conf), conf.parent))
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None:
        raise ConfigError(
            "no burst.yaml is named and no sandbox is running",
            "give --conf FILE (or RIS_HYBRID_CONF), or run: ris-hybrid sandbox start",
        )
    settings = with_shapes(merge_outputs(load_burst(places.burst_yaml), places.root))
    return replace(settings, notices=settings.notices or places.notices)


def say_advice(conf: Path | None) -> None:
    """Warn of what burst.yaml says to no use, or dangerously, by its lines."""
    from ris_hybrid.config.burst_file import load_advice

    for remark in load_advice(conf) if conf else ():
        show.warn(str(remark))


def enter_sandbox() -> Clock:
    """Make this process a client of the running sandbox, if there is one; gives the clock to go by from now on."""
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None:
        return clocks.clock()
    show.note(f"sandbox: {places.root}")
    places.enter()
    return clocks.ToldClock(places.client_env)


def open_site(conf: Path | None) -> BurstSite:
    """The site to work on. Commands on PATH and AWS endpoints are the sandbox's when no file is named."""
    sandbox = conf is None
    clock = enter_sandbox() if sandbox else clocks.clock()
    settings = load_settings(conf)
    data = wiring.data_dir(settings, conf)
    return BurstSite(
        settings=settings,
        provider=wiring.provider(settings, data, clock.now()),
        scheduler=wiring.scheduler(),
        sandbox=sandbox,
        data=data,
        clock=clock,
    )
