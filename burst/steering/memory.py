"""Our own earlier moves, out of the audit log: which jobs in a burst queue are ours, and which somebody else put there.

What is chosen is never read from here, only whose move it was. Where the log does not reach back far enough, a job in
a burst queue counts as ours, so that none is left behind there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ris_hybrid.model import Event

MOVING, MOVED, BACK, NOT_MOVED = "moving", "moved", "moved back", "not moved"
"""Kinds of the audit log's events. ``moving`` is written before the command, one of the others behind it."""

_PAUSE_S = 60.0
_LONGEST_S = 3600.0
_ANOTHER_JOB_S = 7 * 86_400.0
"""What was done so long before a job began to wait was done to another one: LSF gives numbers away again. A job that
was requeued, or held, began to wait later than it was moved, but seldom by as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The last that is known of our own hand on one job."""

    kind: str
    target: str
    """The queue it was to go to, or the flag it was to get."""
    at: float = field(default=float("inf"), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """LSF's last no about one job."""

    at: float
    times: int
    why: str

    def holds(self, now: float) -> bool:
        """Whether it is too early to ask again: a minute after the first no, twice as long after each further one."""
        return now - self.at < min(_PAUSE_S * 2.0 ** min(self.times - 1, 10), _LONGEST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What we did; empty remembers nothing."""

    since: float = float("inf")
    """When the oldest event that is known was written: what was done before, nobody knows."""
    traces: Mapping[str, Trace] = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)

    def after(self, events: Iterable[Event]) -> Memory:
        """With these events, oldest first. Events of other kinds tell how far back it goes, no more."""
        since, traces, refusals = self.since, dict(self.traces), dict(self.refusals)
        for event in events:
            since = min(since, event.at)
            for job_id in _jobs(event) if event.kind in {MOVING, MOVED, BACK, NOT_MOVED} else ():
                if event.kind == NOT_MOVED:
                    refusals[job_id] = _refused(event, refusals.get(job_id))
                    continue
                traces[job_id] = Trace(kind=event.kind, target=str(event.fields.get("target", "")), at=event.at)
                if event.kind != MOVING:
                    refusals.pop(job_id, None)
        return replace(self, since=since, traces=traces, refusals=refusals)

    def within(self, job_ids: Collection[str]) -> Memory:
        """Of these jobs alone: LSF gives numbers of ended ones away again."""
        known = set(job_ids)
        return replace(
            self,
            traces={job_id: trace for job_id, trace in self.traces.items() if job_id in known},
            refusals={job_id: refusal for job_id, refusal in self.refusals.items() if job_id in known},
        )

    def put_there(self, job_id: str, submitted: float) -> bool:
        """Whether a job in a burst queue is there by our hand, or may be: it is older than all we know.

        One we were about to move is ours, either way: a service that was killed left no other word.
        """
        trace = self._trace(job_id, submitted)
        return submitted <= self.since if trace is None else trace.kind != BACK

    def taken_from(self, job_id: str, target: str, submitted: float) -> bool:
        """Whether we had put it there for sure, and now it is there no more though we took nothing back."""
        trace = self._trace(job_id, submitted)
        return trace is not None and trace.kind == MOVED and trace.target == target

    def _trace(self, job_id: str, submitted: float) -> Trace | None:
        """Our last move of this job, not of one that had its number before."""
        trace = self.traces.get(job_id)
        return None if trace is None or submitted - trace.at > _ANOTHER_JOB_S else trace


def _jobs(event: Event) -> tuple[str, ...]:
    named = event.fields.get("jobs", ())
    return tuple(map(str, named)) if isinstance(named, list | tuple) else ()


def _refused(event: Event, before: Refusal | None) -> Refusal:
    return Refusal(at=event.at, times=1 + (before.times if before else 0), why=str(event.fields.get("why", "")))
