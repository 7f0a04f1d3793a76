"""What the journal keeps of stagings. Times are epoch seconds, sizes bytes, money US dollars."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from ris_hybrid.data.values import StagingState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.data.lifecycle import StagingEvent
    from ris_hybrid.data.values import Direction, MoveState, StagingPlan

FileState = Literal["planned", "ok", "failed", "held", "gone", "taken"]
"""``planned``: it is to be moved, or is being moved. ``ok``: it is at the other end and was compared. ``failed``: tried
as often as is allowed. ``held``: a person must decide. ``gone``: its source is there no more. ``taken``: deleted in the
cloud after it was compared on-prem."""
MoveStage = Literal["new", "sent", "over", "closed"]
"""``new``: its token may be stored, its mover has not answered. ``sent``: a task works on it. ``over``: the task has
ended, its files are being compared. ``closed``: each of its files is settled, or in another move."""
LeaseState = Literal["waiting", "using", "ended", "returned"]
"""``waiting``: a pending job that may be sent. ``ended``: the job has left the queue, its results are to come back."""


class FileRow(NamedTuple):
    """One file going one way. A tuple: a staging has up to millions."""

    direction: Direction
    path: str
    """Relative to the dataset; bytes that are not UTF-8 as lone surrogates."""
    size: int
    mtime_ns: int = 0
    """Of the site's file; 0 where it was not looked at."""
    state: FileState = "planned"
    move_id: str = ""
    """The move it is in; empty while it is in none."""
    attempts: int = 0
    crc64nvme: str = ""
    """Of the site's file, read once."""
    sha256: str = ""
    version_id: str = ""
    """Of the object that was compared with it, or is to be brought back."""
    base: str = ""
    """Of a result: the CRC64NVME the site's file may have to be replaced; empty: none may be there."""
    older: str = ""
    """Ids of versions that were this file's once and were compared, then replaced; a space between two."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """A move as the journal has it; its files are those that name it."""

    move_id: str
    direction: Direction
    stage: MoveStage = "new"
    token: str = ""
    task_id: str = ""
    files: int = 0
    bytes: int = 0
    sent_at: float = 0.0
    """When its token was stored: deadlines count from here, so that a repeated call is the same call."""
    seen: MoveState = "queued"
    moved_files: int = 0
    moved_bytes: int = 0
    bytes_per_s: float = 0.0
    faults: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A job's claim on a staging."""

    job_id: str
    state: LeaseState
    since: float
    results: tuple[str, ...] = ()
    """Where it writes, relative to the dataset; empty: anywhere in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """One staging, with its moves and leases."""

    plan: StagingPlan
    site_path: str
    """The dataset's directory as the site names it."""
    state: StagingState = StagingState.PLANNED
    going: Direction = "in"
    """Which way it goes (again) once nothing holds it."""
    reason: str = ""
    consistency: str = ""
    """What the manifest saw: a snapshot's name, or how the cache stood."""
    begun_at: float = 0.0
    verified_at: float = 0.0
    """When every file had been compared in the cloud."""
    moves: tuple[MoveRow, ...] = ()
    leases: tuple[Lease, ...] = ()

    @property
    def staging_id(self) -> str:
        """Derived from dataset and bucket; no name is in it."""
        return self.plan.staging_id

    def without_parts(self) -> Staging:
        """Its own row alone."""
        return replace(self, moves=(), leases=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One line of the log; none is ever changed or taken out."""

    at: float
    actor: str
    event: StagingEvent
    before: StagingState
    after: StagingState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Dollars (and egress) reserved before they are spent; the same key is the same reservation."""

    key: str
    month: str
    """``2026-11``, UTC."""
    kind: Literal["in", "egress"]
    usd: float
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a month has reserved."""

    usd: float = 0.0
    egress_bytes: int = 0
    by_staging: Mapping[str, float] = field(default_factory=dict)
    """Dollars by staging's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is written at once or not at all."""

    staging_id: str
    staging: Staging | None = None
    """Its own row; moves and leases of it are not written."""
    moves: tuple[MoveRow, ...] = ()
    leases: tuple[Lease, ...] = ()
    files: Iterable[FileRow] = ()
    """By direction and path in place of what is there. Making them may not read the journal."""
    anew: bool = False
    """A new manifest: what came in and is not ``ok``, and all that went out, is taken out first."""
    transition: Transition | None = None
    spends: tuple[Spend, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which files of a staging; None is any."""

    direction: Direction | None = None
    state: FileState | None = None
    move_id: str | None = None
    below: str = ""
    """A directory with a slash at its end; empty: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many files of a staging go one way and stand so."""

    direction: Direction
    state: FileState
    files: int
    bytes: int
