from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from globus_sdk.testing import RegisteredResponse, get_last_request, load_response
from globus_sdk.testing import get_response_set as sdk_set

from onprem.globus.control import GlobusControl
from onprem.globus.mover import GlobusMover
from ris_hybrid.data.values import MoveFailure
from ris_hybrid.errors import QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from onprem.globus.hold import Holds
    from onprem.globus.service import Service
    from ris_hybrid.data.settings import Globus

TOKEN, TASK = "0d1a1b3e-5bd0-4bd1-b18a-2a2d8f3a2d11", "44444444-4444-4444-8444-444444444444"


def told(path: str, document: Any, method: str = "GET", status: int = 200, service: str = "transfer") -> None:
    RegisteredResponse(service=service, path=path, method=method, json=document, status=status).add()


def collections(settings: Globus, **fields: Any) -> None:
    for one in (settings.site_collection, settings.cloud_collection):
        told(f"/v0.10/endpoint/{one}", {"id": one, "entity_type": "GCSv5_guest_collection", **fields})


def running(*labels: str) -> None:
    tasks = [{"task_id": f"t-{number}", "label": label} for number, label in enumerate(labels)]
    told("/v0.10/task_list", {"DATA": tasks, "length": len(tasks), "total": len(tasks), "limit": 1000, "offset": 0})


@pytest.fixture
def mover(service: Service, made: Any, holds: Holds) -> GlobusMover:
    return GlobusMover(service, made.settings(), holds)


def test_a_token_is_a_submission_id(mover: GlobusMover, made: Any) -> None:
    given = load_response("transfer.get_submission_id").metadata["submission_id"]
    assert mover.token(made.move()) == given


@pytest.mark.parametrize("code", ["Accepted", "Duplicate"])
def test_a_duplicate_is_as_good_as_accepted(code: str, mover: GlobusMover, made: Any) -> None:
    collections(made.settings())
    running()
    told("/v0.10/transfer", {"code": code, "task_id": TASK, "submission_id": TOKEN}, "POST")
    assert mover.submit(made.move(), TOKEN) == TASK
    sent = json.loads(get_last_request().body)
    assert sent["submission_id"] == TOKEN
    assert sent["verify_checksum"] is True
    assert sent["encrypt_data"] is True
    assert sent["delete_destination_extra"] is False


def test_a_task_on_its_way_is_found_again_though_there_is_no_room(mover: GlobusMover, made: Any) -> None:
    collections(made.settings())
    running(*["other"] * 102, f"ris-hybrid st-1a2b {TOKEN}")
    assert mover.submit(made.move(), TOKEN) == "t-102"


def test_no_room_and_a_hold_say_so(mover: GlobusMover, made: Any, holds: Holds) -> None:
    collections(made.settings())
    running(*["other"] * 103)
    with pytest.raises(QuotaReached, match="103 tasks"):
        mover.submit(made.move(), TOKEN)
    holds.hold("in", "network works")
    with pytest.raises(QuotaReached, match="network works"):
        mover.submit(made.move(), TOKEN)


@pytest.mark.parametrize(
    ("settings", "document", "goes"),
    [
        ({"high_assurance": True}, {"high_assurance": True}, True),
        ({"high_assurance": True}, {"high_assurance": False}, False),
        ({"high_assurance": True}, {}, False),
        ({"high_assurance": True}, {"high_assurance": "yes"}, False),
        ({"high_assurance": False}, {"high_assurance": True}, False),
    ],
)
def test_phi_goes_between_high_assurance_collections_by_their_own_word(
    settings: dict[str, Any], document: dict[str, Any], goes: bool, service: Service, made: Any, holds: Holds
) -> None:
    mover = GlobusMover(service, made.settings(**settings), holds)
    collections(made.settings(), **document)
    running()
    told("/v0.10/transfer", {"code": "Accepted", "task_id": TASK}, "POST")
    if goes:
        assert mover.submit(made.move(data_class="phi"), TOKEN) == TASK
        return
    with pytest.raises(Refused) as caught:
        mover.submit(made.move(data_class="phi"), TOKEN)
    assert caught.value.code == "NotHighAssurance"
    assert mover.submit(made.move(data_class="confidential"), TOKEN) == TASK


def test_a_task_nobody_knows_is_unknown(mover: GlobusMover) -> None:
    missing = {"code": "ClientError.NotFound", "message": "no", "request_id": "r"}
    told(f"/v0.10/task/{TASK}", missing, status=404)
    assert mover.look(TASK).state == "unknown"


@pytest.mark.parametrize(("status", "kind"), [(403, Refused), (503, TryAgain)])
def test_an_error_is_no_answer(status: int, kind: type[Exception], mover: GlobusMover) -> None:
    told(f"/v0.10/task/{TASK}", {"code": "PermissionDenied" if status == 403 else "x", "message": "no"}, status=status)
    with pytest.raises(kind):
        mover.look(TASK)


def test_skipped_files_and_those_of_errors_are_named(mover: GlobusMover, made: Any) -> None:
    site = made.settings().site_collection
    plain = sdk_set("transfer.task_list").lookup("default").json["DATA"][0]
    counts = {"task_id": TASK, "status": "FAILED", "subtasks_skipped_errors": 2, "subtasks_failed": 1}
    told(f"/v0.10/task/{TASK}", {**plain, **counts, "source_endpoint_id": site})
    skipped = [{"source_path": f"/wucci/{name}", "error_code": "PERMISSION_DENIED"} for name in "ab"]
    told(f"/v0.10/task/{TASK}/skipped_errors", {"DATA": skipped, "next_marker": None})
    details = f"Error\nEndpoint: x ({site})\nFile: /wucci/c"
    event = {"is_error": True, "code": "FILE_NOT_FOUND", "details": details}
    told(f"/v0.10/task/{TASK}/event_list", {"DATA": [event], "total": 1, "limit": 1000, "offset": 0})
    seen = mover.look(TASK)
    assert [one.path for one in seen.failures] == [f"/storage1/fs1/wucci/{name}" for name in "abc"]
    assert seen.failures[0] == MoveFailure(path="/storage1/fs1/wucci/a", reason="PERMISSION_DENIED")
    assert made.move(site_path="/storage1/fs1/wucci").relative(seen.failures[0].path) == "a"


class Rules:
    """Where the control's calls go."""

    LIST, ONE = "/v0.10/endpoint_manager/pause_rule_list", "/v0.10/endpoint_manager/pause_rule"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def control(service: Service, made: Any, holds: Holds, said: list[str]) -> GlobusControl:
    return GlobusControl(service, made.settings(), holds, said.append)


def test_a_pause_is_a_rule_for_our_identity_alone(control: GlobusControl, made: Any, holds: Holds) -> None:
    told(Rules.LIST, {"DATA": [{"id": "x", "identity_id": None, "message": "an admin's"}]})
    told(Rules.ONE, {"id": "r-1"}, "POST")
    control.pause("in", "works")
    sent = json.loads(get_last_request().body)
    assert sent["identity_id"] == made.settings().client_id
    assert sent["endpoint_id"] == made.settings().site_collection
    assert (sent["pause_task_transfer_read"], sent["pause_task_transfer_write"]) == (True, False)
    assert holds.read() == {"in": "works"}


def test_a_second_direction_changes_the_rule_and_a_repeat_does_nothing(control: GlobusControl, made: Any) -> None:
    rule = {"id": "r-1", "identity_id": made.settings().client_id, "DATA_TYPE": "pause_rule"}
    both = {"pause_task_transfer_read": True, "pause_task_transfer_write": True}
    told(Rules.LIST, {"DATA": [{**rule, "message": "ris-hybrid: works", "pause_task_transfer_read": True}]})
    told(f"{Rules.ONE}/r-1", rule, "PUT")
    control.pause(None, "works")
    sent = json.loads(get_last_request().body)
    assert {key: sent[key] for key in both} == both
    RegisteredResponse(
        service="transfer", path=Rules.LIST, json={"DATA": [{**rule, **both, "message": "ris-hybrid: works"}]}
    ).replace()
    control.pause("out", "works")
    assert get_last_request().method == "GET"


def test_who_may_not_pause_holds_what_is_not_submitted(control: GlobusControl, holds: Holds, said: list[str]) -> None:
    told(Rules.LIST, {"code": "PermissionDenied", "message": "no"}, status=403)
    control.pause(None, "works")
    assert holds.read() == {"in": "works", "out": "works"}
    assert "go on" in said[0]
    control.resume()
    assert holds.read() == {}


def test_a_pause_that_was_not_answered_holds_and_says_so(control: GlobusControl, holds: Holds) -> None:
    told(Rules.LIST, {"code": "ServiceUnavailable", "message": "no"}, status=503)
    with pytest.raises(TryAgain):
        control.pause(None, "works")
    assert holds.read()
    with pytest.raises(TryAgain):
        control.resume()
    assert holds.read()


def test_resume_takes_only_our_rules_away(control: GlobusControl, made: Any) -> None:
    ours = {"id": "r-1", "identity_id": made.settings().client_id, "message": "ris-hybrid: works"}
    told(Rules.LIST, {"DATA": [ours, {**ours, "id": "r-2", "message": "DTN works"}]})
    told(f"{Rules.ONE}/r-1", {"code": "Deleted"}, "DELETE")
    control.resume()
    assert get_last_request().url.endswith("/r-1")


@pytest.mark.parametrize("code", ["Canceled", "CancelAccepted", "TaskComplete"])
def test_a_cancel_is_done_whatever_it_found(code: str, control: GlobusControl) -> None:
    told(f"/v0.10/task/{TASK}/cancel", {"code": code, "message": "x"}, "POST")
    control.cancel(TASK)


def test_a_cancel_of_nothing_is_left_alone_and_a_refusal_is_told(control: GlobusControl) -> None:
    path = f"/v0.10/task/{TASK}/cancel"
    told(path, {"code": "ClientError.NotFound", "message": "no", "request_id": "r"}, "POST", 404)
    control.cancel(TASK)
    answer = {"code": "PermissionDenied", "message": "no", "request_id": "r"}
    RegisteredResponse(service="transfer", path=path, method="POST", json=answer, status=403).replace()
    with pytest.raises(Refused):
        control.cancel(TASK)
