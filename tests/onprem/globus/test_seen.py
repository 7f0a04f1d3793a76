from __future__ import annotations

from typing import Any

import pytest
from globus_sdk.testing import get_response_set

from onprem.globus.errors import without_paths
from onprem.globus.seen import GONE, failure, has_errors, lists_skipped, move_seen, named_in
from ris_hybrid.data.values import MoveFailure


def task(**fields: Any) -> dict[str, Any]:
    """The SDK's own example of a task, with other fields."""
    plain = get_response_set("transfer.task_list").lookup("default").json["DATA"][0]
    return {**plain, **fields}


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "ACTIVE", "nice_status": "OK"}, "moving", ""),
    ({"status": "ACTIVE"}, "moving", ""),
    ({"status": "ACTIVE", "nice_status": "Queued"}, "queued", "other tasks"),
    (
        {"status": "ACTIVE", "nice_status": "CONNECT_FAILED", "nice_status_details": "no DTN"},
        "moving",
        "CONNECT_FAILED: no DTN",
    ),
    ({"status": "ACTIVE", "is_paused": True}, "paused", "pause rule"),
    ({"status": "ACTIVE", "is_paused": True, "nice_status": "PAUSED_BY_ADMIN"}, "paused", "PAUSED_BY_ADMIN"),
    ({"status": "INACTIVE"}, "paused", "credentials have expired: log in again"),
    ({"status": "INACTIVE", "nice_status": "AUTH_EXPIRED"}, "paused", "AUTH_EXPIRED"),
    ({"status": "SUCCEEDED"}, "done", ""),
    (
        {"status": "SUCCEEDED", "subtasks_skipped_errors": 2, "subtasks_expired": 1},
        "done",
        "1 expired, 2 skipped after errors",
    ),
    ({"status": "FAILED", "fatal_error": {"code": "QUOTA", "description": "full"}}, "failed", "QUOTA: full"),
    ({"status": "FAILED"}, "failed", "no reason given"),
    ({"status": "FAILED", "fatal_error": {"code": "CANCELED", "description": "by owner"}}, "cancelled", "CANCELED"),
    (
        {"status": "FAILED", "canceled_by_admin": "SOURCE", "canceled_by_admin_message": "works"},
        "cancelled",
        "admin of the SOURCE collection: works",
    ),
    ({"status": "THAWING"}, "unknown", "THAWING"),
    ({"status": "SUCCEEDED", "history_deleted": True}, "unknown", "no such task"),
]


@pytest.mark.parametrize(("fields", "state", "reason"), CASES)
def test_what_a_status_means(fields: dict[str, Any], state: str, reason: str) -> None:
    seen = move_seen(task(**fields), (), without_paths)
    assert seen.state == state
    assert reason in seen.reason
    assert bool(reason) == bool(seen.reason)


def test_counts_are_globus_own() -> None:
    counts = {"files_transferred": 5, "files_skipped": 2, "bytes_transferred": 70, "faults": 3}
    seen = move_seen(task(**counts, effective_bytes_per_second=7), [MoveFailure(path="a", reason="b")], without_paths)
    assert (seen.files, seen.skipped, seen.bytes, seen.bytes_per_s, seen.faults) == (5, 2, 70, 7.0, 3)
    assert seen.failures == (MoveFailure(path="a", reason="b"),)
    assert GONE.state == "unknown"


def test_a_reason_holds_no_path() -> None:
    fatal = {"code": "FILE_NOT_FOUND", "description": "No file '/wucci/Active/Mrs Smith/scan.dcm' there"}
    seen = move_seen(task(status="FAILED", fatal_error=fatal), (), without_paths)
    assert "Smith" not in seen.reason
    assert "(a path)" in seen.reason


@pytest.mark.parametrize(("inwards", "path"), [(True, "/storage1/fs1/wucci/x"), (False, "/storage1/fs1/wucci/y")])
def test_a_skipped_file_has_the_sites_path(inwards: bool, path: str, made: Any) -> None:
    settings = made.settings()
    ends = [settings.site_collection, settings.cloud_collection]
    source, destination = ends if inwards else ends[::-1]
    document = task(source_endpoint_id=source, destination_endpoint_id=destination, subtasks_skipped_errors=1)
    skipped = {"source_path": "/wucci/x", "destination_path": "/wucci/y", "error_code": "PERMISSION_DENIED"}
    assert failure(skipped, document, settings) == MoveFailure(path=path, reason="PERMISSION_DENIED")
    assert failure({}, document, settings).reason == "skipped for an error that is not named"
    assert lists_skipped(document)
    assert not lists_skipped(task())


def test_error_events_name_files_of_the_site(made: Any) -> None:
    settings = made.settings()
    details = f"Error (read)\nEndpoint: DTN ({settings.site_collection})\nFile: /wucci/x y\nCommand: RETR"
    elsewhere = f"Error (write)\nEndpoint: S3 ({settings.cloud_collection})\nFile: /bucket/key"
    events = [
        {"is_error": True, "code": "PERMISSION_DENIED", "details": details},
        {"is_error": True, "code": "OLDER", "details": details},
        {"is_error": False, "code": "PROGRESS", "details": details.replace("x y", "z")},
        {"is_error": True, "code": "ENDPOINT_ERROR", "details": elsewhere},
        {"is_error": True, "code": "ODD", "details": None},
    ]
    assert named_in(events, settings) == [MoveFailure(path="/storage1/fs1/wucci/x y", reason="PERMISSION_DENIED")]
    assert has_errors(task(status="FAILED", subtasks_failed=1))
    assert not has_errors(task(status="SUCCEEDED", subtasks_failed=1))
