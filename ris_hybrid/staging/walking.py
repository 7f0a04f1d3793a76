"""Objects of a bucket beside the journal's rows of the same paths, both in order of bytes, so that neither is held."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ris_hybrid.staging.values import Which

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.values import ObjectSeen
    from ris_hybrid.staging.values import FileRow, Staging
    from ris_hybrid.staging.world import World

OURS = ".ris-hybrid/"
"""Keys of our own in a bucket: what movers are given to read is no data of anybody."""
NO_PATH = "its key is no path of the site"


def no_path(key: str) -> bool:
    """Whether what follows a dataset's prefix in a key is no path below its directory."""
    return any(part in {"", ".", ".."} for part in key.split("/"))


class Beside(NamedTuple):
    """An object and what the journal knows of its path."""

    path: str
    seen: ObjectSeen
    staged: FileRow | None
    """As it was brought in."""
    brought: FileRow | None
    """As it was brought back, or is to be."""

    @property
    def latest(self) -> FileRow | None:
        """What the journal knows last of it."""
        return self.brought or self.staged

    @property
    def compared(self) -> bool:
        """Whether the version that is there now is the one that was compared last."""
        row = self.latest
        return row is not None and row.state == "ok" and row.version_id == self.seen.version_id != ""


def beside(world: World, staging: Staging, below: str = "") -> Iterator[Beside]:
    """Every current object of the dataset below a directory; markers of directories are left out."""
    prefix = staging.plan.dataset.prefix
    staged = _Row(world.journal.files(staging.staging_id, Which(direction="in", below=below)))
    brought = _Row(world.journal.files(staging.staging_id, Which(direction="out", below=below)))
    listed = world.versions.latest if world.versions else world.objects.listed
    for seen in listed(staging.plan.bucket, f"{prefix}{below}"):
        path = seen.key[len(prefix) :]
        if not seen.key.endswith("/") and not seen.key.startswith(OURS):
            yield Beside(path, seen, staged.of(path), brought.of(path))


class _Row:
    """Goes along rows in order and stops at the one that is asked for."""

    def __init__(self, rows: Iterator[FileRow]) -> None:
        self._rows = rows
        self._at = next(rows, None)

    def of(self, path: str) -> FileRow | None:
        wanted = os.fsencode(path)
        while self._at is not None and os.fsencode(self._at.path) < wanted:
            self._at = next(self._rows, None)
        return self._at if self._at is not None and self._at.path == path else None
