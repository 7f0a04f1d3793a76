"""Requests at once over a fleet, twenty over five hundred on EC2: none lost, none doubled, the cap met exactly."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from ris_hybrid.settings import Caps

LIMIT = "Error Code: LimitReached"
ASKED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """So many requests at once over so many machines, where there is room for so many in all."""

    calls: int
    fleet: int
    cap: int


EC2 = Rush(calls=20, fleet=500, cap=545)
SECOND = Rush(calls=20, fleet=100, cap=145) if os.environ.get("RIS_KILLS") == "all" else Rush(calls=8, fleet=20, cap=32)
"""OpenStack makes machines one by one; ``make test`` has time for a small rush."""


@pytest.mark.parametrize(("cloud", "rush"), [("sandbox_world", EC2), ("openstack_world", SECOND)])
def test_requests_at_once_use_the_cap_exactly(
    cloud: str, rush: Rush, request: pytest.FixtureRequest, lsf_over: Any, record_property: Any
) -> None:
    world = request.getfixturevalue(cloud)(caps=Caps(nodes=rush.cap))
    world.pool_of(rush.cap, **({} if world.settings.clouds else {"subnets": request.getfixturevalue("wide_subnets")}))
    lsf = lsf_over(world)
    while len(lsf.known) < rush.fleet:  # where machines are made one by one, a call has time for so many only
        lsf.do("requestMachines", lsf.ask_for(rush.fleet - len(lsf.known)))
        world.advance(30)
        lsf.settle()
    before = set(lsf.known)
    assert len(before) == rush.fleet

    children = [
        subprocess.Popen(
            world.command("requestMachines", lsf.ask_for(ASKED)),
            env=world.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(rush.calls)
    ]
    answers = [(json.loads(child.communicate(timeout=110)[0]), child.returncode) for child in children]

    over = [answer for answer, code in answers if code == 1 and not answer["message"].endswith(LIMIT)]
    for _ in over:  # it waited too long for its turn on a slow machine: nothing was started, and LSF asks again
        again = world.call("requestMachines", lsf.ask_for(ASKED))
        answers.append((again.answer, again.code))
    made = {answer["requestId"] for answer, code in answers if code == 0}
    refused = [answer["message"] for answer, code in answers if code == 1 and answer["message"].endswith(LIMIT)]
    assert len(made) + len(refused) == rush.calls
    assert len(made) == (rush.cap - rush.fleet) // ASKED
    requests = world.requests()
    assert len(requests) == rush.cap
    assert before <= requests.keys()
    assert Counter(request for key, request in requests.items() if key not in before) == dict.fromkeys(made, ASKED)
    lsf.open = dict.fromkeys(made, ASKED)
    world.advance(30)
    lsf.settle()
    assert set(lsf.known) == requests.keys()
    told = f"{rush.calls} requests at once over {rush.fleet} machines: {len(requests)} of {rush.cap} at the end"
    record_property("counts", f"concurrency, {cloud}: {told}")
