"""Eligible pending jobs in groups that fit or fail together, so that dispatch asks once a group (sandbox)."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from ris_hybrid.sandbox.lsf.dispatch import wants_one_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.lsf.records import JobRecord


class GroupKey(NamedTuple):
    """What decides whether a job fits: two jobs with the same key fit, or fail to fit, alike."""

    queue: str
    priority: int
    account: str
    """Empty while no borrowed host serves the account: then the account makes no difference."""
    slots: int
    one_host: bool
    selection: str


def key_of(job: JobRecord) -> GroupKey:
    """The group of a job as it now stands."""
    cloud = any(pool.hosts for pool in job.lane.borrowed)
    return GroupKey(
        queue=job.queue.name,
        priority=job.queue.priority,
        account=job.account if cloud else "",
        slots=job.request.slots,
        one_host=wants_one_host(job.request.resreq),
        selection=job.wish.text,
    )


class Waiting:
    """Groups of eligible pending jobs, each in dispatch order."""

    def __init__(self) -> None:
        self._keys: dict[str, GroupKey] = {}
        self._jobs: dict[str, JobRecord] = {}
        self._groups: dict[GroupKey, list[tuple[int, str]]] = {}

    def add(self, job: JobRecord) -> None:
        """Take a job in; one already there is left where it is."""
        if job.job_id in self._jobs:
            return
        key = key_of(job)
        self._keys[job.job_id] = key
        self._jobs[job.job_id] = job
        heapq.heappush(self._groups.setdefault(key, []), (job.order, job.job_id))

    def remove(self, job: JobRecord) -> None:
        """Take a job out, if it is there; its place in the group is cleared when it comes to the head."""
        self._jobs.pop(job.job_id, None)
        self._keys.pop(job.job_id, None)

    def head(self, key: GroupKey) -> JobRecord | None:
        """The first job of a group, or None when it is empty."""
        group = self._groups.get(key, [])
        while group:
            order, job_id = group[0]
            job = self._jobs.get(job_id)
            if job is not None and job.order == order and self._keys[job_id] == key:
                return job
            heapq.heappop(group)
        self._groups.pop(key, None)
        return None

    def regroup(self) -> None:
        """Sort the jobs into groups again, after a borrowed host came or went."""
        jobs = tuple(self._jobs.values())
        for index in (self._keys, self._jobs, self._groups):
            index.clear()
        for job in jobs:
            self.add(job)

    def heads(self, slots: int) -> Iterator[tuple[GroupKey, JobRecord]]:
        """The first job of every group whose jobs need at most ``slots``."""
        for key in tuple(self._groups):
            job = self.head(key) if key.slots <= slots else None
            if job is not None:
                yield key, job

    def jobs(self) -> tuple[JobRecord, ...]:
        """Every eligible pending job in the order of submission."""
        return tuple(sorted(self._jobs.values(), key=lambda job: job.order))
