"""A cloud out of order: every verb answers in bounded time with valid JSON, and nothing is launched twice or lost."""

from __future__ import annotations

import os
import time
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Step = tuple[str, dict[str, Any]]


def _error(code: str, status: int, **when: int) -> dict[str, object]:
    return {**when, "do": {"error": {"code": code, "status": status}}}


FAULTS: dict[str, dict[str, object]] = {
    "throttled": _error("RequestLimitExceeded", 503),
    "throttled once": _error("RequestLimitExceeded", 503, at=1),
    "500 once": _error("InternalError", 500, at=2),
    "503 twice": _error("Unavailable", 503, at=1, times=2),
    "not allowed": _error("UnauthorizedOperation", 403),
    "reset before": {"at": 2, "do": {"reset": "before"}},
    "reset after": {"do": {"reset": "after"}},
    "reset after, once": {"at": 3, "do": {"reset": "after"}},
    "slow": {"do": {"delay_s": 0.1}},
}
FOR_EVER = {"throttled", "not allowed", "reset after"}
BOUND_S = 20.0


@pytest.fixture(params=["sandbox_world", "openstack_world"])
def new_world(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def wide_world(request: pytest.FixtureRequest, new_world: Any) -> Any:
    """One with room for a fleet; its only cloud is ``sides[0]``."""
    world = new_world()
    wide = {} if world.settings.clouds else {"subnets": request.getfixturevalue("wide_subnets")}
    world.pool_of(world.sides[0].many, **wide)
    return world


def _request(lsf: Any) -> Step:
    return "requestMachines", lsf.ask_for(3)


def _status(lsf: Any) -> Step:
    lsf.do(*_request(lsf))
    lsf.world.advance(60)
    return "getRequestStatus", lsf.pending_ids()


def _return(lsf: Any) -> Step:
    return "requestReturnMachines", lsf.held(*lsf.run(3)[:2])


def _return_status(lsf: Any) -> Step:
    lsf.do(*_return(lsf))
    return "getRequestStatus", lsf.pending_ids()


def _reclaim(lsf: Any) -> Step:
    lsf.world.end(lsf.run(3)[0])
    return "getReturnRequests", lsf.held()


def _policy(lsf: Any) -> Step:
    lsf.world.queue_up(3)
    request = {"providerName": lsf.world.settings.provider, "templateName": lsf.world.templates[0], "rcAccount": "lee"}
    return "policy", {"request": {**request, "newDemand": 3}}


STEPS: dict[str, tuple[Callable[[Any], Step], int]] = {
    "requestMachines": (_request, 3),
    "getRequestStatus of a request": (_status, 3),
    "requestReturnMachines": (_return, 1),
    "getRequestStatus of a return": (_return_status, 1),
    "getReturnRequests": (_reclaim, 2),
    "policy": (_policy, 0),
}


SCENES = [("sandbox_world", step, fault) for step, fault in product(STEPS, FAULTS)]
SECOND = [("openstack_world", step, fault) for step, fault in product(STEPS, FAULTS)]
"""On OpenStack ``make test`` takes every fourth, so that each fault and each verb has its turn; ``make kills`` all."""


@pytest.mark.parametrize(
    ("new_world", "step", "fault"),
    [*SCENES, *(SECOND if os.environ.get("RIS_KILLS") == "all" else SECOND[::4])],
    indirect=["new_world"],
)
def test_a_fault_is_answered_in_time_and_put_right(step: str, fault: str, new_world: Any, lsf_over: Any) -> None:
    scene, left = STEPS[step]
    lsf = lsf_over(new_world())
    verb, payload = scene(lsf)
    lsf.world.faults(FAULTS[fault])
    lsf.world.forget_clients()
    began = time.monotonic()
    done = lsf.do(verb, payload)
    assert time.monotonic() - began < BOUND_S
    assert done.answer is not None
    if fault in FOR_EVER:
        assert done.code == (0 if verb == "policy" else 1)
        assert done.answer.get("message")
    if verb == "policy":
        assert done.answer["request"]["newDemand"] == (0 if fault in FOR_EVER else 3)
    lsf.world.faults(None)
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
def test_a_launch_without_an_answer_is_told_by_its_status(fault: Any, new_world: Any, lsf_over: Any) -> None:
    """LSF gets an id, because only the ledger can say what runs; it never gets the machines twice."""
    lsf = lsf_over(new_world())
    lsf.world.faults_of_launches(fault)
    done = lsf.do(*_request(lsf))
    assert done.code == 0
    assert "not confirmed" in done.answer["message"]
    lsf.world.faults(None)
    started = len(lsf.world.alive())
    lsf.world.advance(130)
    lsf.settle()
    assert len(lsf.known) == started == len(lsf.world.alive())


def test_an_answer_that_never_comes_is_given_up_in_time(new_world: Any, lsf_over: Any) -> None:
    lsf = lsf_over(new_world())
    lsf.world.faults({"do": {"delay_s": 8}})
    began = time.monotonic()
    done = lsf.do(*_request(lsf))
    assert time.monotonic() - began < 28  # LSF looks every 30 s
    assert done.code == 1
    assert lsf.world.sides[0].silent in done.answer["message"]
    lsf.world.faults(None)
    assert lsf.world.alive() == set()


def test_no_capacity_is_said_at_once_and_starts_nothing(new_world: Any, lsf_over: Any) -> None:
    lsf = lsf_over(new_world())
    lsf.world.grant(0)
    began = time.monotonic()
    done = lsf.do(*_request(lsf))
    assert time.monotonic() - began < 5
    assert done.code == 1
    assert done.answer["requestId"] is None
    assert done.answer["message"].endswith(f"Error Code: {lsf.world.sides[0].full}")
    assert lsf.world.alive() == set()


def test_many_asked_and_some_granted(wide_world: Any, lsf_over: Any) -> None:
    world, lsf = wide_world, lsf_over(wide_world)
    many, some = world.sides[0].many, world.sides[0].some
    world.grant(some)
    done = lsf.do("requestMachines", lsf.ask_for(many))
    assert done.code == 0
    world.advance(30)
    status = lsf.do("getRequestStatus", lsf.pending_ids())
    (row,) = status.answer["requests"]
    assert row["status"] == "complete_with_error"
    assert row["message"].endswith(f"Error Code: {world.sides[0].full}")
    assert len(row["machines"]) == len(lsf.known) == len(world.alive()) == some
    assert world.standing() == world.alive()


def test_machines_that_cannot_be_ended_stay_visible_until_they_are_gone(new_world: Any, lsf_over: Any) -> None:
    lsf = lsf_over(new_world())
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


def test_one_forgotten_id_among_many_hides_nothing(wide_world: Any, lsf_over: Any) -> None:
    world, lsf = wide_world, lsf_over(wide_world)
    many, stranger = world.sides[0].many, world.sides[0].stranger
    ids = lsf.run(many)
    lsf.known[stranger] = "ip-10-8-9-9.ec2.internal"
    world.end(ids[3])
    world.stop(ids[7])
    done = lsf.do("getReturnRequests", lsf.held())
    assert {row["machineId"] for row in done.answer["requests"]} == {stranger, ids[3], ids[7]}
    back = lsf.do("requestReturnMachines", lsf.held(ids[11], stranger))
    assert back.code == 0
    assert len(world.alive()) == many - 3


def test_a_silent_cloud_keeps_no_other_from_its_returns(joint_world: Any, lsf_over: Any) -> None:
    """OpenStack is away for a while; what runs there stays LSF's, and nothing is launched while caps are unknown."""
    lsf = lsf_over(joint_world())
    nova, aws = lsf.world.sides
    lsf.run(4)
    here, there = aws.alive(), nova.alive()
    assert (len(here), len(there)) == (2, 2)
    lsf.world.away(nova)
    told = lsf.do("requestMachines", lsf.ask_for(1))
    assert told.code == 1
    assert "research" in told.answer["message"]
    lsf.do("requestReturnMachines", lsf.held())
    assert (aws.alive(), nova.alive()) == (set(), there)
    gone = lsf.do("getReturnRequests", lsf.held(*there))
    assert gone.answer["requests"] == []
    lsf.world.faults(None)
    lsf.do("requestReturnMachines", lsf.held())
    lsf.settle()
    lsf.reconcile()
    assert lsf.world.standing() == set(lsf.known) == set()


@pytest.mark.parametrize("killed", [False, True])
def test_no_room_told_late_leaves_nothing_behind(killed: bool, openstack_world: Any, lsf_over: Any) -> None:
    """OpenStack took three, has room for one, and says so only once the launch has waited long enough, or is dead."""
    lsf = lsf_over(openstack_world())
    lsf.world.grant(1)
    lsf.world.sides[0].place_late(20)
    if killed:
        lsf.world.launch_and_die(lsf.ask_for(3))
    else:
        done = lsf.do("requestMachines", lsf.ask_for(3))
        assert done.code == 0
    assert len(lsf.world.standing()) == 3
    lsf.world.advance(30)
    lsf.world.sides[0].place_late(0)
    if killed:
        lsf.do("requestMachines", lsf.ask_for(3))
    lsf.settle()
    lsf.reconcile()
    assert lsf.world.standing() == set(lsf.known)
    assert len(lsf.known) == 1
