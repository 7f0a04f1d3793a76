"""What runs on the site's own hosts and for how long, as the plan counts on it (pure).

Hosts of ours in the cloud are left out by name, with the jobs there. A host that takes no jobs gives no slots, and
what still runs there takes none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.lifecycle import short_name
from burst.planner.runtimes import remaining_s
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ris_hybrid.model import Host, Job, Machine

_HOLDS = frozenset({JobStatus.RUN, JobStatus.SSUSP, JobStatus.USUSP, JobStatus.UNKWN, JobStatus.PROV})
"""States in which a job keeps its slots on its host: suspended jobs count in NJOBS and go on later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPrem:
    """The site's own slots."""

    capacity: int
    """Of hosts that take jobs."""
    built: int
    """Of all hosts, whatever their state."""
    away: frozenset[str]
    """Short names of hosts whose jobs hold none of these slots: ours in the cloud, and hosts that take no jobs."""
    alone: Mapping[str, int] = field(default_factory=dict)
    """Short name of a host that one job has for itself (``bsub -x``) to all its slots: no other job starts there."""
    notes: tuple[str, ...] = ()


def on_prem(hosts: Iterable[Host], machines: Sequence[Machine]) -> OnPrem:
    """The site's own hosts: what bhosts lists, less the machines of the ledger."""
    cloud = {short_name(machine.name) for machine in machines if machine.name}
    own = [host for host in hosts if short_name(host.name) not in cloud]
    sized = [host for host in own if host.max_slots is not None]
    closed = {short_name(host.name) for host in own if not host.takes_jobs}
    return OnPrem(
        capacity=sum(host.max_slots or 0 for host in sized if host.takes_jobs),
        built=sum(host.max_slots or 0 for host in sized),
        away=frozenset(cloud | closed),
        alone={short_name(host.name): host.max_slots or 0 for host in sized if host.status == "closed_Excl"},
        notes=tuple(_notes(len(own) - len(sized), len(closed), machines)),
    )


def ends_of(jobs: Iterable[Job], site: OnPrem, means: Mapping[str, float]) -> tuple[list[float], list[int]]:
    """When what runs will give its slots back, seconds from now, ascending; and how many slots each."""
    rows = []
    for job in jobs:
        if job.status in _HOLDS:
            slots = held(job, site.away) + _beside(job, site.alone)
            if slots:
                rows.append((remaining_s(job, means), slots))
    rows.sort()
    return [end for end, _ in rows], [slots for _, slots in rows]


def _beside(job: Job, alone: Mapping[str, int]) -> int:
    """Slots that nobody can use while the job has their host for itself."""
    if not alone:
        return 0
    counts = slots_by_host(job.exec_host)
    return sum(max(0, alone[name] - count) for name, count in counts.items() if name in alone)


def held(job: Job, away: Collection[str]) -> int:
    """Slots that the job holds of the site's own: all that are not on hosts that are away."""
    if not job.exec_host:
        return 0
    if not away:
        return job.slots
    counts = slots_by_host(job.exec_host)
    gone = sum(count for name, count in counts.items() if name in away)
    return max(0, job.slots - gone) if gone < counts.total() else 0


def slots_by_host(exec_host: str) -> Counter[str]:
    """By short name: ``a:a:b``, or ``16*a:b``."""
    counts: Counter[str] = Counter()
    for part in exec_host.split(":") if exec_host else ():
        count, _, name = part.rpartition("*")
        counts[short_name(name)] += int(count) if count.isdigit() else 1
    return counts


def _notes(unsized: int, closed: int, machines: Iterable[Machine]) -> Iterable[str]:
    if unsized:
        yield f"{unsized} hosts have no slot limit that LSF prints: they are not counted"
    if closed:
        yield f"{closed} hosts of the site take no jobs now: their slots are not counted"
    unnamed = sum(1 for machine in machines if machine.alive and not machine.name)
    if unnamed:
        yield f"{unnamed} cloud nodes have no name yet: if LSF lists one already, it counts as the site's own"
