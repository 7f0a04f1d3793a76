"""Results that are still on a file system of FSx for Lustre go to the bucket before anybody looks there for them.

A pool's path with ``exports: false`` keeps what jobs write until an export task writes it to the bucket. The task's
token is made of what asks for it, so that a turn that is repeated, or was killed, finds the same task; the next return
asks for another. The task's report is off, as it names files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.values import RepositoryTask, StagingState
from ris_hybrid.errors import QuotaReached, Refused
from ris_hybrid.staging.scratches import Stands, place_on, started, together, why_refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.data.ports import RepositoryTasks
    from ris_hybrid.staging.values import Lease, Staging
    from ris_hybrid.staging.world import World

ON_NODES = "results are not off the node set yet"
MAYBE_ON_NODES = "results may still be on"
"""How reasons begin while nodes, or what they have mounted, may have the only copy."""


def exported(world: World, staging: Staging, ended: Iterable[Lease]) -> Stands:
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
        return Stands()
    asker = _asker(world, staging, ended)
    return together(_looked(staging, tasks[one], _task(one, paths), asker) for one, paths in wanted.items())


def _task(file_system_id: str, paths: list[str]) -> RepositoryTask:
    named = () if "" in paths else tuple(sorted(set(paths)))
    return RepositoryTask(kind="export", file_system_id=file_system_id, paths=named)


def _asker(world: World, staging: Staging, ended: Iterable[Lease]) -> str:
    """What asks for the export: this return, of these jobs."""
    begun = [one.at for one in world.history.history(staging.staging_id) if one.after is StagingState.RETURNING]
    jobs = sorted((one.job_id, one.since) for one in ended)
    return f"{staging.staging_id} {max(begun, default=0.0)} {jobs}"


def _looked(staging: Staging, tasks: RepositoryTasks, task: RepositoryTask, asker: str) -> Stands:
    where = f"FSx {task.file_system_id}"
    try:
        seen = started(tasks, task, asker)
    except QuotaReached:
        return Stands(waits=f"{ON_NODES}: those on {where} wait for another task of it")
    except Refused as refusal:
        why = why_refused(staging, refusal)
        advice = "mend that, or take its path out of burst.yaml if nothing is to come from it, and return again"
        return Stands(lacks=f"{MAYBE_ON_NODES} {where}, which takes no export: {why}; {advice}")
    match seen.state:
        case "done":
            return Stands()
        case "failed" | "cancelled":
            reason = f": {seen.reason}" if seen.reason else ""
            return Stands(lacks=f"{MAYBE_ON_NODES} {where}, whose export has {seen.state}{reason}")
        case "unknown":
            return Stands(waits=f"{ON_NODES}: how the export from {where} goes is not known")
        case _:
            files = f"{seen.files:,} files so far"
            return Stands(waits=f"{ON_NODES}: those on {where} are being written to the bucket, {files}")
