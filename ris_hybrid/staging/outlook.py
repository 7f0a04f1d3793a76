"""What pending jobs say they need, held against the journal: whether burst may send them, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.data.eligibility import Around, outlook
from ris_hybrid.data.estimate import comparing_s
from ris_hybrid.data.lifecycle import IN_CLOUD
from ris_hybrid.data.needs import needs_of
from ris_hybrid.data.readiness import JobData
from ris_hybrid.data.sharing import Held
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import RisHybridError
from ris_hybrid.model import JobStatus
from ris_hybrid.staging.leasing import Use, claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ris_hybrid.data.eligibility import ImageSaid
    from ris_hybrid.data.needs import JobNeeds
    from ris_hybrid.data.ports import JobAsks
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.job_ask import JobAsk
    from ris_hybrid.mirror.values import AllocationPlan
    from ris_hybrid.model import Job
    from ris_hybrid.staging.ports import StagingJournal
    from ris_hybrid.staging.values import Staging

_RUNNING = frozenset({JobStatus.RUN, JobStatus.USUSP, JobStatus.SSUSP, JobStatus.PROV, JobStatus.UNKWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingOutlook:
    """Whether pending jobs find their data; never raises for what cannot be known."""

    asks: JobAsks
    journal: Callable[[], AbstractContextManager[StagingJournal]]
    """Opens it for a look."""
    settings: DataSettings
    allocations: Mapping[str, AllocationPlan]
    boot_s: float
    """From launch to the first job, of a usual node."""
    images: Callable[[Sequence[JobAsk]], Mapping[str, ImageSaid]] | None = None
    """What is said of each job's image; None where the site looks at no images."""

    def outlook(self, jobs: Sequence[Job], now: float) -> Mapping[str, JobData]:
        """By job id, every job given."""
        try:
            asks = self.asks.asks([job.job_id for job in jobs])
            with self.journal() as journal:
                held = tuple(held_of(one, now) for one in journal.stagings())
            around = Around(
                allocations=self.allocations,
                held=held,
                node_up_at=now + self.boot_s,
                unknown=self.settings.needs.unknown,
                images=self.images(asks) if self.images else None,
            )
        except RisHybridError as failure:
            return {job.job_id: _unknown(failure.message) for job in jobs}
        found = outlook(needs(asks, self.settings, self.allocations), around)
        return {job.job_id: found.get(job.job_id) or _unknown("the scheduler tells nothing of it") for job in jobs}


def needs(
    asks: Iterable[JobAsk], settings: DataSettings, allocations: Mapping[str, AllocationPlan]
) -> tuple[JobNeeds, ...]:
    """What each job needs."""
    names = directories(allocations)
    return tuple(needs_of(one, settings.needs.roots, names) for one in asks)


def directories(allocations: Mapping[str, AllocationPlan]) -> dict[str, str]:
    """Name of an allocation's directory, the last of its path, to the allocation."""
    return {plan.path.rstrip("/").rpartition("/")[2]: name for name, plan in allocations.items()}


def uses_of(jobs: Iterable[Job], needed: Iterable[JobNeeds], sent: Callable[[Job], bool]) -> tuple[Use, ...]:
    """Who uses what: every unfinished job is here, with its datasets where it runs in the cloud or may be sent.

    ``sent`` tells whether a running job runs on a cloud node.
    """
    by_job = {one.job_id: one for one in needed}
    return tuple(_uses(jobs, by_job, sent))


def _uses(jobs: Iterable[Job], by_job: Mapping[str, JobNeeds], sent: Callable[[Job], bool]) -> Iterator[Use]:
    for job in jobs:
        running = job.status in _RUNNING
        found = by_job.get(job.job_id)
        if found is None or (running and not sent(job)):
            yield Use(job_id=job.job_id, running=False)
        else:
            reads = tuple(need.dataset for need in found.reads)
            told = tuple(need.dataset for need in found.writes if need.source == "results=")
            yield Use(job_id=job.job_id, running=running, reads=reads, writes=told)


def held_of(staging: Staging, now: float) -> Held:
    """A staging as the deciders see it."""
    jobs = tuple(one.job_id for one in claims(staging))
    whole = staging.verified_at > 0
    return Held(plan=staging.plan, state=staging.state, ready_at=ready_at(staging, now), jobs=jobs, complete=whole)


def ready_at(staging: Staging, now: float) -> float:
    """When all of it will be there, by the rate it moves at, else by its plan; 0 where nobody knows or it is there.

    What has moved is compared after that: a job that is sent before would read what nobody has vouched for.
    """
    if staging.state is not StagingState.STAGING or staging.state in IN_CLOUD:
        return 0.0
    left, rate = remaining(staging)
    by_plan = staging.begun_at + staging.plan.estimate.seconds_p90
    if rate > 0 and left:
        mine = [one for one in staging.moves if one.direction == staging.going and one.stage != "closed"]
        return now + left / rate + comparing_s(sum(one.files for one in mine), sum(one.bytes for one in mine))
    return by_plan if by_plan > now else 0.0


def remaining(staging: Staging) -> tuple[int, float]:
    """Bytes that are still to be moved the way it goes, and bytes per second now."""
    mine = [one for one in staging.moves if one.direction == staging.going and one.stage != "closed"]
    left = sum(max(one.bytes - one.moved_bytes, 0) for one in mine)
    return left, sum(one.bytes_per_s for one in mine if one.stage == "sent")


def _unknown(reason: str) -> JobData:
    return JobData(verdict="unknown", reason=reason)
