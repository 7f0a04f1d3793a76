"""The answers LSF reads, byte for byte; ``--update-golden`` rewrites them."""

from __future__ import annotations

import json
from typing import Any

from burst.rc import templates, verbs, wire
from ris_hybrid.errors import NoCapacity
from ris_hybrid.model import MachineState


def text(answer: object) -> str:
    return json.dumps(answer, indent=1) + "\n"


def test_get_available_templates(make: Any, golden: Any) -> None:
    pools = (make.pool(), make.pool("himem", slots=32, memory_mib=250000, priority=20), make.pool("unbuilt"))
    settings = make.settings(pools=(*pools[:2], make.pool("unbuilt", launch_template="")))
    golden("rc/getAvailableTemplates.json", text(templates.answer(settings)))


def test_request_and_its_status(room: Any, golden: Any) -> None:
    room.cloud.capacity = 2
    answer = room.request(3, lab="")
    golden("rc/requestMachines.json", text(answer))
    first = room.ids()[0]
    room.cloud.set_state(first, MachineState.PENDING)
    golden("rc/getRequestStatus-running.json", text(room.status(answer["requestId"])))
    room.cloud.set_state(first, MachineState.TERMINATED)
    golden("rc/getRequestStatus-short.json", text(room.status(answer["requestId"])))


def test_return_and_its_status(room: Any, golden: Any) -> None:
    room.request(2)
    answer = room.give_back(*room.ids())
    golden("rc/requestReturnMachines.json", text(answer))
    golden("rc/getRequestStatus-return.json", text(room.status(answer["requestId"])))


def test_get_return_requests(room: Any, golden: Any) -> None:
    room.request(1)
    payload = {"machines": [{"name": "ip-10-0-0-2", "machineId": room.ids()[0]}, {"name": "x", "machineId": "i-0bad"}]}
    golden("rc/getReturnRequests.json", text(verbs.get_return_requests(payload, room.provider)))


def test_failures(golden: Any) -> None:
    message = wire.error_text(NoCapacity("nothing there", code="UnfulfillableCapacity"))
    golden("rc/requestMachines-failed.json", text(wire.failure("requestMachines", message)))
