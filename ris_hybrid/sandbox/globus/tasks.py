"""The task document the sandbox's Globus keeps and tells: made at submission, changed as files pass, ended."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.sandbox.globus.carried import Carried

_NAMES = uuid.UUID("6b1f3a52-7c1e-4a57-9d0f-1f9f6b8e0d11")
_OPTIONS = (
    "label", "deadline", "sync_level", "verify_checksum", "encrypt_data", "preserve_timestamp", "skip_source_errors",
    "fail_on_quota_errors", "delete_destination_extra", "filter_rules",
)  # fmt: skip
_COUNTS = (
    "files", "files_transferred", "files_skipped", "directories", "symlinks", "bytes_transferred", "bytes_checksummed",
    "effective_bytes_per_second", "faults", "subtasks_total", "subtasks_pending", "subtasks_retrying",
    "subtasks_succeeded", "subtasks_failed", "subtasks_canceled", "subtasks_expired", "subtasks_skipped_errors",
)  # fmt: skip
_NICE = ("nice_status", "nice_status_details", "nice_status_short_description", "nice_status_expires_in")
_SUMS = ("VERIFY_CHECKSUM",)


def named(*words: str) -> str:
    """An id that follows from what it is of."""
    return str(uuid.uuid5(_NAMES, "/".join(words)))


def stamp(now: float) -> str:
    """Epoch seconds as Globus writes a time."""
    return datetime.fromtimestamp(int(now), UTC).isoformat()


def new_task(asked: Mapping[str, Any], owner: str, number: int, now: float) -> dict[str, Any]:
    """The document of a transfer just accepted; ``number`` puts tasks in the order they came."""
    return {
        "DATA_TYPE": "task",
        "task_id": named("task", asked["submission_id"]),
        "type": "TRANSFER",
        "status": "ACTIVE",
        "owner_id": owner,
        "request_time": stamp(now),
        "completion_time": None,
        "source_endpoint_id": asked["source_endpoint"],
        "destination_endpoint_id": asked["destination_endpoint"],
        **{option: asked.get(option) for option in _OPTIONS},
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(_NICE),
        "nice_status": "Queued",
        "is_ok": True,
        "is_paused": False,
        "fatal_error": None,
        "canceled_by_admin": None,
        "canceled_by_admin_message": None,
        "history_deleted": False,
        "recursive_symlinks": "ignore",
        "sandbox": {"number": number, "events": []},
    }


def told(task: Mapping[str, Any]) -> dict[str, Any]:
    """What a client is told of a task."""
    return {key: value for key, value in task.items() if key != "sandbox"}


def count(task: dict[str, Any], carried: Iterable[Carried]) -> None:
    """Add what became of some files."""
    for one in carried:
        task["files"] += 1
        task["faults"] += one.faults
        if one.outcome == "moved":
            task["files_transferred"] += 1
            task["bytes_transferred"] += one.size
            task["bytes_checksummed"] += one.size if task["verify_checksum"] else 0
            task["subtasks_succeeded"] += 1
        elif one.outcome == "same":
            task["files_skipped"] += 1
            task["subtasks_succeeded"] += 1
        elif task["skip_source_errors"]:
            task["subtasks_skipped_errors"] += 1
        else:
            task["subtasks_failed"] += 1
            task["sandbox"]["events"].append(_event(task, one))
    task["nice_status"] = "OK"


def end(task: dict[str, Any], status: str, now: float, fatal: tuple[str, str] | None = None) -> None:
    """Nothing follows after this; one that has ended already stays as it is."""
    if task["status"] not in {"ACTIVE", "INACTIVE"}:
        return
    began = datetime.fromisoformat(task["request_time"]).timestamp()
    task.update(
        status=status,
        completion_time=stamp(now),
        effective_bytes_per_second=int(task["bytes_transferred"] / max(now - began, 1)),
        is_paused=False,
        is_ok=None,
        nice_status=None,
        fatal_error={"code": fatal[0], "description": fatal[1]} if fatal else None,
    )


def finish(task: dict[str, Any], now: float) -> None:
    """All files were tried. Globus would go on trying those that failed until the deadline; the sandbox does not."""
    if task["subtasks_failed"]:
        code = str(task["sandbox"]["events"][0]["code"])
        end(task, "FAILED", now, (code, f"{task['subtasks_failed']} files could not be moved"))
    else:
        end(task, "SUCCEEDED", now)


def _event(task: Mapping[str, Any], one: Carried) -> dict[str, Any]:
    collection = task["destination_endpoint_id" if one.code in _SUMS else "source_endpoint_id"]
    path = one.destination if one.code in _SUMS else one.source
    return {
        "DATA_TYPE": "event",
        "code": one.code,
        "is_error": True,
        "description": one.code.replace("_", " ").lower(),
        "details": f"Error (transfer)\nEndpoint: sandbox ({collection})\nFile: {path}\nMessage: {one.code}",
        "time": task["request_time"],
        "parent_task_id": None,
    }
