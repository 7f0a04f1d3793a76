"""A scheduler in memory, and the hands on its hosts, that keep the ports' promises (for tests and the sandbox)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Identity, JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


class FakeHosts:
    """Opens and closes the hosts of a ``FakeScheduler``: what it does shows in what that one says."""

    def __init__(self, scheduler: FakeScheduler) -> None:
        self._scheduler = scheduler
        self.reasons: dict[str, str] = {}
        """Why each host that is closed was closed."""

    def close(self, names: Sequence[str], why: str) -> None:
        """See ``ris_hybrid.ports.Hosts``."""
        self._become(names, "closed_Adm", frozenset({"unavail", "unreach", "closed_Adm"}))
        self.reasons |= dict.fromkeys(names, why)

    def reopen(self, names: Sequence[str]) -> None:
        """See ``ris_hybrid.ports.Hosts``."""
        self._become(names, "ok", frozenset({"unavail", "unreach", "ok", "closed_Full"}))
        for name in names:
            self.reasons.pop(name, None)

    def requeue(self, job_ids: Sequence[str]) -> None:
        """See ``ris_hybrid.ports.Hosts``."""
        self._answer("brequeue")
        self._scheduler.all_jobs = tuple(
            job._replace(status=JobStatus.PEND, exec_host="", run_s=0.0)
            if job.job_id in job_ids and job.status is JobStatus.RUN
            else job
            for job in self._scheduler.all_jobs
        )

    def _become(self, names: Sequence[str], status: str, lasting: frozenset[str]) -> None:
        self._answer("badmin")
        self._scheduler.all_hosts = tuple(
            replace(host, status=status) if host.name in names and host.status not in lasting else host
            for host in self._scheduler.all_hosts
        )

    def _answer(self, command: str) -> None:
        if self._scheduler.down:
            raise SiteUnavailable(f"{command} gave no answer: LSF is down", "set `down` to False")


class FakeMaster:
    """Names the master it was told."""

    def __init__(self, cluster: str, master: str, *, down: bool = False) -> None:
        self.cluster = cluster
        self.master = master
        self.down = down

    def who(self) -> Identity:
        """See ``ris_hybrid.ports.Master``."""
        if self.down:
            raise SiteUnavailable("lsid gave no answer: LSF is down", "set `down` to False")
        return Identity(cluster=self.cluster, master=self.master)
