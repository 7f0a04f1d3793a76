"""What the engine works with, and the one way a staging's state is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ris_hybrid.data.lifecycle import NEXT
from ris_hybrid.staging.names import without_names
from ris_hybrid.staging.values import Change, Transition, Which

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.data.lifecycle import StagingEvent
    from ris_hybrid.data.ports import Census, Contents, Mover, MoverControl, Objects, Summing, Versions
    from ris_hybrid.data.settings import Bounds, Prices
    from ris_hybrid.data.values import Direction, Way
    from ris_hybrid.staging.ports import JournalHistory, StagingJournal
    from ris_hybrid.staging.scratches import Scratch
    from ris_hybrid.staging.values import FileState, Lease, Spend, Staging


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ports, and what the site allows."""

    journal: StagingJournal
    history: JournalHistory
    census: Census
    contents: Contents
    objects: Objects
    movers: Mapping[Way, Mover]
    controls: Mapping[Way, MoverControl]
    bounds: Bounds
    prices: Prices
    actor: str
    """Who is at work, for the log."""
    versions: Versions | None = None
    """Tells versions in listings; without it each object is asked for by itself."""
    summing: Summing | None = None
    """Makes checksums where S3 has none; without it such objects cannot be verified."""
    scratches: Sequence[Scratch] = ()
    """File systems of FSx whose results go to the bucket only when they are told to."""
    threads: int = 4
    """So many files are read and compared at once; with 1 there is no thread."""
    attempts: int = 3
    """A file is tried so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a turn did for a staging, or why it did nothing. No file is named."""

    staging_id: str
    what: str
    waits: bool = False
    """It did nothing, and a later turn may."""


def step(world: World, staging: Staging, event: StagingEvent, now: float, reason: str, **fields: Any) -> Staging:
    """The staging after an event, recorded with its reason; ``fields`` are other fields of ``Staging`` that change.

    ``leases`` and ``spends`` among them are written with it.
    """
    leases: tuple[Lease, ...] = fields.pop("leases", ())
    spends: tuple[Spend, ...] = fields.pop("spends", ())
    after = replace(staging, state=NEXT[staging.state][event], reason=reason, **fields)
    line = Transition(at=now, actor=world.actor, event=event, before=staging.state, after=after.state, reason=reason)
    change = Change(staging_id=staging.staging_id, staging=after, leases=leases, spends=spends, transition=line)
    world.journal.record(change)
    by_job = {one.job_id: one for one in (*staging.leases, *leases)}
    return replace(after, leases=tuple(by_job.values()))


def say(world: World, staging: Staging, reason: str) -> Staging:
    """Keep what holds a staging where ``data status`` finds it; its state stays."""
    if reason == staging.reason:
        return staging
    told = replace(staging, reason=reason)
    world.journal.record(Change(staging_id=staging.staging_id, staging=told))
    return told


def first_reason(world: World, staging: Staging, direction: Direction, state: FileState) -> str:
    """Of the first file that stands so, as it may be told; the journal has each file's."""
    rows = world.journal.files(staging.staging_id, Which(direction=direction, state=state))
    return tellable(staging, next((row.reason for row in rows), ""))


def tellable(staging: Staging, text: str) -> str:
    """The text without names of files, where they are PHI."""
    return without_names(text, staging.plan.data_class, staging.site_path, staging.plan.dataset.prefix)


def month(now: float) -> str:
    """``2026-11``, UTC."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
