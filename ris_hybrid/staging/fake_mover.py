"""A mover in memory between a fake tree and fake buckets: it moves when it is told to tick, and fails on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.data.excluded import excluded_path
from ris_hybrid.data.values import MoveFailure, MoveSeen
from ris_hybrid.errors import QuotaReached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.values import Direction, Move, MoveState
    from ris_hybrid.errors import RisHybridError
    from ris_hybrid.staging.fake_blobs import Blob
    from ris_hybrid.staging.fake_objects import FakeObjects
    from ris_hybrid.staging.fake_tree import FakeTree


@dataclass(slots=True)
class _Task:
    move: Move
    left: list[str]
    state: MoveState = "moving"
    files: int = 0
    skipped: int = 0
    bytes: int = 0
    faults: int = 0
    failures: list[MoveFailure] = field(default_factory=list)
    reason: str = ""


class FakeMover:
    """The ports ``Mover`` and ``MoverControl``."""

    def __init__(self, tree: FakeTree, objects: FakeObjects, *, room: int = 100) -> None:
        self._tree, self._objects = tree, objects
        self._tasks: dict[str, _Task] = {}
        self._by_token: dict[str, str] = {}
        self._tokens = 0
        self._held: set[Direction] = set()
        self.room = room
        """So many tasks may be unfinished at once."""
        self.corrupt: set[str] = set()
        """Paths (relative to the dataset) whose content is damaged on the way, once each."""
        self.refuse: dict[str, str] = {}
        """Paths that cannot be moved, each with its reason."""
        self.fail_next: RisHybridError | None = None
        """Raised by the next call, once; ``submit`` raises it after it has accepted the task."""
        self.bytes_moved = 0
        """Over all tasks: what was really copied."""
        self.paths_moved: list[str] = []
        """Every file that was really copied, in order; one that is copied twice is here twice."""

    def token(self, move: Move) -> str:
        """A new one each time, as a service that gives them out does."""
        self._maybe_fail()
        self._tokens += 1
        return f"token-{self._tokens}-{move.direction}"

    def submit(self, move: Move, token: str) -> str:
        """The same token is the same task; no room is ``QuotaReached``."""
        if token not in self._by_token:
            if sum(1 for task in self._tasks.values() if task.state in {"queued", "moving", "paused"}) >= self.room:
                raise QuotaReached("the mover takes no more tasks now", code="TooManyTasks")
            task_id = f"task-{len(self._by_token) + 1}"
            self._by_token[token] = task_id
            self._tasks[task_id] = _Task(move=move, left=list(self._paths(move)))
        self._maybe_fail()
        return self._by_token[token]

    def look(self, task_id: str) -> MoveSeen:
        """How it goes; one that was forgotten is ``unknown``."""
        self._maybe_fail()
        task = self._tasks.get(task_id)
        if task is None:
            return MoveSeen(state="unknown", reason="no such task")
        paused = task.state == "moving" and task.move.direction in self._held
        return MoveSeen(
            state="paused" if paused else task.state,
            files=task.files,
            skipped=task.skipped,
            bytes=task.bytes,
            bytes_per_s=float(task.bytes),
            faults=task.faults,
            failures=tuple(task.failures),
            reason=task.reason,
        )

    def cancel(self, task_id: str) -> None:
        """End it where it stands."""
        self._maybe_fail()
        task = self._tasks.get(task_id)
        if task is not None and task.state == "moving":
            task.state, task.reason = "cancelled", "cancelled on request"

    def pause(self, direction: Direction | None, message: str) -> None:
        """Hold a direction, or both."""
        self._maybe_fail()
        del message  # a service shows it to people
        self._held |= {direction} if direction is not None else {"in", "out"}

    def resume(self) -> None:
        """Let all go on."""
        self._maybe_fail()
        self._held.clear()

    def tick(self, files: int = 1_000_000) -> None:
        """Let time pass: every task that is not held moves so many files, and ends after its last."""
        for task in self._tasks.values():
            if task.state == "moving" and task.move.direction not in self._held:
                self._work(task, files)

    def fail(self, task_id: str, reason: str) -> None:
        """The service ends a task."""
        self._tasks[task_id].state, self._tasks[task_id].reason = "failed", reason

    def fault(self, task_id: str) -> None:
        """One of the network, which the service tries again by itself."""
        self._tasks[task_id].faults += 1

    def forget(self, task_id: str) -> None:
        """Nobody knows the task any more, as after a service's months of keeping them; its token is forgotten too."""
        del self._tasks[task_id]
        self._by_token = {token: known for token, known in self._by_token.items() if known != task_id}

    def task_ids(self) -> tuple[str, ...]:
        """Every task that is known, in the order they were submitted."""
        return tuple(self._tasks)

    def _work(self, task: _Task, files: int) -> None:
        for path in task.left[:files]:
            self._move(task, path)
        del task.left[:files]
        if not task.left:
            task.state = "done"

    def _move(self, task: _Task, path: str) -> None:
        held = self._source(task.move, path)
        if path in self.refuse or held is None:
            task.failures.append(MoveFailure(path=path, reason=self.refuse.get(path, "FILE_NOT_FOUND")))
            return
        if self._target(task.move, path) == held:
            task.skipped += 1
            return
        if path in self.corrupt:
            self.corrupt.discard(path)
            held = held.damaged()
        self._put(task.move, path, held)
        task.files, task.bytes = task.files + 1, task.bytes + held.size
        self.bytes_moved += held.size
        self.paths_moved.append(path)

    def _source(self, move: Move, path: str) -> Blob | None:
        if move.direction == "out":
            return self._objects.held(move.bucket, f"{move.prefix}{path}")
        return self._tree.blobs.get(f"{move.site_path}/{path}")

    def _target(self, move: Move, path: str) -> Blob | None:
        if move.direction == "in":
            return self._objects.held(move.bucket, f"{move.prefix}{path}")
        return self._tree.blobs.get(f"{move.site_path}/{path}")

    def _put(self, move: Move, path: str, held: Blob) -> None:
        if move.direction == "in":
            self._objects.put(move.bucket, f"{move.prefix}{path}", held)
        else:
            self._tree.put(f"{move.site_path}/{path}", held)

    def _paths(self, move: Move) -> Iterator[str]:
        for item in move.items:
            if not item.recursive:
                yield item.path
            elif move.direction == "in":
                start = f"{move.site_path}/{item.path}/" if item.path else f"{move.site_path}/"
                below = (path[len(move.site_path) + 1 :] for path in sorted(self._tree.blobs) if path.startswith(start))
                yield from (path for path in below if not excluded_path(path))
            else:
                start = f"{move.prefix}{item.path}/" if item.path else move.prefix
                yield from (key[len(move.prefix) :] for key in self._objects.keys(move.bucket, start))

    def _maybe_fail(self) -> None:
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure
