"""A made-up file system of the site: ``/storage1/fs1/<allocation>`` below a folder (sandbox).

Small files with some text, a few large ones that are nearly all hole, and what every real tree has: snapshots, GPFS's
own directories, a symbolic link, a hard link, a name that is not UTF-8.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PER_DIRECTORY = 500
_EDGE = 4096  # bytes at both ends of a large file that are no hole
_SHORT = 200  # bytes of a small file at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """How much each project is given."""

    projects: Sequence[str] = ()
    small: int = 200
    """Small files in all, shared out among the projects."""
    large: int = 5
    """Sparse files in all."""
    large_bytes: int = 4 * 1024**2
    oddities: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made, without the oddities."""

    files: int
    bytes: int


def make_tree(root: Path, allocation: str, trees: Trees) -> Made:
    """Write one allocation's tree below the folder the site's paths begin in; the same arguments give the same."""
    active = root / "storage1" / "fs1" / allocation / "Active"
    files = size = 0
    for number in range(trees.small):
        project = trees.projects[number % len(trees.projects)]
        size += _small(active / project / f"run-{number // _PER_DIRECTORY:04d}" / f"frame-{number:06d}.txt", number)
        files += 1
    for number in range(trees.large):
        project = trees.projects[number % len(trees.projects)]
        size += _large(active / project / f"movie-{number}.mrc", trees.large_bytes, number)
        files += 1
    if trees.oddities:
        _oddities(active / trees.projects[0])
    return Made(files=files, bytes=size)


def _small(path: Path, number: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"frame {number}\n" * (1 + number % (_SHORT // 16))
    path.write_text(text, encoding="utf-8")
    return len(text)


def _large(path: Path, size: int, number: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(number.to_bytes(8, "big") * (_EDGE // 8))
        file.seek(size - _EDGE)
        file.write(b"\xff" * _EDGE)
    return size


def _oddities(project: Path) -> None:
    """What must not, or cannot, be staged."""
    project.mkdir(parents=True, exist_ok=True)
    for directory in (".snapshots/20261101-x", ".afm", ".SpaceMan"):
        (project / directory).mkdir(parents=True, exist_ok=True)
        (project / directory / "inside.txt").write_text("not to be staged\n", encoding="utf-8")
    link = project / "latest"
    if not link.is_symlink():
        link.symlink_to("run-0000")
    odd = os.fsencode(project) + b"/\xe9t\xe9.txt"
    Path(os.fsdecode(odd)).write_text("a name that is not UTF-8\n", encoding="utf-8")
