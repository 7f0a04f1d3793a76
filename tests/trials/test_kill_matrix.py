"""Every verb killed at every call it makes: what LSF does next, and one look at what is left, put it right.

The real scripts, as child processes that get SIGKILL at a call to AWS, to OpenStack or to Google: before it, once it
is delivered, and once it is answered. And the same functions over the shipped fakes, ended before and after each call
of every port.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.knife import POINTS, Cut

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = os.environ.get("RIS_KILLS") == "all"
Step = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A moment at which LSF calls a verb, and how many machines may be alive when all is settled."""

    set: Callable[[Any], Step]
    left: tuple[int, ...]
    files_lost: bool = False
    """Whether the next master starts with an empty data directory."""
    repeated: bool = False
    """Whether the same call comes again, as when the resident service dies over it and the script answers itself."""


def _request(lsf: Any) -> Step:
    return "requestMachines", lsf.ask_for(3)


def _request_after_a_killed_one(lsf: Any) -> Step:
    lsf.world.launch_and_die(lsf.ask_for(3))
    return _request(lsf)


def _request_for_more_than_there_is(lsf: Any) -> Step:
    lsf.world.grant(2)
    return _request(lsf)


def _status_of_a_request(lsf: Any) -> Step:
    lsf.do(*_request(lsf))
    lsf.world.advance(60)
    lsf.world.stop(min(lsf.world.alive()))
    return "getRequestStatus", lsf.pending_ids()


def _return(lsf: Any) -> Step:
    return "requestReturnMachines", lsf.held(*lsf.run(3)[:2])


def _status_of_a_refused_return(lsf: Any) -> Step:
    verb, payload = _return(lsf)
    lsf.world.refuse_ends(True)
    lsf.do(verb, payload)
    lsf.world.refuse_ends(False)
    return "getRequestStatus", lsf.pending_ids()


def _reclaim(lsf: Any) -> Step:
    lsf.world.end(lsf.run(3)[0])
    return "getReturnRequests", lsf.held()


def _reclaim_that_reaps(lsf: Any) -> Step:
    lsf.world.launch_and_die(lsf.ask_for(2))
    lsf.world.lose_files()
    lsf.world.advance(1800)
    lsf.run(2)
    return "getReturnRequests", lsf.held()


def _policy(lsf: Any) -> Step:
    lsf.world.queue_up(3)
    request = {"providerName": lsf.world.settings.provider, "templateName": lsf.world.templates[0], "rcAccount": "lee"}
    return "policy", {"request": {**request, "newDemand": 3}}


SCENES = {
    "requestMachines": Scene(set=_request, left=(3,)),
    "requestMachines, fail-over": Scene(set=_request, left=(3,), files_lost=True),
    "requestMachines, repeated": Scene(set=_request, left=(3,), repeated=True),
    "requestMachines after a killed one": Scene(set=_request_after_a_killed_one, left=(3,)),
    # Asked again, LSF gets one more, or none when the cloud has no third: what it was not told of is then reaped.
    "requestMachines, too few": Scene(set=_request_for_more_than_there_is, left=(0, 2, 3)),
    "getRequestStatus of a request": Scene(set=_status_of_a_request, left=(2,)),
    "getRequestStatus of a return": Scene(set=_status_of_a_refused_return, left=(1,)),
    "requestReturnMachines": Scene(set=_return, left=(1,)),
    "getReturnRequests": Scene(set=_reclaim, left=(2,)),
    "getReturnRequests that reaps": Scene(set=_reclaim_that_reaps, left=(2,)),
    "policy": Scene(set=_policy, left=(0,)),
}

OTHERS = product(["gce_world", "joint_world"], SCENES)
FEWER = [("gce_world", "requestMachines"), ("joint_world", "requestReturnMachines")]
"""Over Google, and over EC2 and OpenStack together, ``make test`` takes one verb each, ``make kills`` all."""


def _put_right(lsf: Any, verb: str, payload: dict[str, Any], scene: Scene) -> None:
    """What LSF does after a call that did not answer: it goes on asking; then one reconcile."""
    if scene.repeated:
        lsf.do(verb, payload, repeated=True)
        assert len(lsf.world.alive()) == len(lsf.world.standing()) == 3, "launched twice, or not at all"
    lsf.world.advance(30)
    if scene.files_lost:
        lsf.world.lose_files()
    if verb == "getRequestStatus":
        payload = lsf.pending_ids()
    if not scene.repeated:
        lsf.do(verb, payload)
    lsf.world.advance(60)
    lsf.settle()
    lsf.reconcile()


def _judge(lsf: Any, scene: Scene) -> None:
    alive, known = lsf.world.alive(), set(lsf.known)
    assert alive == known, "machines LSF does not know, or that it knows and are not there"
    assert lsf.world.standing() == known, "machines that do not run, and are not gone"
    assert len(alive) in scene.left
    requests = Counter(lsf.world.requests().values())
    assert max(requests.values(), default=0) <= 3


def _matrix(make_world: Callable[..., Any], make_lsf: Callable[[Any], Any], scene: Scene, points: Any) -> list[str]:
    lsf = make_lsf(make_world())
    verb, payload = scene.set(lsf)
    calls = list(lsf.world.whole(verb, payload).calls)
    for number, name in enumerate(calls, start=1):
        for point in points:
            lsf = make_lsf(make_world())
            verb, payload = scene.set(lsf)
            try:
                lsf.do(verb, payload, Cut(call=number, point=point))
                _put_right(lsf, verb, payload, scene)
                _judge(lsf, scene)
            except AssertionError as error:
                error.add_note(f"{verb} killed at call {number} ({name}), point {point!r}, of {calls}")
                raise
    return calls


@pytest.mark.parametrize("name", SCENES)
def test_a_script_killed_at_any_call_to_aws_is_put_right(
    name: str, sandbox_world: Any, lsf_over: Any, record_property: Callable[[str, object], None]
) -> None:
    """``make kills`` takes every point of each call; ``make test`` one of them, another from scene to scene."""
    turn = list(SCENES).index(name) % len(POINTS)
    points = POINTS if EVERYTHING else POINTS[turn : turn + 1]
    calls = _matrix(sandbox_world, lsf_over, SCENES[name], points)
    assert calls
    record_property("counts", f"kills, {name}: {len(calls)} calls x {len(points)} points ({', '.join(calls)})")


@pytest.mark.parametrize(
    ("clouds", "name"), [*product(["openstack_world"], SCENES), *(OTHERS if EVERYTHING else FEWER)]
)
def test_a_call_killed_at_any_request_to_a_second_cloud_is_put_right(
    clouds: str,
    name: str,
    request: pytest.FixtureRequest,
    lsf_over: Any,
    record_property: Callable[[str, object], None],
) -> None:
    """``make kills`` ends real scripts by SIGKILL at every point; ``make test`` a call in this process, at one."""
    world = request.getfixturevalue(clouds)
    points, turn = POINTS, list(SCENES).index(name) % len(POINTS)
    if not EVERYTHING:
        points = POINTS[turn : turn + 1]
    calls = _matrix(lambda: world(children=EVERYTHING), lsf_over, SCENES[name], points)
    assert calls
    record_property(
        "counts", f"kills, {clouds}, {name}: {len(calls)} calls x {len(points)} points ({', '.join(calls)})"
    )


@pytest.mark.parametrize("name", SCENES)
def test_a_verb_ended_at_any_call_of_a_port_is_put_right(name: str, fake_world: Any, lsf_over: Any) -> None:
    assert _matrix(fake_world, lsf_over, SCENES[name], ("before", "answered"))
