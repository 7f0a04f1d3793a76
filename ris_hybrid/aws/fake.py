"""The port ``RepositoryTasks`` in memory, shipped for tests and dry runs: tasks end when they are told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.values import MoveSeen
from ris_hybrid.errors import QuotaReached, Refused

if TYPE_CHECKING:
    from ris_hybrid.data.values import RepositoryTask
    from ris_hybrid.errors import CloudError

_GOING = frozenset({"queued", "moving"})


class FakeRepositoryTasks:
    """File systems by id; one that was not named is refused."""

    def __init__(self, *file_systems: str) -> None:
        self._file_systems = file_systems
        self._tasks: dict[str, tuple[RepositoryTask, MoveSeen]] = {}
        self._by_token: dict[str, str] = {}
        self.fail_next: CloudError | None = None
        """Raised by the next call, once; ``start`` raises it after it has accepted the task."""

    def start(self, task: RepositoryTask, token: str) -> str:
        """One a file system at a time."""
        if task.file_system_id not in self._file_systems:
            raise Refused(f"File system '{task.file_system_id}' does not exist.", code="FileSystemNotFound")
        if token not in self._by_token:
            if any(
                one.file_system_id == task.file_system_id and seen.state in _GOING for one, seen in self._tasks.values()
            ):
                raise QuotaReached("another task is executing", code="DataRepositoryTaskExecuting")
            self._by_token[token] = f"task-{len(self._tasks) + 1}"
            self._tasks[self._by_token[token]] = task, MoveSeen(state="queued")
        elif self._tasks[self._by_token[token]][0] != task:
            raise Refused("the token was used for another task", code="IncompatibleParameterError")
        self._maybe_fail()
        return self._by_token[token]

    def look(self, task_id: str) -> MoveSeen:
        """As it stands."""
        self._maybe_fail()
        return self._tasks[task_id][1] if task_id in self._tasks else MoveSeen(state="unknown")

    def cancel(self, task_id: str) -> None:
        """At once."""
        self._maybe_fail()
        if task_id in self._tasks and self._tasks[task_id][1].state in _GOING:
            self._tasks[task_id] = self._tasks[task_id][0], MoveSeen(state="cancelled")

    def finish(self, files: int = 0, failed: int = 0) -> None:
        """Every task that goes ends now."""
        reason = f"{failed} of {files + failed} files failed" if failed else ""
        ended = MoveSeen(state="failed" if failed else "done", files=files, reason=reason)
        self._tasks = {
            key: (task, ended if seen.state in _GOING else seen) for key, (task, seen) in self._tasks.items()
        }

    def _maybe_fail(self) -> None:
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure
