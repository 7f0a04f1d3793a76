"""``ris-hybrid images``: the container images that jobs name, copied to ECR and let through by scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import images_view as view
from ris_hybrid.cli import show
from ris_hybrid.cli.images_homes import homes
from ris_hybrid.cli.images_site import (
    AllocationOption,
    JobOption,
    JsonOption,
    LabOption,
    OpenedImages,
    Scope,
    ScriptOption,
    open_images,
)
from ris_hybrid.cli.which_data import ConfOption
from ris_hybrid.errors import CloudError, ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.images.plan import ImageLine, Known
    from ris_hybrid.images.values import Expiring

FOUND_SOMETHING = 6

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("homes")(homes)


@app.command("plan")
def plan(
    conf: ConfOption = None,
    allocation: AllocationOption = "",
    lab: LabOption = "",
    job: JobOption = None,
    script: ScriptOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show which images jobs or scripts name, what is to be done for each, and why; nothing is changed."""
    opened = open_images(conf, _scope(allocation, lab, job, script))
    lines, _ = _planned(opened)
    if as_json:
        show.json_object(view.plan_json(lines, sandbox=opened.sandbox))
    else:
        view.show_plan(lines)


@app.command("sync")
def sync(
    conf: ConfOption = None,
    allocation: AllocationOption = "",
    lab: LabOption = "",
    job: JobOption = None,
    script: ScriptOption = None,
    *,
    with_retired: Annotated[
        bool, typer.Option("--retire", help="Also take away what no job names, beyond images.keep.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy, name and un-name images until nothing more can be done now; images that wait for a scan are told."""
    from ris_hybrid.image_sync import syncing

    scope = _scope(allocation, lab, job, script)
    opened = open_images(conf, scope)
    if with_retired and not scope.whole:
        raise ConfigError("--retire needs to know every job", "give no --job and no --script")
    if with_retired and not opened.all_said:
        raise SiteUnavailable("--retire needs to know every job's image, and bjobs does not say it", "sync without it")
    if dry_run:
        _rehearse(opened, with_retired=with_retired, as_json=as_json)
        return
    run = syncing.sync(opened.named, opened.site, opened.today, whole=opened.whole)
    if with_retired:
        run = syncing.retire(run, opened.site)
    if as_json:
        show.json_object(view.synced_json(run, sandbox=opened.sandbox))
    else:
        view.show_synced(run, sandbox=opened.sandbox)
    if run.failure is not None:
        raise run.failure


@app.command("status")
def status(
    conf: ConfOption = None,
    allocation: AllocationOption = "",
    lab: LabOption = "",
    *,
    lifecycle: Annotated[
        bool, typer.Option("--lifecycle", help="Ask ECR what its lifecycle policies would take; nothing is deleted.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 6 when an image is not ready or not well.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Report every image of the labs: ready or not, old, vulnerable, unused, large."""
    from ris_hybrid.images.report import report

    opened = open_images(conf, _scope(allocation, lab))
    lines, known = _planned(opened, every_name=True)
    reports = report(lines, opened.site.homes, known, opened.site.settings, opened.now)
    risks = _at_risk(opened, lines, known) if lifecycle else []
    if as_json:
        show.json_object(view.status_json(lines, reports, risks, sandbox=opened.sandbox))
    else:
        view.show_status(lines, reports, risks)
    grave = any(not remark.startswith("unused") for one in reports for remark in one.remarks)
    if check and (risks or grave or any(not one.ready for one in lines)):
        raise typer.Exit(FOUND_SOMETHING)


@app.command("scan")
def scan(
    conf: ConfOption = None,
    allocation: AllocationOption = "",
    lab: LabOption = "",
    job: JobOption = None,
    script: ScriptOption = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit with 6 when an image is not let through.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the scans of the images in ECR found, and whether they may be used."""
    opened = open_images(conf, _scope(allocation, lab, job, script))
    lines, _ = _planned(opened)
    if as_json:
        show.json_object(view.plan_json(lines, sandbox=opened.sandbox))
    else:
        view.show_scan(lines)
    if check and any(one.verdict is None or not one.verdict.is_open for one in lines):
        raise typer.Exit(FOUND_SOMETHING)


def _scope(
    allocation: str, lab: str, job: Sequence[str] | None = None, script: Sequence[object] | None = None
) -> Scope:
    from pathlib import Path

    scripts = tuple(Path(str(one)) for one in script or ())
    return Scope(allocation=allocation, lab=lab, jobs=tuple(job or ()), scripts=scripts)


def _planned(opened: OpenedImages, *, every_name: bool = False) -> tuple[tuple[ImageLine, ...], Known]:
    from ris_hybrid.image_sync.collecting import collect
    from ris_hybrid.images.plan import plan_images

    known = collect(opened.named, opened.site, every_name=every_name)
    return plan_images(opened.named, opened.site.homes, known, opened.site.settings, opened.today), known


def _rehearse(opened: OpenedImages, *, with_retired: bool, as_json: bool) -> None:
    from ris_hybrid.images.report import strays, surplus, used_digests

    lines, known = _planned(opened, every_name=opened.whole)
    if as_json:
        show.json_object({"dry_run": True, **view.plan_json(lines, sandbox=opened.sandbox)})
    else:
        view.show_plan(lines)
    for stray in strays(lines, opened.site.homes, known, opened.site.settings, opened.today) if opened.whole else ():
        show.note(f"would revoke {stray.tag} in {stray.repository}: {stray.reason}")
    for home in opened.site.homes if with_retired else ():
        stored = known.stored.get((home.environment, home.repository)) or ()
        for image in surplus(stored, used_digests(lines, home, stored), opened.site.settings):
            show.note(f"would retire {image.digest[:19]} in {home.repository}: no job names it")
    show.note("nothing was done (--dry-run)")


def _at_risk(opened: OpenedImages, lines: Sequence[ImageLine], known: Known) -> list[tuple[str, Expiring]]:
    from ris_hybrid.images.report import at_risk, used_digests

    found: list[tuple[str, Expiring]] = []
    for home in opened.site.homes:
        used = used_digests(lines, home, known.stored.get((home.environment, home.repository)) or ())
        try:
            going = opened.site.account(home.environment).images.expiring(home.repository)
        except CloudError as error:
            show.warn(f"{home.repository}: what lifecycle would take is not known: {error.message}")
            continue
        found += [(home.repository, one) for one in at_risk(going, used)]
    return found
