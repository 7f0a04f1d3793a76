"""The two ends a transfer of the sandbox has; here what both are, and the one that is a folder.

Paths are those of collections: ``/dir/file`` below the folder, ``/bucket/key`` in S3. A checksum is CRC64NVME in
base64, which S3 gives for a full object; the real service has its own algorithms.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from awscrt.checksums import crc64nvme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 8 * 1024 * 1024


class Found(NamedTuple):
    """A file at one end."""

    path: str
    size: int
    mtime_ns: int


class EndFailed(Exception):
    """One file cannot be read or written there; ``code`` is Globus's word for why."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


class End(Protocol):
    """One end."""

    def walk(self, path: str, leave_out: Callable[[str, str], bool]) -> Iterator[Found]:
        """Every file below a directory that is not left out; the function takes a name and ``file`` or ``dir``."""
        ...

    def stat(self, path: str) -> Found | None:
        """One file; None where there is none."""
        ...

    def checksum(self, path: str) -> str:
        """Of one file's content; empty where it is not known."""
        ...


class Folder:
    """A local directory as a collection's root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def local(self, path: str) -> Path:
        """Where a path lies; one that leaves the root is refused."""
        if ".." in path.split("/"):
            raise EndFailed("PERMISSION_DENIED")
        return self.root / path.lstrip("/")

    def walk(self, path: str, leave_out: Callable[[str, str], bool]) -> Iterator[Found]:
        """In order of names; links are no files and are not followed, as Globus's default is."""
        top = self.local(path)
        if not top.is_dir():
            raise EndFailed("FILE_NOT_FOUND")
        prefix = path.rstrip("/")
        for folder, directories, files in os.walk(top):
            directories[:] = sorted(name for name in directories if not leave_out(name, "dir"))
            within = os.path.relpath(folder, top)
            here = prefix if within == "." else f"{prefix}/{within}"
            for name in sorted(files):
                found = None if leave_out(name, "file") else self._found(Path(folder) / name, f"{here}/{name}")
                if found is not None:
                    yield found

    def stat(self, path: str) -> Found | None:
        """A regular file's size and time."""
        return self._found(self.local(path), path)

    def checksum(self, path: str) -> str:
        """Reads the file."""
        crc = 0
        try:
            with self.local(path).open("rb") as source:
                while chunk := source.read(CHUNK):
                    crc = crc64nvme(chunk, crc)
        except OSError as error:
            raise EndFailed(os_code(error)) from error
        return encoded(crc)

    def _found(self, path: Path, named: str) -> Found | None:
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EndFailed(os_code(error)) from error
        return Found(named, status.st_size, status.st_mtime_ns) if path.is_file() and not path.is_symlink() else None


def encoded(crc: int) -> str:
    """As S3 writes it."""
    return base64.b64encode(crc.to_bytes(8, "big")).decode()


def os_code(error: OSError) -> str:
    """Globus's word for what the operating system says."""
    if isinstance(error, FileNotFoundError):
        return "FILE_NOT_FOUND"
    return "PERMISSION_DENIED" if isinstance(error, PermissionError) else "ENDPOINT_ERROR"
