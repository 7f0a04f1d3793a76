"""Who uses a staging, asked before something is taken from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.cli.data_site import Opened
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging.world import World

WithoutJobsOption = Annotated[
    bool,
    typer.Option("--without-jobs", help="Do not ask the batch system who uses it: you know that no job does."),
]


def with_leases(opened: Opened, world: World, found: Sequence[Staging], *, ask: bool) -> tuple[Staging, ...]:
    """The stagings with the jobs that use them now.

    Raises ``SiteUnavailable`` when the batch system does not say: unknown is not unused.
    """
    from ris_hybrid.data_word import seen_jobs, uses
    from ris_hybrid.staging.leasing import take_and_end

    if not ask:
        return tuple(found)
    try:
        used = uses(opened.plane, seen_jobs(opened.plane))
    except SiteUnavailable as failure:
        hint = "try again when the batch system answers; --without-jobs where you know that no job uses it"
        raise SiteUnavailable(f"who uses it is not known: {failure.message}", hint) from failure
    return tuple(take_and_end(world, one, used, opened.clock.now()) for one in found)
