"""What Spectrum Scale (GPFS) says of filesets, AFM, snapshots and access lists, whichever surface said it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    """Part (``filesets``, ``quotas``, ``snapshots``) to the surface it is of, where several were asked."""
    remarks: tuple[str, ...] = ()
    """What whoever uses it should know: a capture that is old."""


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


_QUIET = frozenset({"Active"})
_BUSY = frozenset({"Dirty", "FlushOnly", "QueueOnly", "Recovery", "RecoverOnly", "Stopping", "PrimInitProg"})
_BROKEN = {
    "Unmounted": "its home is not mounted on the gateway",
    "Disconnected": "its gateway does not reach the home",
    "Dropped": "its queue was dropped; recovery begins when it is used",
    "NeedsResync": "cache and home differ: mmafmctl resync",
    "NeedsFailback": "a failback has not ended",
    "Stopped": "replication was stopped by somebody: mmafmctl start",
    "Expired": "its data has expired, the home was away too long",
    "PrimInitFail": "its set-up as a primary failed",
}


def afm_health(state: str, queued: int | None) -> tuple[AfmHealth, str]:
    """How GPFS's word for a cache and the length of its queue are to be taken, and why (IBM, "AFM cache states").

    A word we do not know is ``unknown``. So is ``Inactive``: after a gateway went, changes may wait that AFM finds
    only when the fileset is used again; ``mmafmctl checkDirty`` can tell.
    """
    if not state:
        return "none", "no AFM relation"
    if state in _BROKEN:
        return "broken", f"{state}: {_BROKEN[state]}"
    if state in _BUSY or (state in _QUIET and queued):
        waits = "" if queued is None else f", {queued} changes wait"
        return "busy", f"{state}: what was written is not all at home{waits}"
    if state in _QUIET:
        return "clean", f"{state}: nothing waits"
    if state == "Inactive":
        return "unknown", "Inactive: what waits in it is not known before it is used or checked (mmafmctl checkDirty)"
    return "unknown", f"{state[:60]}: a word we do not know"


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
