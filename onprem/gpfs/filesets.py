"""``mmlsfileset FS -L [--afm] -Y`` and ``mmrepquota -j -Y FS`` → filesets with quotas; of one file system or several.

The same parser reads ``mmlsquota -j FILESET -Y FS``. Block figures are KiB, and 0 is no limit. Releases differ in how
many columns a fileset has (56 to 88 named ones): those that are not there are unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from onprem.gpfs.rows import count, kib, rows, word
from ris_hybrid.data.scale import ScaleFileset
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Fileset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ROOT = "root"  # every file system has one, the first of its list; no allocation is in it
_NO_AFM = frozenset({"off", "disable", "disabled", "none"})


def parse_filesets(text: str) -> tuple[ScaleFileset, ...]:
    """Every fileset, without quotas; the root and those that are deleted are among them.

    Raises:
        SiteUnavailable: as ``rows``; a row has no name; or a file system has two filesets of one name.
    """
    found: dict[tuple[str, str], ScaleFileset] = {}
    for row in rows(text):
        fileset = _fileset(row)
        if not fileset.name:
            raise SiteUnavailable("a row without filesetName: is it the output of mmlsfileset?")
        key = (fileset.file_system, fileset.name)
        if key in found:
            raise SiteUnavailable(f"fileset {fileset.name} twice in {fileset.file_system}")
        found[key] = fileset
    return tuple(found.values())


def with_quotas(filesets: Iterable[ScaleFileset], text: str) -> tuple[ScaleFileset, ...]:
    """The filesets with limits and use; one that the report does not have has no limit.

    Raises:
        SiteUnavailable: as ``rows``; or a figure is none.
    """
    found = {(one.file_system, one.name): one for one in filesets}
    for row in rows(text):
        if "quotaType" not in row:
            raise SiteUnavailable("a row without quotaType: is it the output of mmrepquota?")
        key = (row.get("filesystemName", ""), row.get("name", ""))
        if row["quotaType"] == "FILESET" and key in found:
            found[key] = _limited(found[key], row)
    return tuple(found.values())


def whole(filesets: tuple[ScaleFileset, ...]) -> tuple[ScaleFileset, ...]:
    """The same, if it is a whole list.

    Raises:
        SiteUnavailable: a file system has no root fileset: then what is not in the list may well be there.
    """
    roots = {one.file_system for one in filesets if one.name == _ROOT}
    without = sorted({one.file_system for one in filesets} - roots)
    if without or not roots:
        raise SiteUnavailable(
            f"no root fileset{' of ' if without else ''}{', '.join(without)}: it is not the whole list"
        )
    return filesets


def mirrored(filesets: Iterable[ScaleFileset]) -> dict[str, Fileset]:
    """What the mirror looks at, by name: neither roots nor those that are deleted and only there for their snapshots.

    Raises:
        SiteUnavailable: two file systems have a fileset of one name.
    """
    found: dict[str, Fileset] = {}
    for one in filesets:
        if one.name == _ROOT or one.status == "Deleted":
            continue
        fileset = Fileset(
            name=one.name,
            path=one.path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),  # it is shown to people
            file_system=one.file_system,
            quota_bytes=one.quota_bytes,
            used_bytes=one.used_bytes,
        )
        other = found.setdefault(one.name, fileset)
        if other is not fileset:
            raise SiteUnavailable(f"fileset {one.name} twice, in {other.file_system} and in {fileset.file_system}")
    return found


def _fileset(row: Mapping[str, str]) -> ScaleFileset:
    mode = word(row, "afmMode") or word(row, "filesetMode")
    return ScaleFileset(
        file_system=row.get("filesystemName", ""),
        name=word(row, "filesetName"),
        path=word(row, "path"),
        status=row.get("status", ""),
        afm_mode="" if mode in _NO_AFM else mode,
        afm_target=word(row, "afmTarget"),
        comment=word(row, "comment"),
        inode_space=count(row, "inodeSpace"),
    )


def _limited(fileset: ScaleFileset, row: Mapping[str, str]) -> ScaleFileset:
    return replace(
        fileset,
        quota_bytes=kib(row, "blockLimit") or None,
        used_bytes=kib(row, "blockUsage"),
        in_doubt_bytes=kib(row, "blockInDoubt"),
        files_limit=count(row, "filesLimit") or None,
        files_used=count(row, "filesUsage"),
    )
