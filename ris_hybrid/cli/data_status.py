"""``ris-hybrid data status``: how stagings stand, and which of their files are in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks
from ris_hybrid.cli import data_view as view
from ris_hybrid.cli import show
from ris_hybrid.cli.data_site import (
    EVERY_S,
    EveryOption,
    JsonOption,
    NamesOption,
    Opened,
    WhatArgument,
    chosen,
    open_data,
)
from ris_hybrid.cli.which_data import ConfOption
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.staging.values import Staging

UNKNOWN = 4
"""Exit code: the site cannot be listed."""


def status(
    what: WhatArgument = None,
    conf: ConfOption = None,
    every: EveryOption = EVERY_S,
    *,
    files: Annotated[bool, typer.Option("--files", help="The files that failed, are held or were left out.")] = False,
    names: NamesOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how stagings stand: state, bytes, rate, time left, who uses them, and what they wait for.

    With --files each file that failed, is held, was left out, is gone or is tried again, why, and what to do; with
    --json one file a line.
    """
    if files and watch:
        raise ConfigError("--files looks once, --watch again and again", "use one of the two")
    opened = open_data(conf, for_a_look=True)
    if files:
        from ris_hybrid.cli.data_files import show_files

        if not show_files(opened, what, names=names, as_json=as_json):
            raise typer.Exit(UNKNOWN)
        return
    while True:
        _status_once(opened, what, watch=watch, as_json=as_json)
        if not watch:
            return
        clocks.wait(every)


def tell_status(found: Sequence[Staging], opened: Opened, *, as_json: bool) -> None:
    """How they stand, as a command that worked on them ends."""
    from ris_hybrid.staging.journal import reading

    with reading(opened.plane.journal) as journal:
        rows = [(one, journal.counts(one.staging_id)) for one in found]
    now = opened.clock.now()
    if as_json:
        show.json_object({"stagings": [view.status_json(one, counts, now) for one, counts in rows]})
    else:
        view.show_status(rows, now)


def _status_once(opened: Opened, what: Sequence[str] | None, *, watch: bool, as_json: bool) -> None:
    from ris_hybrid.staging.journal import reading

    with reading(opened.plane.journal) as journal:
        found = chosen(journal.stagings(), opened, what)
        rows = [(one, journal.counts(one.staging_id)) for one in found]
        logs = {one.staging_id: journal.history(one.staging_id) for one in found} if what else {}
    now = opened.clock.now()
    if as_json:
        told = [view.status_json(one, counts, now) for one, counts in rows]
        told = [{**one, "history": view.history_json(logs.get(one["staging_id"], ()))} if what else one for one in told]
        if not told:
            show.note(view.NOTHING)
        (show.json_line if watch else show.json_object)({"stagings": told})
        return
    if watch:
        show.clear()
    view.show_status(rows, now)
    for lines in logs.values():
        view.show_history(lines)
