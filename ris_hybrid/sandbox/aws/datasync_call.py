"""DataSync: locations, tasks, and executions that carry files between folders of this host and the sandbox's buckets.

Source: AWS DataSync API reference. An execution goes through DataSync's states by the sandbox's clock, ``transfer_s``
seconds in all, and one of a task waits for the one before. What an NFS host exports is a folder that the control
route ``exports`` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from ris_hybrid.sandbox.aws import datasync_run
from ris_hybrid.sandbox.aws.kept import asked, place_of, taken
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_LOCATION, _TASK, _RUN = "datasync-location", "datasync-task", "datasync-execution"
_PAGE = 100
_TASKS_MAX = 100
"""DataSync user guide, "Quotas": tasks in an account and region."""
_WORKING = frozenset({"QUEUED", "LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING"})


def locate_nfs(state: State, call: Call) -> Answer:
    """An export of an NFS host, as an agent sees it."""
    given = asked(call)
    uri = f"nfs://{given['ServerHostname']}/{_inside(given['Subdirectory'])}"
    return _new_location(state, call, uri, {"host": given["ServerHostname"], "path": given["Subdirectory"]})


def locate_s3(state: State, call: Call) -> Answer:
    """A prefix of a bucket."""
    given = asked(call)
    bucket, prefix = given["S3BucketArn"].rpartition(":")[2], _inside(given.get("Subdirectory", ""))
    return _new_location(state, call, f"s3://{bucket}/{prefix}", {"bucket": bucket, "prefix": prefix})


def locations(state: State, call: Call) -> Answer:
    """All, or those that a filter on LocationUri lets through."""
    wanted = [one for one in asked(call).get("Filters", []) if one["Name"] == "LocationUri"]
    rows = [
        {"LocationArn": arn, "LocationUri": row["uri"]}
        for arn, row in _records(state, call, _LOCATION).items()
        if all(_passes(row["uri"], one) for one in wanted)
    ]
    return _page(call, "Locations", rows)


def agent(_: State, call: Call) -> Answer:
    """Every agent of the account is online (sandbox): none is made here, and locations name what they like."""
    arn = asked(call)["AgentArn"]
    if not arn.startswith(f"{_arn(call)}:agent/"):
        raise _invalid(f"Agent {arn} is not found.")
    return _told({"AgentArn": arn, "Name": "sandbox", "Status": "ONLINE"})


def create_task(state: State, call: Call) -> Answer:
    """Between two locations. Raises ``ApiError`` for more tasks than an account may have."""
    given, tasks = asked(call), _records(state, call, _TASK)
    if len(tasks) >= _TASKS_MAX:
        raise _invalid(f"You have reached the maximum of {_TASKS_MAX} tasks.")
    for end in ("SourceLocationArn", "DestinationLocationArn"):
        taken(_records(state, call, _LOCATION), given[end], _invalid(f"Location {given[end]} not found."))
    arn = f"{_arn(call)}:task/task-{mock_random.get_random_hex(17)}"
    tasks[arn] = {**given, "tags": _pairs(given)}
    return _told({"TaskArn": arn})


def tasks(state: State, call: Call) -> Answer:
    """Name, arn and whether one runs."""
    rows = [
        {
            "TaskArn": arn,
            "Name": row.get("Name", ""),
            "Status": "RUNNING" if _running(state, call, arn) else "AVAILABLE",
        }
        for arn, row in _records(state, call, _TASK).items()
    ]
    return _page(call, "Tasks", rows)


def start(state: State, call: Call) -> Answer:
    """A new execution, behind the one of the same task that is not through."""
    given, now = asked(call), state.clock.now()
    task = taken(_records(state, call, _TASK), given["TaskArn"], _invalid(f"Task {given['TaskArn']} is not found."))
    runs = _records(state, call, _RUN)
    before = [row["begins"] + state.timing.transfer_s for row in runs.values() if row["task"] == given["TaskArn"]]
    arn = f"{given['TaskArn']}/execution/exec-{mock_random.get_random_hex(17)}"
    asked_for = {key: given.get(key, task.get(key)) for key in ("Includes", "Excludes", "ManifestConfig")}
    options = {**task.get("Options", {}), **given.get("OverrideOptions", {})}
    ends = {"source": task["SourceLocationArn"], "target": task["DestinationLocationArn"]}
    runs[arn] = {**asked_for, **ends, "Options": options, "task": given["TaskArn"], "tags": _pairs(given)}
    runs[arn] |= {"begins": max([now, *before]), "asked": now, "cancelled": False, "done": None}
    return _told({"TaskExecutionArn": arn})


def execution(state: State, call: Call) -> Answer:
    """How it goes."""
    arn = asked(call)["TaskExecutionArn"]
    row = _run(state, call, arn)
    told: Record = {"TaskExecutionArn": arn, "Status": _status(state, call, row), "Options": row["Options"]}
    told |= {key: row[key] for key in ("Includes", "Excludes", "ManifestConfig") if row[key]}
    return _told({**told, "StartTime": row["asked"], **datasync_run.figures(row)})


def executions(state: State, call: Call) -> Answer:
    """All of a task, or of all tasks."""
    task = asked(call).get("TaskArn")
    rows = [
        {"TaskExecutionArn": arn, "Status": _status(state, call, row)}
        for arn, row in _records(state, call, _RUN).items()
        if task in {None, row["task"]}
    ]
    return _page(call, "TaskExecutions", rows)


def cancel(state: State, call: Call) -> Answer:
    """What was carried stays. Raises ``ApiError`` for one that has ended."""
    row = _run(state, call, asked(call)["TaskExecutionArn"])
    if _status(state, call, row) not in _WORKING:
        raise _invalid("The task execution has ended and cannot be cancelled.")
    row["cancelled"], row["begins"] = True, state.clock.now() - state.timing.transfer_s
    return _told({})


def tag(state: State, call: Call) -> Answer:
    """Of a task or an execution."""
    given = asked(call)
    _tagged(state, call, given["ResourceArn"])["tags"] |= _pairs(given)
    return _told({})


def untag(state: State, call: Call) -> Answer:
    """Take tags off."""
    given = asked(call)
    tags = _tagged(state, call, given["ResourceArn"])["tags"]
    for key in given["Keys"]:
        tags.pop(key, None)
    return _told({})


def tags(state: State, call: Call) -> Answer:
    """Of a task or an execution."""
    found = _tagged(state, call, asked(call)["ResourceArn"])["tags"]
    return _told({"Tags": [{"Key": key, "Value": value} for key, value in found.items()]})


def _new_location(state: State, call: Call, uri: str, what: Record) -> Answer:
    arn = f"{_arn(call)}:location/loc-{mock_random.get_random_hex(17)}"
    _records(state, call, _LOCATION)[arn] = {**what, "uri": f"{uri.rstrip('/')}/", "tags": _pairs(asked(call))}
    return _told({"LocationArn": arn})


def _status(state: State, call: Call, row: Record) -> str:
    """Carries the files when their time has come, whoever asks."""
    if row["cancelled"]:
        return "ERROR"
    passed = (state.clock.now() - row["begins"]) / max(state.timing.transfer_s, 1e-9)
    word = datasync_run.word(passed)
    if word in {"VERIFYING", "SUCCESS"} and row["done"] is None:
        places = _records(state, call, _LOCATION)
        row["done"] = datasync_run.carried(state, call.account, row, (places[row["source"]], places[row["target"]]))
    return "ERROR" if word == "SUCCESS" and row["done"]["error"] else word


def _running(state: State, call: Call, task: str) -> bool:
    runs = _records(state, call, _RUN).values()
    return any(row["task"] == task and _status(state, call, row) in _WORKING for row in runs)


def _run(state: State, call: Call, arn: str) -> Record:
    return taken(_records(state, call, _RUN), arn, _invalid(f"Task execution {arn} is not found."))


def _tagged(state: State, call: Call, arn: str) -> Record:
    every = {key: row for kind in (_TASK, _RUN, _LOCATION) for key, row in _records(state, call, kind).items()}
    return taken(every, arn, _invalid(f"Resource {arn} is not found."))


def _passes(uri: str, one: Mapping[str, Any]) -> bool:
    match one["Operator"]:
        case "Equals" | "In":
            return uri in one["Values"]
        case "Contains":
            return any(value in uri for value in one["Values"])
        case _:
            return any(uri.startswith(value) for value in one["Values"])


def _page(call: Call, name: str, rows: list[Record]) -> Answer:
    given = asked(call)
    start_at = int(given.get("NextToken") or 0)
    end = start_at + min(given.get("MaxResults", _PAGE), _PAGE)
    more = {"NextToken": str(end)} if end < len(rows) else {}
    return _told({name: rows[start_at:end], **more})


def _records(state: State, call: Call, kind: str) -> dict[str, Record]:
    return state.kept.of(place_of(call), kind)


def _pairs(given: Record) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in given.get("Tags", [])}


def _inside(path: str) -> str:
    return path.strip("/")


def _arn(call: Call) -> str:
    return f"arn:aws:datasync:{call.region}:{call.account}"


def _invalid(words: str) -> ApiError:
    return ApiError("InvalidRequestException", words)


def _told(value: Record) -> Answer:
    return json_answer(value, kind="application/x-amz-json-1.1")


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "datasync:DescribeAgent": agent,
    "datasync:CreateLocationNfs": locate_nfs,
    "datasync:CreateLocationS3": locate_s3,
    "datasync:ListLocations": locations,
    "datasync:CreateTask": create_task,
    "datasync:ListTasks": tasks,
    "datasync:StartTaskExecution": start,
    "datasync:DescribeTaskExecution": execution,
    "datasync:ListTaskExecutions": executions,
    "datasync:CancelTaskExecution": cancel,
    "datasync:TagResource": tag,
    "datasync:UntagResource": untag,
    "datasync:ListTagsForResource": tags,
}
