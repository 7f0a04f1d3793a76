"""Jobs from one queue to another: what bswitch does (sandbox)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.mbatchd import Mbatchd
    from ris_hybrid.sandbox.lsf.records import JobRecord


def switch(batch: Mbatchd, job: JobRecord, name: str) -> None:
    """Put an unfinished job into another queue, one that runs too, if that queue may use its hosts.

    A pending job stands there as if it had been submitted to that queue from the start (IBM Spectrum LSF 10.1, bswitch
    reference), so by its time of submission and not at the end; OpenLava sorts by that time too. ``ConfigError`` in
    LSF's words.
    """
    queue = batch.queue(name)
    if job.ended is not None:
        raise ConfigError(f"Job <{job.job_id}>: Job has already finished", "only unfinished jobs are switched")
    if not queue.is_open:
        raise ConfigError(f"{name}: Queue has been closed", "bqueues shows which queues are open")
    if job.waiting:
        batch.change(job, replace(job.request, queue=name))
        return
    if not batch.farm.may_hold(job.plan, queue):
        raise ConfigError(f"{name}: Host or host group is not used by the queue", "the job stays where it is")
    batch.tally.count(job, -1)
    job.request, job.queue = replace(job.request, queue=name), queue
    batch.tally.count(job, 1)
    batch.dispatch()
