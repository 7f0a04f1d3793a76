"""The files of a move that is over, each held against what is at the other end.

A file is read once: its sums are in the journal before anything else is done, also when the comparison fails.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ris_hybrid.data.values import Digest
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.staging.agreement import CONFLICT, UNVERIFIABLE, agreement, date_of
from ris_hybrid.staging.summing import sum_of
from ris_hybrid.staging.values import Change, Which

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ris_hybrid.data.values import ObjectSum
    from ris_hybrid.staging.agreement import Agreement
    from ris_hybrid.staging.values import FileRow, MoveRow, Staging
    from ris_hybrid.staging.world import World

CHUNK = 200
"""Files whose comparison is recorded at once; a kill repeats no more than these."""

T = TypeVar("T")
R = TypeVar("R")


class Compared(NamedTuple):
    """A file after its comparison, or why it could not be made."""

    row: FileRow
    error: SiteUnavailable | CloudError | None = None


def compare(world: World, staging: Staging, move: MoveRow) -> bool:
    """Settle every file of the move; whether all are. Raises what a port raised, after recording what was learnt."""
    rows = world.journal.files(staging.staging_id, Which(move_id=move.move_id, state="planned"))
    settled, absent = True, f"it did not arrive: {move.reason}" if move.reason else "it did not arrive"
    since_ns = int(move.sent_at * 1e9) if move.seen == "done" else None
    ways = {"in": partial(_compare_in, world, staging, absent)}
    ways["out"] = partial(_compare_out, world, staging, _Sent(absent, since_ns))
    for chunk in chunks(rows):
        compared = list(at_once(world, ways[move.direction], chunk))
        again, failure = _counted(compared, world.attempts)
        world.journal.record(Change(staging_id=staging.staging_id, files=again))
        if failure is not None:
            raise failure
        settled = settled and not any(row.state == "planned" and row.move_id for row in again)
    return settled


def at_once(world: World, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The work on all items, in their order, on as many threads as there may be.

    Items are taken as the work goes on: there may be millions, and each that waits for a thread is memory.
    """
    if world.threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(world.threads) as pool:
        for some in chunks(items):
            yield from pool.map(work, some)


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """In lists of so many."""
    source = iter(rows)
    while held := list(islice(source, size)):
        yield held


def _counted(compared: list[Compared], attempts: int) -> tuple[list[FileRow], SiteUnavailable | CloudError | None]:
    """The rows to record, and what to raise.

    One file of many that cannot be read has used an attempt; when none could be, the site does not answer, and nothing
    is held against the files. What the cloud did not answer is never held against them.
    """
    cloud = next((one.error for one in compared if isinstance(one.error, CloudError)), None)
    unreadable = [one for one in compared if isinstance(one.error, SiteUnavailable)]
    if len(unreadable) == len(compared) > 1:
        return [one.row for one in compared], unreadable[0].error
    rows = [_unread(one, attempts) if isinstance(one.error, SiteUnavailable) else one.row for one in compared]
    return rows, cloud


def _unread(one: Compared, attempts: int) -> FileRow:
    tried, why = one.row.attempts + 1, one.error.message if one.error else ""
    state = "failed" if tried >= attempts else one.row.state
    return one.row._replace(state=state, attempts=tried, reason=f"it cannot be read: {why}")


def again(row: FileRow, attempts: int, reason: str) -> FileRow:
    """To be moved once more, unless it was tried as often as is allowed."""
    tried = row.attempts + 1
    if tried >= attempts:
        return row._replace(state="failed", attempts=tried, reason=reason)
    return row._replace(state="planned", move_id="", attempts=tried, reason=reason)


def found_same(row: FileRow, version_id: str) -> FileRow:
    """Compared: this version is the file's; the one that was before is remembered as an older one."""
    replaced = row.version_id if row.version_id != version_id else ""
    return with_older(row, replaced)._replace(state="ok", version_id=version_id, reason="")


def with_older(row: FileRow, version_id: str) -> FileRow:
    """The row that remembers one more version that was this file's; none for no id."""
    return row._replace(older=f"{row.older} {version_id}".strip())


def read(world: World, staging: Staging, row: FileRow) -> FileRow | None:
    """The row with its file's sums; None when there is no such file. Raises ``SiteUnavailable``."""
    digest = world.contents.digest(f"{staging.site_path}/{row.path}")
    if digest is None:
        return None
    return row._replace(size=digest.size, crc64nvme=digest.crc64nvme, sha256=digest.sha256)


def digest_of(row: FileRow) -> Digest:
    """What the journal knows of the file's content."""
    return Digest(row.size, row.crc64nvme, row.sha256)


def _compare_in(world: World, staging: Staging, absent: str, row: FileRow) -> Compared:
    known = row
    try:
        found = row if row.crc64nvme else read(world, staging, row)
        if found is None:
            return Compared(row._replace(state="gone", reason="it is on the site no more"))
        known = found
        seen, copied = sum_of(world, staging, row.path)
    except (SiteUnavailable, CloudError) as error:
        return Compared(known, error)
    if seen is None:
        return Compared(again(known, world.attempts, row.reason or absent))
    known = with_older(known, copied)
    said = agreement(digest_of(known), seen)
    if said == "differs" and row.crc64nvme:
        return _compare_in(world, staging, absent, row._replace(crc64nvme="", sha256=""))  # it may have changed since
    return Compared(_settled_in(known, seen, said, world.attempts))


def _settled_in(row: FileRow, seen: ObjectSum, said: Agreement, attempts: int) -> FileRow:
    if said == "same":
        return found_same(row, seen.version_id)
    if said == "unverifiable":
        return row._replace(state="failed", reason=UNVERIFIABLE)
    return again(row, attempts, "its content in the cloud is not the site's")


class _Sent(NamedTuple):
    """Of a move out that is over."""

    absent: str
    """Why a file of it is not there."""
    since_ns: int | None
    """When it was sent, if its mover says that it is through; None where files may have been left half."""


def _compare_out(world: World, staging: Staging, sent: _Sent, row: FileRow) -> Compared:
    """What was brought back is compared where it is now, so the site's file is read each time.

    A file that differs is moved again, over exactly what was found now. But a mover that is through has left the
    object's content and its date; another content that is younger than the move was written by somebody else.
    """
    place = f"{staging.site_path}/{row.path}"
    try:
        seen, copied = sum_of(world, staging, row.path)
        if seen is None:
            return Compared(row._replace(state="gone", reason="it is in the cloud no more"))
        stamp = world.contents.stamp(place)
        found = read(world, staging, row)
    except (SiteUnavailable, CloudError) as error:
        return Compared(row, error)
    row = with_older(row, copied)._replace(size=seen.size)
    date = date_of(stamp)
    if found is None:
        return Compared(again(row._replace(mtime_ns=date), world.attempts, row.reason or sent.absent))
    if agreement(digest_of(found), seen) == "same":
        return Compared(found_same(with_older(found, copied)._replace(mtime_ns=date), seen.version_id))
    ours = {row.crc64nvme, row.base, ""}
    if sent.since_ns is not None and date > sent.since_ns and found.crc64nvme not in ours:
        return Compared(row._replace(state="held", reason=CONFLICT))
    anew = row._replace(mtime_ns=date, base=found.crc64nvme, crc64nvme=seen.crc64nvme)
    return Compared(again(anew, world.attempts, "its content on the site is not the cloud's"))
