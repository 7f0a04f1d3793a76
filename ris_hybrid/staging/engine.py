"""One turn of the data plane: load, decide, validate, apply, for every staging.

A turn may be repeated and may be killed anywhere: whatever it does is either recorded before (tokens, reservations) or
safe to do again (looking, comparing, deleting a version by its id).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.data.lifecycle import NEXT, StagingEvent
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import CloudError, ConfigError, Refused, RisHybridError, SiteUnavailable
from ris_hybrid.staging.checking import check
from ris_hybrid.staging.comparing import chunks
from ris_hybrid.staging.importing import imported
from ris_hybrid.staging.leasing import take_and_end
from ris_hybrid.staging.money import coming_in, too_much
from ris_hybrid.staging.moving import pump
from ris_hybrid.staging.returning import bring_back
from ris_hybrid.staging.values import Change, Which
from ris_hybrid.staging.world import Told, first_reason, month, say, step, tellable

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from ris_hybrid.data.values import Direction
    from ris_hybrid.staging.leasing import Use
    from ris_hybrid.staging.values import Count, FileState, MoveRow, Staging
    from ris_hybrid.staging.world import World


def turn(
    world: World, now: float, uses: Sequence[Use] | None = None, only: Container[str] | None = None
) -> tuple[Told, ...]:
    """Take every staging as far as it goes now; what was done, or why nothing was.

    Args:
        world: the ports.
        now: epoch seconds.
        uses: every unfinished job with its datasets; None while they are not known, which ends no lease.
        only: ids of stagings; None is all.
    """
    stagings = [one for one in world.journal.stagings() if only is None or one.staging_id in only]
    told = (_advance(world, one, now, uses) for one in stagings)
    return tuple(one for one in told if one is not None)


def set_going(world: World, staging: Staging, now: float, reason: str) -> Staging:
    """Begin (again) what was planned, or stopped blocked or failed, the way it was going."""
    _once_more(world, staging, staging.going)
    if staging.going == "out":
        return step(world, staging, StagingEvent.RETURN_BEGUN, now, reason)
    return _begin(world, staging, now, reason)


def ask_back(world: World, staging: Staging, now: float, reason: str) -> Staging:
    """Have its results returned; nothing changes where jobs still use it, or where it is on its way in.

    Nor where it never began: what lies below it in the bucket is another staging's.
    """
    begins = NEXT[staging.state][StagingEvent.RETURN_BEGUN] is StagingState.RETURNING and staging.begun_at > 0
    if not begins and staging.state is not StagingState.IN_USE:
        return staging
    _once_more(world, staging, "out")
    return step(world, staging, StagingEvent.RETURN_BEGUN, now, reason, going="out")


def cancel(world: World, staging: Staging, now: float, reason: str) -> Staging:
    """Stop what brings it in; what has arrived stays. Results on their way back are not stopped."""
    after = step(world, staging, StagingEvent.CANCELLED, now, reason)
    if after.state is StagingState.CANCELLED:
        for move in staging.moves:
            _end(world, staging, move)
    return after


def _end(world: World, staging: Staging, move: MoveRow) -> None:
    control = world.controls.get(staging.plan.way)
    if move.stage == "sent" and control is not None:
        control.cancel(move.task_id)
    if move.stage != "closed":
        world.journal.record(Change(staging_id=staging.staging_id, moves=(replace(move, stage="closed"),)))


def _once_more(world: World, staging: Staging, direction: Direction) -> None:
    """What was tried as often as is allowed may be tried so often again; a result is judged anew before that."""
    failed = world.journal.files(staging.staging_id, Which(direction=direction, state="failed"))
    state: FileState = "planned" if direction == "in" else "held"
    for rows in chunks(failed):
        tried = [row._replace(state=state, move_id="", attempts=0) for row in rows]
        world.journal.record(Change(staging_id=staging.staging_id, files=tried))


def _advance(world: World, staging: Staging, now: float, uses: Sequence[Use] | None) -> Told | None:
    try:
        if uses is not None:
            staging = take_and_end(world, staging, uses, now)
        return _work(world, staging, now)
    except (Refused, ConfigError) as refusal:  # a journal that fails raises once more
        advice = f"{refusal.message}; {refusal.hint}" if refusal.hint else refusal.message
        step(world, _as_it_is(world, staging), StagingEvent.HELD, now, tellable(staging, advice))
        return _told(staging, refusal)
    except (CloudError, SiteUnavailable) as failure:
        say(world, _as_it_is(world, staging), tellable(staging, failure.message))
        return _told(staging, failure)


def _as_it_is(world: World, staging: Staging) -> Staging:
    """As recorded: it may have gone on before the failure."""
    return next(one for one in world.journal.stagings() if one.staging_id == staging.staging_id)


def _told(staging: Staging, failure: RisHybridError) -> Told:
    return Told(staging_id=staging.staging_id, what=tellable(staging, failure.message), waits=True)


def _work(world: World, staging: Staging, now: float) -> Told | None:
    if staging.state is StagingState.PLANNED:
        staging = _begin(world, staging, now, "its plan holds nothing back")
    if staging.state is StagingState.STAGING:
        return _bring_in(world, staging, now)
    ended = any(one.state == "ended" for one in staging.leases)
    if staging.state is StagingState.RETURNING or (staging.state is StagingState.IN_USE and ended):
        return bring_back(world, staging, now)
    if staging.state is StagingState.BLOCKED:
        return Told(staging_id=staging.staging_id, what=staging.reason, waits=True)
    return None


def _begin(world: World, staging: Staging, now: float, reason: str) -> Staging:
    spend = coming_in(staging.plan, now)
    blocked = "; ".join(staging.plan.blocked) or too_much(world.history.spent(month(now)), spend.usd, 0, world.bounds)
    if blocked and not staging.begun_at:
        return step(world, staging, StagingEvent.HELD, now, blocked)
    return step(world, staging, StagingEvent.BEGUN, now, reason, going="in", begun_at=now, spends=(spend,))


def _bring_in(world: World, staging: Staging, now: float) -> Told:
    moves = pump(world, staging, "in", now)
    if moves:
        said = next((one.reason for one in moves if one.reason), "")
        say(world, staging, said)
        return Told(staging_id=staging.staging_id, what=said or f"staging: {len(moves)} moves are under way")
    if staging.plan.way == "mount":
        reason = "nothing is copied: nodes reach the site's files themselves"
        step(world, staging, StagingEvent.VERIFIED, now, reason, verified_at=now)
        return Told(staging_id=staging.staging_id, what=f"staged: {reason}")
    seen = imported(world, staging)
    if seen.waits:
        say(world, staging, seen.waits)
        return Told(staging_id=staging.staging_id, what=seen.waits)
    return _arrived(world, staging, now, seen.lacks)


def _arrived(world: World, staging: Staging, now: float, lacks: str) -> Told:
    """All moves are over: what came, failed, or has to go once more."""
    checked = check(world, staging)
    counts = [one for one in world.history.counts(staging.staging_id) if one.direction == "in"]
    if _files(counts, "planned"):
        return Told(staging_id=staging.staging_id, what=str(checked) or "staging: files are moved again")
    if failed := _files(counts, "failed"):
        reason = f"{failed} files failed: {first_reason(world, staging, 'in', 'failed')}"
        step(world, staging, StagingEvent.BROKEN, now, reason)
        return Told(staging_id=staging.staging_id, what=reason, waits=True)
    if lacks:
        step(world, staging, StagingEvent.HELD, now, lacks)
        return Told(staging_id=staging.staging_id, what=lacks, waits=True)
    reason = f"{_files(counts, 'ok')} files are in the cloud and were compared"
    reason += f"; {checked}" if str(checked) else ""
    step(world, staging, StagingEvent.VERIFIED, now, reason, verified_at=now)
    return Told(staging_id=staging.staging_id, what=f"staged: {reason}")


def _files(counts: Sequence[Count], state: str) -> int:
    return sum(one.files for one in counts if one.state == state)
