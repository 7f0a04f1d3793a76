"""How ``ris-hybrid gpfs`` shows what Spectrum Scale says."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from ris_hybrid.data.scale import Acl, ScaleFileset, ScaleListing

_COLUMNS = ("file system", "fileset", "status", "path", "quota", "used", "in doubt", "files", "AFM", "target")


def need_some(listing: ScaleListing) -> None:
    """An empty table would say that there is nothing. Raises ``SiteUnavailable`` where nobody told any fileset."""
    reasons = [one.reason for one in listing.missing if one.part == "filesets"]
    if reasons and not listing.filesets:
        raise SiteUnavailable(f"filesets are not known: {'; '.join(reasons)}", "see gpfs in data.yaml")


def only(listing: ScaleListing, fileset: str) -> ScaleListing:
    """What is of one fileset. Raises ``ConfigError`` when nobody has it, and filesets are known."""
    from ris_hybrid.config.problems import nearest

    found = tuple(one for one in listing.filesets if one.name == fileset)
    if not found and all(one.part != "filesets" for one in listing.missing):
        names = sorted({one.name for one in listing.filesets})
        raise ConfigError(f"no fileset is named {fileset!r}{nearest(fileset, names)}", "see `ris-hybrid gpfs show`")
    taken = tuple(one for one in listing.snapshots if one.fileset == fileset)
    return replace(listing, filesets=found, snapshots=taken)


def listing_json(listing: ScaleListing) -> object:
    """Sizes in bytes; null is what is not known or has no limit."""
    return asdict(listing)


def show_listing(listing: ScaleListing, *, of_one: bool) -> None:
    """A table; of one fileset its snapshots, too. Which surface told it is said on stderr."""
    show.table(_COLUMNS, [_row(one) for one in listing.filesets])
    if of_one and listing.snapshots:
        show.line()
        show.table(
            ("snapshot", "status", "created"), [(one.name, one.status, one.created) for one in listing.snapshots]
        )
    told = ", ".join(f"{part} by {surface}" for part, surface in listing.surfaces.items())
    if told:
        show.note(told)


def tell_quota(listing: ScaleListing, file_system: str, fileset: str, wanted: int) -> None:
    """What the limit is now, and that nothing could be written where the new one is below what is used."""
    for one in listing.filesets:
        if (one.file_system, one.name) == (file_system, fileset):
            used = one.used_bytes
            limit = _size(one.quota_bytes) or "not known, or none"
            show.note(f"{fileset}: the limit is {limit}; used: {_size(used) or 'not known'}")
            if used is not None and wanted < used:
                show.warn(f"{_size(wanted)} is less than is used: nothing more could be written to {fileset}")


def show_acl(acl: Acl) -> None:
    """An entry a row, in order."""
    show.table(
        ("type", "who", "permissions", "flags"),
        [(one.kind, one.who, one.permissions, one.flags) for one in acl.entries],
    )


def _row(one: ScaleFileset) -> tuple[object, ...]:
    return (
        one.file_system,
        one.name,
        one.status,
        one.path,
        _size(one.quota_bytes),
        _size(one.used_bytes),
        _size(one.in_doubt_bytes),
        one.files_used,
        one.afm_mode,
        one.afm_target,
    )


def _size(value: int | None) -> str | None:
    """In the largest unit of 1024 that it has one of: ``25T``, ``1.5G``."""
    if value is None:
        return None
    size, units = float(value), ["", "K", "M", "G", "T"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.1f}".removesuffix(".0") + units[0]
