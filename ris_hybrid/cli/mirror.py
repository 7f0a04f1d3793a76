"""``ris-hybrid mirror``: what every allocation becomes in AWS, what changes, what differs, and making it true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.mirror_site import (
    BurstOption,
    EnvironmentOption,
    JsonOption,
    MirrorOption,
    OfflineOption,
    Opened,
    StacksOption,
    asks_nothing,
    need_aws,
    open_mirror,
    warn_of_files,
)
from ris_hybrid.cli.which_site import SiteOption
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import MirrorPlan
    from ris_hybrid.mirroring.applying import Order

FOUND_SOMETHING = 6

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

CheckOption = Annotated[bool, typer.Option("--check", help="Exit with 6 when something differs.")]


@app.command("plan")
def plan(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One allocation, with all that belongs to it.")] = "",
    site: SiteOption = None,
    mirror: MirrorOption = None,
    burst: BurstOption = None,
    environment: EnvironmentOption = "",
    *,
    offline: OfflineOption = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 6 when something is not mapped.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what every allocation becomes, and what has no counterpart, with the reason."""
    from ris_hybrid.cli import mirror_view as view

    opened = open_mirror(site, mirror, burst)
    wanted = opened.plan(environment, offline=asks_nothing(opened, site, offline=offline))
    if name:
        wanted = _one(wanted, name)
    warn_of_files(opened, name)
    if as_json:
        show.json_object(view.plan_json(wanted, sandbox=opened.in_sandbox))
    elif name:
        from ris_hybrid.cli.mirror_card import show_one

        show_one(wanted, opened.site.settings, opened.site.sources.burst)
    else:
        view.show_plan(wanted)
    if strict and wanted.unmapped:
        raise typer.Exit(FOUND_SOMETHING)


@app.command("diff")
def diff(
    site: SiteOption = None,
    mirror: MirrorOption = None,
    burst: BurstOption = None,
    environment: EnvironmentOption = "",
    *,
    offline: OfflineOption = False,
    check: CheckOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what changes since the last apply that was verified, in order, with reasons."""
    from ris_hybrid.cli import mirror_view as view
    from ris_hybrid.mirror.diff import differences
    from ris_hybrid.mirror.portion import within

    opened = open_mirror(site, mirror, burst)
    wanted, recorded = (
        opened.plan(environment, offline=asks_nothing(opened, site, offline=offline)),
        opened.site.sources.recorded,
    )
    if recorded is not None and environment:
        recorded = within(recorded, environment)
    warn_of_files(opened)
    changes = differences(recorded, wanted, opened.site.file_names)
    if as_json:
        show.json_object(view.diff_json(changes, sandbox=opened.in_sandbox))
    else:
        view.show_diff(changes, recorded, wanted)
    if check and changes:
        raise typer.Exit(FOUND_SOMETHING)


@app.command("drift")
def drift(
    site: SiteOption = None,
    mirror: MirrorOption = None,
    burst: BurstOption = None,
    environment: EnvironmentOption = "",
    *,
    check: CheckOption = False,
    as_json: JsonOption = False,
) -> None:
    """Hold what is wanted and what was recorded against what AWS really holds."""
    from ris_hybrid.cli import mirror_view as view
    from ris_hybrid.mirror import drift as drifting

    opened = open_mirror(site, mirror, burst)
    need_aws(opened, site)
    wanted, found = opened.seen(environment)
    facts = drifting.drift(wanted, opened.site.sources.recorded, found)
    findings = drifting.differs(facts)
    if as_json:
        show.json_object(view.drift_json(findings, len(facts), sandbox=opened.in_sandbox))
    else:
        view.show_drift(findings, len(facts))
    if check and findings:
        raise typer.Exit(FOUND_SOMETHING)


@app.command("apply")
def apply(
    site: SiteOption = None,
    mirror: MirrorOption = None,
    burst: BurstOption = None,
    stacks: StacksOption = Path(),
    environment: EnvironmentOption = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the plan true: rules first, then the stacks layer by layer, then everything is read back and recorded."""
    from ris_hybrid.cli import mirror_view as view
    from ris_hybrid.mirroring import applying

    opened = open_mirror(site, mirror, burst)
    need_aws(opened, site)
    order, world = _order(opened, environment), opened.world(stacks)
    warn_of_files(opened)
    for held in order.wanted.held:
        show.warn(f"held: {held.allocation or 'the whole site'}: {held.step}: {held.reason}")
    if dry_run:
        seen = applying.preview(order, world, show.note)
        if as_json:
            show.json_object(view.preview_json(seen, sandbox=opened.in_sandbox))
        else:
            view.show_preview(seen, sandbox=opened.in_sandbox)
        return
    run = applying.apply(order, world, show.note)
    if as_json:
        show.json_object(view.applied_json(run, sandbox=opened.in_sandbox))
    else:
        view.show_applied(run, sandbox=opened.in_sandbox)
    if run.failure is not None:
        raise run.failure
    if not run.recorded:
        raise typer.Exit(FOUND_SOMETHING)


def _order(opened: Opened, environment: str) -> Order:
    """The plan, for the environments to work on."""
    from ris_hybrid.mirroring.applying import Order

    wanted, found = opened.seen(environment)
    for one in wanted.environments:
        if one.name not in {each.name for each in opened.site.settings.environments}:
            show.warn(f"mirror.yaml has no environment {one.name} any more: what is there stays as it was recorded")
    return Order(
        wanted=wanted,
        recorded=opened.site.sources.recorded,
        record=opened.site.record,
        environments=tuple(one for one in wanted.environments if one.name in found),
    )


def _one(plan: MirrorPlan, name: str) -> MirrorPlan:
    """What is of one allocation; raises ``ConfigError`` when nothing is."""
    from ris_hybrid.config.problems import nearest
    from ris_hybrid.mirror.portion import of

    found = of(plan, name)
    if found.allocations or found.unmapped:
        return found
    names = sorted({one.name for one in plan.allocations} | {one.allocation for one in plan.unmapped})
    raise ConfigError(f"no allocation is named {name!r}{nearest(name, names)}", "see `ris-hybrid mirror plan`")
