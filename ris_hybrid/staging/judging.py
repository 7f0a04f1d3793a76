"""What becomes of a result: it is there already, it may go to the site, or a person must decide.

A judgment holds for the file that stood on the site when it was made, which the row keeps by its date; a move may wait
for hours or days for its mover, so the file is looked at once more before it is handed over.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.agreement import CONFLICT, UNVERIFIABLE, date_of, result
from ris_hybrid.staging.checking import need_site
from ris_hybrid.staging.comparing import at_once, chunks, found_same, with_older
from ris_hybrid.staging.summing import sum_of
from ris_hybrid.staging.values import Change, Which

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.data.values import ObjectSum
    from ris_hybrid.staging.values import FileRow, MoveRow, Staging
    from ris_hybrid.staging.world import World

_UNREAD = "the site's file cannot be read, so it is not known whether it may be written over"


def judged(world: World, staging: Staging, row: FileRow, seen: ObjectSum) -> FileRow:
    """The row of a result after a look at what stands in its place; held where that cannot be read."""
    try:
        return _judged(world, staging, row, seen)
    except SiteUnavailable as error:
        return row._replace(state="held", reason=f"{_UNREAD}: {error.message}")


def need_site_if_unread(world: World, staging: Staging, rows: Iterable[FileRow]) -> None:
    """Raise ``SiteUnavailable`` where rows are held for want of reading, and the site does not answer at all."""
    if any(row.reason.startswith(_UNREAD) for row in rows):
        need_site(world, staging)


def _judged(world: World, staging: Staging, row: FileRow, seen: ObjectSum) -> FileRow:
    place = f"{staging.site_path}/{row.path}"
    date = date_of(world.contents.stamp(place))  # before the content: a change in between is seen later
    site = world.contents.digest(place)
    what = result(seen, site, row.base)
    if what == "there" and site is not None:
        mine = row._replace(crc64nvme=site.crc64nvme, sha256=site.sha256, mtime_ns=date)
        return found_same(mine, seen.version_id)
    if what == "move":
        return row._replace(mtime_ns=date, crc64nvme=seen.crc64nvme)
    return row._replace(state="held", reason=CONFLICT if what == "conflict" else UNVERIFIABLE)


def judge_again(world: World, staging: Staging, move: MoveRow) -> bool:
    """Judge anew what changed on the site since; whether anything of the move may still go there."""
    goes = False
    for chunk in chunks(world.journal.files(staging.staging_id, Which(move_id=move.move_id, state="planned"))):
        after = list(at_once(world, partial(_still, world, staging), chunk))
        need_site_if_unread(world, staging, after)
        changed = [new for old, new in zip(chunk, after, strict=True) if new is not old]
        if changed:
            world.journal.record(Change(staging_id=staging.staging_id, files=changed))
        goes = goes or any(row.state == "planned" for row in after)
    return goes


def _still(world: World, staging: Staging, row: FileRow) -> FileRow:
    try:
        if date_of(world.contents.stamp(f"{staging.site_path}/{row.path}")) == row.mtime_ns:
            return row
    except SiteUnavailable as error:
        return row._replace(state="held", reason=f"{_UNREAD}: {error.message}")
    seen, copied = sum_of(world, staging, row.path)
    if seen is None:
        return row._replace(state="gone", reason="it is in the cloud no more")
    return judged(world, staging, with_older(row, copied)._replace(size=seen.size), seen)
