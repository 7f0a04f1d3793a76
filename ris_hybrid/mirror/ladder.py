"""Off-boarding: the steps of an allocation whose file is gone, and what holds them. No step deletes data.

``active`` → ``marked`` → ``read-only`` → ``archived``, one step a day. Days count from the day the file was first
missing. However many wait, as after a year without a plan, only so many a day take each of the later steps. A file
that is back takes it to ``active`` at once (the plan does that: it then has facts of its own).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ris_hybrid.mirror.values import Held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.mirror.settings import Brakes, OffBoarding
    from ris_hybrid.mirror.values import Stage

_NEXT: Mapping[Stage, Stage] = {"active": "marked", "marked": "read-only", "read-only": "archived"}
_PACED: tuple[Stage, ...] = ("read-only", "archived")
_STEP: Mapping[Stage, str] = {"marked": "mark as gone", "read-only": "make read-only", "archived": "archive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """An allocation whose file is gone."""

    name: str
    stage: Stage
    removed_on: str
    """The ledger's; empty when it has none."""
    stage_since: str
    """The day it came to its stage, by the ledger; empty when it has none."""
    brake: str
    """Why no step may be taken whatever its date; empty for none."""
    fileset: str
    """Its fileset, where the file system still has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where it stands after this plan."""

    stage: Stage
    removed_on: str
    stage_since: str
    held: Held | None = None
    """The step that was not taken."""


def steps(gone: Sequence[Gone], known: int, today: date, off_boarding: OffBoarding, brakes: Brakes) -> list[Step]:
    """A step for each, in the same order.

    Args:
        gone: all of them.
        known: how many allocations are mirrored, those included.
        today: the day of the plan.
        off_boarding: how long a stage lasts.
        brakes: how many may begin to go at once, and how many may take each of the later steps in one day.
    """
    most = min(brakes.allocations, max(1, int(brakes.share * known)))
    crowd = _crowd(gone, most, today)
    taken = [_step(one, crowd, today, off_boarding) for one in gone]
    late = {index for stage in _PACED for index in _late(stage, gone, taken, most, today)}
    why = f"only {most} may take this step in one day: it is another's turn"
    return [
        _taken(one, step.stage, step.removed_on, why, today) if index in late else step
        for index, (one, step) in enumerate(zip(gone, taken, strict=True))
    ]


def moving(left: Gone, to: str, today: date, off_boarding: OffBoarding) -> Step:
    """The same for what an allocation left behind when it moved: people copy its data, so it is never archived.

    Args:
        left: what it left; its fileset says nothing, for its allocation is still there.
        to: the environment it moved to.
        today: the day of the plan.
        off_boarding: how long a stage lasts.
    """
    following = _NEXT.get(left.stage)
    since = left.removed_on or today.isoformat()
    moved = f"moved to {to}"
    if following is None or following == "archived":
        following, why = "archived", f"{moved}: its data is for people to copy there, and then to delete"
    else:
        why = f"{moved}: {left.brake}" if left.brake else _not_yet(moved, since, following, today, off_boarding)
    return _taken(left, following, since, why, today)


def _late(stage: Stage, gone: Sequence[Gone], taken: Sequence[Step], most: int, today: date) -> list[int]:
    """Those that would come to a stage when enough have today; who is gone longest goes first."""
    there = sum(one.stage == stage and _is_todays(one.stage_since, today) for one in gone)
    steps_in = [n for n, one in enumerate(gone) if taken[n].stage == stage != one.stage]
    return sorted(steps_in, key=lambda n: (taken[n].removed_on, gone[n].name))[max(0, most - there) :]


def _crowd(gone: Sequence[Gone], most: int, today: date) -> str:
    """Why too many begin to go; those marked since yesterday count, else an apply every minute empties the site."""
    beginning = sum(one.stage == "active" and not one.brake for one in gone)
    begun = sum(one.stage != "active" and _is_recent(one.removed_on, today) for one in gone)
    if beginning + begun <= most:
        return ""
    if begun:
        return f"{beginning} would begin to go, beside {begun} since yesterday: more than {most} together"
    return f"{beginning} allocations would begin to go at once, more than {most}"


def _is_recent(since: str, today: date) -> bool:
    """Since yesterday; or tomorrow, by a clock that was wrong."""
    return bool(since) and abs((today - date.fromisoformat(since)).days) <= 1


def _is_todays(since: str, today: date) -> bool:
    """Of today; or of tomorrow, by a clock that was wrong."""
    return bool(since) and 0 <= (date.fromisoformat(since) - today).days <= 1


def _step(gone: Gone, crowd: str, today: date, off_boarding: OffBoarding) -> Step:
    following = _NEXT.get(gone.stage)
    if following is None:
        return Step(stage=gone.stage, removed_on=gone.removed_on, stage_since=gone.stage_since)
    since = gone.removed_on or today.isoformat()
    why = gone.brake or _brake(gone, following, crowd) or _not_yet("gone", since, following, today, off_boarding)
    if not why and _is_todays(gone.stage_since, today):
        why = f"it came to {gone.stage} on {gone.stage_since}: one step a day"
    return _taken(gone, following, since, why, today)


def _taken(gone: Gone, following: Stage, since: str, why: str, today: date) -> Step:
    """The step, or why not."""
    if not why:
        return Step(stage=following, removed_on=since, stage_since=today.isoformat())
    held = Held(allocation=gone.name, step=_STEP[following], reason=why)
    active = gone.stage == "active"
    return Step(
        stage=gone.stage,
        removed_on="" if active else since,
        stage_since="" if active else gone.stage_since,
        held=held,
    )


def _brake(gone: Gone, following: Stage, crowd: str) -> str:
    if following == "marked":
        return f"{crowd}: is the folder of the files whole? Take them out in smaller parts" if crowd else ""
    return f"its file is gone, but the file system still has fileset {gone.fileset}" if gone.fileset else ""


def _not_yet(what: str, since: str, following: Stage, today: date, off_boarding: OffBoarding) -> str:
    days = {"read-only": off_boarding.read_only_after_days, "archived": off_boarding.archive_after_days}
    passed, needed = (today - date.fromisoformat(since)).days, days.get(following, 0)
    return f"{what} since {since}, {passed} days of {needed}" if passed < needed else ""
