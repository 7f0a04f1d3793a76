"""Who uses which staging: jobs that run on it or may be sent to it, and whether what they wrote has come back.

A lease is taken while a job is still pending, so that one that runs and ends between two turns is not missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ris_hybrid.data.lifecycle import IN_CLOUD, StagingEvent
from ris_hybrid.data.values import StagingState
from ris_hybrid.staging.exporting import MAYBE_ON_NODES, ON_NODES
from ris_hybrid.staging.values import Change, Lease
from ris_hybrid.staging.world import step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ris_hybrid.data.values import Dataset
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging.world import World

_CLAIMS = ("waiting", "using", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An unfinished job and the datasets it names."""

    job_id: str
    running: bool
    reads: tuple[Dataset, ...] = ()
    writes: tuple[Dataset, ...] = ()
    """Where it says it writes; empty: anywhere in what it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Whether the nodes of some jobs may go, and why (not)."""

    ready: bool
    reason: str


def take_and_end(world: World, staging: Staging, uses: Sequence[Use], now: float) -> Staging:
    """The staging with its leases brought up to date, and the event that follows from them.

    ``uses`` has every unfinished job: one that is not there any more has ended. Jobs were sent while all of it was in
    the cloud, and go on when what is on its way back is blocked or has failed.
    """
    on_its_way_back = staging.going == "out" and staging.state in {StagingState.BLOCKED, StagingState.FAILED}
    if staging.state not in IN_CLOUD and not on_its_way_back:
        return staging
    changed = tuple(_changes(staging, uses, now))
    leases = {one.job_id: one for one in (*staging.leases, *changed)}.values()
    event, reason = (None, "") if on_its_way_back else _event(staging, leases)
    if event is not None:
        return step(world, staging, event, now, reason, leases=changed, going=_going(event, staging))
    if changed:
        world.journal.record(Change(staging_id=staging.staging_id, leases=changed))
    return replace(staging, leases=tuple(leases))


def _changes(staging: Staging, uses: Sequence[Use], now: float) -> Iterator[Lease]:
    held = {one.job_id: one for one in staging.leases}
    mine = {use.job_id: use for use in uses if _touches(use, staging.plan.dataset)}
    for job_id, use in mine.items():
        state, old = "using" if use.running else "waiting", held.get(job_id)
        results = tuple(_within(use.writes, staging.plan.dataset))
        if old is None or old.state == "returned":
            yield Lease(job_id=job_id, state="using" if use.running else "waiting", since=now, results=results)
        elif old.state != state and not (old.state == "using" and state == "waiting"):
            yield replace(old, state="using" if use.running else "waiting", results=results)
    unfinished = {use.job_id for use in uses}
    for old in staging.leases:
        if old.job_id not in unfinished and old.state in {"waiting", "using"}:
            yield replace(old, state="ended")


def _touches(use: Use, dataset: Dataset) -> bool:
    return any(dataset.covers(one) for one in (*use.reads, *use.writes))


def _within(writes: Iterable[Dataset], dataset: Dataset) -> Iterator[str]:
    for one in writes:
        if dataset.covers(one):
            yield one.prefix[len(dataset.prefix) :]


def _event(staging: Staging, leases: Iterable[Lease]) -> tuple[StagingEvent | None, str]:
    states = [one.state for one in leases]
    using, ended = states.count("using"), states.count("ended")
    if using and staging.state is not StagingState.IN_USE:
        return StagingEvent.LEASED, f"{using} jobs use it"
    if not using and staging.state is StagingState.IN_USE:
        return StagingEvent.FREED, "the last job that used it has ended"
    if not using and ended and staging.state in {StagingState.STAGED, StagingState.RETURNED}:
        return StagingEvent.RETURN_BEGUN, f"{ended} jobs that may have used it have ended"
    return None, ""


def _going(event: StagingEvent, staging: Staging) -> str:
    return "out" if event in {StagingEvent.FREED, StagingEvent.RETURN_BEGUN} else staging.going


def claims(staging: Staging) -> tuple[Lease, ...]:
    """Leases that keep a staging where it is."""
    return tuple(one for one in staging.leases if one.state in _CLAIMS)


def not_back(staging: Staging) -> str:
    """What of its results is not on the site yet, in words; empty when nothing is missing."""
    ended = sum(1 for one in staging.leases if one.state == "ended")
    if not ended:
        return ""
    what = staging.staging_id if staging.plan.data_class == "phi" else staging.plan.dataset
    more = f": {staging.reason}" if staging.reason.startswith((ON_NODES, MAYBE_ON_NODES)) else ""
    return f"results of {ended} ended jobs on {what} are not on the site yet ({staging.state}){more}"


def ready_to_release(stagings: Iterable[Staging], job_ids: Sequence[str]) -> Release:
    """Whether the nodes of these jobs may be released as far as their results go.

    They may when each result is on the site and was compared there, or is held for a person and safe in the bucket.
    """
    wanted = set(job_ids)
    for staging in stagings:
        for lease in claims(staging):
            if lease.job_id in wanted and lease.state in {"using", "ended"}:
                word = "runs" if lease.state == "using" else "has ended and its results are not on the site yet"
                return Release(ready=False, reason=f"job {lease.job_id} {word} (staging {staging.staging_id})")
    return Release(ready=True, reason="nothing of these jobs is still to come back")
