"""``ris-hybrid gpfs policy|drift|file|allowed``: what lists and commands of GPFS tell, and access lists held to it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import data_wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.which_data import ConfOption, chosen_data
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from onprem.gpfs.acl_diff import AclDifference
    from ris_hybrid.data.scale import Acl, ScaleListing
    from ris_hybrid.data.settings import DataSettings

DIFFERS = 6
AllocationArgument = Annotated[str, typer.Argument(metavar="ALLOCATION")]


def policy(
    allocation: AllocationArgument,
    conf: ConfOption = None,
    fileset: Annotated[
        list[str] | None,
        typer.Option("--fileset", help="List this one; without it every fileset linked in the allocation."),
    ] = None,
) -> None:
    """Print the script by which an administrator of GPFS lists an allocation's files; it recalls and changes none."""
    from onprem.gpfs.policy import instructions

    settings, folder = chosen_data(conf)
    if not settings.gpfs.policy_lists:
        raise ConfigError("data.yaml: gpfs.policy_lists names no folder for lists", "name one that GPFS's nodes write")
    directory = f"{settings.needs.roots[0].rstrip('/')}/{allocation}"
    named = tuple(fileset or ()) or _linked(data_wiring.scale(settings, folder).listing(), settings, directory)
    lists = (folder / settings.gpfs.policy_lists).absolute()
    sys.stdout.write(instructions(allocation, named, directory, str(lists)))


def drift(
    allocation: AllocationArgument,
    conf: ConfOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold the access lists of an allocation's directories against its groups; exit with 6 when they differ."""
    from onprem.gpfs.acl_diff import differences

    settings, folder = chosen_data(conf)
    scale = data_wiring.scale(settings, folder)
    wanted = _wanted(allocation, folder / settings.mirror)
    found: list[tuple[str, AclDifference]] = []
    unknown = 0
    for one in wanted:
        try:
            found += [(one.path, told) for told in differences(one, scale.acl(one.path))]
        except SiteUnavailable as error:
            unknown += 1
            show.warn(f"{one.path}: not known: {error.message}")
    if as_json:
        show.json_object([{"path": path, **asdict(told)} for path, told in found])
    elif found:
        show.table(("path", "kind", "reason"), [(path, told.kind, told.reason) for path, told in found])
    if unknown:
        raise SiteUnavailable(f"{unknown} of {len(wanted)} access lists are not known", "see the warnings above")
    if found:
        raise typer.Exit(DIFFERS)
    show.note(f"{len(wanted)} access lists are as the groups want them")


def file(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Absolute paths on this host.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show where GPFS keeps files: pool, fileset, whether on tape alone; by mmlsattr, which recalls nothing."""
    from onprem.gpfs.asking import Asking
    from onprem.gpfs.state import GpfsState
    from onprem.shell import LocalShell

    found = GpfsState(Asking(shell=LocalShell())).files(paths)
    if as_json:
        show.json_object([asdict(one) for one in found])
        return
    rows = [(one.path, one.residency, one.pool, one.fileset, _yes(one.encrypted)) for one in found]
    show.table(("FILE", "BLOCKS", "POOL", "FILESET", "ENCRYPTED"), rows)


def _yes(encrypted: bool | None) -> str | None:
    return None if encrypted is None else "yes" if encrypted else "no"


def allowed(conf: ConfOption = None) -> None:
    """Print the command lines that sudoers must allow, where data.yaml has GPFS's commands run by sudo."""
    from onprem.gpfs import state

    settings, _ = chosen_data(conf)
    for words in data_wiring.gpfs_commands(settings).allowed():
        show.line(words)
    for words in state.allowed((settings.gpfs.file_system,)):  # doctor's
        show.line(words)


def _linked(listing: ScaleListing, settings: DataSettings, directory: str) -> tuple[str, ...]:
    found = tuple(
        one.name
        for one in listing.filesets
        if one.file_system == settings.gpfs.file_system and f"{one.path}/".startswith(f"{directory}/")
    )
    if not found:
        reasons = "".join(f"; {one.part}: {one.reason}" for one in listing.missing if one.part == "filesets")
        raise SiteUnavailable(f"no fileset is linked in {directory}{reasons}", "name one: --fileset NAME")
    return found


def _wanted(allocation: str, mirror: Path) -> tuple[Acl, ...]:
    from onprem.gpfs.acl_wanted import wanted_acls
    from ris_hybrid.cli.mirror_site import open_mirror

    plan = open_mirror(mirror.parent, mirror, None).names()
    found = [one for one in plan.allocations if one.name == allocation and not one.moved_to]
    if not found:
        raise ConfigError(f"no allocation {allocation} in {mirror}", "see: ris-hybrid mirror plan")
    return wanted_acls(found[0])
