"""From what a ``data`` command was asked to plans, and from plans to stagings in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.cli import show
from ris_hybrid.cli.data_site import wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.cli.data_site import Opened, Picked
    from ris_hybrid.data.sharing import Sharing, Wanted
    from ris_hybrid.data.values import StagingPlan
    from ris_hybrid.staging.planning import Asked, Ground
    from ris_hybrid.staging.values import Staging


def asked_for(accept: Sequence[str] | None, results_gib: float | None) -> Asked:
    """What a person says of a dataset. Raises ``ConfigError`` for a reason that is none."""
    from ris_hybrid.data.planning import MISSING
    from ris_hybrid.errors import ConfigError
    from ris_hybrid.staging.planning import Asked

    for reason in accept or ():
        if reason not in MISSING:
            raise ConfigError(f"--accept: no file is left out for {reason!r}", f"one of: {'; '.join(MISSING)}")
    results = None if results_gib is None else round(results_gib * 1024**3)
    return Asked(results_bytes=results, accepted=frozenset(accept or ()))


def _shared(opened: Opened, ground: Ground, asked: Picked) -> Sharing:
    """What jobs want and some staging has is shared; what is named by itself is looked at anew."""
    from ris_hybrid.data.sharing import share
    from ris_hybrid.staging.outlook import held_of

    every = wanted(opened, ground, asked)
    now = opened.clock.now()
    named = {one.dataset for one in every if not one.jobs}
    held = [
        one
        for one in (held_of(staging, now) for staging in ground.world.journal.stagings())
        if one.plan.dataset not in named
    ]
    return share(every, held)


def plans_of(opened: Opened, ground: Ground, asked: Picked, said: Asked) -> tuple[list[StagingPlan], Sharing]:
    """Plans of what is new, and what some staging has."""
    from ris_hybrid.staging.planning import drafted

    sharing, plans = _shared(opened, ground, asked), []
    for one in sharing.new:
        with drafted(ground, one.dataset, opened.clock.now(), said) as draft:
            plans.append(draft.plan)
    return plans, sharing


def begun(opened: Opened, ground: Ground, asked: Picked, said: Asked) -> list[str]:
    """Plans into the journal; ids of all stagings that serve what was asked for."""
    sharing = _shared(opened, ground, asked)
    tell_reused(sharing)
    ids = [one.staging_id for one in sharing.reused]
    return [*ids, *(_begin(opened, ground, one, said) for one in sharing.new)]


def _begin(opened: Opened, ground: Ground, one: Wanted, said: Asked) -> str:
    from ris_hybrid.data.values import StagingState
    from ris_hybrid.staging.engine import set_going
    from ris_hybrid.staging.planning import drafted, may_not_plan, old_of, record

    now, old = opened.clock.now(), old_of(ground, one.dataset)
    under_way = may_not_plan(old)
    if old is not None and under_way:
        show.note(f"{old.staging_id} ({one.dataset}) is not planned anew: {under_way}")
        if old.state in {StagingState.BLOCKED, StagingState.FAILED} and old.going == "in":
            set_going(ground.world, old, now, "asked for again")
        return old.staging_id
    with drafted(ground, one.dataset, now, said) as draft:
        if not draft.nothing_to_do:
            record(ground.world, draft, now)
        return draft.plan.staging_id


def tell_reused(sharing: Sharing) -> None:
    """Say what is shared."""
    for one in sharing.reused:
        show.note(f"{one.wanted.dataset} is a part of staging {one.staging_id}, which is shared")


def tell_plans(plans: Sequence[StagingPlan], sharing: Sharing, *, names: bool, as_json: bool) -> None:
    """What would be staged, and what is shared."""
    from ris_hybrid.cli import data_view as view

    if as_json:
        made = [view.plan_json(one, names=names) for one in plans]
        show.json_object({"plans": made, "reused": [view.reused_json(one) for one in sharing.reused]})
        return
    tell_reused(sharing)
    for number, one in enumerate(plans):
        if number:
            show.line()
        view.show_plan(one, names=names)


def brought_in(one: Staging) -> bool:
    """Whether anything of it was moved yet; else it is said, and is no difference."""
    from ris_hybrid.data.values import StagingState

    if one.state is StagingState.PLANNED or (one.state is StagingState.BLOCKED and one.going == "in"):
        show.note(f"{one.staging_id} ({one.plan.dataset}) is {one.state}: not verified, it is not in the cloud yet")
        return False
    return True


def comes_in(one: Staging) -> bool:
    """Whether there is something to cancel; else it is said, and its own reason is kept."""
    from ris_hybrid.data.lifecycle import NEXT, StagingEvent

    if NEXT[one.state][StagingEvent.CANCELLED] is one.state:
        show.note(f"{one.staging_id} ({one.plan.dataset}) is {one.state}: nothing to cancel")
        return False
    return True
