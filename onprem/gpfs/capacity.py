"""``mmdf FS -Y`` and ``mmlsfs FS -Y`` → room of file systems and of their pools, and their settings.

``mmdf`` is heavy on the disks, IBM says: it is only asked for when a person wishes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.gpfs.rows import count, kib, rows, sections, word
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bytes of a pool or of a file system."""

    name: str
    """Of the pool; empty for the file system."""
    size: int | None
    free: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Of one file system; ``mmdf -Y`` does not say of which."""

    total: Room
    pools: tuple[Room, ...]
    inodes_used: int | None
    inodes_most: int | None


def parse_capacity(text: str) -> Capacity:
    """Of all sections that matter; disks are left out.

    Raises:
        SiteUnavailable: as ``rows``; a figure is none; or section ``fsTotal`` is not there.
    """
    total, pools, used, most = None, [], None, None
    for _, section, row in sections(text):
        if section == "fsTotal":
            total = Room(name="", size=kib(row, "fsSize"), free=kib(row, "freeBlocks"))
        elif section == "poolTotal":
            pools.append(Room(name=word(row, "poolName"), size=kib(row, "poolSize"), free=kib(row, "freeBlocks")))
        elif section == "inode":
            used, most = count(row, "usedInodes"), count(row, "maxInodes")
    if total is None:
        raise SiteUnavailable("no row of section fsTotal: is it the output of mmdf?")
    return Capacity(total=total, pools=tuple(pools), inodes_used=used, inodes_most=most)


def parse_file_systems(text: str) -> dict[str, Mapping[str, str]]:
    """Each file system's settings by GPFS's names: ``defaultMountPoint``, ``ACLSemantics``, ``quotasEnforced``, ...

    A setting that comes again (``dataReplicas``...) keeps its last value, as GPFS applies it.

    Raises:
        SiteUnavailable: as ``rows``; or a row has no fieldName.
    """
    found: dict[str, dict[str, str]] = {}
    for row in rows(text):
        if not word(row, "fieldName"):
            raise SiteUnavailable("a row without fieldName: is it the output of mmlsfs?")
        device = row.get("filesystemName") or row.get("deviceName", "")
        found.setdefault(device, {})[row["fieldName"]] = row.get("data", "")
    return dict(found)
