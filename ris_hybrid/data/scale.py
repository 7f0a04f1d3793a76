"""What Spectrum Scale (GPFS) says of filesets, AFM, snapshots and access lists, whichever surface said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ris_hybrid.mirror.listing import Missing

Surface = Literal["captured", "rest", "command"]
AfmHealth = Literal["none", "clean", "busy", "broken", "unknown"]
"""``none``: no AFM relation. ``busy``: something is queued or dirty. ``broken``: somebody must act."""
Outcome = Literal["unchanged", "created", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleFileset:
    """One fileset with everything the surfaces say of it. None is unknown, never nothing."""

    file_system: str
    name: str
    path: str
    """Where it is linked; empty when it is not."""
    status: str
    """GPFS's word: ``Linked``, ``Unlinked``, ``Deleted``."""
    quota_bytes: int | None = None
    """Block hard limit; None for none, or where it is not known (then quotas are in ``missing``)."""
    used_bytes: int | None = None
    in_doubt_bytes: int | None = None
    """Use may be higher by so much."""
    files_limit: int | None = None
    files_used: int | None = None
    afm_mode: str = ""
    """``single-writer``, ``independent-writer``, ``manual-update``...; empty without AFM."""
    afm_target: str = ""
    comment: str = ""
    inode_space: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One snapshot; of a fileset, or of the file system where ``fileset`` is empty."""

    file_system: str
    name: str
    fileset: str
    status: str
    created: str
    """As printed: local time of the cluster without zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleListing:
    """What one surface, or several, reported."""

    filesets: tuple[ScaleFileset, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    surface: Surface = "captured"
    captured_at: float | None = None
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheState:
    """How an AFM cache fileset stands to its home."""

    file_system: str
    fileset: str
    health: AfmHealth
    state: str
    """GPFS's word: ``Active``, ``Dirty``, ``NeedsResync``...; empty without AFM."""
    queued: int | None = None
    gateway: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One entry of an NFSv4 access list."""

    kind: Literal["allow", "deny"]
    who: str
    """``special:owner@``, ``user:...``, ``group:...``."""
    permissions: str
    """Letters of ``rwmxDdaAnNcCos``, in that order."""
    flags: str
    """Letters of ``fdig`` (file inherit, directory inherit, inherit only, group)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acl:
    """An access list, in order."""

    path: str
    entries: tuple[AclEntry, ...]
    owner: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesetWanted:
    """An independent fileset to be."""

    file_system: str
    name: str
    path: str
    comment: str = ""
    owner: str = "root:root"
    permissions: str = "2770"


@dataclass(frozen=True, slots=True, kw_only=True)
class CosRelation:
    """An AFM fileset over a bucket (AFM to cloud object storage)."""

    file_system: str
    fileset: str
    bucket: str
    endpoint: str
    mode: Literal["sw", "iw", "ro", "lu", "mu"]
    prefix: str
    key_file: str
    """Path of a file ``access:secret``, readable by its owner alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a change."""

    outcome: Outcome
    text: str
    """For people; secrets are taken out."""
