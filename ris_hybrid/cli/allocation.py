"""``ris-hybrid allocation``: list, show and check the storage allocations of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.which_site import SiteOption, chosen_site
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.config.document import Remark
    from ris_hybrid.config.load import LoadedAllocations
    from ris_hybrid.config.schema import Allocation, Project

FOUND_SOMETHING = 6

_T = 1024**4

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NameArgument = Annotated[str, typer.Argument(help="The allocation's name; case does not count.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 6 when there are warnings.")]


@app.command("list")
def list_allocations(*, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the allocations of the site."""
    loaded = _loaded(site)
    if as_json:
        rows = [_summary(allocation) for allocation in loaded.allocations]
        show.json_object({"allocations": rows, "warnings": _json(loaded.warnings)})
        return
    columns = ("NAME", "OWNER", "DEPT", "QUOTA", "PROJECTS", "ARCHIVE", "CACHE", "PHI")
    show.table(columns, [_row(allocation) for allocation in loaded.allocations])
    show.note(_totals(loaded) + (", see `ris-hybrid allocation check`" if loaded.warnings else ""))


@app.command("show")
def show_allocation(name: NameArgument, *, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show one allocation and its projects."""
    from ris_hybrid.config.problems import nearest

    loaded = _loaded(site)
    named = {allocation.name.casefold(): allocation for allocation in loaded.allocations}
    allocation = named.get(name.casefold())
    if allocation is None:
        meant = nearest(name, [each.name for each in loaded.allocations])
        raise ConfigError(f"no allocation is named {name!r}{meant}", "see `ris-hybrid allocation list`")
    if as_json:
        show.json_object(_summary(allocation) | _details(allocation))
        return
    show.fields(_facts(allocation))
    if allocation.projects:
        show.line()
        columns = ("PROJECT", "READ AND WRITE", "READ ONLY", "ARCHIVE")
        show.table(columns, [(each.name, each.rw, each.ro, each.archive) for each in allocation.projects])


@app.command("check")
def check_allocations(*, site: SiteOption = None, strict: StrictOption = False, as_json: JsonOption = False) -> None:
    """Check every allocation file; errors exit with 2, warnings with 0 (with --strict: 6)."""
    from ris_hybrid.config.document import UnusableFile
    from ris_hybrid.config.load import load_site

    try:
        loaded = load_site(chosen_site(site))
    except UnusableFile as unusable:
        if as_json:
            show.json_object({"allocations": 0, "warnings": [], "errors": _json(unusable.problems)})
        raise
    for remark in loaded.warnings:
        show.warn(str(remark))
    for file in loaded.skipped:
        show.note(f"{file}: not about an allocation: skipped")
    if as_json:
        count = len(loaded.allocations)
        show.json_object({"allocations": count, "warnings": _json(loaded.warnings), "errors": []})
    else:
        show.line(_totals(loaded))
    if strict and loaded.warnings:
        raise typer.Exit(FOUND_SOMETHING)


def _loaded(site: SiteOption) -> LoadedAllocations:
    from ris_hybrid.config.load import load_site

    return load_site(chosen_site(site))


def _totals(loaded: LoadedAllocations) -> str:
    size = sum(allocation.quota_bytes or 0 for allocation in loaded.allocations)
    return f"allocations: {len(loaded.allocations)}; quotas: {size / _T:.1f}T; warnings: {len(loaded.warnings)}"


def _row(allocation: Allocation) -> tuple[object, ...]:
    return (
        allocation.name,
        allocation.wustlkey,
        allocation.department_number,
        allocation.quota,
        len(allocation.projects),
        allocation.add_archive,
        allocation.afm_cache_enable,
        allocation.secure,
    )


def _summary(allocation: Allocation) -> dict[str, object]:
    return {
        "name": allocation.name,
        "wustlkey": allocation.wustlkey,
        "department": allocation.department_number,
        "quota_bytes": allocation.quota_bytes,
        "quota": allocation.quota,
        "projects": len(allocation.projects),
        "archive": allocation.add_archive,
        "afm_cache": allocation.afm_cache_enable,
        "secure": allocation.secure,
        "path": allocation.path,
        "group": allocation.group,
    }


def _details(allocation: Allocation) -> dict[str, object]:
    return {
        "lab": allocation.lab,
        "issue_key": allocation.issue_key,
        "cost_center": allocation.cost_center,
        "funding_number": allocation.funding_number,
        "smb_export_name": allocation.smb_export_name,
        "members": list(allocation.acl_group_members),
        "platform": allocation.platform,
        "backend": allocation.backend,
        "renamed_from": allocation.renamed_from,
        "projects": [_project(project) for project in allocation.projects],
        "extra": allocation.extra,
    }


def _project(project: Project) -> dict[str, object]:
    return {"name": project.name, "rw": list(project.rw), "ro": list(project.ro), "archive": project.archive}


def _facts(allocation: Allocation) -> dict[str, object]:
    """The same for people: without the projects, and without keys that have nothing to say."""
    facts = _summary(allocation) | _details(allocation) | {"lab": f"compute-{allocation.lab}"}
    kept = {key: value for key, value in facts.items() if key not in {"projects", "quota_bytes", "extra"}}
    return {key: value for key, value in (kept | allocation.extra).items() if value not in (None, "", [])}


def _json(remarks: Iterable[Remark]) -> list[dict[str, object]]:
    return [
        {"file": remark.file, "line": remark.line, "field": remark.field, "message": remark.message}
        for remark in remarks
    ]
