"""``ris-hybrid data plan`` and ``stage``: datasets into the cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from ris_hybrid.cli.data_begin import asked_for, begun, plans_of, tell_plans
from ris_hybrid.cli.data_site import (
    EVERY_S,
    PATIENCE_S,
    DryRunOption,
    EveryOption,
    JobOption,
    JobsFileOption,
    JsonOption,
    NamesOption,
    WhatArgument,
    open_data,
    picked,
)
from ris_hybrid.cli.data_status import tell_status
from ris_hybrid.cli.which_data import ConfOption

BLOCKED = 3
"""Exit code."""

AcceptOption = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="REASON", help="Go without the files that are left out for this reason."),
]
ResultsOption = Annotated[
    float | None, typer.Option("--results-gib", metavar="GIB", min=0, help="What is to come back, for the cost.")
]


def plan(
    what: WhatArgument = None,
    job: JobOption = None,
    jobs_file: JobsFileOption = None,
    conf: ConfOption = None,
    accept: AcceptOption = None,
    results_gib: ResultsOption = None,
    *,
    names: NamesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what staging would move: how much, which way and why, how long, what it costs, what stands against it."""
    from ris_hybrid.staging.journal import reading

    opened = open_data(conf)
    with reading(opened.plane.journal) as journal:
        ground = opened.plane.ground(opened.plane.world(journal, moving=False))
        plans, sharing = plans_of(opened, ground, picked(what, job, jobs_file), asked_for(accept, results_gib))
    tell_plans(plans, sharing, names=names, as_json=as_json)
    if any(one.blocked for one in plans):
        raise typer.Exit(BLOCKED)


def stage(
    what: WhatArgument = None,
    job: JobOption = None,
    jobs_file: JobsFileOption = None,
    conf: ConfOption = None,
    accept: AcceptOption = None,
    results_gib: ResultsOption = None,
    *,
    every: EveryOption = EVERY_S,
    names: NamesOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring datasets into the cloud and compare every file; goes on where an earlier run was stopped."""
    if dry_run:
        plan(what, job, jobs_file, conf, accept, results_gib, names=names, as_json=as_json)
        return
    from ris_hybrid.cli.data_drive import Drive, by_turns, exit_code
    from ris_hybrid.data.lifecycle import IN_CLOUD
    from ris_hybrid.staging.journal import writing

    opened = open_data(conf)
    with writing(opened.plane.journal, PATIENCE_S) as journal:
        world = opened.plane.world(journal)
        asked = asked_for(accept, results_gib)
        ids = begun(opened, opened.plane.ground(world), picked(what, job, jobs_file), asked)
    drive = Drive(world=world, clock=opened.clock, every_s=every, opened=by_turns(opened))
    found = drive.until(ids, IN_CLOUD)
    tell_status(found, opened, as_json=as_json)
    raise typer.Exit(exit_code(found, IN_CLOUD))
