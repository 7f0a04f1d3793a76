"""Running totals of jobs and slots, kept with every change of state so that asking for them costs nothing (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.sandbox.lsf.records import JobRecord


class Tally:
    """Pending (PEND, not PSUSP) and running jobs and slots."""

    def __init__(self, queues: Iterable[str]) -> None:
        self.pending_jobs = 0
        self.pending_slots = 0
        self.running_jobs = 0
        self.running_slots = dict.fromkeys(queues, 0)
        """By queue."""

    def count(self, job: JobRecord, sign: int) -> None:
        """Put a job in (1) or take it out (-1), in the state it is in now."""
        slots = sign * job.request.slots
        if job.status is JobStatus.PEND:
            self.pending_jobs += sign
            self.pending_slots += slots
        elif job.status is JobStatus.RUN:
            self.running_jobs += sign
            self.running_slots[job.queue.name] += slots
