"""A site without a Resource Connector, in memory: nodes boot and join, jobs start and end, the broker takes turns."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit
from burst.broker import Made, Site
from burst.duty import Post, Standby, once
from burst.fake import FakeCloud, FakeLedger, FakeOutlook
from burst.journal import FakeJournal
from burst.notices import FakeNotices
from burst.provider import Provider
from burst.spend import FakeSpend
from onprem.lsf.fake import FakeHosts, FakeMaster, FakeScheduler
from ris_hybrid.errors import SiteUnavailable, TryAgain
from ris_hybrid.model import Host, JobStatus, MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ris_hybrid.errors import CloudError
    from ris_hybrid.model import Job, Launch, Launched, Machine

BOOT_S = 240.0
SLOTS = 8


class RacingHosts(FakeHosts):
    """Lets something happen between our look and our closing, and can refuse to open or to requeue."""

    before: Callable[[], None] | None = None
    refuses = False

    def close(self, names: Sequence[str], why: str) -> None:
        happen, self.before = self.before, None
        if happen is not None:
            happen()
        super().close(names, why)

    def reopen(self, names: Sequence[str]) -> None:
        self._maybe_refuse("badmin hopen")
        super().reopen(names)

    def requeue(self, job_ids: Sequence[str]) -> None:
        self._maybe_refuse("brequeue")
        super().requeue(job_ids)

    def _maybe_refuse(self, verb: str) -> None:
        if self.refuses:
            raise SiteUnavailable(f"{verb} failed: permission denied")


class Cloud(FakeCloud):
    """Fails at the call it is told, loses answers of launches, and lists late."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self.fail_at = 0
        """The how-manieth call from now fails; 0 for none."""
        self.lose = 0
        """So many launches start machines, and their answer is lost and the machines are not listed at first."""
        self.hidden = False
        self.refuses: dict[str, CloudError] = {}
        """What a launch of these pools is answered with."""

    def peek(self) -> tuple[Machine, ...]:
        """What is really there, whoever may ask."""
        return tuple(self._machines.values())

    def launch(self, launch: Launch) -> Launched:
        if launch.pool in self.refuses:
            raise self.refuses[launch.pool]
        launched = super().launch(launch)
        if self.lose:
            self.lose -= 1
            self.hidden = True
            raise TryAgain("the answer was lost")
        return launched

    def machines(self) -> tuple[Machine, ...]:
        return () if self.hidden else super().machines()

    def _maybe_fail(self) -> None:
        self.fail_at -= 1
        if self.fail_at == 0:
            raise TryAgain("throttled")


class World:
    """The site, its clock, and the broker's memory; ``fail_over`` takes the memory away."""

    def __init__(self, make: Any, lock: Path, **settings: Any) -> None:
        self.make = make
        self.now = make.now
        self.settings = make.settings(**settings)
        self.cloud = Cloud(lambda: self.now)
        self.ledger = FakeLedger(self.cloud)
        self.scheduler = FakeScheduler(queues=(make.queue(),))
        self.hosts = RacingHosts(self.scheduler)
        self.master = FakeMaster(self.settings.cluster, "m1")
        self.notices = FakeNotices()
        self.lock = lock
        self.outlook: FakeOutlook | None = None
        self._jobs = 0
        self.fail_over()

    def fail_over(self) -> None:
        """Another master candidate, with none of our files."""
        self.journal, self.spend, self.audit = FakeJournal(), FakeSpend(), FakeAudit()

    @property
    def provider(self) -> Provider:
        return Provider(
            settings=self.settings,
            cloud=self.cloud,
            ledger=self.ledger,
            spend=self.spend,
            audit=self.audit,
            journal=self.journal,
            now=self.now,
            outlook=self.outlook,
        )

    def turn(self, *, here: str = "m1", dry_run: bool = False) -> Made | Standby:
        site = Site(scheduler=self.scheduler, hosts=self.hosts, launch_lock=nullcontext, notices=self.notices)
        post = Post(master=self.master, here=(here,), lock=self.lock)
        busy_before = self.busy
        made = once(self.provider, site, post, dry_run=dry_run)
        ended_busy = {m.name for m in self.cloud.peek() if m.return_id} & self.busy & busy_before
        assert not ended_busy, f"ended with jobs: {ended_busy}"
        return made

    def act(self, **options: Any) -> Made:
        made = self.turn(**options)
        assert isinstance(made, Made)
        return made

    def submit(self, count: int = 1, slots: int = 1, lab: str = "lee", queue: str = "general") -> None:
        for _ in range(count):
            self._jobs += 1
            job = self.make.job(str(self._jobs), slots=slots, lab=lab, queue=queue)
            self.scheduler.all_jobs = (*self.scheduler.all_jobs, job)
        self.dispatch()

    def advance(self, seconds: float) -> None:
        """Time passes; nodes that have booted join, the cloud's dead ones leave."""
        self.now += seconds
        self.look()

    def look(self) -> None:
        alive = {m.name: m for m in self.cloud.peek() if m.state is MachineState.RUNNING}
        for name in [host.name for host in self.scheduler.all_hosts if host.name not in alive]:
            self._lose(name)
        known = {host.name for host in self.scheduler.all_hosts}
        booted = [m for m in alive.values() if m.name not in known and self.now - m.launched >= BOOT_S]
        rows = tuple(Host(name=m.name, status="ok", max_slots=SLOTS, jobs=0, running=0) for m in booted)
        self.scheduler.all_hosts += rows
        self.dispatch()

    def dispatch(self) -> None:
        """LSF starts what fits on open hosts."""
        for job in self.scheduler.all_jobs:
            if job.status is JobStatus.PEND:
                free = next((h for h in self.scheduler.all_hosts if h.takes_jobs and SLOTS - h.jobs >= job.slots), None)
                if free is not None:
                    self.start(job, free.name)

    def start(self, job: Job, name: str) -> None:
        self._change(job, job._replace(status=JobStatus.RUN, exec_host=":".join([name] * job.slots)))
        self._count(name)

    def finish(self, number: int = 0) -> None:
        """One of the running jobs ends."""
        running = [job for job in self.scheduler.all_jobs if job.status is JobStatus.RUN]
        if running:
            job = running[number % len(running)]
            self.scheduler.all_jobs = tuple(one for one in self.scheduler.all_jobs if one is not job)
            self._count(job.exec_host.partition(":")[0])
            self.dispatch()

    def finish_all(self) -> None:
        while any(job.status is JobStatus.RUN for job in self.scheduler.all_jobs):
            self.finish()

    @property
    def busy(self) -> set[str]:
        """Hosts with jobs."""
        return {job.exec_host.partition(":")[0] for job in self.scheduler.all_jobs if job.exec_host}

    @property
    def alive(self) -> list[Machine]:
        return [machine for machine in self.cloud.peek() if machine.alive]

    def statuses(self) -> list[str]:
        return [host.status for host in self.scheduler.all_hosts]

    def recount(self) -> None:
        for host in self.scheduler.all_hosts:
            self._count(host.name)

    def _lose(self, name: str) -> None:
        """The machine is gone: its jobs wait again."""
        self.scheduler.all_hosts = tuple(host for host in self.scheduler.all_hosts if host.name != name)
        self.scheduler.all_jobs = tuple(
            job._replace(status=JobStatus.PEND, exec_host="") if job.exec_host.partition(":")[0] == name else job
            for job in self.scheduler.all_jobs
        )

    def _change(self, job: Job, changed: Job) -> None:
        self.scheduler.all_jobs = tuple(changed if one is job else one for one in self.scheduler.all_jobs)

    def _count(self, name: str) -> None:
        used = sum(j.slots for j in self.scheduler.all_jobs if j.exec_host.partition(":")[0] == name and j.exec_host)
        self.scheduler.all_hosts = tuple(
            replace(host, jobs=used, running=used) if host.name == name else host for host in self.scheduler.all_hosts
        )


@pytest.fixture
def build(make: Any, tmp_path: Path) -> Callable[..., World]:
    """A site with these settings."""
    return lambda **settings: World(make, tmp_path / "broker.lock", **settings)


@pytest.fixture
def world(build: Callable[..., World]) -> World:
    return build()


@pytest.fixture(scope="session")
def built(make: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., World]:
    """The same for tests that make many."""
    lock = tmp_path_factory.mktemp("broker") / "broker.lock"
    return lambda **settings: World(make, lock, **settings)
