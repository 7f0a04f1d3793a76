"""A directory tree of the site read through the mount: the ports ``Census`` and ``Contents`` over POSIX calls.

Entries come in the order of their whole path's bytes, which is the order in which S3 lists keys: a listing of either
can be held against the other without sorting. Symbolic links are never followed, at any depth.

Whether a file is on tape is not something POSIX says. What is known: a file whose blocks cover its size is resident
(or premigrated, which reads alike); one without any block, larger than what an inode holds, looks migrated, and is not
read; so does a file that is one single hole, which cannot be told from it. Anything between is ``unknown``: sparse,
compressed, or partly on tape, and reading it may recall the rest. The lists of an ILM policy know for sure.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onprem.checksums import digest_of
from ris_hybrid.data.excluded import excluded
from ris_hybrid.data.values import Entry, Stamp
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.data.values import Digest, EntryKind, Residency

_IN_INODE = 4096
"""The largest inode of GPFS in bytes; a file that fits has no blocks though it is there."""
_BLOCK = 512
"""What st_blocks counts (stat(2))."""
_TRIES = 3
_NOT_A_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe without a writer must not hold us.
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_Row = tuple[bytes, Entry | None, str]
"""Its place in the order, then what it is; None for the inside of a directory, with its path."""


class LocalTree:
    """The site's paths below a folder of this host: ``/`` where they are mounted, another one in the sandbox."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def entries(self, root: str) -> Iterator[Entry]:
        """Everything below, each directory before what is in it."""
        top = self._place(root)
        open_rows = [iter(_listed(top, ""))]
        while open_rows:
            row = next(open_rows[-1], None)
            if row is None:
                open_rows.pop()
            elif row[1] is not None:
                yield row[1]
            else:
                open_rows.append(iter(_listed(top, row[2])))

    def digest(self, path: str) -> Digest | None:
        """Size, CRC64NVME and SHA-256; None for what is no regular file."""
        place = self._place(path)
        with _told(path):
            try:
                descriptor = os.open(place, _OPEN_FILE)
            except OSError as error:
                if error.errno in _NOT_A_FILE:
                    return None
                raise
            try:
                return _digest(descriptor, path)
            finally:
                os.close(descriptor)

    def stamp(self, path: str) -> Stamp | None:
        """By lstat."""
        with _told(path):
            try:
                seen = os.lstat(self._place(path))
            except OSError as error:
                if error.errno in _NOT_A_FILE:
                    return None
                raise
        return Stamp(seen.st_size, seen.st_mtime_ns) if stat.S_ISREG(seen.st_mode) else None

    def _place(self, path: str) -> str:
        if ".." in path.split("/"):
            raise ConfigError(f"{path!r} leaves its directory", "give the path without ..")
        return os.path.join(self._root, path.lstrip("/"))  # noqa: PTH118  # names may be no UTF-8, and pathlib tidies them


def residency_of(seen: os.stat_result) -> Residency:
    """Where a regular file's blocks are, as far as its stat tells."""
    if seen.st_blocks * _BLOCK >= seen.st_size or seen.st_size <= _IN_INODE:
        return "resident"
    return "unknown" if seen.st_blocks else "migrated"


def _digest(descriptor: int, path: str) -> Digest | None:
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode):
        return None
    if residency_of(seen) == "migrated":
        raise SiteUnavailable(
            f"{path}: none of its blocks is on disk, so it is on tape alone, or nothing but a hole",
            "recall it first; it was not read",
        )
    return digest_of(descriptor, path)


def _listed(top: str, path: str) -> list[_Row]:
    """A directory's content in order: an entry by its name, what is in it by its name and a slash."""
    for _ in range(_TRIES):
        with _told(f"{top}/{path}" if path else top):
            descriptor = os.open(f"{top}/{path}" if path else top, _OPEN_DIRECTORY)
            try:
                before = os.fstat(descriptor).st_mtime_ns
                rows = [row for name in os.listdir(descriptor) for row in _rows(descriptor, path, name)]  # noqa: PTH208  # of a descriptor
                if os.fstat(descriptor).st_mtime_ns == before:
                    rows.sort()
                    return rows
            finally:
                os.close(descriptor)
    raise SiteUnavailable(f"{top}/{path}: changes while it is listed", "list it again when it is quiet")


def _rows(directory: int, path: str, name: str) -> Iterator[_Row]:
    if excluded(name):
        return
    try:
        seen = os.lstat(name, dir_fd=directory)
    except FileNotFoundError:  # removed since; one that came instead changes the directory's time
        return
    here, key = f"{path}/{name}" if path else name, os.fsencode(name)
    entry = _entry(here, seen)
    yield key, entry, here
    if entry.kind == "directory":
        yield key + b"/", None, here


def _entry(path: str, seen: os.stat_result) -> Entry:
    kind = _kind(seen.st_mode)
    return Entry(
        path,
        kind,
        seen.st_size if kind == "file" else 0,
        seen.st_mtime_ns,
        seen.st_uid,
        seen.st_gid,
        stat.S_IMODE(seen.st_mode),
        seen.st_nlink,
        residency_of(seen) if kind == "file" else "resident",
    )


def _kind(mode: int) -> EntryKind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "symlink" if stat.S_ISLNK(mode) else "other"


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SiteUnavailable(
            f"{path}: cannot be read: {error.strerror}", "check the name, the mount and its rights"
        ) from error
