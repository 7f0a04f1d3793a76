"""The answers LSF reads, byte for byte; ``--update-golden`` rewrites them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from burst.rc import templates, verbs, wire
from burst.shapes import with_shapes
from ris_hybrid.errors import NoCapacity
from ris_hybrid.model import MachineState
from ris_hybrid.planner_settings import Planner, Steering


def text(answer: object) -> str:
    return json.dumps(answer, indent=1) + "\n"


def test_get_available_templates(make: Any, golden: Any) -> None:
    pools = (
        make.pool(),
        make.pool("himem", slots=32, memory_mib=250000, priority=20),
        make.pool("gpu", instance_types=("g5.12xlarge",), slots=0, memory_mib=0),
        make.pool("spot", slots=0, memory_mib=0, instance_types=("c7a.4xlarge", "c6i.4xlarge"), purchase="spot"),
        make.pool("unbuilt", launch_template=""),
    )
    settings = make.settings(pools=(pools[0], *with_shapes(make.settings(pools=pools[2:])).pools, pools[1]))
    golden("rc/getAvailableTemplates.json", text(templates.answer(settings)))


def test_no_template_id_has_an_underscore_and_no_attribute_another_form(make: Any) -> None:
    pools = (make.pool(cores=4, gpus=1, purchase="mixed"), make.pool("big", slots=400))
    for settings in (make.settings(pools=pools), make.settings(pools=pools, ncpus="threads", spot_flag="")):
        for row in templates.answer(settings)["templates"]:
            assert "_" not in row["templateId"]
            assert all(
                kind in {"String", "Numeric", "Boolean"} and isinstance(value, str)
                for kind, value in row["attributes"].values()
            )


def test_a_site_without_a_flag_for_spot_tells_none(make: Any) -> None:
    (row,) = templates.answer(make.settings(pools=(make.pool(purchase="spot"),), spot_flag=""))["templates"]
    assert not [name for name in row["attributes"] if name.startswith("!")]


@pytest.mark.parametrize(
    ("mode", "fallback", "flags"),
    [
        ("planned", "none", ["!risburst"]),
        ("planned", "thresholds", ["risburst"]),
        ("shadow", "none", []),
        ("thresholds", "none", []),
    ],
)
def test_lsf_counts_only_chosen_jobs_unless_thresholds_may_take_over(
    make: Any, mode: str, fallback: Any, flags: list[str]
) -> None:
    planner = Planner(steering=Steering(way="flag", fallback=fallback))
    (row,) = templates.answer(make.settings(mode=mode, planner=planner))["templates"]
    assert [name for name in row["attributes"] if "risburst" in name] == flags


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
    golden("rc/getReturnRequests.json", text(verbs.get_return_requests(payload, room.provider, lambda: [room.onprem])))


def test_failures(golden: Any) -> None:
    message = wire.error_text(NoCapacity("nothing there", code="UnfulfillableCapacity"))
    golden("rc/requestMachines-failed.json", text(wire.failure("requestMachines", message)))
