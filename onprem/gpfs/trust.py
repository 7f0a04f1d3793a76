"""Several surfaces of Spectrum Scale as one, in the order they are trusted: what was captured, REST, commands.

The first that knows a part answers it, and each part says whose it is. Why an earlier one did not is said only where
none knew. An AFM cache is the exception: its queue is a matter of seconds, so a capture of it is asked last.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from onprem.gpfs.filesets import mirrored, whole
from ris_hybrid.data.scale import ScaleListing
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Missing, SiteListing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ris_hybrid.data.ports import Scale
    from ris_hybrid.data.scale import Acl, CacheState, ScaleFileset, Surface
    from ris_hybrid.ports import SiteReports

Value = TypeVar("Value")

PARTS = ("filesets", "quotas", "snapshots")
OLD_S = 2 * 86400.0


class ByTrust:
    """See ``ris_hybrid.data.ports.Scale``."""

    def __init__(
        self, surfaces: Sequence[tuple[Surface, Scale]], *, now: Callable[[], float], old_s: float = OLD_S
    ) -> None:
        self._surfaces = tuple(surfaces)
        self._now = now
        self._old_s = old_s

    def listing(self) -> ScaleListing:
        """See ``Scale``; surfaces behind the one that completes it are not asked."""
        merged = _Merged()
        for surface, scale in self._surfaces:
            if merged.is_whole:
                break
            try:
                told = scale.listing()
            except SiteUnavailable as error:
                told = ScaleListing(missing=tuple(Missing(part=part, reason=error.message) for part in PARTS))
            merged.take(surface, told, self._age(told))
        return merged.listing(self._surfaces[0][0] if self._surfaces else "captured")

    def cache(self, file_system: str, fileset: str) -> CacheState:
        """See ``Scale``. Raises ``SiteUnavailable`` with every surface's reason."""
        live_first = sorted(self._surfaces, key=lambda one: one[0] == "captured")
        return self._first(live_first, lambda scale: scale.cache(file_system, fileset), f"the cache {fileset}")

    def acl(self, path: str) -> Acl:
        """See ``Scale``. Raises ``SiteUnavailable`` with every surface's reason."""
        return self._first(self._surfaces, lambda scale: scale.acl(path), f"the access list of {path}")

    def _first(self, surfaces: Iterable[tuple[Surface, Scale]], ask: Callable[[Scale], Value], what: str) -> Value:
        reasons: list[str] = []
        for surface, scale in surfaces:
            try:
                return ask(scale)
            except SiteUnavailable as error:
                reasons.append(f"{surface}: {error.message}")
        raise SiteUnavailable(
            f"nobody could tell {what}: {'; '.join(reasons) or 'no surface is given'}",
            "see gpfs in data.yaml: a listing, guis, or commands",
        )

    def _age(self, told: ScaleListing) -> str:
        if told.captured_at is None or self._now() - told.captured_at <= self._old_s:
            return ""
        return f"what was captured is {(self._now() - told.captured_at) / 86400:.1f} days old"


class _Merged:
    """Parts as they come together."""

    def __init__(self) -> None:
        self._listing = ScaleListing()
        self._surfaces: dict[str, Surface] = {}
        self._reasons: dict[str, list[str]] = {part: [] for part in PARTS}
        self._times: list[float] = []
        self._remarks: list[str] = []

    @property
    def is_whole(self) -> bool:
        return set(self._surfaces) >= set(PARTS)

    def take(self, surface: Surface, told: ScaleListing, age: str) -> None:
        """What this surface knows of what is not known yet."""
        lacking = {one.part: one.reason for one in told.missing}
        taken = [part for part in PARTS if part not in self._surfaces and self._take(part, told, lacking)]
        for part in PARTS:
            if part not in self._surfaces and part not in taken:
                self._reasons[part].append(f"{surface}: {lacking.get(part, 'its filesets are not known')}")
        self._surfaces |= dict.fromkeys(taken, surface)
        if taken:
            self._times += [] if told.captured_at is None else [told.captured_at]
            self._remarks += [f"{surface}: {age}"] if age else []

    def _take(self, part: str, told: ScaleListing, lacking: dict[str, str]) -> bool:
        """Whether this part is known now; quotas without filesets of any surface are of no use."""
        if part in lacking:
            self._keep_some(part, told)
            return False
        if part == "snapshots":
            self._listing = replace(self._listing, snapshots=told.snapshots)
        elif part == "filesets":
            self._listing = replace(self._listing, filesets=told.filesets)
        elif "filesets" in lacking:
            return False
        else:
            self._listing = replace(self._listing, filesets=_with_quotas(self._listing.filesets, told.filesets))
        return True

    def _keep_some(self, part: str, told: ScaleListing) -> None:
        """A list that is not whole is shown where nobody has the whole one; it stays among what is missing."""
        if part == "filesets" and not self._listing.filesets:
            self._listing = replace(self._listing, filesets=told.filesets)

    def listing(self, surface: Surface) -> ScaleListing:
        """All of it; ``surface`` is that of the filesets, or the first asked where they are not known."""
        return replace(
            self._listing,
            surface=self._surfaces.get("filesets", surface),
            captured_at=min(self._times, default=None),
            missing=tuple(
                Missing(part=part, reason="; ".join(reasons) or "no surface is given")
                for part, reasons in self._reasons.items()
                if part not in self._surfaces
            ),
            surfaces=dict(self._surfaces),
            remarks=tuple(self._remarks),
        )


def _with_quotas(filesets: tuple[ScaleFileset, ...], told: tuple[ScaleFileset, ...]) -> tuple[ScaleFileset, ...]:
    limits = {(one.file_system, one.name): one for one in told}
    return tuple(_limited(one, limits.get((one.file_system, one.name))) for one in filesets)


def _limited(fileset: ScaleFileset, other: ScaleFileset | None) -> ScaleFileset:
    if other is None:
        return fileset
    return replace(
        fileset,
        quota_bytes=other.quota_bytes,
        used_bytes=other.used_bytes,
        in_doubt_bytes=other.in_doubt_bytes,
        files_limit=other.files_limit,
        files_used=other.files_used,
    )


def _need_filesets(told: ScaleListing) -> None:
    """What is not in a list that is not whole may well be there."""
    reasons = [one.reason for one in told.missing if one.part == "filesets"]
    if reasons:
        raise SiteUnavailable("; ".join(reasons))


class ScaleReports:
    """See ``ris_hybrid.ports.SiteReports``: filesets and quotas by any surface, groups as somebody captured them."""

    def __init__(self, scale: Scale, groups: SiteReports, file_system: str) -> None:
        self._scale = scale
        self._groups = groups
        self._file_system = file_system

    def listing(self) -> SiteListing:
        """See ``SiteReports``; filesets of other file systems, such as the caches, are left out."""
        groups = self._groups.listing()
        lacking = tuple(one for one in groups.missing if one.part == "groups")
        try:
            told = self._scale.listing()
            _need_filesets(told)
            filesets = mirrored(whole(tuple(one for one in told.filesets if one.file_system == self._file_system)))
        except SiteUnavailable as error:
            lost = tuple(Missing(part=part, reason=error.message) for part in ("filesets", "quotas"))
            return replace(groups, filesets={}, missing=lacking + lost)
        times = [time for time in (told.captured_at, None if lacking else groups.captured_at) if time is not None]
        unknown = tuple(one for one in told.missing if one.part in {"filesets", "quotas"})
        return SiteListing(
            filesets=filesets,
            groups=groups.groups,
            captured_at=min(times, default=None),
            missing=unknown + lacking,
        )
