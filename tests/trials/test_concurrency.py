"""Twenty requests at once over a fleet of five hundred: none lost, none doubled, the cap met to the machine."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import Any

from ris_hybrid.settings import Caps

LIMIT = "Error Code: LimitReached"
ASKED, CALLS, FLEET, CAP = 3, 20, 500, 545


def test_twenty_requests_at_once_use_the_cap_exactly(
    sandbox_world: Any, lsf_over: Any, wide_subnets: Any, record_property: Any
) -> None:
    world = sandbox_world(caps=Caps(nodes=CAP))
    world.pool_of(CAP, wide_subnets)
    lsf = lsf_over(world)
    lsf.do("requestMachines", lsf.ask_for(FLEET))
    world.advance(30)
    lsf.settle()
    before = set(lsf.known)
    assert len(before) == FLEET

    children = [
        subprocess.Popen(
            world.command("requestMachines", lsf.ask_for(ASKED)),
            env=world.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(CALLS)
    ]
    answers = [(json.loads(child.communicate(timeout=110)[0]), child.returncode) for child in children]

    over = [answer for answer, code in answers if code == 1 and not answer["message"].endswith(LIMIT)]
    for _ in over:  # it waited too long for its turn on a slow machine: nothing was started, and LSF asks again
        again = world.call("requestMachines", lsf.ask_for(ASKED))
        answers.append((again.answer, again.code))
    made = {answer["requestId"] for answer, code in answers if code == 0}
    refused = [answer["message"] for answer, code in answers if code == 1 and answer["message"].endswith(LIMIT)]
    assert len(made) + len(refused) == CALLS
    assert len(made) == (CAP - FLEET) // ASKED
    requests = world.requests()
    assert len(requests) == CAP
    assert before <= requests.keys()
    assert Counter(request for key, request in requests.items() if key not in before) == dict.fromkeys(made, ASKED)
    lsf.open = dict.fromkeys(made, ASKED)
    world.advance(30)
    lsf.settle()
    assert set(lsf.known) == requests.keys()
    record_property("counts", f"concurrency: {CALLS} requests at once over {FLEET} machines: {CAP} of {CAP} at the end")
