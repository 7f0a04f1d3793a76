"""Whether a job finds its data and its image in the cloud, and what sending it would cost in data (pure).

A job is **in time** when all it reads is there before its node would be up, or at most ``patience_s`` later. What
cannot be known makes no job eligible.

**Dollars.** What a staging still costs to begin is shared evenly by the jobs that read it: those asked about that
nothing else keeps at the site, and those that have a lease on it. What its results cost to bring back is shared by
those of them that write. So the sum over jobs is what will be paid, once; a staging that has begun costs nobody more.
Results of a job that reads nothing are not foreseen: nobody can tell how large they will be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from ris_hybrid.data.readiness import JobData
from ris_hybrid.data.sharing import serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.data.needs import JobNeeds, Need
    from ris_hybrid.data.sharing import Held
    from ris_hybrid.data.values import Dataset
    from ris_hybrid.mirror.values import AllocationPlan


class ImageSaid(Protocol):
    """What is said of a job's image, as ``ris_hybrid.images.readiness`` says it."""

    @property
    def ready(self) -> bool | None:
        """None where it is not known."""
        ...

    @property
    def reason(self) -> str:
        """In words."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What all jobs of one question are held against."""

    allocations: Mapping[str, AllocationPlan]
    held: Sequence[Held]
    node_up_at: float
    """When a node launched now would take jobs."""
    patience_s: float = 0.0
    unknown: Literal["stay", "go"] = "stay"
    """What becomes of a job of which no need is known."""
    images: Mapping[str, ImageSaid] | None = None
    """By job id, every one; None where the site looks at no images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Users:
    """Ids of jobs that share what one staging costs; a lease counts as reading and writing."""

    readers: set[str]
    writers: set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """``Around``, with each dataset looked for once: jobs of one lab want the same few."""

    around: Around
    homes: dict[Dataset, Held | None] = field(default_factory=dict)

    def serving(self, dataset: Dataset) -> Held | None:
        if dataset not in self.homes:
            self.homes[dataset] = serving(dataset, self.around.held)
        return self.homes[dataset]


def outlook(jobs: Sequence[JobNeeds], around: Around) -> dict[str, JobData]:
    """By job id, every one."""
    ground = _Ground(around=around)
    refused = {job.job_id: _refused(job, ground) for job in jobs}
    going = [job for job in jobs if refused[job.job_id] is None]
    served = {job.job_id: _served(job, ground) for job in going}
    users = {one.plan.staging_id: _Users(readers=set(one.jobs), writers=set(one.jobs)) for one in around.held}
    for job in going:
        for one in served[job.job_id]:
            users[one.plan.staging_id].readers.add(job.job_id)
            users[one.plan.staging_id].writers.update([job.job_id] if job.writes else [])
    return {job.job_id: refused[job.job_id] or _job(job, served[job.job_id], around, users) for job in jobs}


def _served(job: JobNeeds, ground: _Ground) -> tuple[Held, ...]:
    """The stagings it reads, each once."""
    found = (ground.serving(need.dataset) for need in job.reads)
    return tuple({one.plan.staging_id: one for one in found if one}.values())


def _job(job: JobNeeds, stagings: tuple[Held, ...], around: Around, users: Mapping[str, _Users]) -> JobData:
    """Of a job that nothing keeps from its data but time."""
    usd = sum(_share(one, job, users[one.plan.staging_id]) for one in stagings)
    late = [one for one in stagings if not one.there]
    if late:
        return _coming(late, usd, around)
    if not job.reads:
        return JobData(verdict="none needed", reason=_reads_nothing(job), usd=usd, eligible=True)
    names = ", ".join(_told(need.dataset, around) for need in job.reads)
    return JobData(verdict="staged", reason=f"{names} is there", usd=usd, eligible=True)


def _refused(job: JobNeeds, ground: _Ground) -> JobData | None:
    """What is said of a job whose data need not be looked for, or is not to be had."""
    if said := _image_fault(job, ground.around):
        return said
    if job.strange:
        return JobData(verdict="unknown", reason="; ".join(job.strange))
    if not job.found:
        return _nothing_known(job, ground.around)
    if job.not_printed and not job.said and ground.around.unknown == "stay":
        return JobData(verdict="unknown", reason=f"{_untold(job)}: it may need more than is known")
    against = "; ".join(dict.fromkeys(_against(job, ground)))
    return JobData(verdict="not staged", reason=against) if against else None


def _image_fault(job: JobNeeds, around: Around) -> JobData | None:
    if around.images is None:
        return None
    image = around.images.get(job.job_id)
    if image is None:
        return JobData(verdict="unknown", reason="nobody has looked at its image yet")
    if image.ready is None:
        return JobData(verdict="unknown", reason=image.reason)
    return None if image.ready else JobData(verdict="no image", reason=image.reason)


def _nothing_known(job: JobNeeds, around: Around) -> JobData:
    untold = f"; {_untold(job)}" if job.not_printed else ""
    reason = f"it names no path of an allocation{untold}; bsub -Jd 'data=PATH', or 'data=none', would say"
    if around.unknown == "go":
        return JobData(verdict="none needed", reason=f"{reason}; needs.unknown lets it go", eligible=True)
    return JobData(verdict="unknown", reason=reason)


def _untold(job: JobNeeds) -> str:
    return f"the scheduler does not tell {', '.join(job.not_printed)}"


def _reads_nothing(job: JobNeeds) -> str:
    return "it says that it needs no data" if job.none else "it reads nothing of an allocation"


def _against(job: JobNeeds, ground: _Ground) -> Iterable[str]:
    """Everything that keeps its data from it, whenever it were sent."""
    for need in job.reads:
        yield from _class_fault(need, job, ground.around)
        staging = ground.serving(need.dataset)
        yield from _lab_fault(need, job, ground.around, staging)
        if staging is None:
            yield f"{_told(need.dataset, ground.around)} ({need.source}) is not staged"
        elif staging.plan.blocked and not staging.there:
            yield f"{_told(need.dataset, ground.around)} is blocked: {staging.plan.blocked[0]}"
    for need in job.writes:
        yield from _class_fault(need, job, ground.around)
        yield from _lab_fault(need, job, ground.around, ground.serving(need.dataset))
        plan = ground.around.allocations.get(need.dataset.allocation)
        if plan is None or not plan.bucket.writable:
            yield f"results cannot be kept: {_told(need.dataset, ground.around)} takes no writes in the cloud"
        elif need.source == "results=" and ground.serving(need.dataset) is None:
            yield f"results would not come back: {_told(need.dataset, ground.around)} ({need.source}) is in no staging"


def _class_fault(need: Need, job: JobNeeds, around: Around) -> Iterable[str]:
    """PHI goes to jobs of its own lab, on nodes that may see it."""
    plan = around.allocations.get(need.dataset.allocation)
    if plan is None:
        yield f"allocation {need.dataset.allocation} is not mirrored"
    elif plan.data_class == "phi" and plan.lab != job.lab:
        yield f"{plan.name} is PHI of lab {plan.lab}: jobs of others do not see it in the cloud"
    elif plan.data_class == "phi" and not plan.pools:
        yield f"{plan.name} is PHI, and no pool may see it"


def _lab_fault(need: Need, job: JobNeeds, around: Around, staging: Held | None) -> Iterable[str]:
    """A node has the bucket of its own lab alone, by that lab's role; what is mounted from the site it has anyway."""
    plan = around.allocations.get(need.dataset.allocation)
    foreign = plan is not None and plan.data_class != "phi" and plan.lab != job.lab
    if foreign and not (staging and staging.plan.way == "mount"):
        where = f"nodes of lab {job.lab or '(none)'} do not reach"
        yield f"{_told(need.dataset, around)} is of another lab, whose bucket {where}"


def _told(dataset: Dataset, around: Around) -> str:
    """As it may be written into files and logs: a directory of PHI has no name there."""
    plan = around.allocations.get(dataset.allocation)
    hidden = dataset.subtree and plan is not None and plan.data_class == "phi"
    return f"{dataset.allocation}:(a directory)" if hidden else str(dataset)


def _coming(late: Sequence[Held], usd: float, around: Around) -> JobData:
    unsure = next((one for one in late if not one.ready_at), None)
    if unsure:
        reason = f"{_told(unsure.plan.dataset, around)} is {unsure.state.value}, and when it will be there is not known"
        return JobData(verdict="not staged", reason=reason, usd=usd)
    last = max(late, key=lambda one: one.ready_at)
    after_s = last.ready_at - around.node_up_at
    in_time = after_s <= around.patience_s
    when = f"{abs(after_s):,.0f} s {'after' if after_s > 0 else 'before'} a node would be up"
    return JobData(
        verdict="in time" if in_time else "not staged",
        reason=f"{_told(last.plan.dataset, around)} will be there {when}",
        ready_at=last.ready_at,
        usd=usd,
        eligible=in_time,
    )


def _share(one: Held, job: JobNeeds, users: _Users) -> float:
    """One job's part of what a staging has yet to cost."""
    egress = one.plan.estimate.usd.get("egress", 0.0) / len(users.writers) if job.writes else 0.0
    return one.due_usd / len(users.readers) + egress
