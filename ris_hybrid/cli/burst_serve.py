"""``ris-hybrid burst serve``: the resident service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption

MetricsOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics",
        metavar="FILE",
        help="Figures for node_exporter's textfile collector; without it <provider>.prom in the data directory.",
        show_default=False,
        dir_okay=False,
    ),
]


def serve(conf: ConfOption = None, metrics: MetricsOption = None) -> None:
    """Stay and answer LSF's scripts over a socket, quickly; every 30 s see to spot notices and lost machines.

    The scripts do without it where it does not run. Ends on SIGTERM, when what it does is done.
    """
    from functools import partial

    from ris_hybrid import clocks, wiring
    from ris_hybrid.cli.burst_site import enter_sandbox, load_settings
    from ris_hybrid.serve import process

    clock = enter_sandbox() if conf is None else clocks.clock()
    settings = load_settings(conf)
    order = process.Order(
        load=partial(load_settings, conf),
        data=wiring.data_dir(settings, conf),
        clock=clock,
        metrics=metrics,
        say=show.warn,
    )
    show.note(f"serving {settings.provider} at {process.socket_of(order, settings.provider)}")
    process.serve(order)
