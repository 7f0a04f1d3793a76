"""Moves on their way: files into batches, batches to their mover, and what the mover says of them.

A token is stored before the mover sees it, so that a call whose answer was lost is repeated as the same call. A task
that nobody knows is neither done nor failed: what arrived is looked at, and only the rest is moved again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.data.values import Move, MoveItem
from ris_hybrid.errors import QuotaReached, Refused
from ris_hybrid.staging.comparing import compare
from ris_hybrid.staging.judging import judge_again
from ris_hybrid.staging.money import egress
from ris_hybrid.staging.values import Change, MoveRow, Which

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.data.ports import Mover
    from ris_hybrid.data.settings import Bounds
    from ris_hybrid.data.values import Direction, MoveFailure
    from ris_hybrid.staging.values import FileRow, Staging
    from ris_hybrid.staging.world import World

_HOUR_S = 3600.0
_TOLD_S = _HOUR_S
"""A move of which the answer was lost is taken for told so long."""
_OVER = ("done", "failed", "cancelled", "unknown")
_LOST = "the mover does not know the task any more: what arrived is compared, the rest is moved again"


def pump(world: World, staging: Staging, direction: Direction, now: float) -> tuple[MoveRow, ...]:
    """Take every move of a direction as far as it goes now; those that are not closed."""
    moves = [one for one in staging.moves if one.direction == direction and one.stage != "closed"]
    if not any(one.stage == "new" for one in moves):
        moves += batch(world, staging, direction, now)
    done, full = [], ""
    for move in moves:
        after = replace(move, reason=full) if full and move.stage == "new" else _onward(world, staging, move, now)
        full = after.reason if after.stage == "new" else full
        done.append(after)
    return tuple(one for one in done if one.stage != "closed")


def batch(world: World, staging: Staging, direction: Direction, now: float) -> list[MoveRow]:
    """New moves of the files that are to be moved and are in none."""
    number = sum(1 for one in staging.moves if one.direction == direction)
    waiting = world.journal.files(staging.staging_id, Which(direction=direction, state="planned", move_id=""))
    made = []
    for number, rows in enumerate(packed(waiting, world.bounds), number + 1):  # noqa: B020 - it counts on
        move = new_move(staging.staging_id, direction, number, rows)
        spends = (egress(move, world.prices, now),) if direction == "out" else ()
        files = [row._replace(move_id=move.move_id) for row in rows]
        world.journal.record(Change(staging_id=staging.staging_id, moves=(move,), files=files, spends=spends))
        made.append(move)
    return made


def new_move(staging_id: str, direction: Direction, number: int, rows: Iterable[FileRow]) -> MoveRow:
    """A move of these files; the same number is the same move."""
    sizes = [row.size for row in rows]
    move_id = f"{staging_id}-{direction}-{number:06d}"
    return MoveRow(move_id=move_id, direction=direction, files=len(sizes), bytes=sum(sizes))


def packed(rows: Iterable[FileRow], bounds: Bounds) -> Iterator[list[FileRow]]:
    """In lists that keep a move's bounds; a file larger than they allow goes alone."""
    held: list[FileRow] = []
    size = 0
    for row in rows:
        if held and (len(held) >= bounds.batch_files or size + row.size > bounds.batch_bytes):
            yield held
            held, size = [], 0
        held.append(row)
        size += row.size
    if held:
        yield held


def _onward(world: World, staging: Staging, move: MoveRow, now: float) -> MoveRow:
    if move.stage == "new" and _may_have_changed(move, now) and not judge_again(world, staging, move):
        move = replace(move, stage="closed", reason="nothing of it is to be moved any more")
        world.journal.record(Change(staging_id=staging.staging_id, moves=(move,)))
    elif move.stage == "new":
        move = _send(world, staging, move, now)
    elif move.stage == "sent":
        move = _look(world, staging, move)
    if move.stage == "over" and compare(world, staging, move):
        move = replace(move, stage="closed")
        world.journal.record(Change(staging_id=staging.staging_id, moves=(move,)))
    return move


def _may_have_changed(move: MoveRow, now: float) -> bool:
    """Whether results are to be judged anew before they are handed over.

    A token in store means that the mover may have been told a moment ago, and may be writing these very files.
    """
    return move.direction == "out" and (not move.token or now - move.sent_at > _TOLD_S)


def _send(world: World, staging: Staging, move: MoveRow, now: float) -> MoveRow:
    mover = _mover(world, staging, move.direction)
    if not move.token or now - move.sent_at > world.bounds.deadline_hours * _HOUR_S:
        asked = replace(move, sent_at=now)  # a deadline that is over would be refused; the token stays what it is
        token = move.token or mover.token(_for_mover(world, staging, asked))
        move = replace(asked, token=token)
        world.journal.record(Change(staging_id=staging.staging_id, moves=(move,)))
    try:
        task_id = mover.submit(_for_mover(world, staging, move), move.token)
    except QuotaReached as full:
        return _queued(world, staging, move, f"queued: {full.message}")
    move = replace(move, stage="sent", task_id=task_id, reason="")
    world.journal.record(Change(staging_id=staging.staging_id, moves=(move,)))
    return move


def _queued(world: World, staging: Staging, move: MoveRow, reason: str) -> MoveRow:
    """Not taken. Of results the token is forgotten: the mover was told nothing, and they are judged before it is."""
    if move.direction == "out":
        move = replace(move, token="")
        world.journal.record(Change(staging_id=staging.staging_id, moves=(move,)))
    return replace(move, reason=reason)


def _look(world: World, staging: Staging, move: MoveRow) -> MoveRow:
    seen = _mover(world, staging, move.direction).look(move.task_id)
    after = replace(
        move,
        seen=seen.state,
        stage="over" if seen.state in _OVER else "sent",
        moved_files=max(move.moved_files, seen.files),
        moved_bytes=max(move.moved_bytes, seen.bytes),
        bytes_per_s=seen.bytes_per_s,
        faults=seen.faults,
        reason=_LOST if seen.state == "unknown" else seen.reason,
    )
    if after != move:
        failed = _named(world, staging, move, seen.failures) if after.stage == "over" else ()
        world.journal.record(Change(staging_id=staging.staging_id, moves=(after,), files=failed))
    return after


def _named(world: World, staging: Staging, move: MoveRow, failures: tuple[MoveFailure, ...]) -> list[FileRow]:
    """The files a mover could not move, with its reasons."""
    if not failures:
        return []
    rows = tuple(world.journal.files(staging.staging_id, Which(move_id=move.move_id, state="planned")))
    moved = _as_move(world, staging, move, rows)
    reasons = {moved.relative(one.path): one.reason for one in failures}
    return [row._replace(reason=reasons[row.path]) for row in rows if row.path in reasons]


def _mover(world: World, staging: Staging, direction: Direction) -> Mover:
    """The plan's way; what AFM brought in comes back by another, for only the storage engineers start its downloads."""
    way = staging.plan.way
    if way == "afm" and direction == "out":
        way = "globus" if "globus" in world.movers else "datasync"
    mover = world.movers.get(way)
    if mover is None:
        raise Refused(f"no mover for {way} is set up here", "see data.yaml")
    return mover


def _for_mover(world: World, staging: Staging, move: MoveRow) -> Move:
    rows = world.journal.files(staging.staging_id, Which(move_id=move.move_id, state="planned"))
    return _as_move(world, staging, move, tuple(rows))


def _as_move(world: World, staging: Staging, move: MoveRow, rows: tuple[FileRow, ...]) -> Move:
    return Move(
        move_id=move.move_id,
        direction=move.direction,
        data_class=staging.plan.data_class,
        site_path=staging.site_path,
        bucket=staging.plan.bucket,
        prefix=staging.plan.dataset.prefix,
        items=tuple(MoveItem(row.path, row.size) for row in rows),
        deadline=move.sent_at + world.bounds.deadline_hours * _HOUR_S,
        label=f"ris-hybrid {move.move_id}",
        again=any(row.attempts or row.version_id or row.older for row in rows),
    )
