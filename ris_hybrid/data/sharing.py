"""Which stagings serve which jobs, which are new, and when one may be brought back or taken away (pure).

A dataset that another covers needs no staging of its own: whoever has the directory has what is below it. Two stagings
may still overlap, where the wider one was wanted later: their objects are the same, so that neither may be evicted
while the other lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.data.lifecycle import IN_CLOUD
from ris_hybrid.data.values import StagingState

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from ris_hybrid.data.values import Dataset, StagingPlan

_GONE = frozenset({StagingState.FAILED, StagingState.CANCELLED, StagingState.EVICTED})
_NOT_BEGUN = frozenset({StagingState.PLANNED, StagingState.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A staging as the journal has it."""

    plan: StagingPlan
    state: StagingState
    ready_at: float = 0.0
    """When all of it will be there, by its plan or its rate; 0 where nobody knows, and once it is there."""
    jobs: tuple[str, ...] = ()
    """Jobs that use it or are to use it, by their leases."""
    complete: bool = True
    """Whether all of its manifest came to be in the cloud; one that was cancelled or failed before that may be
    returned all the same, and is then no more complete than it was."""

    @property
    def there(self) -> bool:
        """Whether a node finds it: every file is in the cloud and was compared, or the mount has it."""
        return self.complete and self.state in IN_CLOUD

    @property
    def alive(self) -> bool:
        """Whether it is there or may come to be."""
        return self.state not in _GONE

    @property
    def due_usd(self) -> float:
        """Dollars that bringing it in will cost; 0 once it has begun: then they are spent, whoever comes along."""
        usd = self.plan.estimate
        return usd.usd_once - usd.usd.get("egress", 0.0) if self.state in _NOT_BEGUN else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A dataset and the jobs that want it."""

    dataset: Dataset
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reused:
    """A dataset that a staging has, or will have."""

    staging_id: str
    wanted: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Every dataset that was asked for, in one of the two; jobs of merged ones are together."""

    reused: tuple[Reused, ...]
    new: tuple[Wanted, ...]


def serving(dataset: Dataset, held: Iterable[Held]) -> Held | None:
    """The staging to use for a dataset: one that is there, else the one that is soonest; None where none has it."""
    coming = (one for one in held if one.there or (one.alive and one.state not in IN_CLOUD))
    able = [one for one in coming if one.plan.dataset.covers(dataset)]
    return min(able, key=_rank, default=None)


def _rank(one: Held) -> tuple[bool, bool, float, int, str]:
    known = one.ready_at > 0
    return (not one.there, not known, one.ready_at, -len(one.plan.dataset.prefix), one.plan.staging_id)


def share(wanted: Iterable[Wanted], held: Sequence[Held]) -> Sharing:
    """What is covered, and by what; the rest without those that another of the rest covers."""
    reused: list[Reused] = []
    new: dict[Dataset, list[str]] = {}
    for one in sorted(wanted, key=lambda each: (each.dataset.allocation, each.dataset.prefix)):
        staging = serving(one.dataset, held)
        if staging:
            reused.append(Reused(staging_id=staging.plan.staging_id, wanted=one))
            continue
        wider = next((other for other in new if other.covers(one.dataset)), one.dataset)
        new.setdefault(wider, []).extend(one.jobs)
    return Sharing(
        reused=tuple(reused),
        new=tuple(Wanted(dataset=dataset, jobs=tuple(dict.fromkeys(jobs))) for dataset, jobs in new.items()),
    )


def why_not_return(one: Held, unfinished: Container[str]) -> str:
    """Why its results may not be brought back yet; empty when they may."""
    if not one.there:
        return f"it is {one.state.value}"
    return _used(one, unfinished)


def why_not_evict(one: Held, others: Iterable[Held], unfinished: Container[str], wanted: Iterable[Dataset]) -> str:
    """Why it may not be taken away yet; empty when it may: all is on-prem and compared, and nobody wants it.

    Args:
        one: the staging.
        others: every other one of the allocation.
        unfinished: ids of jobs that the scheduler still has; what could not be asked is not here, but an error before.
        wanted: datasets that pending jobs read.
    """
    if one.state is not StagingState.RETURNED:
        return f"it is {one.state.value}, not returned"
    if used := _used(one, unfinished):
        return used
    mine = one.plan.dataset
    sharers = [other for other in others if other.alive and _overlap(other.plan.dataset, mine)]
    busy = next((other for other in sharers if other.state is not StagingState.RETURNED), None)
    if busy:
        return f"staging {busy.plan.staging_id} has the same objects and is {busy.state.value}"
    pending = sum(_overlap(dataset, mine) for dataset in wanted)
    return f"{pending} datasets of pending jobs are in it" if pending else ""


def _used(one: Held, unfinished: Container[str]) -> str:
    jobs = [job for job in one.jobs if job in unfinished]
    return f"jobs use it: {', '.join(jobs[:5])}{' and more' if len(jobs) > 5 else ''}" if jobs else ""


def _overlap(one: Dataset, other: Dataset) -> bool:
    return one.covers(other) or other.covers(one)
