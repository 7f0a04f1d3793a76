"""``mmlsfileset FS -L -Y`` and ``mmrepquota -j FS -Y`` → filesets with their quotas; of one file system or several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from onprem.gpfs.rows import NONE, kib, rows
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Fileset

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT = "root"  # every file system has one, the first of its list; no allocation is in it


def parse_filesets(text: str) -> dict[str, Fileset]:
    """By name, without quotas. One that is deleted, and only there for its snapshots, is left out.

    Raises:
        SiteUnavailable: as ``rows``; a row has no name; two file systems have a fileset of one name; or one has no
            root fileset: then the list is not whole, and what is not in it may well be there.
    """
    filesets: dict[str, Fileset] = {}
    roots: set[str] = set()
    for row in rows(text):
        name = row.get("filesetName", "")
        roots |= {row.get("filesystemName", "")} if name == _ROOT else set()
        if name in NONE:
            raise SiteUnavailable("a row without filesetName: is it the output of mmlsfileset?")
        if name == _ROOT or row.get("status") == "Deleted":
            continue
        fileset = _fileset(name, row)
        other = filesets.setdefault(name, fileset)
        if other is not fileset:
            raise SiteUnavailable(f"fileset {name} twice, in {other.file_system} and in {fileset.file_system}")
    without = sorted({one.file_system for one in filesets.values()} - roots)
    if without or not roots:
        raise SiteUnavailable(
            f"no root fileset{' of ' if without else ''}{', '.join(without)}: it is not the whole list"
        )
    return filesets


def with_quotas(filesets: Mapping[str, Fileset], text: str) -> dict[str, Fileset]:
    """The filesets with their hard limit and use; one that the report does not have has no limit.

    Raises:
        SiteUnavailable: as ``rows``; or a figure is none.
    """
    found = dict(filesets)
    for row in rows(text):
        if "quotaType" not in row:
            raise SiteUnavailable("a row without quotaType: is it the output of mmrepquota?")
        fileset = found.get(row.get("name", ""))
        if row["quotaType"] == "FILESET" and fileset and fileset.file_system == row.get("filesystemName"):
            limit = kib(row, "blockLimit") or None  # 0 is GPFS's word for no limit
            found[fileset.name] = replace(fileset, quota_bytes=limit, used_bytes=kib(row, "blockUsage"))
    return found


def _fileset(name: str, row: Mapping[str, str]) -> Fileset:
    path = row.get("path", "")
    return Fileset(name=name, path="" if path in NONE else path, file_system=row.get("filesystemName", ""))
