"""``ris-hybrid data verify``: everything read once more and held against the bucket."""

from __future__ import annotations

from typing import Any

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.data_begin import brought_in
from ris_hybrid.cli.data_site import JsonOption, NamesOption, WhatArgument, chosen, open_data
from ris_hybrid.cli.which_data import ConfOption

DIFFERS = 6
"""Exit code."""


def verify(
    what: WhatArgument = None,
    conf: ConfOption = None,
    *,
    names: NamesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Read everything once more and hold it against the bucket; exit with 6 when something differs."""
    from ris_hybrid.staging.journal import reading
    from ris_hybrid.staging.verifying import verify as look

    opened = open_data(conf)
    told: list[dict[str, Any]] = []
    with reading(opened.plane.journal) as journal:
        world = opened.plane.world(journal, moving=False)
        for staging in chosen(journal.stagings(), opened, what):
            if not brought_in(staging):
                continue
            hide = staging.plan.data_class == "phi" and not names
            files = wrong = 0
            for one in look(world, staging):
                files += 1
                if one.wrong:
                    wrong += 1
                    path = "(a file)" if hide else one.path
                    told.append({"staging_id": staging.staging_id, "path": path, "wrong": one.wrong})
            show.note(f"{staging.staging_id} ({staging.plan.dataset}): {files:,} files compared, {wrong:,} differ")
    if as_json:
        show.json_object({"differences": told})
    elif told:
        show.table(("STAGING", "FILE", "WRONG"), [tuple(one.values()) for one in told])
    if told:
        raise typer.Exit(DIFFERS)
