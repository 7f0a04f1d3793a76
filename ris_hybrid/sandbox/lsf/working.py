"""Jobs that really do something: a child process beside the virtual run (sandbox).

Most jobs of a sandbox only take their time. One submitted with ``RIS_SANDBOX_EXECUTE=1`` in its environment is also
run, once it has started; what it left with is its exit code. The virtual run does not end before the real one has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

EXECUTE = "RIS_SANDBOX_EXECUTE"
"""Environment of bsub: the job's command is really run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be run, and where the job is."""

    job_id: str
    user: str
    command: str
    description: str
    hosts: tuple[str, ...]


class Worker(Protocol):
    """Runs one job's command as its host sees the site's paths."""

    def work(self, work: Work) -> int:
        """Its exit code; 127 where it could not be started."""
        ...


@dataclass(frozen=True, slots=True)
class NoWork:
    """A cluster in which no job does anything."""

    def work(self, work: Work) -> int:  # noqa: ARG002  # the port's signature
        """Nothing was done, and nothing failed."""
        return 0


@dataclass(slots=True)
class Shift:
    """The work that is under way, by job and run."""

    worker: Worker
    _pool: ThreadPoolExecutor | None = None
    _doing: dict[tuple[str, int], Future[int]] = field(default_factory=dict)

    def begin(self, work: Work, run: int) -> None:
        """Start it in a thread of its own."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="job")
        self._doing[work.job_id, run] = self._pool.submit(self.worker.work, work)

    def code(self, job_id: str, run: int) -> int | None:
        """Its exit code; None while it goes on, 0 for a job that has no work."""
        doing = self._doing.get((job_id, run))
        if doing is None:
            return 0
        if not doing.done():
            return None
        del self._doing[job_id, run]
        return doing.result()

    def close(self) -> None:
        """Wait for what is under way, and end."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
