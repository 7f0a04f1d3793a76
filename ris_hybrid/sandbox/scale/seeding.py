"""The sandbox's Spectrum Scale out of a captured listing: its filesets, and an AFM cache over each allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.gpfs.filesets import parse_filesets, with_quotas
from ris_hybrid.sandbox.scale.state import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ris_hybrid.data.scale import ScaleFileset
    from ris_hybrid.sandbox.scale.state import FileSystem

_KIB = 1024
_ACTIVE = "_active"
_ROOT = "root"


def cluster_of(listing: Path, users: dict[str, tuple[str, str]], *, cache: str = "cache1") -> Scale:
    """What ``filesets.txt`` and ``quotas.txt`` of the folder say, and file system ``cache`` with the caches.

    ``users`` are GUI users with password and role. Caches drain by themselves, a look at a time, as AFM does.
    """
    found = parse_filesets((listing / "filesets.txt").read_text(encoding="utf-8"))
    found = with_quotas(found, (listing / "quotas.txt").read_text(encoding="utf-8"))
    cluster = Scale(users=users)
    for root in (one for one in found if one.name == _ROOT):
        of = cluster.add_file_system(root.file_system, root.path)
        _fill(of, (one for one in found if one.file_system == root.file_system and one.name != _ROOT))
    if cache:
        _add_caches(cluster.add_file_system(cache, f"/{cache}/fs1"), found)
    return cluster


def _fill(of: FileSystem, filesets: Iterable[ScaleFileset]) -> None:
    for one in filesets:
        of.add(
            one.name,
            one.path,
            status=one.status,
            comment=one.comment,
            block_limit=(one.quota_bytes or 0) // _KIB,
            block_usage=(one.used_bytes or 0) // _KIB,
            files_limit=one.files_limit or 0,
            files_usage=one.files_used or 0,
            has_quota=one.used_bytes is not None,
        )


def _add_caches(of: FileSystem, homes: Iterable[ScaleFileset]) -> None:
    """Named as the home is; batch nodes see them as the allocation's directory."""
    for one in homes:
        if one.name.endswith(_ACTIVE) and one.status == "Linked":
            path = f"{of.mount}/{one.name.removesuffix(_ACTIVE)}"
            target = f"gpfs://{one.path}"
            of.add(one.name, path, afm_mode="independent-writer", afm_target=target, cache_state="Active", drains=True)
