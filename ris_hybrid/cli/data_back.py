"""``ris-hybrid data return``, ``evict`` and ``cancel``: results back to the site, and data out of the cloud."""

from __future__ import annotations

import typer

from ris_hybrid.cli import data_view as view
from ris_hybrid.cli import show
from ris_hybrid.cli.data_begin import comes_in
from ris_hybrid.cli.data_jobs import WithoutJobsOption, with_leases
from ris_hybrid.cli.data_site import (
    EVERY_S,
    DryRunOption,
    EveryOption,
    JsonOption,
    WhatArgument,
    chosen,
    journal_for,
    open_data,
)
from ris_hybrid.cli.data_status import tell_status
from ris_hybrid.cli.which_data import ConfOption

BLOCKED = 3
"""Exit code."""


def give_back(
    what: WhatArgument,
    conf: ConfOption = None,
    every: EveryOption = EVERY_S,
    *,
    without_jobs: WithoutJobsOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring results back and compare each on the site; a file somebody changed there is never written over."""
    from ris_hybrid.cli.data_drive import Drive, by_turns, exit_code, returning
    from ris_hybrid.data.lifecycle import StagingEvent
    from ris_hybrid.data.values import StagingState
    from ris_hybrid.staging.engine import ask_back
    from ris_hybrid.staging.journal import reading

    opened, ends = open_data(conf), (StagingState.RETURNED, StagingState.IN_USE)
    with journal_for(opened, dry_run=dry_run) as journal:
        world = opened.plane.world(journal, moving=not dry_run)
        found = chosen(journal.stagings(), opened, what)
        if dry_run:
            view.show_next(found, StagingEvent.RETURN_BEGUN, as_json=as_json)
            return
        for staging in with_leases(opened, world, found, ask=not without_jobs):
            ask_back(world, staging, opened.clock.now(), "asked for")
        mine = [one.staging_id for one in found]
        back = returning(journal.stagings(), mine)
    Drive(world=world, clock=opened.clock, every_s=every, opened=by_turns(opened)).until(back, ends)
    with reading(opened.plane.journal) as journal:
        found = tuple(one for one in journal.stagings() if one.staging_id in mine)
    tell_status(found, opened, as_json=as_json)
    raise typer.Exit(exit_code(found, ends[:1]))


def evict(
    what: WhatArgument,
    conf: ConfOption = None,
    *,
    without_jobs: WithoutJobsOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete from the bucket what is on the site now, version by version; all else stays and is told."""
    from ris_hybrid.data.values import StagingState
    from ris_hybrid.staging import evicting

    opened = open_data(conf)
    told, kept = [], False
    with journal_for(opened, dry_run=dry_run) as journal:
        world = opened.plane.world(journal, moving=False)
        ask = not (without_jobs or dry_run)
        for staging in with_leases(opened, world, chosen(journal.stagings(), opened, what), ask=ask):
            found = evicting.evict(world, staging, opened.clock.now(), dry_run=dry_run)
            gone = staging.state is StagingState.EVICTED
            kept = kept or bool((found.refused and not gone) or found.stays)
            told.append(
                {
                    "staging_id": staging.staging_id,
                    "refused": found.refused,
                    "files": found.files,
                    "bytes": found.bytes,
                    "stays": dict(found.stays),
                }
            )
            if not as_json:
                view.show_evicted(staging, found, dry_run=dry_run)
    if as_json:
        show.json_object({"dry_run": dry_run, "stagings": told})
    if kept:
        raise typer.Exit(BLOCKED)


def cancel(what: WhatArgument, conf: ConfOption = None, *, dry_run: DryRunOption = False) -> None:
    """Stop what brings datasets in; what has arrived stays. Results on their way back are not stopped."""
    from ris_hybrid.data.lifecycle import StagingEvent
    from ris_hybrid.staging import engine

    opened = open_data(conf)
    with journal_for(opened, dry_run=dry_run) as journal:
        world = opened.plane.world(journal, moving=not dry_run)
        found = chosen(journal.stagings(), opened, what)
        if dry_run:
            view.show_next(found, StagingEvent.CANCELLED, as_json=False)
            return
        found = tuple(
            engine.cancel(world, one, opened.clock.now(), "asked for") if comes_in(one) else one for one in found
        )
    tell_status(found, opened, as_json=False)
