"""AWS out of order: every verb answers in bounded time with valid JSON, and nothing is launched twice or lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Step = tuple[str, dict[str, Any]]


def _error(code: str, status: int, **when: int) -> dict[str, object]:
    return {"match": "ec2:", **when, "do": {"error": {"code": code, "status": status}}}


FAULTS: dict[str, dict[str, object]] = {
    "throttled": _error("RequestLimitExceeded", 503),
    "throttled once": _error("RequestLimitExceeded", 503, at=1),
    "500 once": _error("InternalError", 500, at=2),
    "503 twice": _error("Unavailable", 503, at=1, times=2),
    "not allowed": _error("UnauthorizedOperation", 403),
    "reset before": {"match": "ec2:", "at": 2, "do": {"reset": "before"}},
    "reset after": {"match": "ec2:", "do": {"reset": "after"}},
    "reset after, once": {"match": "ec2:", "at": 3, "do": {"reset": "after"}},
    "slow": {"match": "ec2:", "do": {"delay_s": 0.3}},
}
FOR_EVER = {"throttled", "not allowed", "reset after"}
BOUND_S = 20.0


def _running(lsf: Any, machines: int = 3) -> list[str]:
    lsf.do("requestMachines", lsf.ask_for(machines))
    lsf.world.advance(60)
    lsf.settle()
    lsf.join()
    return sorted(lsf.known)


def _request(lsf: Any) -> Step:
    return "requestMachines", lsf.ask_for(3)


def _status(lsf: Any) -> Step:
    lsf.do(*_request(lsf))
    lsf.world.advance(60)
    return "getRequestStatus", lsf.pending_ids()


def _return(lsf: Any) -> Step:
    return "requestReturnMachines", lsf.held(*_running(lsf)[:2])


def _return_status(lsf: Any) -> Step:
    lsf.do(*_return(lsf))
    return "getRequestStatus", lsf.pending_ids()


def _reclaim(lsf: Any) -> Step:
    lsf.world.end(_running(lsf)[0])
    return "getReturnRequests", lsf.held()


def _policy(lsf: Any) -> Step:
    lsf.world.queue_up(3)
    request = {"providerName": lsf.world.settings.provider, "templateName": "cpu", "rcAccount": "lee"}
    return "policy", {"request": {**request, "newDemand": 3}}


STEPS: dict[str, tuple[Callable[[Any], Step], int]] = {
    "requestMachines": (_request, 3),
    "getRequestStatus of a request": (_status, 3),
    "requestReturnMachines": (_return, 1),
    "getRequestStatus of a return": (_return_status, 1),
    "getReturnRequests": (_reclaim, 2),
    "policy": (_policy, 0),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_is_answered_in_time_and_put_right(step: str, fault: str, sandbox_world: Any, lsf_over: Any) -> None:
    scene, left = STEPS[step]
    lsf = lsf_over(sandbox_world())
    verb, payload = scene(lsf)
    lsf.world.aws.faults([FAULTS[fault]])
    began = time.monotonic()
    done = lsf.do(verb, payload)
    assert time.monotonic() - began < BOUND_S
    assert done.answer is not None
    if fault in FOR_EVER:
        assert done.code == (0 if verb == "policy" else 1)
        assert done.answer.get("message")
    if verb == "policy":
        assert done.answer["request"]["newDemand"] == (0 if fault in FOR_EVER else 3)
    lsf.world.aws.faults([])
    lsf.world.advance(30)
    if done.code == 1:  # LSF asks again: for machines with a new request, for all else with the same
        lsf.do(verb, payload)
    lsf.world.advance(60)
    lsf.settle()
    lsf.reconcile()
    assert lsf.world.alive() == set(lsf.known)
    assert len(lsf.known) == left


@pytest.mark.parametrize(
    "fault",
    [
        {"reset": "after"},
        {"error": {"code": "RequestLimitExceeded", "status": 503}},
        {"error": {"code": "InternalError", "status": 500}},
    ],
)
def test_a_launch_without_an_answer_is_told_by_its_status(fault: Any, sandbox_world: Any, lsf_over: Any) -> None:
    """LSF gets an id, because only the ledger can say what runs; it never gets the machines twice."""
    lsf = lsf_over(sandbox_world())
    lsf.world.aws.faults([{"match": "CreateFleet", "do": fault}])
    done = lsf.do(*_request(lsf))
    assert done.code == 0
    assert "not confirmed" in done.answer["message"]
    lsf.world.aws.faults([])
    started = len(lsf.world.alive())
    lsf.world.advance(130)
    lsf.settle()
    assert len(lsf.known) == started == len(lsf.world.alive())


def test_an_answer_that_never_comes_is_given_up_in_time(sandbox_world: Any, lsf_over: Any) -> None:
    lsf = lsf_over(sandbox_world())
    lsf.world.aws.faults([{"match": "ec2:", "do": {"delay_s": 8}}])
    began = time.monotonic()
    done = lsf.do(*_request(lsf))
    assert time.monotonic() - began < 28  # LSF looks every 30 s
    assert done.code == 1
    assert "AWS did not answer" in done.answer["message"]
    lsf.world.aws.faults([])
    assert lsf.world.alive() == set()


def test_no_capacity_is_said_at_once_and_starts_nothing(sandbox_world: Any, lsf_over: Any) -> None:
    lsf = lsf_over(sandbox_world())
    lsf.world.grant(0)
    began = time.monotonic()
    done = lsf.do(*_request(lsf))
    assert time.monotonic() - began < 5
    assert done.code == 1
    assert done.answer["requestId"] is None
    assert done.answer["message"].endswith("Error Code: InsufficientInstanceCapacity")
    assert lsf.world.alive() == set()


def test_five_hundred_asked_and_two_hundred_granted(sandbox_world: Any, lsf_over: Any, wide_subnets: Any) -> None:
    world = sandbox_world()
    world.pool_of(500, wide_subnets)
    lsf = lsf_over(world)
    world.grant(200)
    done = lsf.do("requestMachines", lsf.ask_for(500))
    assert done.code == 0
    world.advance(30)
    status = lsf.do("getRequestStatus", lsf.pending_ids())
    (row,) = status.answer["requests"]
    assert row["status"] == "complete_with_error"
    assert row["message"].endswith("Error Code: InsufficientInstanceCapacity")
    assert len(row["machines"]) == len(lsf.known) == len(world.alive()) == 200


def test_machines_that_cannot_be_ended_stay_visible_until_they_are_gone(sandbox_world: Any, lsf_over: Any) -> None:
    lsf = lsf_over(sandbox_world())
    verb, payload = _return(lsf)
    lsf.world.refuse_ends(True)
    assert lsf.do(verb, payload).code == 0
    for _ in range(3):
        lsf.world.advance(60)
        (row,) = lsf.do("getRequestStatus", lsf.pending_ids()).answer["requests"]
        assert row["status"] == "running"
        assert {one["result"] for one in row["machines"]} <= {"executing", "fail"}
        assert len(lsf.world.alive()) == 3
    lsf.world.refuse_ends(False)
    lsf.settle()
    assert lsf.world.alive() == set(lsf.known)
    assert len(lsf.known) == 1


def test_one_forgotten_id_among_five_hundred_hides_nothing(
    sandbox_world: Any, lsf_over: Any, wide_subnets: Any
) -> None:
    world = sandbox_world()
    world.pool_of(500, wide_subnets)
    lsf = lsf_over(world)
    ids = _running(lsf, 500)
    lsf.known["i-00000000000000000"] = "ip-10-8-9-9.ec2.internal"
    world.end(ids[3])
    world.stop(ids[7])
    done = lsf.do("getReturnRequests", lsf.held())
    assert {row["machineId"] for row in done.answer["requests"]} == {"i-00000000000000000", ids[3], ids[7]}
    back = lsf.do("requestReturnMachines", lsf.held(ids[11], "i-00000000000000000"))
    assert back.code == 0
    assert len(world.alive()) == 497
