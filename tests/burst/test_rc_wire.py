from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.rc import wire
from burst.rc.wire import WireError
from ris_hybrid.errors import ConfigError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState, UnknownWord

READERS = (wire.read_machine_request, wire.read_request_ids, wire.read_machines, wire.read_demand)


def test_a_machine_request() -> None:
    payload = {"template": {"templateId": "cpu", "machineCount": 3}, "rc_account": "lee", "userData": {}}
    assert wire.read_machine_request(payload) == wire.MachineRequest(template="cpu", count=3, lab="lee")


@pytest.mark.parametrize("account", ["\ud800", "a\0b", "a\nb"])
def test_an_account_that_cannot_be_written_on_a_machine_is_refused(account: str) -> None:
    payload = {"template": {"templateId": "cpu", "machineCount": 2}, "rc_account": account}
    with pytest.raises(wire.WireError, match="rcAccount: expected the name of an account"):
        wire.read_machine_request(payload)


@pytest.mark.parametrize(("account", "lab"), [("lee", "lee"), ("default", ""), ("", ""), (None, ""), (7, "")])
def test_the_default_account_is_no_lab(account: object, lab: str) -> None:
    payload = {"template": {"templateId": "cpu", "machineCount": " 2 "}, "rc_account": account}
    request = wire.read_machine_request(payload)
    assert (request.lab, request.count) == (lab, 2)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (None, "the request: expected an object, found nothing"),
        ([], "the request: expected an object, found []"),
        ({}, "template: expected an object, found nothing"),
        ({"template": "cpu"}, "template: expected an object, found 'cpu'"),
        ({"template": {}}, "template.machineCount: expected a whole number, found nothing"),
        ({"template": {"machineCount": 1.0}}, "template.machineCount: expected a whole number, found 1.0"),
        ({"template": {"machineCount": True}}, "template.machineCount: expected a whole number, found True"),
        ({"template": {"machineCount": "-1"}}, "template.machineCount: expected a whole number, found '-1'"),
        ({"template": {"machineCount": "²"}}, "template.machineCount: expected a whole number, found '²'"),
        ({"template": {"machineCount": 0}}, "template.machineCount: expected 1 to 100000, found 0"),
        ({"template": {"machineCount": "9" * 5000}}, "template.machineCount: expected 1 to 100000, found 100001"),
        (
            {"template": {"machineCount": 10**60}},
            f"template.machineCount: expected 1 to 100000, found 1{'0' * 36}...",
        ),
        ({"template": {"machineCount": 1}}, "template.templateId: expected text, found nothing"),
        ({"template": {"machineCount": 1, "templateId": ""}}, "template.templateId: expected text, found ''"),
    ],
)
def test_a_bad_machine_request_is_told_by_its_field(payload: object, message: str) -> None:
    with pytest.raises(WireError) as caught:
        wire.read_machine_request(payload)
    assert caught.value.message == message


def test_request_ids_each_once_in_order() -> None:
    payload = {"requests": [{"requestId": "b"}, {"requestId": "a"}, {"requestId": "b", "more": 1}]}
    assert wire.read_request_ids(payload) == ("b", "a")
    assert wire.read_request_ids({"requests": []}) == ()


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({}, "requests: expected a list, found nothing"),
        ({"requests": {"requestId": "a"}}, "requests: expected a list, found {'requestId': 'a'}"),
        ({"requests": ["a"]}, "requests[0]: expected an object, found 'a'"),
        ({"requests": [{"requestId": "a"}, {}]}, "requests[1].requestId: expected text, found nothing"),
    ],
)
def test_bad_request_ids_are_told_by_their_field(payload: object, message: str) -> None:
    with pytest.raises(WireError) as caught:
        wire.read_request_ids(payload)
    assert caught.value.message == message


def test_machines_by_name_or_id() -> None:
    payload = {"machines": [{"name": "h", "machineId": "i-1"}, {"name": "h"}, {"machineId": "i-2", "name": None}]}
    assert [(one.name, one.machine_id) for one in wire.read_machines(payload)] == [("h", "i-1"), ("h", ""), ("", "i-2")]
    with pytest.raises(WireError, match=r"^machines\[0\]: expected a name or a machineId, found neither$"):
        wire.read_machines({"machines": [{}]})
    with pytest.raises(WireError, match=r"^machines: expected a list, found nothing$"):
        wire.read_machines({})


def test_the_policys_request_is_kept_whole() -> None:
    raw = {"providerName": "aws", "templateName": "cpu", "rcAccount": "default", "newDemand": "4", "allocated": 1}
    demand = wire.read_demand({"request": raw})
    assert (demand.provider, demand.template, demand.lab, demand.new_demand) == ("aws", "cpu", "", 4)
    assert demand.raw is raw


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"newDemand": -1}, "request.newDemand: expected 0 or more, found -1"),
        ({"newDemand": None}, "request.newDemand: expected a whole number, found nothing"),
        ({"providerName": 3}, "request.providerName: expected text, found 3"),
        ({"templateName": ""}, "request.templateName: expected text, found ''"),
    ],
)
def test_a_bad_policy_request_is_told_by_its_field(change: dict[str, object], message: str) -> None:
    raw = {"providerName": "aws", "templateName": "cpu", "newDemand": 4, **change}
    with pytest.raises(WireError) as caught:
        wire.read_demand({"request": raw})
    assert caught.value.message == message


KEYS = st.sampled_from(
    (
        *("template", "templateId", "machineCount", "rc_account", "requests", "requestId", "machines", "machineId"),
        *("name", "request", "providerName", "templateName", "newDemand", "requestTime", "rcAccount"),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("9" * 400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(payload=JSON)
def test_any_json_is_read_or_told_as_a_wire_error(payload: object) -> None:
    told = []
    for reader in READERS:
        try:
            reader(payload)
        except WireError as error:
            told.append(error.message)
    assert all(": expected " in message and len(message) < 200 for message in told)


@pytest.mark.parametrize(
    ("state", "name", "create", "back"),
    [
        (MachineState.PENDING, "h", "executing", "executing"),
        (MachineState.RUNNING, "h", "succeed", "executing"),
        (MachineState.RUNNING, "", "executing", "executing"),
        (MachineState.STOPPING, "h", "fail", "executing"),
        (MachineState.STOPPED, "h", "fail", "executing"),
        (MachineState.SHUTTING_DOWN, "h", "fail", "executing"),
        (MachineState.TERMINATED, "h", "fail", "succeed"),
        (UnknownWord("hibernating"), "h", "executing", "executing"),
    ],
)
def test_a_machines_result_in_a_create_and_in_a_return(
    make: Any, state: Any, name: str, create: str, back: str
) -> None:
    machine = make.machine(state=state, name=name)
    row = wire.created(machine)
    assert (row["result"], row["status"]) == (create, str(state))
    assert ("message" in row) == (create == "fail")
    assert wire.returned(machine)["result"] == back


def test_a_machine_on_its_way_back_is_no_use_to_its_create_request(make: Any) -> None:
    assert wire.created(make.machine(return_id="ret-1"))["result"] == "fail"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("bad field"), "bad field"),
        (TryAgain("no answer"), "no answer"),
        (
            QuotaReached("too many", code="VcpuLimitExceeded"),
            "too many (VcpuLimitExceeded) Error Code: InsufficientCapacity",
        ),
        (Refused("cpu is off", code="PoolOff"), "cpu is off (PoolOff) Error Code: InsufficientCapacity"),
        (Refused("no right", code="UnauthorizedOperation"), "no right Error Code: UnauthorizedOperation"),
        (NoCapacity("none", code="InsufficientHostCapacity"), "none Error Code: InsufficientHostCapacity"),
        (
            NoCapacity("none", code="UnfulfillableCapacity"),
            "none (UnfulfillableCapacity) Error Code: InsufficientCapacity",
        ),
    ],
)
def test_an_error_ends_in_a_code_lsf_knows(error: Any, text: str) -> None:
    assert wire.error_text(error) == text


@pytest.mark.parametrize(
    ("verb", "extra"),
    [
        ("getAvailableTemplates", {"templates": []}),
        ("requestMachines", {"requestId": None}),
        ("getRequestStatus", {"requests": []}),
        ("requestReturnMachines", {"requestId": None}),
        ("getReturnRequests", {"requests": []}),
        ("another", {}),
    ],
)
def test_a_failure_has_its_verbs_shape(verb: str, extra: dict[str, object]) -> None:
    assert wire.failure(verb, "why") == {"status": "error", "message": "why", **extra}
