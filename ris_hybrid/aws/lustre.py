"""The port ``RepositoryTasks`` over FSx for Lustre: results written there reach the bucket before they are returned.

FSx's own words for a failure may name files and are left in its report. Source: Amazon FSx API reference,
CreateDataRepositoryTask; FSx for Lustre user guide, "Using data repository tasks". An export skips keys longer than
1,024 bytes and names that are not UTF-8, and is refused on a link that exports by itself.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.aws.calls import asked
from ris_hybrid.data.values import MoveSeen
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.data.values import MoveState, RepositoryTask

TYPES: Mapping[str, str] = {
    "export": "EXPORT_TO_REPOSITORY",
    "import": "IMPORT_METADATA_FROM_REPOSITORY",
    "release": "RELEASE_DATA_FROM_FILESYSTEM",
}
_STATES: Mapping[str, MoveState] = {
    "PENDING": "queued",
    "EXECUTING": "moving",
    "CANCELING": "moving",
    "CANCELED": "cancelled",
    "SUCCEEDED": "done",
    "FAILED": "failed",
}
_SERVICE = "FSx"
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,63}\Z")
_GONE = frozenset({"DataRepositoryTaskNotFound"})
_PATHS_MAX = 100


class FsxTasks:
    """Of one region."""

    def __init__(self, clients: Any) -> None:
        self._fsx = clients.get("fsx")

    def start(self, task: RepositoryTask, token: str) -> str:
        """FSx keeps the token: the same one gives the first answer, with another task it is refused."""
        if len(task.paths) > _PATHS_MAX:
            raise Refused(f"FSx takes at most {_PATHS_MAX} paths a task, not {len(task.paths)}", "name directories")
        named = {"Paths": list(task.paths)} if task.paths else {}
        with asked(_SERVICE):
            answer = self._fsx.create_data_repository_task(
                FileSystemId=task.file_system_id,
                Type=TYPES[task.kind],
                Report=_report(task.report),
                ClientRequestToken=token_of(token),
                **named,
            )
            return str(answer["DataRepositoryTask"]["TaskId"])

    def look(self, task_id: str) -> MoveSeen:
        """By FSx's counts; it counts no bytes."""
        try:
            with asked(_SERVICE):
                [row] = self._fsx.describe_data_repository_tasks(TaskIds=[task_id])["DataRepositoryTasks"]
                return _seen(row)
        except Refused as error:
            if error.code in _GONE:
                return MoveSeen(state="unknown", reason="FSx knows no such task")
            raise

    def cancel(self, task_id: str) -> None:
        """See the port."""
        try:
            with asked(_SERVICE):
                self._fsx.cancel_data_repository_task(TaskId=task_id)
        except Refused as error:
            if error.code not in {*_GONE, "DataRepositoryTaskEnded"}:
                raise


def token_of(token: str) -> str:
    """A token as FSx takes it: of 63 characters at most, few of which are no letters or digits."""
    return token if _TOKEN.match(token) else hashlib.sha256(token.encode()).hexdigest()[:63]


def _report(place: str) -> dict[str, Any]:
    if not place:
        return {"Enabled": False}
    return {"Enabled": True, "Path": place, "Format": "REPORT_CSV_20191124", "Scope": "FAILED_FILES_ONLY"}


def _seen(row: Mapping[str, Any]) -> MoveSeen:
    counts, state = row.get("Status", {}), _STATES.get(row["Lifecycle"], "unknown")
    failed, total = counts.get("FailedCount", 0), counts.get("TotalCount", 0)
    if state == "done" and failed:
        state = "failed"
    reason = f"FSx could not process {failed} of {total} files" if failed else ""
    if state == "failed" and not reason:
        reason = "FSx could not do the task; its console has the detail"
    return MoveSeen(state=state, files=counts.get("SucceededCount", 0), reason=reason)
