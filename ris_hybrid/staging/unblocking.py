"""Stagings that are blocked by what time puts right, looked at again: a dirty cache, an old listing, a full month.

The AFM cache trap: a dataset whose cache is dirty is not taken, and waits here until batch nodes' writes are home. Then
its manifest is made anew, for those writes are what the old one lacks. What waits for a person is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.estimate import GB
from ris_hybrid.data.planning import MISSING, WAITS, waits_for_site
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.staging.engine import set_going
from ris_hybrid.staging.money import coming_in, too_much
from ris_hybrid.staging.planning import Asked, drafted, entries_at, may_not_plan, record
from ris_hybrid.staging.returning import NO_ROOM, no_room
from ris_hybrid.staging.world import Told, month, tellable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.settings import Prices
    from ris_hybrid.data.values import StagingPlan
    from ris_hybrid.staging.planning import Ground
    from ris_hybrid.staging.values import Staging


def look_again(ground: Ground, now: float) -> Iterator[Told]:
    """Let go on what nothing blocks any more; what was done for each, or why nothing could be found out."""
    for staging in ground.world.journal.stagings():
        if staging.state is not StagingState.BLOCKED:
            continue
        try:
            done = _results(ground, staging, now) if staging.going == "out" else _bringing_in(ground, staging, now)
        except (SiteUnavailable, CloudError) as failure:
            yield Told(staging_id=staging.staging_id, what=tellable(staging, failure.message), waits=True)
        else:
            if done:
                yield Told(staging_id=staging.staging_id, what=done)


def _results(ground: Ground, staging: Staging, now: float) -> str:
    if not staging.reason.startswith(NO_ROOM) or no_room(ground.world, staging, now):
        return ""
    return _on(ground, staging, now, "the month has room for its results")


def _bringing_in(ground: Ground, staging: Staging, now: float) -> str:
    if staging.begun_at or may_not_plan(staging):
        return ""
    blocked = staging.plan.blocked
    if not blocked:
        spent, more = ground.world.history.spent(month(now)), coming_in(staging.plan, now).usd
        return "" if too_much(spent, more, 0, ground.world.bounds) else _on(ground, staging, now, "the month has room")
    waits = all(one.startswith(WAITS) for one in blocked)
    return _planned_anew(ground, staging, now) if waits and _may_have_ended(ground, staging, now) else ""


def _on(ground: Ground, staging: Staging, now: float, reason: str) -> str:
    set_going(ground.world, staging, now, reason)
    return f"it goes on: {reason}"


def _may_have_ended(ground: Ground, staging: Staging, now: float) -> bool:
    """Whether it is worth a walk through the tree: asked of the site and of the calendar alone."""
    allocation = ground.allocations.get(staging.plan.dataset.allocation)
    money = any(one.startswith(("egress: ", "budget: ")) for one in staging.plan.blocked)
    if allocation is None or (money and month(staging.plan.created) == month(now)):
        return False
    found = ground.standing.of(allocation)
    times = found.listing_at, entries_at(ground, staging.plan.dataset)
    return not any(waits_for_site(found.cache, times, ground.settings, now))


def _planned_anew(ground: Ground, staging: Staging, now: float) -> str:
    asked = _as_asked(staging.plan, ground.world.prices)
    with drafted(ground, staging.plan.dataset, now, asked) as draft:
        if draft.plan.blocked == staging.plan.blocked:
            return ""
        record(ground.world, draft, now)
        return f"planned anew: {'; '.join(draft.plan.blocked) or 'nothing blocks it any more'}"


def _as_asked(plan: StagingPlan, prices: Prices) -> Asked:
    """What a person said when it was planned, as far as it shows: reasons that do not block were accepted."""
    accepted = frozenset(one.reason for one in plan.left_out if one.reason in MISSING)
    egress, price = plan.estimate.usd.get("egress"), prices.egress_usd_per_gb
    results = round(egress / price * GB) if egress is not None and price else None
    return Asked(results_bytes=results, accepted=accepted)
