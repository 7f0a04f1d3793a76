"""Jobs in burst queues counted to the queues where they were submitted: gates, pools and v are those queues' (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.model import Job
    from ris_hybrid.settings import BurstSettings


def own_queues(settings: BurstSettings) -> Mapping[str, str]:
    """Burst queue to its ordinary queue; none where nobody moves jobs between them."""
    if not settings.steers_by_queue:
        return {}
    return {burst: queue for queue, burst in settings.planner.steering.queues.items()}


def homed(jobs: Sequence[Job], settings: BurstSettings) -> Sequence[Job]:
    """The jobs, each in its own queue."""
    own = own_queues(settings)
    if not own:
        return jobs
    return [job._replace(queue=own[job.queue]) if job.queue in own else job for job in jobs]
