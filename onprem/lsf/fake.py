"""A scheduler in memory that keeps the port's promises (for tests and the sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.model import Host, Job, Queue


class FakeScheduler:
    """Says what it was told; while ``down`` is set it is as unreachable as an LSF without mbatchd."""

    def __init__(
        self,
        jobs: Iterable[Job] = (),
        hosts: Iterable[Host] = (),
        queues: Iterable[Queue] = (),
        *,
        down: bool = False,
    ) -> None:
        self.all_jobs = tuple(jobs)
        self.all_hosts = tuple(hosts)
        self.all_queues = tuple(queues)
        self.down = down

    def jobs(self) -> tuple[Job, ...]:
        """See ``ris_hybrid.ports.Scheduler``."""
        self._answer("bjobs")
        return self.all_jobs

    def hosts(self) -> tuple[Host, ...]:
        """See ``ris_hybrid.ports.Scheduler``."""
        self._answer("bhosts")
        return self.all_hosts

    def queues(self) -> tuple[Queue, ...]:
        """See ``ris_hybrid.ports.Scheduler``."""
        self._answer("bqueues")
        return self.all_queues

    def _answer(self, command: str) -> None:
        if self.down:
            raise SiteUnavailable(f"{command} gave no answer: LSF is down", "set `down` to False")
