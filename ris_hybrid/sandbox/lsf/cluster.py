"""The virtual LSF cluster: jobs, queues and hosts under a virtual clock, safe to share by threads (sandbox).

Time moves only by ``advance``; commands and ebrokerd act at ``now``.
"""

from __future__ import annotations

from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.dispatch import borrows, lab_of
from ris_hybrid.sandbox.lsf.mbatchd import Mbatchd, UnknownQueue
from ris_hybrid.sandbox.lsf.records import Counts, JobRecord, JobView, finished_of, view_of
from ris_hybrid.sandbox.lsf.spec import FinishedJob, PendingJob
from ris_hybrid.sandbox.lsf.switching import switch
from ris_hybrid.sandbox.lsf.working import NoWork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, HostView, JobRequest
    from ris_hybrid.sandbox.lsf.working import Worker

__all__ = ["Cluster", "Counts", "JobView", "UnknownQueue"]

CLEAN_PERIOD_S = 3600.0
"""How long ended jobs stay visible to bjobs: CLEAN_PERIOD of lsb.params, whose default is an hour."""


class Cluster:
    """One virtual cluster. Unknown jobs, hosts and queues raise ``ConfigError`` in LSF's words."""

    def __init__(self, spec: ClusterSpec, now: float, worker: Worker | None = None) -> None:
        self.spec = spec
        self._lock = RLock()
        self._batch = Mbatchd(spec, now, worker or NoWork())

    @property
    def now(self) -> float:
        """The virtual time, epoch seconds."""
        with self._lock:
            return self._batch.now

    def close_shift(self) -> None:
        """Wait for what jobs are really doing."""
        self._batch.shift.close()

    def submit(self, request: JobRequest) -> str:
        """Take a job in, start it if it fits, and return its id; ``UnknownQueue`` if there is no such queue."""
        with self._lock:
            return self._batch.submit(request)

    def next_event(self) -> float | None:
        """When anything happens by itself (a job ends, a ``-b`` time comes), None if nothing will."""
        with self._lock:
            return self._batch.next_event()

    def advance(self, to: float) -> None:
        """Let everything up to and including ``to`` happen, dispatching as slots free up; then now is ``to``."""
        with self._lock:
            self._batch.advance(to)

    def pending(self) -> tuple[PendingJob, ...]:
        """Pending jobs that more hosts could start, in order of submission.

        Only queues that may borrow hosts; without jobs that are held, wait for a job or a time, or are kept
        back by their queue's own slot limit.
        """
        with self._lock:
            rooms = {name: self._batch.queue_room(queue) for name, queue in self._batch.queues.items()}
            found = []
            for job in self._batch.waiting.jobs():
                if not borrows(job.queue) or not job.queue.is_open:
                    continue
                room = rooms[job.queue.name]
                if room is not None:
                    if room < job.request.slots:
                        continue
                    rooms[job.queue.name] = room - job.request.slots
                found.append(_pending_of(job))
            return tuple(found)

    def borrow(self, host: BorrowedHost) -> None:
        """A dynamic host joins with status ok and takes jobs at once."""
        with self._lock:
            self._batch.join(host)

    def close(self, name: str, word: str = "closed_Adm") -> None:
        """No new jobs for this host; ``word`` is the status LSF shows for the reason. Its jobs run on."""
        with self._lock:
            self._batch.farm.close(name, word)

    def reopen(self, name: str) -> None:
        """Open a closed host; ``ConfigError`` for closed_RC and unavail, which LSF cannot open."""
        with self._lock:
            self._batch.farm.reopen(name)
            self._batch.dispatch()

    def unavailable(self, name: str) -> None:
        """The machine died: status unavail; its jobs are requeued if rerunnable, else EXIT."""
        with self._lock:
            self._batch.lose(name)

    def release(self, name: str) -> None:
        """A borrowed host leaves; jobs still on it are requeued if rerunnable, else EXIT."""
        with self._lock:
            self._batch.part(name)

    def host(self, name: str) -> HostView | None:
        """One host, or None if the cluster has none of that name (any more)."""
        with self._lock:
            return self._batch.farm.view(name)

    def hosts(self) -> tuple[HostView, ...]:
        """Every host, on-premises first."""
        with self._lock:
            return self._batch.farm.views()

    def returned_hosts(self) -> tuple[HostView, ...]:
        """Borrowed hosts that have left, as they were then; ``bhosts -a`` still shows them."""
        with self._lock:
            return self._batch.farm.returned()

    def jobs(self, ids: Sequence[str] = (), *, ended: bool = False) -> tuple[JobView, ...]:
        """Jobs in order of their ids: those asked for, else every unfinished one.

        Ended jobs are shown for an hour, only if asked for by id or with ``ended``. Unknown ids are left out.
        """
        with self._lock:
            batch = self._batch
            if ids or ended:
                chosen = (batch.jobs[job_id] for job_id in (ids or batch.jobs) if job_id in batch.jobs)
                found = [job for job in chosen if job.ended is None or job.ended > batch.now - CLEAN_PERIOD_S]
            else:
                found = list(batch.unfinished.values())
            return tuple(view_of(job, batch.now, batch.queue_room(job.queue)) for job in found)

    def finished(self) -> tuple[FinishedJob, ...]:
        """Accounting records of every ended job that ran, in the order they ended."""
        with self._lock:
            records = (finished_of(job, lab_of(job.request.user_group)) for job in self._batch.ended)
            return tuple(record for record in records if record is not None)

    def unfinished(self) -> int:
        """How many jobs have not ended: pending, held or running."""
        with self._lock:
            return len(self._batch.unfinished)

    def counts(self) -> Counts:
        """Jobs and slots now."""
        with self._lock:
            batch = self._batch
            return Counts(
                pending_jobs=batch.tally.pending_jobs,
                pending_slots=batch.tally.pending_slots,
                running_jobs=batch.tally.running_jobs,
                running_slots=sum(batch.tally.running_slots.values()),
                onprem_slots_used=batch.farm.onprem_used,
                cloud_slots_used=batch.farm.cloud_used,
                cloud_slots=batch.farm.cloud_slots,
            )

    def switch(self, job_id: str, queue: str) -> None:
        """Move an unfinished job to another queue, where it stands by its time of submission."""
        with self._lock:
            switch(self._batch, self._batch.job(job_id), queue)

    def modify(
        self,
        job_id: str,
        *,
        slots: int | None = None,
        run_limit_s: float | None = None,
        begin: float | None = None,
        resreq: str | None = None,
    ) -> None:
        """Change a pending job; what is None stays as it is. It keeps its place in the queue."""
        with self._lock:
            job = self._batch.job(job_id)
            old = job.request
            self._batch.change(
                job,
                replace(
                    old,
                    slots=old.slots if slots is None else slots,
                    run_limit_s=old.run_limit_s if run_limit_s is None else run_limit_s,
                    begin=old.begin if begin is None else begin,
                    resreq=old.resreq if resreq is None else resreq,
                ),
            )

    def kill(self, job_id: str) -> None:
        """End an unfinished job; ``ConfigError`` if it has ended already."""
        with self._lock:
            self._batch.kill(self._batch.job(job_id))

    def requeue(self, job_id: str) -> None:
        """A running job goes back to pending, at its old place; ``ConfigError`` for one that does not run."""
        with self._lock:
            self._batch.requeue(self._batch.job(job_id))

    def hold(self, job_id: str) -> None:
        """Keep a pending job from running (PSUSP); the sandbox does not suspend running jobs."""
        with self._lock:
            self._batch.suspend(self._batch.job(job_id), held=True)

    def resume(self, job_id: str) -> None:
        """Let a held job be scheduled again."""
        with self._lock:
            self._batch.suspend(self._batch.job(job_id), held=False)


def _pending_of(job: JobRecord) -> PendingJob:
    return PendingJob(
        job_id=job.job_id,
        queue=job.queue.name,
        account=job.account,
        slots=job.request.slots,
        submitted=job.submitted,
        selection=job.wish.text,
    )
