"""What is known of one dataset → its staging plan, with the way and what stands against it (pure).

A plan is always made, so that people see what it would be; it may begin when nothing blocks it. What would be missing
in the cloud without a sign of it (files on tape, results that were not brought back) blocks; what object storage has no
form for (links, sockets, names that are no keys) is listed and does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ris_hybrid.data.estimate import Load, Spent, estimate, over, results_bytes, tib
from ris_hybrid.data.manifest import CHANGED_THERE
from ris_hybrid.data.taking import EXCLUDED, MAYBE_ON_TAPE, ON_TAPE
from ris_hybrid.data.values import Estimate, StagingPlan, Totals
from ris_hybrid.data.ways import Situation, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.manifest import Manifest
    from ris_hybrid.data.scale import CacheState
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.data.values import Dataset, LeftOut
    from ris_hybrid.data.ways import Choice
    from ris_hybrid.mirror.values import AllocationPlan

MISSING = {
    ON_TAPE: "recall them at the site, or accept that they are not there",
    MAYBE_ON_TAPE: "list them by a policy (gpfs.policy_lists), or say gpfs.tape: false where there is no tape",
    CHANGED_THERE: "bring the results back, or accept that the site's newer files do not go",
}
"""Reasons of ``LeftOut`` that block unless a person accepts them, and what to do."""
WAITS = ("listing: ", "cache: ", "egress: ", "budget: ")
"""How lines of ``StagingPlan.blocked`` begin that time may put right: the site's next report, the next month."""
_LISTING_AGE_S = 2 * 86400.0
"""What was reported longer ago counts as not reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found out before a plan is made."""

    staging_id: str
    dataset: Dataset
    allocation: AllocationPlan | None
    """As the mirror has it; None where it has none of this name."""
    manifest: Manifest
    cache: CacheState | None = None
    """Of the allocation's AFM cache, whose health is ``none`` where it has none; None where it was not asked."""
    listing_at: float | None = None
    """When the site reported what quota and cache rest on; None where it did not."""
    entries_at: float | None = None
    """When the list of files was made that the manifest is of; None where the tree itself was walked."""
    site_room: int | None = None
    """Bytes that the site's quota still has for results; None where it has none, or it is not known."""
    bucket_bytes: int | None = None
    """What the bucket holds; None where it is not known."""
    spent: Spent = field(default_factory=Spent)
    writes: bool = True
    """Whether jobs write into it."""
    results_bytes: int | None = None
    """What is to come back, where somebody said."""
    landing: str = ""
    """Where the allocation's AFM fileset over its bucket is linked; empty where that is not known."""
    accepted: frozenset[str] = frozenset()
    """Reasons of ``MISSING`` that a person accepts."""


def plan_staging(known: Known, settings: DataSettings, now: float) -> StagingPlan:
    """The plan of one dataset."""
    choice = choose(_situation(known, settings), settings)
    mount = choice.way == "mount"
    manifest = known.manifest
    totals = _everything(manifest) if mount else manifest.totals
    load = Load(
        way=choice.way or "globus",
        moving=Totals() if mount else manifest.moving,
        kept=totals,
        data_class=known.allocation.data_class if known.allocation else "phi",
        results_bytes=known.results_bytes,
    )
    made = estimate(load, settings) if choice.way else Estimate(seconds_p50=0.0, seconds_p90=0.0)
    beyond = over(made, load, settings, known.spent) if choice.way else ()
    return StagingPlan(
        staging_id=known.staging_id,
        dataset=known.dataset,
        data_class=load.data_class,
        bucket=known.allocation.bucket.name if known.allocation else "",
        way=load.way,
        why=(
            *choice.why,
            *(f"note: {note}" for note in (*_notes(known, load, now), *_room(known, load, settings, told=False))),
        ),
        totals=totals,
        there=Totals() if mount else manifest.there,
        left_out=() if mount else manifest.left_out,
        estimate=made,
        blocked=(*_blocked(known, choice, settings, now), *_room(known, load, settings, told=True), *beyond),
        created=now,
    )


def site_path(allocation: AllocationPlan, dataset: Dataset) -> str:
    """A dataset's directory as the site names it."""
    return f"{allocation.path.rstrip('/')}/{dataset.subtree}".rstrip("/")


def _situation(known: Known, settings: DataSettings) -> Situation:
    plan = known.allocation
    tape = next((left.files for left in known.manifest.left_out if left.reason == ON_TAPE), 0)
    return Situation(
        allocation=known.dataset.allocation,
        site_path=site_path(plan, known.dataset) if plan else "",
        bucket=plan.bucket.name if plan else "",
        data_class=plan.data_class if plan else "phi",
        totals=_everything(known.manifest),
        on_tape=tape,
        writes=known.writes,
        cached=bool(settings.gpfs.cache) and (known.cache is None or known.cache.health != "none"),
        hard_links=known.manifest.hard_links,
        landing=known.landing,
    )


def _everything(manifest: Manifest) -> Totals:
    """What a mount would show: what may be copied, and what may not."""
    others = [left for left in manifest.left_out if left.reason != EXCLUDED]
    return replace(
        manifest.totals,
        files=manifest.totals.files + sum(left.files for left in others),
        bytes=manifest.totals.bytes + sum(left.bytes for left in others),
    )


def _blocked(known: Known, choice: Choice, settings: DataSettings, now: float) -> Iterator[str]:
    yield from _allocation(known)
    if choice.way is None and known.allocation:
        yield "way: none is open to this dataset; the reason of each is in its plan"
    yield from waits_for_site(known.cache, (known.listing_at, known.entries_at), settings, now)
    if choice.way != "mount":
        for left in known.manifest.left_out:
            yield from _missing(left, known.accepted)
        yield from _quota(known)


def _allocation(known: Known) -> Iterator[str]:
    plan = known.allocation
    if plan is None:
        yield f"allocation: {known.dataset.allocation} is not mirrored: see `ris-hybrid mirror plan`"
    elif plan.moved_to:
        yield f"allocation: {plan.name} has moved to {plan.moved_to}; this is what it left behind"
    elif plan.stage != "active" or not plan.bucket.writable:
        since = f" since {plan.stage_since}" if plan.stage_since else ""
        yield f"allocation: {plan.name} is {plan.stage}{since}: nothing is added to it"


def waits_for_site(
    cache: CacheState | None, times: tuple[float | None, float | None], settings: DataSettings, now: float
) -> Iterator[str]:
    """What stands against a plan until the site reports anew or its cache is clean: time may put it right.

    ``times`` are ``Known.listing_at`` and ``Known.entries_at``.
    """
    listing_at, entries_at = times
    yield from _listing(listing_at, now)
    if entries_at is not None and now - entries_at > _LISTING_AGE_S:
        hours, most = (now - entries_at) / 3600, _LISTING_AGE_S / 3600
        yield (
            f"listing: the list of files is {hours:,.0f} hours old, after {most:,.0f} it does not count: what it calls "
            "resident may be on tape by now; have it made anew (`ris-hybrid gpfs policy`)"
        )
    if settings.gpfs.cache:
        yield from _cache(cache, settings.gpfs.cache)


def _listing(listing_at: float | None, now: float) -> Iterator[str]:
    if listing_at is None:
        yield "listing: the site has reported no filesets and quotas"
    elif now - listing_at > _LISTING_AGE_S:
        hours, most = (now - listing_at) / 3600, _LISTING_AGE_S / 3600
        yield f"listing: what the site reported is {hours:,.0f} hours old; after {most:,.0f} it does not count"


def _cache(cache: CacheState | None, name: str) -> Iterator[str]:
    """What batch nodes wrote to the cache is not at home until it is clean: a copy made now would miss it."""
    if cache is None:
        yield f"cache: {name} was not asked whether what batch nodes wrote has reached its home"
        return
    said = f"{cache.fileset} of {cache.file_system} is {cache.state or 'not known'}"
    more = f": {cache.reason}" if cache.reason else ""
    if cache.health == "busy":
        queued = f", {cache.queued:,} changes wait" if cache.queued else ""
        yield f"cache: {said}{queued}{more}; flush it, or wait until it is clean"
    elif cache.health == "broken":
        yield f"cache: {said}{more}; it does not mend itself, tell the storage engineers"
    elif cache.health == "unknown":
        yield f"cache: {said}{more}; whether all has reached its home is not known"


def _missing(left: LeftOut, accepted: frozenset[str]) -> Iterator[str]:
    advice = MISSING.get(left.reason)
    if advice and left.reason not in accepted:
        yield f"files: {left.files:,} ({tib(left.bytes)}) {left.reason}; {advice}"


def _quota(known: Known) -> Iterator[str]:
    quota = known.allocation.quota_bytes if known.allocation else None
    if quota is None:
        return
    more = known.manifest.moving.bytes
    if known.bucket_bytes is None:
        yield f"quota: what the bucket holds is not known, and the allocation's quota is {tib(quota)}"
    elif known.bucket_bytes + more > quota:
        held = f"{tib(known.bucket_bytes)} and {tib(more)} more"
        yield f"quota: the bucket would hold {held}, above the allocation's {tib(quota)}"


def _room(known: Known, load: Load, settings: DataSettings, *, told: bool) -> Iterator[str]:
    """Results that the site's quota has no room for: it blocks where somebody told their size, else it is a note."""
    back = results_bytes(load, settings.bounds.results_share)
    if known.site_room is not None and back > known.site_room and told == (load.results_bytes is not None):
        room = tib(known.site_room)
        yield f"quota: {tib(back)} of results are to come back, and the site's fileset has room for {room}"


def _notes(known: Known, load: Load, now: float) -> Iterator[str]:
    yield from known.manifest.notes
    if known.entries_at is not None:
        yield f"files are as a policy listed them {(now - known.entries_at) / 3600:,.1f} hours ago"
    if load.way == "mount":
        for left in known.manifest.left_out:
            if left.reason == MAYBE_ON_TAPE:
                yield f"of {left.files:,} files it is not known whether they are on tape: a job that opens one may wait"
    elif load.data_class == "phi":
        yield "names of files become keys of S3, which logs show: no name may say something of a patient"
