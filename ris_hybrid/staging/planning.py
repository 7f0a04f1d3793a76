"""A dataset's tree, bucket and journal → its manifest and plan, and both into the journal in one transaction.

Files that are in the bucket already with their size, but that nobody compared (the journal was lost, or somebody else
put them there), are compared before anything is moved: they go into a move that is over before it began.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from ris_hybrid.data.estimate import Spent
from ris_hybrid.data.excluded import excluded_path
from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.manifest import Sources, fold
from ris_hybrid.data.ordering import unpacked
from ris_hybrid.data.planning import Known, plan_staging, site_path
from ris_hybrid.data.taking import Rules
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.manifesting import Manifesting, spilled
from ris_hybrid.staging.names import without_names
from ris_hybrid.staging.values import Change, FileRow, MoveRow, Staging, Transition, Which
from ris_hybrid.staging.world import month

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

    from ris_hybrid.data.ports import Census
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.data.values import Dataset, Entry, StagingPlan
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.staging.standing import Standing
    from ris_hybrid.staging.world import World

_OUT_OF_THE_WAY = frozenset({StagingState.PLANNED, StagingState.RETURNED, StagingState.EVICTED, StagingState.CANCELLED})
_OUT_AGAIN = frozenset({StagingState.STAGING, StagingState.IN_USE, StagingState.RETURNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What plans are made on."""

    world: World
    settings: DataSettings
    allocations: Mapping[str, AllocationPlan]
    standing: Standing
    """How the site's file system stands: quotas, cache, snapshots."""
    census: Census | None = None
    """Lists trees for manifests where that is not the world's: a policy's lists, which are as old as they are."""
    listed_at: Callable[[str], float] | None = None
    """When ``census`` listed what is at a path; None where it walks the tree itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person said of a dataset."""

    writes: bool = True
    results_bytes: int | None = None
    accepted: frozenset[str] = frozenset()
    """Reasons of ``data.planning.MISSING`` that are accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan and its manifest, not in the journal yet."""

    plan: StagingPlan
    site_path: str
    consistency: str
    old: Staging | None
    """What the journal has of the same dataset."""
    moves: tuple[MoveRow, ...] = ()
    lines: IO[str] | None = field(default=None, repr=False)
    """The manifest: a file's number of its move, and its record, each line; in a file without a name."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether all of it is in the cloud and was compared."""
        if self.old is None or self.moves:
            return False
        return self.old.state in {StagingState.STAGED, StagingState.RETURNED} and self.old.verified_at > 0


def staging_id(bucket: str, dataset: Dataset) -> str:
    """The same dataset in the same bucket is the same staging; the name tells neither."""
    return f"st-{hashlib.sha256(f'{bucket}/{dataset.allocation}:{dataset.prefix}'.encode()).hexdigest()[:12]}"


def may_not_plan(staging: Staging | None) -> str:
    """Why no new manifest may be made; empty when one may."""
    if staging is None:
        return ""
    if staging.state in _OUT_AGAIN:
        return f"it is {staging.state}"
    if staging.going == "out" and staging.state in {StagingState.BLOCKED, StagingState.FAILED}:
        return f"its results are not on the site yet, and it is {staging.state}: {staging.reason}"
    if any(one.stage == "sent" or (one.stage == "new" and one.token) for one in staging.moves):
        return f"it is {staging.state} and has moves under way"
    return ""


def old_of(ground: Ground, dataset: Dataset) -> Staging | None:
    """What the journal has of the dataset."""
    allocation = ground.allocations.get(dataset.allocation)
    mine = staging_id(allocation.bucket.name if allocation else "", dataset)
    return next((one for one in ground.world.journal.stagings() if one.staging_id == mine), None)


@contextmanager
def drafted(ground: Ground, dataset: Dataset, now: float, asked: Asked | None = None) -> Iterator[Draft]:
    """A plan of one dataset as it is now. Raises what the site or the cloud raised: a part of a tree is no manifest."""
    asked = asked or Asked()
    allocation = ground.allocations.get(dataset.allocation)
    bucket = allocation.bucket.name if allocation else ""
    mine = staging_id(bucket, dataset)
    old = old_of(ground, dataset)
    found = ground.standing.of(allocation) if allocation else None
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        made = Manifesting(world=ground.world, dataset=dataset, bucket=bucket, mine=mine, old=old, now=now, lines=lines)
        folded = fold(
            Sources(entries=_entries(ground, allocation, dataset), objects=made.objects(), verified=made.verified()),
            Rules(dataset=dataset, excluded=excluded_path, tape=ground.settings.gpfs.tape),
            ground.settings.bounds,
            made.take,
            spilled,
        )
        spent = ground.world.history.spent(month(now))
        known = Known(
            staging_id=mine,
            dataset=dataset,
            allocation=allocation,
            manifest=folded,
            cache=found.cache if found else None,
            listing_at=found.listing_at if found else None,
            entries_at=entries_at(ground, dataset),
            site_room=found.room if found else None,
            bucket_bytes=made.bucket_bytes(allocation),
            spent=Spent(usd=spent.usd, egress_gb=spent.egress_bytes / 1024**3),
            writes=asked.writes,
            results_bytes=asked.results_bytes,
            landing=found.landing if found else "",
            accepted=asked.accepted,
        )
        plan = plan_staging(known, ground.settings, now)
        plan = replace(plan, blocked=(*plan.blocked, *_overlapping(ground, plan)))
        yield Draft(
            plan=plan,
            site_path=site_path(allocation, dataset) if allocation else "",
            consistency=found.consistency if found else "",
            old=old,
            moves=() if plan.way == "mount" else tuple(made.moves),
            lines=None if plan.way == "mount" else lines,
        )


def entries_at(ground: Ground, dataset: Dataset) -> float | None:
    """When the list that a manifest is of was made; None where the tree is walked. Raises ``SiteUnavailable``."""
    allocation = ground.allocations.get(dataset.allocation)
    if allocation is None or ground.listed_at is None:
        return None
    return ground.listed_at(site_path(allocation, dataset))


def _overlapping(ground: Ground, plan: StagingPlan) -> Iterator[str]:
    """Stagings of the same objects: bringing it in would write over results that are not back yet."""
    for one in ground.world.journal.stagings():
        below = plan.dataset.covers(one.plan.dataset)
        above = one.plan.dataset.covers(plan.dataset) and one.going == "out"
        if (below or above) and one.staging_id != plan.staging_id and one.state not in _OUT_OF_THE_WAY:
            yield f"staging: {one.staging_id} has {one.plan.dataset} and is {one.state}; return it first"


def _entries(ground: Ground, allocation: AllocationPlan | None, dataset: Dataset) -> Iterator[Entry]:
    if allocation is None:
        return
    path = site_path(allocation, dataset)
    try:
        yield from (ground.census or ground.world.census).entries(path)
    except SiteUnavailable as error:
        told = without_names(error.message, allocation.data_class, path)
        raise SiteUnavailable(told, error.hint) from None  # the cause has the name


def record(world: World, draft: Draft, now: float) -> Staging:
    """Plan and manifest into the journal, all or nothing; the staging without its new moves."""
    old = draft.old
    before = old.state if old else StagingState.PLANNED
    reason = f"{draft.plan.totals.files} files in the manifest, {draft.plan.there.files} of them are there"
    staging = Staging(
        plan=draft.plan,
        site_path=draft.site_path,
        consistency=draft.consistency,
        reason=reason,
        moves=old.moves if old else (),
    )
    line = Transition(
        at=now,
        actor=world.actor,
        event=StagingEvent.REPLANNED,
        before=before,
        after=StagingState.PLANNED,
        reason=reason,
    )
    ended = tuple(replace(one, stage="closed") for one in staging.moves if one.stage != "closed")
    change = Change(
        staging_id=staging.staging_id,
        staging=staging,
        moves=(*ended, *draft.moves),
        anew=True,
        files=_rows(world, draft),
        transition=line,
    )
    world.journal.record(change)
    return staging


def _rows(world: World, draft: Draft) -> Iterable[FileRow]:
    """What came back as what is staged, then the new manifest, which knows the versions it takes the place of.

    The journal is read before anything of it is written.
    """
    if draft.old is None:
        return _manifest(draft, {})
    mine = draft.plan.staging_id
    brought = [
        row._replace(direction="in", base="", move_id="")
        for row in world.journal.files(mine, Which(direction="out", state="ok"))
    ]
    moving = {row.path for row in _manifest(draft, {})}
    compared = (row for row in world.journal.files(mine, Which(state="ok")) if row.path in moving)
    return chain(brought, _manifest(draft, {row.path: f"{row.older} {row.version_id}".strip() for row in compared}))


def _manifest(draft: Draft, older: Mapping[str, str]) -> Iterator[FileRow]:
    if draft.lines is None:
        return
    draft.lines.seek(0)
    for line in draft.lines:
        number, _, packed = line.rstrip("\n").partition("\0")
        file = unpacked(packed)
        move_id = draft.moves[int(number)].move_id
        yield FileRow("in", file.path, file.size, file.mtime_ns, move_id=move_id, older=older.get(file.path, ""))
