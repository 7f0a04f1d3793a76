"""A pool's paths as lines of fstab: one form for Lustre, NFS and S3, mounted and watched alike (pure).

Lustre: FSx for Lustre user guide, "Mounting your Amazon FSx file system automatically". S3: type ``mount-s3`` of
Mountpoint for Amazon S3, from release 1.18 on; names of options as on its command line, without their dashes.
``nofail`` and ``_netdev`` keep the system's own boot from waiting for a path: ``boot.sh`` does that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.config.user_data import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.pool_settings import PathMount

_NET = ("_netdev", "nofail", "nosuid", "nodev")
_TYPES = {"lustre": "lustre", "s3": "mount-s3", "nfs": "nfs4"}
_LUSTRE = ("relatime", "flock")
_NFS = ("hard", "timeo=600", "retrans=2")
"""Over the VPN a server may be away for a while: a read waits, it does not fail in the middle of a job."""


def fstab_line(mount: PathMount) -> str:
    """The line, without its end."""
    options = (*_NET, "ro" if mount.read_only else "rw", *_own(mount), *mount.options)
    return f"{_what(mount)} {mount.path} {_TYPES[mount.kind]} {','.join(options)} 0 0"


def _what(mount: PathMount) -> str:
    if mount.kind == "s3":
        return f"s3://{mount.source}/{mount.prefix}"
    first, slash, below = mount.source.partition("/")
    return f"{SCRATCH}{slash}{below}" if mount.kind == "lustre" and first == "scratch" else mount.source


def _own(mount: PathMount) -> tuple[str, ...]:
    if mount.kind == "lustre":
        return _LUSTRE
    return _NFS if mount.kind == "nfs" else tuple(_bucket(mount))


def _bucket(mount: PathMount) -> Iterator[str]:
    yield "allow-other"
    if not mount.read_only:
        yield from ("allow-overwrite", "allow-delete")
    for key, number in (("uid", mount.owner_uid), ("gid", mount.owner_gid)):
        if number is not None:
            yield f"{key}={number}"
    if mount.owner_gid is not None:
        yield from ("file-mode=0440", "dir-mode=0550") if mount.read_only else ("file-mode=0660", "dir-mode=0770")
    if mount.key_arn:
        yield from ("sse=aws:kms", f"sse-kms-key-id={mount.key_arn}")
    if mount.cache:
        yield f"cache={mount.cache}"
