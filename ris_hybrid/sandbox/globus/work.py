"""Runs the transfers: three at a time, a slice of each in turn, with threads over one connection pool.

What was moved is written down after each slice, so a service that is killed goes on behind the last one.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from os.path import commonpath
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.globus import tasks
from ris_hybrid.sandbox.globus.carry import Carrier
from ris_hybrid.sandbox.globus.ends import EndFailed
from ris_hybrid.sandbox.globus.filters import left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ris_hybrid.sandbox.globus.carried import Carried
    from ris_hybrid.sandbox.globus.carry import Candidate
    from ris_hybrid.sandbox.globus.ends import End, Found
    from ris_hybrid.sandbox.globus.faults import Faults
    from ris_hybrid.sandbox.globus.store import Store

ACTIVE_TASKS = 3
"""Of one identity, the service's limit."""
SLICE = 1024
WORKERS = 8
_TURN_S = 0.5  # how soon a deadline is seen that nobody asks about


class Work:
    """The tasks of a store, between ends by collection id. ``turn`` moves them on; ``begin`` does so in a thread."""

    def __init__(self, store: Store, ends: Mapping[str, End], faults: Faults, now: Callable[[], float]) -> None:
        self._store, self._ends, self._faults, self._now = store, ends, faults, now
        self._going: dict[str, tuple[Carrier, Iterator[Candidate]]] = {}
        self._turning = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="globus")
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Work in the background until ``close``."""
        self._thread = threading.Thread(target=self._run, name="globus-work", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def settle(self) -> None:
        """Work until nothing more can be done: all tasks have ended, or are held."""
        while self.turn():
            pass

    def close(self) -> None:
        """End the thread after its slice."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown()

    def turn(self, files: int = SLICE) -> bool:
        """Move the first tasks on by so many files each; whether there was one to move on."""
        with self._turning:
            waiting = sorted(self._store.every("task"), key=lambda task: int(task["sandbox"]["number"]))
            rules = self._store.every("pause")
            held = [task for task in waiting if task["status"] == "ACTIVE" and is_held(task, rules)]
            ready = [task for task in waiting if task["status"] == "ACTIVE" and not is_held(task, rules)]
            for task in held:
                self._mark(task, is_paused=True)
            for task in ready[:ACTIVE_TASKS]:
                self._step(task, files)
            return bool(ready)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self.turn():
                self._wake.wait(_TURN_S)
                self._wake.clear()

    def _mark(self, task: Mapping[str, Any], **fields: object) -> None:
        if any(task[name] != value for name, value in fields.items()):
            self._store.change("task", task["task_id"], lambda kept: kept.update(fields))

    def _step(self, task: dict[str, Any], files: int) -> None:
        task_id = task["task_id"]
        self._mark(task, is_paused=False)
        now = self._now()
        if task["deadline"] and tasks.stamp(now) > task["deadline"]:
            fatal = ("DEADLINE_EXCEEDED", "the deadline has passed")
            self._store.change("task", task_id, lambda kept: tasks.end(kept, "FAILED", now, fatal))
            self._going.pop(task_id, None)
            return
        carrier, candidates = self._going.get(task_id) or self._start(task)
        self._going[task_id] = (carrier, candidates)
        part = list(islice(candidates, files))
        carried = carrier.carry_all(part, self._pool)
        self._note(task_id, carried)
        if len(part) < files:
            self._store.change("task", task_id, lambda kept: tasks.finish(kept, self._now()))
            self._going.pop(task_id, None)

    def _note(self, task_id: str, carried: list[Carried]) -> None:
        moved = [
            {
                "source_path": one.source,
                "destination_path": one.destination,
                "size": one.size,
                "checksum": one.checksum,
                "checksum_algorithm": "CRC64NVME",
            }
            for one in carried
            if one.outcome == "moved"
        ]
        skipped = [
            {"source_path": one.source, "destination_path": one.destination, "error_code": one.code}
            for one in carried
            if one.outcome == "failed"
        ]
        if moved:
            self._store.add_rows(task_id, "moved", moved)
        if skipped:
            self._store.add_rows(task_id, "skipped", skipped)
        self._store.change("task", task_id, lambda kept: tasks.count(kept, carried))

    def _start(self, task: Mapping[str, Any]) -> tuple[Carrier, Iterator[Candidate]]:
        asked = self._store.get("document", task["task_id"]) or {"DATA": []}
        source, destination = (self._ends[task[f"{side}_endpoint_id"]] for side in ("source", "destination"))
        carrier = Carrier(source, destination, asked, self._faults)
        carrier.know(_there(destination, [item["destination_path"] for item in asked["DATA"]]))
        done = self._store.sources(task["task_id"], ("moved", "skipped"))
        every = candidates(source, asked)
        return carrier, (one for one in every if one[1] not in done)


def candidates(source: End, asked: Mapping[str, Any]) -> Iterator[Candidate]:
    """Every file of a transfer."""
    leave_out = left_out(asked.get("filter_rules") or [])
    for item in asked["DATA"]:
        at, to = item["source_path"], item["destination_path"]
        try:
            if not item.get("recursive"):
                yield source.stat(at) or EndFailed("FILE_NOT_FOUND"), at, to
                continue
            for found in source.walk(at, leave_out):
                yield found, found.path, f"{to.rstrip('/')}/{found.path[len(at.rstrip('/')) + 1 :]}"
        except EndFailed as failure:
            yield failure, at, to


def is_held(task: Mapping[str, Any], rules: list[dict[str, Any]]) -> bool:
    """Whether a pause rule is of one of its collections, its owner and what it does there."""
    return any(
        rule.get("identity_id") in {None, task["owner_id"]}
        and (
            (rule["endpoint_id"] == task["source_endpoint_id"] and rule.get("pause_task_transfer_read"))
            or (rule["endpoint_id"] == task["destination_endpoint_id"] and rule.get("pause_task_transfer_write"))
        )
        for rule in rules
    )


def _there(destination: End, paths: list[str]) -> dict[str, Found]:
    """What the destination has already below the directory that all paths share."""
    shared = commonpath(path if path.endswith("/") else path.rpartition("/")[0] for path in paths)
    try:
        return {found.path: found for found in destination.walk(shared, lambda *_: False)}
    except EndFailed:
        return {}  # no such directory yet, or no right to list it: then each file is found out by itself
