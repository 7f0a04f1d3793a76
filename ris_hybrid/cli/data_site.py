"""Where a ``data`` command works, and which datasets its arguments mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks
from ris_hybrid.cli import show
from ris_hybrid.cli.which_data import chosen_data
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ris_hybrid.data.needs import JobNeeds, Need
    from ris_hybrid.data.sharing import Wanted
    from ris_hybrid.data.values import Dataset
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.ports import Clock
    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.planning import Ground
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging_wiring import DataPlane

EVERY_S = 5.0
PATIENCE_S = 10.0
"""So long a command waits for a turn of `data run` to end."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
NamesOption = Annotated[bool, typer.Option("--names", help="Name files of PHI too.")]
WhatArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ALLOCATION[:SUBTREE]]...", help="Allocations, or directories of them, or site paths."),
]
JobOption = Annotated[list[str] | None, typer.Option("--job", metavar="ID", help="What this job needs; repeatable.")]
JobsFileOption = Annotated[Path | None, typer.Option("--jobs-file", metavar="FILE", help="Ids of jobs, one a line.")]
EveryOption = Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.05, help="Between two looks.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The data plane, and whose clock it goes by."""

    plane: DataPlane
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What the arguments of a command name."""

    what: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()


def picked(what: Sequence[str] | None, jobs: Sequence[str] | None, jobs_file: Path | None) -> Picked:
    """The arguments together. Raises ``ConfigError`` for a file that cannot be read."""
    try:
        lines = jobs_file.read_text(encoding="utf-8").split() if jobs_file else []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{jobs_file}: cannot be read: {error}", "name a file with ids of jobs") from error
    return Picked(what=tuple(what or ()), jobs=(*(jobs or ()), *lines))


def open_data(conf: Path | None, *, for_a_look: bool = False) -> Opened:
    """data.yaml and the mirror as it was applied; ``for_a_look`` at the journal there need be none."""
    from ris_hybrid.sandbox.places import running
    from ris_hybrid.staging_wiring import data_plane

    settings, folder = chosen_data(conf)
    places = running()
    ours = places is not None and places.root == folder
    clock: Clock = clocks.ToldClock(places.client_env) if places is not None and ours else clocks.clock()
    return Opened(plane=data_plane(settings, folder, for_a_look=for_a_look), clock=clock)


def journal_for(opened: Opened, *, dry_run: bool) -> AbstractContextManager[SqliteJournal]:
    """A look needs no right to write, and waits for nobody who does."""
    from ris_hybrid.staging.journal import reading, writing

    return reading(opened.plane.journal) if dry_run else writing(opened.plane.journal, PATIENCE_S)


def wanted(opened: Opened, ground: Ground, asked: Picked) -> tuple[Wanted, ...]:
    """Every dataset that is asked for, with the jobs that want it. Raises ``ConfigError`` where nothing is."""
    from ris_hybrid.data.sharing import Wanted

    named = [Wanted(dataset=dataset_of(one, opened.plane), jobs=()) for one in asked.what]
    of_jobs = list(_of_jobs(opened, ground, asked.jobs)) if asked.jobs else []
    if not named and not of_jobs:
        why = "none of these jobs needs data of an allocation" if asked.jobs else "nothing is named"
        raise ConfigError(why, "name ALLOCATION[:SUBTREE], or --job ID")
    return (*named, *of_jobs)


def dataset_of(text: str, plane: DataPlane) -> Dataset:
    """``wucci``, ``wucci:Active/Cryo-EM`` or ``/storage1/fs1/wucci/Active``; raises ``ConfigError``."""
    from ris_hybrid.config.problems import nearest
    from ris_hybrid.data.places import NoPlace, Roots, place, segments
    from ris_hybrid.data.values import Dataset
    from ris_hybrid.staging.outlook import directories

    if text.startswith("/"):
        roots = Roots(roots=plane.settings.needs.roots, directories=directories(plane.allocations))
        found = place(text, roots)
        if isinstance(found, NoPlace):
            raise ConfigError(f"{text}: {found.reason}", "see `ris-hybrid mirror plan` for the allocations")
        return found
    name, _, subtree = text.partition(":")
    if name not in plane.allocations:
        known = sorted(plane.allocations)
        raise ConfigError(f"no allocation is named {name!r}{nearest(name, known)}", "see `ris-hybrid mirror plan`")
    if ".." in subtree.split("/"):
        raise ConfigError(f"{text}: a subtree has no '..'", "name the directory from the allocation's root")
    return Dataset(allocation=name, subtree="/".join(segments(subtree)))


def chosen(stagings: Iterable[Staging], opened: Opened, what: Sequence[str] | None) -> tuple[Staging, ...]:
    """Stagings in the journal that the arguments mean: by dataset or by id; all where nothing is named."""
    every = tuple(stagings)
    if not what:
        return every
    found = tuple(one for text in what for one in _one(every, text, opened))
    return tuple({one.staging_id: one for one in found}.values())


def _one(every: tuple[Staging, ...], text: str, opened: Opened) -> tuple[Staging, ...]:
    by_id = tuple(one for one in every if one.staging_id == text)
    if by_id:
        return by_id
    dataset = dataset_of(text, opened.plane)
    found = tuple(one for one in every if dataset.covers(one.plan.dataset))
    if not found:
        raise ConfigError(f"nothing of {dataset} was ever staged", "see `ris-hybrid data status`")
    return found


def _of_jobs(opened: Opened, ground: Ground, jobs: Sequence[str]) -> Iterator[Wanted]:
    from ris_hybrid.data.sharing import Wanted
    from ris_hybrid.staging.outlook import needs

    asks = opened.plane.asks().asks(jobs)
    for job_id in sorted(set(jobs) - {one.job_id for one in asks}):
        show.warn(f"job {job_id}: the scheduler tells nothing of it")
    for found in needs(asks, opened.plane.settings, opened.plane.allocations):
        _warn(found)
        for need in found.reads:
            dataset = _directory(ground, opened.plane.allocations, need)
            yield Wanted(dataset=dataset, jobs=(found.job_id,))


def _warn(found: JobNeeds) -> None:
    for line in found.strange:
        show.warn(f"job {found.job_id}: {line}")
    if found.none:
        show.note(f"job {found.job_id} says that it needs no data")
    elif not found.reads:
        show.warn(f"job {found.job_id} reads nothing of an allocation that is known")


def _directory(ground: Ground, allocations: Mapping[str, AllocationPlan], need: Need) -> Dataset:
    """The need's own directory, or the one its file is in."""
    from ris_hybrid.data.planning import site_path

    allocation = allocations.get(need.dataset.allocation)
    if not need.maybe_file or allocation is None or "/" not in need.dataset.subtree:
        return need.dataset
    try:
        next(iter(ground.world.census.entries(site_path(allocation, need.dataset))), None)
    except SiteUnavailable:
        return replace(need.dataset, subtree=need.dataset.subtree.rpartition("/")[0])
    return need.dataset
