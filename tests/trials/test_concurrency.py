"""Twenty requests at once over a fleet of five hundred: none lost, none doubled, the cap met to the machine."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import Any

from ris_hybrid.settings import Caps

ASKED, CALLS, FLEET, CAP = 3, 20, 500, 545


def test_twenty_requests_at_once_use_the_cap_exactly(sandbox_world: Any, lsf_over: Any, record_property: Any) -> None:
    world = sandbox_world(caps=Caps(nodes=CAP))
    world.pool_of(CAP)
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

    made = {answer["requestId"] for answer, code in answers if code == 0}
    refused = [answer["message"] for answer, code in answers if code == 1]
    assert len(made) + len(refused) == CALLS
    assert len(made) == (CAP - FLEET) // ASKED
    assert all(message.endswith("Error Code: LimitReached") for message in refused)
    requests = world.requests()
    assert len(requests) == CAP
    assert before <= requests.keys()
    assert Counter(request for key, request in requests.items() if key not in before) == dict.fromkeys(made, ASKED)
    lsf.open = dict.fromkeys(made, ASKED)
    world.advance(30)
    lsf.settle()
    assert set(lsf.known) == requests.keys()
    record_property("counts", f"concurrency: {CALLS} requests at once over {FLEET} machines: {CAP} of {CAP} at the end")
