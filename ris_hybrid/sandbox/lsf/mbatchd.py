"""The life of jobs under a virtual clock: submitted, eligible, dispatched, ended or requeued (sandbox).

::

    PSUSP <-hold/resume-> PEND --dispatch--> RUN --run time--> DONE
                           ^                  |---run limit, kill, host lost--> EXIT
                           +---- host lost, rerunnable ----+

State is always settled: after each change no eligible job is left that would fit. So a new job need only be
tried by itself, and the whole queue is looked at only when slots came free.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.agenda import Agenda, Due, Kind
from ris_hybrid.sandbox.lsf.dispatch import account_of, place, wants_one_host
from ris_hybrid.sandbox.lsf.farm import Farm
from ris_hybrid.sandbox.lsf.records import JobRecord, block_of, dependency_of, work_of
from ris_hybrid.sandbox.lsf.resreq import wish_of
from ris_hybrid.sandbox.lsf.tally import Tally
from ris_hybrid.sandbox.lsf.waiting import Waiting
from ris_hybrid.sandbox.lsf.working import Shift

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, JobRequest, QueueSpec
    from ris_hybrid.sandbox.lsf.working import Worker

_LOOK_S = 1.0
"""Virtual seconds until a job whose command still runs is looked at again."""


class UnknownQueue(ConfigError):
    """The cluster has no queue of that name."""


class Mbatchd:
    """Jobs, queues and the agenda of what happens next. Not thread-safe: ``Cluster`` holds the lock."""

    def __init__(self, spec: ClusterSpec, now: float, worker: Worker) -> None:
        self.now = now
        self.shift = Shift(worker)
        self.farm = Farm(spec, now)
        self.jobs: dict[str, JobRecord] = {}
        self.unfinished: dict[str, JobRecord] = {}
        self.ended: list[JobRecord] = []
        self.queues = {queue.name: queue for queue in spec.queues}
        self.tally = Tally(self.queues)
        self.waiting = Waiting()
        self._default_queue = spec.default_queue or next(iter(self.queues), "")
        self._agenda = Agenda(self._valid)
        self._dependents: dict[str, list[str]] = {}
        self._orders = 0

    def submit(self, request: JobRequest) -> str:
        """Take a job in and start it if it fits; ``UnknownQueue``, or ``ConfigError`` for a bad condition."""
        queue = self.queue(request.queue or self._default_queue)
        if not queue.is_open:
            raise ConfigError(f"{queue.name}: Queue has been closed", "bqueues shows which queues are open")
        condition = self._condition(request)
        account = account_of(queue, request.user_group)
        wish = wish_of(request.resreq, queue.res_req)
        job = JobRecord(
            job_id=str(len(self.jobs) + 1),
            order=self._next_order(),
            request=request,
            queue=queue,
            account=account,
            wish=wish,
            lane=self.farm.lane(queue, account, wish),
            submitted=self.now,
            pending_since=self.now,
            status=JobStatus.PSUSP if request.hold else JobStatus.PEND,
        )
        self.jobs[job.job_id] = self.unfinished[job.job_id] = job
        if condition is not None:
            self._dependents.setdefault(condition[1], []).append(job.job_id)
        self.tally.count(job, 1)
        self._consider(job)
        return job.job_id

    def queue(self, name: str) -> QueueSpec:
        """The queue of that name, or ``UnknownQueue``."""
        if name not in self.queues:
            raise UnknownQueue(f"{name}: No such queue", f"queues: {', '.join(self.queues)}")
        return self.queues[name]

    def job(self, job_id: str) -> JobRecord:
        """The job of that id, ended or not; ``ConfigError`` in LSF's words."""
        if job_id not in self.jobs:
            raise ConfigError(f"Job <{job_id}>: No matching job found", "bjobs -u all lists the jobs")
        return self.jobs[job_id]

    def next_event(self) -> float | None:
        """When something will happen by itself, or None."""
        return self._agenda.next_at()

    def advance(self, to: float) -> None:
        """Let everything up to ``to`` happen, in order of time."""
        if to < self.now:
            raise ConfigError(f"advance({to:g}): expected at least {self.now:g}", "virtual time never runs back")
        while (at := self._agenda.next_at()) is not None and at <= to:
            self.now = at
            while (due := self._agenda.take(at)) is not None:
                happen = self._run_out if due.kind is Kind.END else self._refresh
                happen(self.jobs[due.job_id])
            self.dispatch()
        self.now = to

    def dispatch(self) -> None:
        """Start every eligible job that fits, by queue priority, then order; what does not fit is skipped."""
        heads = [(-key.priority, job.order, key, job) for key, job in self.waiting.heads(self.farm.free)]
        heapq.heapify(heads)
        while heads:
            _, _, key, job = heapq.heappop(heads)
            if not self._start_if_fits(job):
                continue  # room only shrinks here, so the others of this group would not fit either
            following = self.waiting.head(key)
            if following is not None:
                heapq.heappush(heads, (-key.priority, following.order, key, following))

    def queue_room(self, queue: QueueSpec) -> int | None:
        """Slots the queue's own limit still leaves; None without a limit."""
        return None if queue.max_slots is None else queue.max_slots - self.tally.running_slots[queue.name]

    def kill(self, job: JobRecord) -> None:
        """End an unfinished job as EXIT."""
        self._end(job, JobStatus.EXIT, 130, "TERM_OWNER: job killed by owner")
        self.dispatch()

    def requeue(self, job: JobRecord) -> None:
        """RUN to PEND; ``ConfigError`` for a job that does not run."""
        if job.status is not JobStatus.RUN:
            state = "not started yet" if job.waiting else "already finished"
            raise ConfigError(f"Job <{job.job_id}>: Job has {state}", "only running jobs can be requeued")
        self._requeue(job)
        self.dispatch()

    def suspend(self, job: JobRecord, *, held: bool) -> None:
        """PEND to PSUSP or back; ``ConfigError`` for a job that no longer waits."""
        self._must_wait(job)
        self.tally.count(job, -1)
        job.status = JobStatus.PSUSP if held else JobStatus.PEND
        self.tally.count(job, 1)
        self._consider(job)

    def change(self, job: JobRecord, request: JobRequest) -> None:
        """Give a pending job another request; it keeps its place."""
        self._must_wait(job)
        queue = self.queue(request.queue or self._default_queue)
        wish = wish_of(request.resreq, queue.res_req)
        self.tally.count(job, -1)
        self.waiting.remove(job)
        job.request, job.queue, job.wish = request, queue, wish
        job.account = account_of(queue, request.user_group)
        job.lane = self.farm.lane(queue, job.account, wish)
        self.tally.count(job, 1)
        self._consider(job)

    def join(self, host: BorrowedHost) -> None:
        """A borrowed host joins and takes jobs."""
        self.farm.join(host, self.now)
        self.waiting.regroup()
        self.dispatch()

    def lose(self, name: str) -> None:
        """A host is dead: it stays as unavail, without jobs."""
        self.farm.close(name, "unavail")
        self._evict(name)
        self.waiting.regroup()
        self.dispatch()

    def part(self, name: str) -> None:
        """A borrowed host goes, dead or alive; ``ConfigError`` for a host of the site."""
        if not self.farm.is_borrowed(name):
            raise ConfigError(f"{name}: Host is not borrowed", "only borrowed hosts can be released")
        self.farm.close(name, "closed_RC")
        self._evict(name)
        self.farm.leave(name)
        self.waiting.regroup()
        self.dispatch()

    def _evict(self, name: str) -> None:
        """Requeue the rerunnable jobs of a host that is lost, and end the others."""
        for job_id in self.farm.jobs_on(name):
            job = self.jobs[job_id]
            if job.request.rerunnable:
                self._requeue(job)
            else:
                self._end(job, JobStatus.EXIT, 1, "TERM_UNKNOWN: execution host was lost")

    def _condition(self, request: JobRequest) -> tuple[str, str] | None:
        condition = dependency_of(request.dependency)
        if condition is not None and condition[1] not in self.jobs:
            raise ConfigError(f"{request.dependency}: No matching job found", "the awaited job must exist")
        return condition

    def _must_wait(self, job: JobRecord) -> None:
        if not job.waiting:
            state = "finished" if job.ended is not None else "started"
            raise ConfigError(f"Job <{job.job_id}>: Job has already {state}", "only pending jobs change")

    def _next_order(self) -> int:
        self._orders += 1
        return self._orders

    def _valid(self, due: Due) -> bool:
        job = self.jobs[due.job_id]
        if due.kind is Kind.END:
            return job.status is JobStatus.RUN and job.runs == due.run
        return job.waiting and job.request.begin == due.at

    def _consider(self, job: JobRecord) -> None:
        """Bring a pending job's eligibility up to date and start it if it fits."""
        self._refresh(job)
        begin = job.request.begin
        if begin is not None and begin > self.now:
            self._agenda.add(Due(begin, Kind.BEGIN, 0, job.job_id))
        if job.blocked is None:
            self._start_if_fits(job)

    def _refresh(self, job: JobRecord) -> None:
        blocked = block_of(job, self.now, lambda job_id: self.jobs[job_id].status)
        if job.blocked is not None:
            job.blocked_s += self.now - job.blocked_since
        job.blocked, job.blocked_since = blocked, self.now
        if blocked is None:
            self.waiting.add(job)
        else:
            self.waiting.remove(job)

    def _start_if_fits(self, job: JobRecord) -> bool:
        room = self.queue_room(job.queue)
        slots = job.request.slots
        if room is not None and room < slots:
            return False
        plan = place(job.lane, slots, one_host=wants_one_host(job.request.resreq))
        if plan is None:
            return False
        self.tally.count(job, -1)
        self.waiting.remove(job)
        job.status, job.started, job.plan = JobStatus.RUN, self.now, plan
        job.runs += 1
        job.borrowed = self.farm.occupy(job.job_id, plan)
        self.tally.count(job, 1)
        self._agenda.add(Due(self.now + job.span_s, Kind.END, job.runs, job.job_id))
        if job.request.execute:
            self.shift.begin(work_of(job), job.runs)
        return True

    def _run_out(self, job: JobRecord) -> None:
        limit = job.request.run_limit_s
        code = self.shift.code(job.job_id, job.runs)
        if limit is not None and job.request.run_s > limit:
            self._end(job, JobStatus.EXIT, 140, "TERM_RUNLIMIT: job killed after reaching LSF run time limit")
        elif code is None:
            self._agenda.add(Due(self.now + _LOOK_S, Kind.END, job.runs, job.job_id))
        elif code:
            self._end(job, JobStatus.EXIT, code, f"Exited with exit code {code}")
        else:
            self._end(job, JobStatus.DONE, None, "")

    def _end(self, job: JobRecord, status: JobStatus, code: int | None, reason: str) -> None:
        if job.ended is not None:
            raise ConfigError(f"Job <{job.job_id}>: Job has already finished", "nothing is left to end")
        self._stop(job)
        if job.blocked is not None:
            job.blocked_s += self.now - job.blocked_since
            job.blocked = None
        job.status, job.ended, job.exit_code, job.exit_reason = status, self.now, code, reason
        del self.unfinished[job.job_id]
        self.ended.append(job)
        for waiting_id in self._dependents.pop(job.job_id, ()):
            dependent = self.jobs[waiting_id]
            if dependent.waiting:
                self._refresh(dependent)

    def _requeue(self, job: JobRecord) -> None:
        """Back to PEND at its old place, to run again from the start."""
        self._stop(job)
        job.status, job.started, job.plan, job.borrowed = JobStatus.PEND, None, (), False
        job.pending_since, job.blocked_s = self.now, 0.0
        self.tally.count(job, 1)
        self._refresh(job)

    def _stop(self, job: JobRecord) -> None:
        """Take a job out of the figures, and off its hosts or out of the queue."""
        self.tally.count(job, -1)
        if job.waiting:
            self.waiting.remove(job)
        else:
            self.farm.vacate(job.job_id, job.plan, self.now)
