"""How the site's file system stands to an allocation when its manifest is made: cache, snapshots, when it was reported.

The AFM cache trap: batch nodes write to a cache, and what they wrote is not at home until it was flushed. A cache that
is busy is asked to flush; where nobody can do that from here the plan says who can, and waits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ris_hybrid.data.scale import CacheState
from ris_hybrid.errors import CloudError, SiteUnavailable

if TYPE_CHECKING:
    from ris_hybrid.data.ports import CacheFlush, Scale
    from ris_hybrid.data.scale import ScaleFileset, ScaleListing
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.mirror.values import AllocationPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What was found."""

    cache: CacheState | None
    """None where it could not be asked."""
    listing_at: float | None
    consistency: str
    """For the record: the newest snapshot and how the cache stood."""
    landing: str
    """Where the allocation's AFM fileset over its bucket is linked; empty where that is not known."""
    room: int | None
    """Bytes its quota has left, what is in doubt taken for used; None without a limit, or where it is not known."""


class Standing:
    """Asks Spectrum Scale; without it nothing is known."""

    def __init__(self, settings: DataSettings, scale: Scale | None, flush: CacheFlush | None = None) -> None:
        self._settings = settings
        self._scale = scale
        self._flush = flush
        self._listing: ScaleListing | None = None

    def of(self, allocation: AllocationPlan) -> Stands:
        """Of one allocation. What could not be asked is unknown; the plan is then blocked with that."""
        listing = self._listed()
        active = _named(listing, self._settings.gpfs.file_system, allocation.path)
        cache = self._cache(listing, active)
        afm = self._settings.afm
        landing = afm.filesets.get(allocation.name, "") if afm else ""
        linked = next((one.path for one in listing.filesets if one.name == landing), "") if listing and landing else ""
        return Stands(
            cache=cache,
            listing_at=listing.captured_at if listing else None,
            consistency=_consistency(listing, active, cache),
            landing=linked,
            room=_room(active),
        )

    def _listed(self) -> ScaleListing | None:
        if self._listing is None and self._scale is not None:
            try:
                self._listing = self._scale.listing()
            except SiteUnavailable:
                return None
        return self._listing

    def _cache(self, listing: ScaleListing | None, active: ScaleFileset | None) -> CacheState | None:
        file_system = self._settings.gpfs.cache
        if not file_system or self._scale is None or listing is None or active is None:
            return None
        caches = [one.name for one in listing.filesets if one.file_system == file_system]
        whole = caches and not any(one.part == "filesets" for one in listing.missing)
        if whole and active.name not in caches:  # a list without any of that file system says nothing of this one
            return CacheState(file_system=file_system, fileset=active.name, health="none", state="")
        try:
            found = self._scale.cache(file_system, active.name)
            if found.health == "busy" and self._flush is not None:
                return _flushed(found, self._scale, self._flush)
        except SiteUnavailable as failure:
            return CacheState(
                file_system=file_system, fileset=active.name, health="unknown", state="", reason=failure.message
            )
        return found


def _flushed(found: CacheState, scale: Scale, flush: CacheFlush) -> CacheState:
    """After a flush was asked for; usually still busy, with the reason that it was."""
    try:
        flush.flush(found.file_system, found.fileset)
    except (CloudError, SiteUnavailable) as failure:
        return _saying(found, failure.hint or failure.message)
    return _saying(scale.cache(found.file_system, found.fileset), "a flush was asked for")


def _saying(found: CacheState, words: str) -> CacheState:
    return replace(found, reason=f"{found.reason}; {words}" if found.reason else words)


def _named(listing: ScaleListing | None, file_system: str, path: str) -> ScaleFileset | None:
    """The allocation's active fileset: the one linked at or below its directory."""
    if listing is None:
        return None
    home = [one for one in listing.filesets if one.file_system == file_system and one.path]
    below = [one for one in home if f"{one.path}/".startswith(f"{path.rstrip('/')}/")]
    return min(below, key=lambda one: (not one.name.endswith("_active"), one.path), default=None)


def _room(active: ScaleFileset | None) -> int | None:
    if active is None or active.quota_bytes is None or active.used_bytes is None:
        return None
    return max(active.quota_bytes - active.used_bytes - (active.in_doubt_bytes or 0), 0)


def _consistency(listing: ScaleListing | None, active: ScaleFileset | None, cache: CacheState | None) -> str:
    """No snapshot is read: its name says what may be compared with later."""
    words = []
    if listing is not None and active is not None:
        mine = [one.name for one in listing.snapshots if one.fileset == active.name]
        words.append(f"newest snapshot {max(mine)}" if mine else "no snapshot")
    if cache is not None and cache.health != "none":
        words.append(f"cache {cache.state or cache.health}")
    return ", ".join(words)
