"""Nodes see what is new in the bucket: a file system of FSx that does not look by itself is told to.

Only names and sizes come in; content comes when a job reads it. A path with ``imports: false`` in burst.yaml has no job
sent to it before that is over. The task's token is made of the staging, when it was begun and how often files were
moved, so that a repeated turn finds the same task and files that were moved again are looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.values import RepositoryTask, StagingState
from ris_hybrid.errors import QuotaReached, Refused
from ris_hybrid.staging.scratches import Stands, place_on, started, together, why_refused

if TYPE_CHECKING:
    from ris_hybrid.data.ports import RepositoryTasks
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging.world import World


def imported(world: World, staging: Staging) -> Stands:
    """Have every file system over the dataset see what is in its bucket. Raises what the port raised."""
    if staging.plan.way == "mount":
        return Stands()  # nodes read at the site
    tasks = {
        one.file_system_id: one.tasks
        for one in world.scratches
        if not one.imports and place_on(one, staging.site_path) is not None
    }
    if not tasks:
        return Stands()
    where = f"s3://{staging.plan.bucket}/{staging.plan.dataset.prefix}"
    asker = _asker(world, staging)
    return together(
        _looked(staging, one, RepositoryTask(kind="import", file_system_id=file_system_id, paths=(where,)), asker)
        for file_system_id, one in tasks.items()
    )


def _asker(world: World, staging: Staging) -> str:
    begun = [one.at for one in world.history.history(staging.staging_id) if one.after is StagingState.STAGING]
    moves = sum(1 for one in staging.moves if one.direction == "in")
    return f"{staging.staging_id} {max(begun, default=0.0)} {moves}"


def _looked(staging: Staging, tasks: RepositoryTasks, task: RepositoryTask, asker: str) -> Stands:
    where = f"FSx {task.file_system_id}"
    try:
        seen = started(tasks, task, asker)
    except QuotaReached:
        return Stands(waits=f"nodes do not see the files yet: {where} has another task")
    except Refused as refusal:
        why = why_refused(staging, refusal)
        return Stands(lacks=f"nodes would not see the files: {where} does not look into the bucket: {why}")
    match seen.state:
        case "done":
            return Stands()
        case "failed" | "cancelled":
            reason = f": {seen.reason}" if seen.reason else ""
            return Stands(lacks=f"nodes may not see all files: the import of {where} has {seen.state}{reason}")
        case _:
            return Stands(waits=f"nodes do not see the files yet: {where} looks into the bucket")
