"""Pure checks of what scripts answer: every breach is named, and its effect on the value is LSF's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.sandbox.lsf.answers import Asked, Checked
from ris_hybrid.sandbox.lsf.protocol import (
    capacity_code,
    check_policy,
    check_reclaims,
    check_request,
    check_return,
    check_templates,
)
from ris_hybrid.sandbox.lsf.statuses import check_status


def breaches(checked: Checked[object]) -> list[str]:
    return [error.what for error in checked.breaches]


def only(checked: Checked[object], part: str) -> None:
    (breach,) = breaches(checked)
    assert part in breach


GOOD = {"requestId": "r1", "message": "ok"}


@pytest.mark.parametrize(
    ("rc", "stdout", "part"),
    [
        (0, "", "nothing on stdout"),
        (0, "  \n", "nothing on stdout"),
        (0, 'INFO starting\n{"requestId": "r1"}', "not one JSON object and nothing else"),
        (0, '{"requestId": "r1"} done', "not one JSON object and nothing else"),
        (0, '{"requestId": "r1"}{"requestId": "r2"}', "not one JSON object and nothing else"),
        (0, '{"requestId": NaN}', "NaN is not JSON"),
        (0, "{'requestId': {1, 2}}", "not one JSON object"),
        (0, "'r1'", "not one JSON object"),
        (0, '["r1"]', "not an object"),
        (0, "[" * 20_000, "not one JSON object"),
        (0, '{"message": "ok"}', "requestId: expected a string, not null"),
        (0, '{"requestId": ""}', "requestId: empty"),
        (0, '{"requestId": 7}', "requestId: expected a string, not 7"),
        (1, "", "nothing on stdout"),
        (1, "{}", "message: expected a string, not null"),
        (1, '{"message": ""}', "message: empty"),
        (1, '{"message": "no", "requestId": "r1"}', "names a requestId"),
        (3, '{"message": "no"}', "exit code 3"),
    ],
)
def test_an_answer_to_request_machines_that_cannot_be_used(rc: int, stdout: str, part: str) -> None:
    checked = check_request(rc, stdout)
    assert checked.value is None
    only(checked, part)
    assert checked.breaches[0].verb == "requestMachines"
    assert checked.breaches[0].excerpt == stdout.strip()[:200]


def test_single_quotes_are_a_breach_that_lsf_reads_all_the_same() -> None:
    checked = check_request(0, "{'requestId': 'r1', 'ok': True, 'none': None}")
    assert checked.value == "r1"
    only(checked, "Python literal")


def test_request_answers() -> None:
    assert check_request(0, json.dumps({**GOOD, "status": "running"})) == Checked(value="r1", message="ok")
    failed = check_request(1, json.dumps({"message": "no room", "requestId": None}))
    assert failed == Checked(value=None, message="no room")


def test_return_answers() -> None:
    assert check_return(0, json.dumps(GOOD)).value == "r1"
    assert check_return(1, '{"message": "throttled"}') == Checked(value=None, message="throttled")
    without = check_return(0, '{"message": "no active instances"}')
    assert without.value == ""
    only(without, "requestId")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Launch failed. Error Code: InsufficientInstanceCapacity", "InsufficientInstanceCapacity"),
        ("InsufficientHostCapacity: try later", "InsufficientHostCapacity"),
        ("cannot_start_capacity", "cannot_start_capacity"),
        ("Error Code: UnauthorizedOperation", ""),
        ("NotInsufficientCapacityAtAll", ""),
        ("", ""),
    ],
)
def test_capacity_codes(message: str, code: str) -> None:
    assert capacity_code(message) == code


def templates(*records: object) -> Checked:
    return check_templates(0, json.dumps({"templates": list(records)}))


def record(**more: object) -> dict[str, object]:
    attributes = {"ncpus": ["Numeric", "8"], "awshost": ["Boolean", "1"], "!gpu": ["Boolean", 1], "mem": ["Numeric", 9]}
    return {"templateId": "node8", "maxNumber": 4, "attributes": attributes, **more}


def test_a_template_and_its_attributes() -> None:
    checked = templates(record(priority=3, anything={"else": 1}), record(templateId="b", attributes={}))
    assert checked.breaches == ()
    first, second = checked.value
    assert (first.template_id, first.max_number, first.slots, first.priority) == ("node8", 4, 8, 3)
    assert (first.booleans, first.exclusive) == ({"awshost", "gpu"}, {"gpu"})
    assert (second.slots, second.priority, second.booleans) == (0, 0, frozenset())


@pytest.mark.parametrize(
    ("attribute", "slots", "part"),
    [
        (["Numeric", "[4:16]"], 4, ""),
        (["Numeric", 8.0], 8, ""),
        (["Numeric", "many"], 0, "Numeric must be a number or [min:max]"),
        (["Number", "8"], 0, "is not String, Numeric or Boolean"),
        (["Numeric"], 0, "expected [type, value]"),
        ("8", 0, "expected [type, value]"),
        (["Numeric", True], 0, "value must be a string or a number"),
        (["Boolean", "yes"], 0, "Boolean must be 0 or 1"),
        (["String", "8"], 0, ""),
    ],
)
def test_attribute_shapes(attribute: object, slots: int, part: str) -> None:
    checked = templates(record(attributes={"ncpus": attribute}))
    assert checked.value[0].slots == slots
    assert [what for what in breaches(checked) if part not in what] == []
    assert bool(part) == bool(checked.breaches)


@pytest.mark.parametrize(
    ("broken", "part", "kept"),
    [
        (record(templateId="node_8"), "underscore", 0),
        (record(templateId=""), "templateId: empty", 0),
        ("node8", "expected objects", 0),
        (record(maxNumber="4"), "maxNumber: expected an integer", 1),
        (record(priority=1.5), "priority: expected an integer", 1),
        (record(attributes=[]), "attributes: expected an object", 1),
    ],
)
def test_a_broken_template(broken: object, part: str, kept: int) -> None:
    checked = templates(broken)
    only(checked, part)
    assert len(checked.value) == kept


def test_templates_named_twice_and_lists_that_are_none() -> None:
    twice = templates(record(), record(maxNumber=9))
    assert [item.max_number for item in twice.value] == [4]
    only(twice, "named twice")
    assert templates().value == ()
    none = check_templates(0, '{"templates": {}}')
    assert none.value is None
    only(none, "templates: expected a list")
    assert check_templates(1, '{"message": "no file"}') == Checked(value=None, message="no file")


CREATE = {"r1": Asked(kind="create", machines=2)}
BACK = {"back": Asked(kind="return", machines=2)}


def machine(machine_id: str, result: str = "succeed", **more: object) -> dict[str, object]:
    return {"machineId": machine_id, "name": f"h-{machine_id}", "result": result, "status": "RUNNING", **more}


def status(word: object, *machines: object, asked: dict[str, Asked] | None = None, **more: object) -> Checked:
    asked = asked or CREATE
    entry = {"requestId": next(iter(asked)), "status": word, "machines": list(machines), **more}
    return check_status(0, json.dumps({"requests": [entry], "message": "top"}), asked)


def test_a_request_that_is_met() -> None:
    checked = status("complete", machine("a", launchtime=12), machine("b", publicIpAddress=None, more=1), message="m")
    assert (checked.breaches, checked.message) == ((), "top")
    (answer,) = checked.value
    assert (answer.status, answer.message) == ("complete", "m")
    assert [(m.machine_id, m.name, m.launched, m.status) for m in answer.machines] == [
        ("a", "h-a", 12.0, "RUNNING"),
        ("b", "h-b", 0.0, "RUNNING"),
    ]


@pytest.mark.parametrize(
    ("word", "machines", "parts"),
    [
        ("running", [machine("a", "executing", name=None)], []),
        ("complete_with_error", [machine("a"), machine("b", "fail")], []),
        ("complete", [machine("a")], ["complete with 1 of 2 machines"]),
        ("complete", [machine("a"), machine("b", "fail")], ["complete with 1 of 2 machines"]),
        ("complete", [machine("a"), machine("b", "executing")], ["1 of 2 machines", "1 machines executing"]),
        ("complete_with_error", [machine("a", "executing")], ["complete_with_error with 1 machines executing"]),
        ("complete", [machine("a"), machine("b"), machine("c")], ["3 machines for 2 asked"]),
        ("running", [machine("a"), machine("a")], ["machine a named twice"]),
        (
            "complete",
            [machine("a"), machine("b", name="")],
            ["succeed without a name", "1 of 2", "1 machines executing"],
        ),
        ("running", [machine("a", launchtime="noon")], ["launchtime: expected an integer"]),
        ("running", [machine("a", status=16)], ["status: expected a string"]),
        ("running", [machine("research/b")], []),
        ("running", [machine("a", "running")], ['result "running" is not one of']),
        ("running", [machine("")], ["machineId: empty"]),
        ("running", ["a"], ["machines: expected objects"]),
    ],
)
def test_what_a_create_request_may_say(word: str, machines: list[object], parts: list[str]) -> None:
    found = breaches(status(word, *machines))
    assert len(found) == len(parts)
    assert all(part in what for part, what in zip(parts, found, strict=True))


def test_a_machine_without_a_name_is_not_usable_yet() -> None:
    (answer,) = status("running", machine("a", name="")).value
    assert answer.machines[0].result == "executing"


@pytest.mark.parametrize(
    ("word", "machines", "parts"),
    [
        ("complete", [machine("a"), machine("b", name="")], []),
        ("complete", [], []),
        ("running", [machine("a", "executing"), machine("b", "fail")], []),
        ("complete", [machine("a", "fail")], ["complete with 1 machines still running"]),
        ("complete", [machine("a", "executing")], ["complete with 1 machines executing"]),
    ],
)
def test_what_a_return_may_say(word: str, machines: list[object], parts: list[str]) -> None:
    found = breaches(status(word, *machines, asked=BACK))
    assert len(found) == len(parts)
    assert all(part in what for part, what in zip(parts, found, strict=True))


def test_unknown_words_and_missing_entries() -> None:
    unknown = status("done", machine("a"))
    assert unknown.value == ()
    only(unknown, 'status "done" is not one of')
    without = check_status(0, '{"requests": [{"requestId": "r1", "status": "running"}]}', CREATE)
    only(without, "machines: expected a list")
    empty = check_status(0, '{"requests": []}', CREATE)
    assert empty.value == ()
    only(empty, "asked about, but not answered")
    stray = check_status(0, json.dumps({"requests": [{"requestId": "x", "status": "running", "machines": []}]}), {})
    only(stray, "not asked about")
    no_list = check_status(0, '{"error": "unexpected"}', CREATE)
    assert no_list.value is None
    only(no_list, "requests: expected a list")
    assert check_status(1, '{"message": "throttled"}', CREATE) == Checked(value=None, message="throttled")


HELD = [("h-a", "a"), ("h-b", "b")]


def reclaims(*records: object, **more: object) -> Checked:
    return check_reclaims(0, json.dumps({"status": "complete", "requests": list(records), **more}), HELD)


def test_reclaims() -> None:
    checked = reclaims({"machine": "h-a", "machineId": "a", "gracePeriod": 90}, {"machine": "h-b", "machineId": "b"})
    assert checked.breaches == ()
    assert [(item.machine_id, item.grace_s) for item in checked.value] == [("a", 90.0), ("b", 0.0)]


@pytest.mark.parametrize(
    ("entry", "part", "kept"),
    [
        ({"machine": "h-a", "machineId": "a", "gracePeriod": "90"}, "gracePeriod: expected seconds", 1),
        ({"machine": "h-a", "machineId": "a", "gracePeriod": -1}, "gracePeriod: expected seconds", 1),
        ({"machine": "h-c", "machineId": "c"}, "not one LSF asked about", 0),
        ({"machine": "h-a", "machineId": "b"}, "not one LSF asked about", 0),
    ],
)
def test_a_broken_reclaim(entry: object, part: str, kept: int) -> None:
    checked = reclaims(entry)
    only(checked, part)
    assert len(checked.value) == kept


def test_reclaims_without_a_list() -> None:
    checked = check_reclaims(0, '{"error": "unexpected"}', HELD)
    assert checked.value is None
    only(checked, "requests: expected a list")
    assert check_reclaims(1, '{"message": "throttled"}', HELD).breaches == ()
    only(reclaims(status=0), "status: expected a string")


ASKED = {"providerName": "aws", "rcAccount": "albert", "requestTime": 7, "newDemand": 5, "allocated": 1}


def policy(rc: int = 0, message: object = "Success", **changed: object) -> Checked:
    return check_policy(rc, json.dumps({"message": message, "request": {**ASKED, **changed}}), ASKED)


def test_the_policy_may_lower_demand() -> None:
    assert policy() == Checked(value=5, message="Success")
    assert policy(newDemand=0).value == 0


@pytest.mark.parametrize(
    ("checked", "part"),
    [
        (policy(newDemand=6), "newDemand: expected an integer from 0 to 5"),
        (policy(newDemand=-1), "newDemand: expected"),
        (policy(newDemand="5"), "newDemand: expected"),
        (policy(newDemand=True), "newDemand: expected"),
        (policy(rcAccount="bohr", allocated=0), "must be echoed, but differs in rcAccount, allocated"),
        (policy(rc=1), "exit code 1"),
        (check_policy(0, "Traceback ...", ASKED), "not one JSON object"),
        (check_policy(0, '{"message": "Success"}', ASKED), "request: expected an object"),
    ],
)
def test_a_policy_answer_that_counts_as_no_demand(checked: Checked, part: str) -> None:
    assert checked.value is None
    only(checked, part)


def test_a_policy_without_a_message_is_a_breach_only() -> None:
    checked = policy(message=None)
    assert checked.value == 5
    only(checked, "message")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*ASKED, "requests", "templates", "requestId", "machines", "status"]), inner)
    ),
    max_leaves=12,
)


@given(st.integers(-9, 255), st.one_of(JSON.map(json.dumps), st.text()))
def test_no_answer_whatever_breaks_a_check(rc: int, stdout: str) -> None:
    # A check always comes to a verdict; without a usable value something is said, unless the script failed properly.
    for checked in (
        check_templates(rc, stdout),
        check_request(rc, stdout),
        check_status(rc, stdout, CREATE | BACK),
        check_return(rc, stdout),
        check_reclaims(rc, stdout, HELD),
        check_policy(rc, stdout, ASKED),
    ):
        assert checked.value is not None or checked.breaches or (rc == 1 and checked.message)
