"""What jobs ask for, and hands that move them, in memory: the shipped fakes of ``Traits`` and ``Steers``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onprem.lsf.fake import FakeScheduler

_UNFINISHED_PEND = frozenset({JobStatus.PEND, JobStatus.PSUSP})


@dataclass(slots=True)
class FakeTraits:
    """Says what it was told of jobs of a ``FakeScheduler``, and of the others that they ask for nothing."""

    scheduler: FakeScheduler
    said: dict[str, JobTraits] = field(default_factory=dict)

    def traits(self, job_ids: Sequence[str]) -> Mapping[str, JobTraits]:
        """See ``ris_hybrid.ports.Traits``."""
        listed = {job.job_id for job in self.scheduler.jobs()}
        return {one: self.said.get(one, JobTraits()) for one in dict.fromkeys(job_ids) if one in listed}


@dataclass(slots=True)
class FakeSteers:
    """Moves the jobs of a ``FakeScheduler``: what it does shows in what that one and ``traits`` say."""

    scheduler: FakeScheduler
    traits: FakeTraits
    refusing: dict[str, str] = field(default_factory=dict)
    """Job id to why it is not moved."""

    def switch(self, job_ids: Sequence[str], queue: str) -> Mapping[str, str]:
        """See ``ris_hybrid.ports.Steers``."""
        self._answer("bswitch")
        listed = {job.job_id for job in self.scheduler.all_jobs}
        found = {one: self._why_not(one, queue) for one in dict.fromkeys(job_ids) if one in listed}
        self.scheduler.all_jobs = tuple(
            job._replace(queue=queue) if found.get(job.job_id) == "" else job for job in self.scheduler.all_jobs
        )
        return found

    def require(self, job_id: str, resreq: str) -> str:
        """See ``ris_hybrid.ports.Steers``."""
        self._answer("bmod")
        job = next((job for job in self.scheduler.all_jobs if job.job_id == job_id), None)
        if job is None or job.status not in _UNFINISHED_PEND:
            return f"it has started or is over: Job <{job_id}>: Job has already started"
        if job_id in self.refusing:
            return self.refusing[job_id]
        self.traits.said[job_id] = replace(self.traits.said.get(job_id, JobTraits()), resreq=resreq)
        return ""

    def _why_not(self, job_id: str, queue: str) -> str:
        door = next((one for one in self.scheduler.all_queues if one.name == queue), None)
        if door is None:
            return f"{queue}: No such queue"
        if not door.is_open:
            return f"{queue}: Queue has been closed"
        return self.refusing.get(job_id, "")

    def _answer(self, command: str) -> None:
        if self.scheduler.down:
            raise SiteUnavailable(f"{command} gave no answer: LSF is down", "set `down` to False")
