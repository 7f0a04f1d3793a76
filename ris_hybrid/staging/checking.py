"""The last look at the site before a dataset is called staged: what changed there since its manifest was made.

A file whose size or date is another is read again. Where its content is the one that was compared only the row is put
right; else it is moved again, and so is one that was away for a while. Files that came since are told and not moved:
they are of the next manifest.

Site and journal are both gone along in order of paths' bytes, so that neither is held in memory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid.data.keys import why_not
from ris_hybrid.data.manifest import CHANGED_THERE
from ris_hybrid.data.taking import MAYBE_ON_TAPE, ON_TAPE, SAME_COMPOSED
from ris_hybrid.data.values import Stamp
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.comparing import again, at_once, chunks, read
from ris_hybrid.staging.values import Change, Which

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.data.values import Entry
    from ris_hybrid.staging.values import FileRow, Staging
    from ris_hybrid.staging.world import World

_CHANGED = "it changed on the site since the manifest was made"
_UNREAD = "it changed on the site since the manifest was made, and cannot be read"
_BACK = "it was away from the site for a while"
_IN = Which(direction="in")
_LEFT = frozenset({ON_TAPE, MAYBE_ON_TAPE, SAME_COMPOSED, CHANGED_THERE})
"""Reasons for which files with a key are in no manifest."""
_LOOKED_AT = frozenset({"ok", "gone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the site looks like beside its manifest."""

    again: int = 0
    """Files that changed and are to be moved again, or failed by the bound."""
    gone: int = 0
    new: int = 0

    def __str__(self) -> str:
        words = ((self.again, "changed on the site"), (self.gone, "gone from the site"), (self.new, "new on the site"))
        return ", ".join(f"{count} {word} since the manifest" for count, word in words if count)


def need_site(world: World, staging: Staging) -> None:
    """Raise ``SiteUnavailable`` where the dataset cannot even be listed: then a file's failure says nothing of it."""
    next(iter(world.census.entries(staging.site_path)), None)


def check(world: World, staging: Staging) -> Checked:
    """Hold every file that was compared against the site as it is now; what is not as it was is recorded.

    Raises ``SiteUnavailable``.
    """
    walk = _Walk(world.census.entries(staging.site_path), staging.plan.dataset.prefix)
    changed = gone = 0
    for chunk in chunks(world.journal.files(staging.staging_id, _IN)):
        pairs = [(row, walk.of(row.path)) for row in chunk]
        differ = [pair for pair in pairs if pair[0].state in _LOOKED_AT and _differs(*pair)]
        after = list(at_once(world, partial(_looked_at, world, staging), differ))
        if any(row.reason.startswith(_UNREAD) for row in after):
            need_site(world, staging)
        if after:
            world.journal.record(Change(staging_id=staging.staging_id, files=after))
        changed += sum(1 for row in after if row.state in {"planned", "failed"})
        gone += sum(1 for row in after if row.state == "gone")
    left = sum(one.files for one in staging.plan.left_out if one.reason in _LEFT)
    return Checked(again=changed, gone=gone, new=max(walk.rest() - left, 0))


class _Walk:
    """Files of the site in order; those that nobody asks for are counted, unless they have no key."""

    def __init__(self, entries: Iterable[Entry], prefix: str) -> None:
        self._files: Iterator[Entry] = (entry for entry in entries if entry.kind == "file")
        self._prefix = prefix
        self._at = next(self._files, None)
        self._passed = 0

    def of(self, path: str) -> Stamp | None:
        wanted = os.fsencode(path)
        while self._at is not None and os.fsencode(self._at.path) < wanted:
            self._pass(self._at)
        if self._at is None or self._at.path != path:
            return None
        found, self._at = self._at, next(self._files, None)
        return Stamp(found.size, found.mtime_ns)

    def rest(self) -> int:
        """How many nobody asked for, to the end."""
        while self._at is not None:
            self._pass(self._at)
        return self._passed

    def _pass(self, entry: Entry) -> None:
        self._passed += not why_not(self._prefix, entry.path)
        self._at = next(self._files, None)


def _differs(row: FileRow, stamp: Stamp | None) -> bool:
    if row.state == "gone":
        return stamp is not None
    return stamp != (row.size, row.mtime_ns)


def _looked_at(world: World, staging: Staging, pair: tuple[FileRow, Stamp | None]) -> FileRow:
    row, stamp = pair
    try:
        found = read(world, staging, row) if stamp is not None else None
    except SiteUnavailable as error:
        return row._replace(state="failed", reason=f"{_UNREAD}: {error.message}")
    if found is None or stamp is None:
        return row._replace(state="gone", reason="it is on the site no more")
    same = found.crc64nvme == row.crc64nvme and found.size == row.size
    if same and row.state == "ok":
        return row._replace(mtime_ns=stamp.mtime_ns)
    anew = row._replace(size=stamp.size, mtime_ns=stamp.mtime_ns, crc64nvme="", sha256="")
    return again(anew, world.attempts, _BACK if row.state == "gone" else _CHANGED)
