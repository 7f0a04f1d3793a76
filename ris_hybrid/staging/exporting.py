"""Results that are still on a file system of FSx for Lustre go to the bucket before anybody looks there for them.

A pool's path with ``exports: false`` keeps what jobs write until an export task writes it to the bucket. The task's
token is made of what asks for it, so that a turn that is repeated, or was killed, finds the same task; the next return
asks for another. The task's report is off, as it names files.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ris_hybrid.data.values import RepositoryTask, StagingState
from ris_hybrid.errors import QuotaReached, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ris_hybrid.data.ports import RepositoryTasks
    from ris_hybrid.data.values import MoveSeen
    from ris_hybrid.staging.values import Lease, Staging
    from ris_hybrid.staging.world import World

ON_NODES = "results are not off the node set yet"
MAYBE_ON_NODES = "results may still be on"
"""How reasons begin while nodes, or what they have mounted, may have the only copy."""
_TOKEN_LENGTH = 40  # FSx takes 63 characters
_SOURCE = re.compile(r"(fs-[0-9a-f]+)\.fsx\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?@tcp:/[^/]+(?P<below>/.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A file system of FSx that gives to its bucket, or takes from it, only when it is told to."""

    path: str
    """Where nodes mount it, as the site names it."""
    file_system_id: str
    below: str
    """The directory of the file system that is mounted there, without slashes at its ends; empty: its root."""
    tasks: RepositoryTasks
    exports: bool = False
    """Whether what jobs write goes to the bucket by itself."""
    imports: bool = True
    """Whether what is new in the bucket is seen by itself."""


def scratch_at(path: str, source: str, tasks: Callable[[str], RepositoryTasks]) -> Scratch | None:
    """Of a mounted path; None where its source is not named as FSx names its file systems. ``tasks`` is by region."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        return None
    below = (found["below"] or "").strip("/")
    return Scratch(path=path.rstrip("/"), file_system_id=found[1], below=below, tasks=tasks(found[2]))


class Exported(NamedTuple):
    """How the exports stand; both empty: everything is in the bucket."""

    waits: str = ""
    """What is still under way."""
    lacks: str = ""
    """What ended and did not write everything."""


def exported(world: World, staging: Staging, ended: Iterable[Lease]) -> Exported:
    """Have all that jobs wrote into the dataset written to its bucket. Raises what the port raised.

    Always the dataset's own directory: one that a job said it would write, and did not make, would fail the task.
    """
    wanted: dict[str, list[str]] = {}
    tasks: dict[str, RepositoryTasks] = {}
    for scratch in world.scratches:
        path = None if scratch.exports else place_on(scratch, staging.site_path)
        if path is not None:
            wanted.setdefault(scratch.file_system_id, []).append(path)
            tasks[scratch.file_system_id] = scratch.tasks
    if not wanted:
        return Exported()
    asker = _asker(world, staging, ended)
    found = [_looked(staging, tasks[one], _task(one, paths), asker) for one, paths in wanted.items()]
    return Exported(
        "; ".join(one.waits for one in found if one.waits), "; ".join(one.lacks for one in found if one.lacks)
    )


def place_on(scratch: Scratch, directory: str) -> str | None:
    """A directory of the site as the file system names it; all that is mounted where that lies below the directory."""
    if f"{directory}/".startswith(f"{scratch.path}/"):
        return f"{scratch.below}{directory[len(scratch.path) :]}".strip("/")
    return scratch.below if f"{scratch.path}/".startswith(f"{directory}/") else None


def _task(file_system_id: str, paths: list[str]) -> RepositoryTask:
    named = () if "" in paths else tuple(sorted(set(paths)))
    return RepositoryTask(kind="export", file_system_id=file_system_id, paths=named)


def _asker(world: World, staging: Staging, ended: Iterable[Lease]) -> str:
    """What asks for the export: this return, of these jobs."""
    begun = [one.at for one in world.history.history(staging.staging_id) if one.after is StagingState.RETURNING]
    jobs = sorted((one.job_id, one.since) for one in ended)
    return f"{staging.staging_id} {max(begun, default=0.0)} {jobs}"


def _looked(staging: Staging, tasks: RepositoryTasks, task: RepositoryTask, asker: str) -> Exported:
    where = f"FSx {task.file_system_id}"
    try:
        seen = started(tasks, task, asker)
    except QuotaReached:
        return Exported(waits=f"{ON_NODES}: those on {where} wait for another task of it")
    except Refused as refusal:
        why = why_refused(staging, refusal)
        advice = "mend that, or take its path out of burst.yaml if nothing is to come from it, and return again"
        return Exported(lacks=f"{MAYBE_ON_NODES} {where}, which takes no export: {why}; {advice}")
    match seen.state:
        case "done":
            return Exported()
        case "failed" | "cancelled":
            reason = f": {seen.reason}" if seen.reason else ""
            return Exported(lacks=f"{MAYBE_ON_NODES} {where}, whose export has {seen.state}{reason}")
        case "unknown":
            return Exported(waits=f"{ON_NODES}: how the export from {where} goes is not known")
        case _:
            files = f"{seen.files:,} files so far"
            return Exported(waits=f"{ON_NODES}: those on {where} are being written to the bucket, {files}")


def started(tasks: RepositoryTasks, task: RepositoryTask, asker: str) -> MoveSeen:
    """How a task goes that is started where it is not yet: the same asker and task are one. Raises what FSx raised."""
    token = hashlib.sha256(f"{asker} {task}".encode()).hexdigest()[:_TOKEN_LENGTH]
    return tasks.look(tasks.start(task, token))


def why_refused(staging: Staging, refusal: Refused) -> str:
    """In FSx's words, which may have the name of a directory: of PHI its code alone."""
    if staging.plan.data_class == "phi":
        return refusal.code or "it was refused"
    return f"{refusal.message}; {refusal.hint}" if refusal.hint else refusal.message
