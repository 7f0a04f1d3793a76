"""Results on their way back: what is new or changed in the cloud since it was staged goes to the site and is compared.

A file that somebody changed on the site meanwhile is never written over: its result is held, with the reason, and stays
in the bucket. It is not put beside the site's file under another name: every mover keeps names, and writing into a
laboratory's directory under names it never chose is not ours to do. Who has decided renames the site's file, or
deletes one of the two, and returns again.

A result whose site's file cannot be read (it went to tape, say) is held as well, and keeps no other from coming back.

Where a job says where it writes, that alone is looked at when it has ended. Where it does not, all of the dataset is,
and only after the last job has ended: half a result of one that still runs is none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.values import StagingState
from ris_hybrid.staging.agreement import agreement
from ris_hybrid.staging.comparing import at_once, digest_of, found_same, with_older
from ris_hybrid.staging.exporting import exported
from ris_hybrid.staging.judging import judged, need_site_if_unread
from ris_hybrid.staging.money import results, too_much
from ris_hybrid.staging.moving import pump
from ris_hybrid.staging.summing import sum_of
from ris_hybrid.staging.values import Change, FileRow, Which
from ris_hybrid.staging.walking import NO_PATH, Beside, beside, no_path
from ris_hybrid.staging.world import Told, first_reason, month, say, step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.staging.values import Lease, Staging
    from ris_hybrid.staging.world import World

_SKEW_S = 900.0  # S3's clock and ours
NO_ROOM = "results wait: "
_UNBATCHED = Which(direction="out", state="planned", move_id="")
_PORTION = 200  # objects looked at before they are recorded


def bring_back(world: World, staging: Staging, now: float) -> Told:
    """One turn for what is to be returned. Raises what a port raised."""
    using = sum(1 for one in staging.leases if one.state == "using")
    if using and staging.state is StagingState.RETURNING:  # it was blocked when they began
        staging = step(world, staging, StagingEvent.LEASED, now, f"{using} jobs use it")
    scope, ended = _scope(staging)
    if staging.plan.way == "mount":
        return _finish(world, staging, ended, now)  # nothing was copied: results are where they belong
    if scope is None:
        return Told(staging_id=staging.staging_id, what="results wait for the last job that uses it", waits=True)
    if not _waiting(world, staging) and not _open(staging):
        out = exported(world, staging, ended)
        if out.waits:
            say(world, staging, out.waits)
            return Told(staging_id=staging.staging_id, what=f"returning: {out.waits}")
        if not _scan(world, staging, scope):
            return _finish(world, staging, ended, now, out.lacks)
    if why := no_room(world, staging, now):
        return _hold(world, staging, why, now)
    moves = pump(world, staging, "out", now)
    said = next((one.reason for one in moves if one.reason), "")
    say(world, staging, said)
    under_way = f"{len(moves)} moves are under way" if moves else "all moves are over, the bucket is looked at again"
    return Told(staging_id=staging.staging_id, what=said or f"returning: {under_way}")


def no_room(world: World, staging: Staging, now: float) -> str:
    """Why the month has no room for the results that are to come back; empty when it has."""
    new = sum(row.size for row in world.journal.files(staging.staging_id, _UNBATCHED))
    why = too_much(world.history.spent(month(now)), results(new, world.prices), new, world.bounds)
    return f"{NO_ROOM}{why}" if new and why else ""


def _waiting(world: World, staging: Staging) -> bool:
    return next(world.journal.files(staging.staging_id, Which(direction="out", state="planned")), None) is not None


def _open(staging: Staging) -> bool:
    return any(one.direction == "out" and one.stage != "closed" for one in staging.moves)


def _scope(staging: Staging) -> tuple[tuple[str, ...] | None, tuple[Lease, ...]]:
    """The directories whose results are to come back, and for which leases; None while they cannot be told."""
    using = any(one.state == "using" for one in staging.leases)
    ended = [one for one in staging.leases if one.state == "ended"]
    told = tuple(one for one in ended if one.results)
    if not using:
        whole = staging.state is StagingState.RETURNING or len(told) < len(ended)
        return ("",) if whole else _outermost(told), tuple(ended)
    return (_outermost(told), told) if told else (None, ())


def _outermost(leases: Iterable[Lease]) -> tuple[str, ...]:
    """Directories as prefixes, none below another."""
    every = sorted({f"{one.strip('/')}/" if one.strip("/") else "" for lease in leases for one in lease.results})
    kept: list[str] = []
    for one in every:
        if not (kept and one.startswith(kept[-1])):
            kept.append(one)
    return tuple(kept)


def _scan(world: World, staging: Staging, scope: tuple[str, ...]) -> bool:
    """Record what is new or changed in the cloud; whether anything is to be moved."""
    found = False
    for below in scope:
        for rows in _portions(_changed(world, staging, below)):
            need_site_if_unread(world, staging, rows)
            world.journal.record(Change(staging_id=staging.staging_id, files=rows))
            found = found or any(row.state == "planned" for row in rows)
    return found


def _portions(rows: Iterator[FileRow]) -> Iterator[list[FileRow]]:
    held: list[FileRow] = []
    for row in rows:
        held.append(row)
        if len(held) == _PORTION:
            yield held
            held = []
    if held:
        yield held


def _changed(world: World, staging: Staging, below: str) -> Iterator[FileRow]:
    suspects = (one for one in beside(world, staging, below) if not _untouched(one, staging.verified_at))
    for row in at_once(world, partial(_looked_at, world, staging), suspects):
        if row is not None:
            yield row


def _untouched(one: Beside, verified_at: float) -> bool:
    """Whether an object surely is what was staged: neither size nor date says otherwise, and nothing came back.

    Where the listing tells versions, they tell it without a clock.
    """
    if one.seen.version_id:
        return one.compared
    row = one.staged
    same = one.brought is None and row is not None and row.state == "ok" and row.size == one.seen.size
    return same and 0 < one.seen.modified < verified_at - _SKEW_S


def _deleted_on_the_site(one: Beside) -> bool:
    """Whether it is what was brought in before somebody deleted it on the site: no result, and not put back there."""
    row = one.latest
    return row is not None and row.state == "gone" and row.version_id == one.seen.version_id != ""


def _looked_at(world: World, staging: Staging, one: Beside) -> FileRow | None:
    """The row that an object makes of what is known; None when nothing changes."""
    if one.brought is not None and one.brought.state == "failed":
        return None  # a person sets it going again
    if one.compared or _deleted_on_the_site(one):
        return None
    seen, copied = sum_of(world, staging, one.path)
    known = one.latest if one.latest is not None and one.latest.state == "ok" else None
    if seen is None or (known is not None and seen.version_id and known.version_id == seen.version_id):
        return None
    if known is not None and agreement(digest_of(known), seen) == "same":
        return found_same(with_older(known, copied), seen.version_id) if seen.version_id != known.version_id else None
    row = FileRow("out", one.path, seen.size, base=_base(one), older=copied)
    if one.brought is not None and one.brought.state == "ok":
        row = row._replace(version_id=one.brought.version_id, older=f"{one.brought.older} {copied}".strip())
    if no_path(one.path):
        return row._replace(state="held", reason=NO_PATH)
    return judged(world, staging, row, seen)


def _base(one: Beside) -> str:
    """The content the site's file may have: what was brought back last, else what was staged."""
    if one.brought is not None and one.brought.state == "ok":
        return one.brought.crc64nvme
    if one.brought is not None and one.brought.base:
        return one.brought.base
    return one.staged.crc64nvme if one.staged is not None and one.staged.state == "ok" else ""


def _finish(world: World, staging: Staging, ended: tuple[Lease, ...], now: float, lacks: str = "") -> Told:
    """Everything has come back but what failed or is held, or never reached the bucket."""
    counts = {one.state: one.files for one in world.history.counts(staging.staging_id) if one.direction == "out"}
    if failed := counts.get("failed", 0):
        reason = f"{failed} results could not be brought back: {first_reason(world, staging, 'out', 'failed')}"
        return _break(world, staging, reason, now)
    if lacks:
        return _hold(world, staging, lacks, now)
    back = tuple(replace(one, state="returned") for one in ended)
    if held := counts.get("held", 0):
        reason = f"{held} results are held and stay in the bucket: {first_reason(world, staging, 'out', 'held')}"
        return _hold(world, staging, reason, now, back)
    reason = f"{counts.get('ok', 0)} results are on the site and were compared"
    step(world, staging, StagingEvent.BROUGHT, now, reason, leases=back)
    return Told(staging_id=staging.staging_id, what=f"returned: {reason}")


def _hold(world: World, staging: Staging, reason: str, now: float, leases: tuple[Lease, ...] = ()) -> Told:
    if staging.state is StagingState.IN_USE:
        world.journal.record(Change(staging_id=staging.staging_id, leases=leases))
        say(world, staging, reason)
    else:
        step(world, staging, StagingEvent.HELD, now, reason, leases=leases)
    return Told(staging_id=staging.staging_id, what=reason, waits=True)


def _break(world: World, staging: Staging, reason: str, now: float) -> Told:
    if staging.state is StagingState.IN_USE:
        say(world, staging, reason)
    else:
        step(world, staging, StagingEvent.BROKEN, now, reason)
    return Told(staging_id=staging.staging_id, what=reason, waits=True)
