"""Values of the data plane. Sizes are bytes, times epoch seconds, durations seconds, money US dollars.

A **dataset** is a directory of an allocation; it is staged as one, and every job below it shares that. A **staging**
is one dataset's life in the cloud, from its plan to its eviction. A **move** is one batch of files going one way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.values import DataClass

Way = Literal["globus", "afm", "datasync", "mount"]
"""``globus``: site's collection to the S3 connector. ``afm``: AFM to cloud object storage. ``mount``: nothing is
copied, nodes reach the site's file system over the VPN."""
Direction = Literal["in", "out"]
"""``in``: site to cloud. ``out``: results back."""
EntryKind = Literal["file", "directory", "symlink", "other"]
Residency = Literal["resident", "premigrated", "migrated", "unknown"]
"""Where a file's blocks are: ``migrated`` means on tape alone, and reading it recalls it."""


class StagingState(StrEnum):
    """Where a staging stands; ``ris_hybrid.data.lifecycle`` has the table of its moves."""

    PLANNED = "planned"
    STAGING = "staging"
    STAGED = "staged"
    """Every file is in the cloud and its checksum was compared."""
    IN_USE = "in use"
    RETURNING = "returning"
    RETURNED = "returned"
    """Every result is on-prem and its checksum was compared there."""
    EVICTED = "evicted"
    BLOCKED = "blocked"
    """It waits for something that is said in its reason: dirty cache, files on tape, quota, budget."""
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A directory of one allocation."""

    allocation: str
    subtree: str
    """Below the allocation's root and without slashes at its ends: ``Active/Cryo-EM``; empty: all of it."""

    @property
    def prefix(self) -> str:
        """Of its keys in the allocation's bucket: the same words, with a slash at the end."""
        return f"{self.subtree}/" if self.subtree else ""

    def covers(self, other: Dataset) -> bool:
        """Whether whoever has this one has the other too."""
        return self.allocation == other.allocation and other.prefix.startswith(self.prefix)

    def __str__(self) -> str:
        return f"{self.allocation}:{self.subtree or '/'}"


class Entry(NamedTuple):
    """One thing of a directory tree. A tuple, not a dataclass: millions of them pass by."""

    path: str
    """Relative to the dataset; bytes that are not UTF-8 as lone surrogates (``os.fsdecode``)."""
    kind: EntryKind
    size: int
    mtime_ns: int
    uid: int = 0
    gid: int = 0
    mode: int = 0
    """Permission bits."""
    links: int = 1
    residency: Residency = "unknown"


class Digest(NamedTuple):
    """What a file's content is, read once."""

    size: int
    crc64nvme: str
    """Base64, as S3 gives it for a full object (AWS, "Checking object integrity")."""
    sha256: str
    """Hexadecimal."""


class Stamp(NamedTuple):
    """What tells without a read that a file is the one that was read."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Files that cannot or must not go, by reason."""

    reason: str
    """``on tape``, ``name is not UTF-8``, ``key longer than 1024 bytes``, ``symbolic link``, ..."""
    files: int
    bytes: int
    examples: tuple[str, ...] = ()
    """A few paths, escaped so that each stays one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a manifest comes to."""

    files: int = 0
    bytes: int = 0
    directories: int = 0
    largest: int = 0
    newest_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How long it takes and what it costs; each figure of ``usd`` has its name (``requests``, ``egress``, ...)."""

    seconds_p50: float
    seconds_p90: float
    usd: Mapping[str, float] = field(default_factory=dict)
    """Dollars to bring it in: ``transfer``, ``requests``; per month while it is there: ``storage_month``; to bring
    back what comes back: ``egress``."""

    @property
    def usd_once(self) -> float:
        """All that is paid once, egress included."""
        return sum(usd for name, usd in self.usd.items() if name != "storage_month")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingPlan:
    """What would be done for one dataset, and why so."""

    staging_id: str
    dataset: Dataset
    data_class: DataClass
    bucket: str
    way: Way
    why: tuple[str, ...]
    """Why this way and none of the others, a line each."""
    totals: Totals
    there: Totals
    """Of ``totals``, what the bucket holds already with the same size and checksum."""
    left_out: tuple[LeftOut, ...]
    estimate: Estimate
    blocked: tuple[str, ...]
    """What must be put right first; empty when it may begin."""
    created: float


class MoveItem(NamedTuple):
    """One file to move, or a whole directory."""

    path: str
    """Relative to the dataset; empty for the dataset itself."""
    size: int
    recursive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One batch for a mover. It carries no path in its label: labels leave the site."""

    move_id: str
    """Derived from the staging and the batch, so that the same batch is the same move."""
    direction: Direction
    data_class: DataClass
    site_path: str
    """The dataset's directory as the site names it: ``/storage1/fs1/wucci/Active/Cryo-EM``."""
    bucket: str
    prefix: str
    items: tuple[MoveItem, ...]
    deadline: float
    label: str
    again: bool = False
    """Some of it was moved before: what is there is compared by checksum, not by size and time alone."""

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(item.size for item in self.items)

    def relative(self, path: str) -> str:
        """Of a failure's path, which a mover that knows nothing but the task gives as the site names it."""
        return path.removeprefix(f"{self.site_path}/")


MoveState = Literal["queued", "moving", "paused", "done", "failed", "cancelled", "unknown"]
"""``done`` says that the mover is through, not that all arrived: see ``failures`` and compare checksums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFailure:
    """One file a mover could not move, or skipped."""

    path: str
    """Relative to the dataset, or absolute as the site names it: ``Move.relative`` makes it the first."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSeen:
    """How a move goes, as its mover says."""

    state: MoveState
    files: int = 0
    """Moved so far."""
    skipped: int = 0
    """Found at the other end as they are here."""
    bytes: int = 0
    bytes_per_s: float = 0.0
    faults: int = 0
    """Of the network, tried again by the mover itself."""
    failures: tuple[MoveFailure, ...] = ()
    reason: str = ""
    """The mover's words for what holds or ended it; never with a key or token in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryTask:
    """What a file system of FSx for Lustre does with the buckets it is linked to."""

    kind: Literal["export", "import", "release"]
    """``export``: write what changed to the buckets. ``import``: see what changed there; content comes when it is
    read. ``release``: free the space of what was exported."""
    file_system_id: str
    paths: tuple[str, ...] = ()
    """Relative to the mount point; of an import ``s3://BUCKET/PREFIX``. None: everything. At most a hundred."""
    report: str = ""
    """``s3://BUCKET/PREFIX`` where the files that failed are listed; it names them. Empty: no report."""


class ObjectSeen(NamedTuple):
    """One object as S3 lists it."""

    key: str
    size: int
    modified: float
    storage_class: str = "STANDARD"
    version_id: str = ""
    """Empty where the listing does not tell."""
    older: tuple[str, ...] = ()
    """Ids of versions below the current one: the next of them comes to light when that is deleted."""


class ObjectSum(NamedTuple):
    """What S3 knows of an object's content. An ETag is no checksum and is not here."""

    size: int
    version_id: str
    """Empty where the bucket keeps no versions."""
    crc64nvme: str = ""
    """Base64 of the full object; empty where S3 has none."""
    sha256: str = ""
    """Base64 of the full object; empty where there is none, or one of parts."""
