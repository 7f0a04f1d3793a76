"""Absolute paths of the site → datasets (pure; lexical: links are not followed)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ris_hybrid.data.values import Dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.mirror.values import AllocationPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """Where allocations are."""

    roots: tuple[str, ...]
    """Directories that have allocations in them: ``/storage1/fs1``, and ``/cache1/fs1`` with the same data."""
    directories: Mapping[str, str]
    """Name of a directory below a root to its allocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlace:
    """A path that is no dataset."""

    reason: str
    strange: bool
    """It is below a root, so that it should be one."""


def directories_of(allocations: Iterable[AllocationPlan]) -> dict[str, str]:
    """``Roots.directories``: by the last name of each allocation's path; what one left behind does not count."""
    return {segments(one.path)[-1]: one.name for one in allocations if segments(one.path) and not one.moved_to}


def place(path: str, roots: Roots) -> Dataset | NoPlace:
    """The dataset of a path, were it a directory."""
    if not path.startswith("/"):
        return NoPlace(reason="not a path from the root", strange=False)
    parts = segments(path)
    for root in roots.roots:
        above = segments(root)
        if parts[: len(above)] == above:
            return _below(parts[len(above) :], root, roots.directories)
        if parts and above[: len(parts)] == parts:
            return NoPlace(reason=f"all of {root}, and more: name the allocation", strange=True)
    return NoPlace(reason=f"below none of {', '.join(roots.roots)}", strange=False)


@lru_cache(maxsize=4096)  # roots, volumes and directories of jobs come again and again
def segments(path: str) -> tuple[str, ...]:
    """The names of a path; ``.``, ``..`` and repeated slashes are resolved."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return tuple(parts)


def _below(parts: tuple[str, ...], root: str, directories: Mapping[str, str]) -> Dataset | NoPlace:
    if not parts:
        return NoPlace(reason=f"all of {root}: name the allocation", strange=True)
    allocation = directories.get(parts[0])
    if allocation is None:
        return NoPlace(reason=f"no allocation {parts[0]} is mirrored", strange=True)
    return Dataset(allocation=allocation, subtree="/".join(parts[1:]))
