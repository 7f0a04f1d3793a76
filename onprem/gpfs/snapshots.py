"""``mmlssnapshot FS -s all -Y`` → snapshots, of filesets and of the file system."""

from __future__ import annotations

from onprem.gpfs.rows import rows, word
from ris_hybrid.data.scale import Snapshot
from ris_hybrid.errors import SiteUnavailable

_NONE_AT_ALL = "No snapshots in file system"  # instead of a header, as old releases say it


def parse_snapshots(text: str) -> tuple[Snapshot, ...]:
    """In the order of the text.

    Raises:
        SiteUnavailable: as ``rows``; or a row has no column for what a snapshot is called.
    """
    if text.lstrip().removeprefix("mmlssnapshot: ").startswith(_NONE_AT_ALL):
        return ()
    found = []
    for row in rows(text):
        name = word(row, "directory")
        if not name:
            raise SiteUnavailable("a row without directory: is it the output of mmlssnapshot?")
        found.append(
            Snapshot(
                file_system=row.get("filesystemName", ""),
                name=name,
                fileset=word(row, "fileset"),
                status=row.get("status", ""),
                created=row.get("created", ""),
            )
        )
    return tuple(found)
