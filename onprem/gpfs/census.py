"""The port ``Census`` over lists that ``mmapplypolicy`` wrote: ``FOLDER/<allocation>.list``.

No directory is read and nothing is recalled; a list is as old as its file, which ``listed_at`` tells, and what came
since is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.gpfs.policy_list import parse_list
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ris_hybrid.data.values import Entry

_HINT = "have it made with `mmapplypolicy ... -I defer`, or leave policy_lists out: then the tree is walked"


class PolicyCensus:
    """See ``ris_hybrid.data.ports.Census``. Entries come in the list's order, which is none."""

    def __init__(self, folder: Path, roots: Sequence[str]) -> None:
        self._folder = folder
        self._roots = tuple(f"{root.rstrip('/')}/" for root in roots)

    def entries(self, root: str) -> Iterator[Entry]:
        """See ``ris_hybrid.data.ports.Census``."""
        path = self._path(root)
        try:
            with path.open("rb") as lines:
                yield from parse_list(lines, root)
        except OSError as error:
            raise _unreadable(path, error) from error
        except SiteUnavailable as error:
            raise SiteUnavailable(f"{path}: {error.message}", error.hint) from error

    def listed_at(self, root: str) -> float:
        """When the list that has this path was written."""
        path = self._path(root)
        try:
            return path.stat().st_mtime
        except OSError as error:
            raise _unreadable(path, error) from error

    def _path(self, root: str) -> Path:
        for one in self._roots:
            allocation = root.removeprefix(one).split("/")[0]
            if root.startswith(one) and allocation not in {"", ".", ".."}:
                return self._folder / f"{allocation}.list"
        raise SiteUnavailable(f"{root} is in no allocation", f"allocations are in {', '.join(self._roots)}")


def _unreadable(path: Path, error: OSError) -> SiteUnavailable:
    return SiteUnavailable(f"{path}: cannot be read: {error.strerror or error}", _HINT)
