"""Data repository tasks of FSx for Lustre, which moto has not: they carry files between a folder and linked buckets.

The folder that stands for a file system is named by the control route ``exports``. An import brings content at once,
where FSx brings names and loads content when it is read. Source: Amazon FSx API reference, CreateDataRepositoryTask.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from onprem.tree import LocalTree
from ris_hybrid.sandbox.aws.carrying import Carrier
from ris_hybrid.sandbox.aws.kept import Record, asked, place_of, taken
from ris_hybrid.sandbox.aws.lustre_call import LINK
from ris_hybrid.sandbox.aws.moto_account import file_system
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_KIND = "data-repository-task"
_EXPORT, _IMPORT = "EXPORT_TO_REPOSITORY", "IMPORT_METADATA_FROM_REPOSITORY"
_GOING = frozenset({"PENDING", "EXECUTING"})
_STARTS = 0.1
"""Share of a task's time that it is pending."""


def create(state: State, call: Call) -> Answer:
    """One at a time of a file system. Raises ``ApiError`` as FSx does for what it does not take."""
    given, rows = asked(call), state.kept.of(place_of(call), _KIND)
    file_system(place_of(call), given["FileSystemId"])
    token = given.pop("ClientRequestToken", "")
    known = next((row for row in rows.values() if token and row["token"] == token), None)
    if known is not None:
        if known["given"] != given:
            raise ApiError("IncompatibleParameterError", "The request token was used with other parameters.")
        return _told({"DataRepositoryTask": _shown(state, call, known)})
    if given["Type"] == _EXPORT and not _links(state, call, given["FileSystemId"]):
        raise ApiError("BadRequest", "The file system is linked to no data repository.")
    if any(row["given"]["FileSystemId"] == given["FileSystemId"] and _going(state, call, row) for row in rows.values()):
        raise ApiError("DataRepositoryTaskExecuting", "An existing data repository task is executing.")
    its_id = f"task-{mock_random.get_random_hex(17)}"
    rows[its_id] = {"id": its_id, "given": given, "token": token, "asked": state.clock.now(), "done": None, "ended": ""}
    return _told({"DataRepositoryTask": _shown(state, call, rows[its_id])})


def describe(state: State, call: Call) -> Answer:
    """By id, or all."""
    rows = state.kept.of(place_of(call), _KIND)
    wanted = asked(call).get("TaskIds") or list(rows)
    found = [_shown(state, call, taken(rows, one, _missing(one))) for one in wanted]
    return _told({"DataRepositoryTasks": found})


def cancel(state: State, call: Call) -> Answer:
    """What was carried stays."""
    its_id = asked(call)["TaskId"]
    row = taken(state.kept.of(place_of(call), _KIND), its_id, _missing(its_id))
    if not _going(state, call, row):
        raise ApiError("DataRepositoryTaskEnded", "The data repository task has ended.")
    row["ended"] = "CANCELED"
    return _told({"TaskId": its_id, "Lifecycle": "CANCELING"})


def _shown(state: State, call: Call, row: Record) -> Record:
    word = _word(state, call, row)
    done = row["done"] or {"files": 0, "failed": 0, "error": ""}
    counts = {"TotalCount": done["files"] + done["failed"], "SucceededCount": done["files"]}
    details = {"FailureDetails": {"Message": done["error"]}} if done["error"] else {}
    its = {"TaskId": row["id"], "Lifecycle": word, "CreationTime": row["asked"], **details}
    return {**row["given"], **its, "Status": {**counts, "FailedCount": done["failed"]}}


def _going(state: State, call: Call, row: Record) -> bool:
    return _word(state, call, row) in _GOING


def _word(state: State, call: Call, row: Record) -> str:
    """The state by the sandbox's clock; the files are carried when the end is first seen, whoever asks."""
    if row["ended"]:
        return str(row["ended"])
    passed = (state.clock.now() - row["asked"]) / max(state.timing.transfer_s, 1e-9)
    if passed < 1:
        return "PENDING" if passed < _STARTS else "EXECUTING"
    row["done"] = _carried(state, call, row["given"])
    row["ended"] = "FAILED" if row["done"]["failed"] or row["done"]["error"] else "SUCCEEDED"
    return str(row["ended"])


def _carried(state: State, call: Call, given: Record) -> Record:
    folder, total = state.exports.get(given["FileSystemId"]), Record(files=0, failed=0, error="")
    if folder is None:
        return {**total, "error": "no folder stands for the file system: name it by the route exports"}
    for link in _links(state, call, given["FileSystemId"]):
        bucket, _, prefix = link["DataRepositoryPath"].removeprefix("s3://").partition("/")
        below = Path(folder, link.get("FileSystemPath", "/").strip("/"))
        end: dict[str, Any] = {
            "account": call.account,
            "bucket": bucket,
            "prefix": f"{prefix.rstrip('/')}/".lstrip("/"),
        }
        carrier = Carrier(folder=below, **end)
        try:
            done = _one_link(carrier, given, link)
        except ApiError as error:
            return {**total, "error": f"{error.code}: {error.message}"}
        total["files"] += done.files + done.skipped
        total["failed"] += len(done.failures)
    return total


def _one_link(carrier: Carrier, given: Record, link: Record) -> Any:
    if given["Type"] == _IMPORT:
        wanted = [one.removeprefix(f"s3://{carrier.bucket}/") for one in given.get("Paths", [""])]
        keys = [key for key in carrier.stored() if any(f"{carrier.prefix}{key}".startswith(one) for one in wanted)]
        return carrier.bring_out(keys)
    if given["Type"] != _EXPORT or not carrier.folder.is_dir():
        return carrier.take_in([])
    start = link.get("FileSystemPath", "/").strip("/")
    files = [one.path for one in LocalTree(carrier.folder).entries("") if one.kind == "file"]
    asked_for = [one.strip("/") for one in given.get("Paths", [])] or [""]
    return carrier.take_in(
        [path for path in files if any(_within(f"{start}/{path}".lstrip("/"), one) for one in asked_for)]
    )


def _within(path: str, wanted: str) -> bool:
    return not wanted or path == wanted or path.startswith(f"{wanted}/")


def _links(state: State, call: Call, file_system_id: str) -> list[Record]:
    return [one for one in state.kept.of(place_of(call), LINK).values() if one["FileSystemId"] == file_system_id]


def _missing(its_id: str) -> ApiError:
    return ApiError("DataRepositoryTaskNotFound", f"Data repository task {its_id} does not exist.")


def _told(value: Record) -> Answer:
    return json_answer(value, kind="application/x-amz-json-1.1")


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "fsx:CreateDataRepositoryTask": create,
    "fsx:DescribeDataRepositoryTasks": describe,
    "fsx:CancelDataRepositoryTask": cancel,
}
