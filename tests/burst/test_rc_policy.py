from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from burst.rc import policy, wire
from ris_hybrid.errors import CloudError, SiteUnavailable, TryAgain
from ris_hybrid.model import PoolMarks
from ris_hybrid.sandbox.lsf.protocol import capacity_code
from ris_hybrid.settings import Caps, Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    told: tuple[Any, ...] = ()
    active: tuple[Any, ...] = ()
    answers: bool = True

    def jobs(self) -> tuple[Any, ...]:
        if not self.answers:
            raise SiteUnavailable("bjobs did not answer in time")
        return self.told

    def hosts(self) -> tuple[Any, ...]:
        return ()

    def queues(self) -> tuple[Any, ...]:
        return self.active


def asked(new_demand: int, template: str = "cpu") -> Any:
    raw = {"providerName": "aws", "templateName": template, "rcAccount": "lee", "newDemand": new_demand, "more": [1]}
    return wire.read_demand({"request": raw})


@pytest.fixture
def site(make: Any) -> Answering:
    """Twelve eligible jobs of eight slots: twelve nodes."""
    return Answering(told=tuple(make.job(str(n), slots=8) for n in range(12)), active=(make.queue(),))


@pytest.mark.parametrize(
    ("fields", "new_demand", "nodes", "why"),
    [
        ({}, 20, 12, "gate: general open: 12 jobs pending for 0 min (gate 1); pressure: 12 jobs wait for 96 slots"),
        ({}, 5, 5, "; demand: LSF asks for 5 new nodes"),
        ({}, 0, 0, "; demand: LSF asks for 0 new nodes"),
        ({"caps": Caps(nodes=3)}, 20, 3, "; cap: all pools: 0 of 3 nodes are up"),
        ({"gates": (Gate(pending_jobs=13),)}, 20, 0, "gate: general closed: 12 jobs, 96 slots meet no gate"),
    ],
)
def test_demand_is_lowered_to_what_is_allowed_and_says_why(
    room: Any, site: Answering, fields: dict[str, Any], new_demand: int, nodes: int, why: str
) -> None:
    room.change(**fields)
    request = asked(new_demand)
    answer = policy.answer(request, site, room.provider)
    assert answer["request"] == {**request.raw, "newDemand": nodes}
    assert why in answer["message"]
    (event,) = room.audit.events
    assert (event.kind, event.fields["asked"], event.fields["allowed"]) == ("decision", new_demand, nodes)
    assert event.fields["why"] == answer["message"]


def test_an_unknown_queue_launches_nothing(room: Any) -> None:
    answer = policy.answer(asked(9), Answering(answers=False), room.provider)
    assert answer["request"]["newDemand"] == 0
    assert answer["message"] == "nothing is launched on missing knowledge: bjobs did not answer in time"
    assert room.audit.events[0].fields["why"] == answer["message"]


def test_an_unknown_fleet_launches_nothing(room: Any, site: Answering) -> None:
    room.cloud.fail_next = TryAgain("EC2 is down")
    answer = policy.answer(asked(9), site, room.provider)
    assert answer["request"]["newDemand"] == 0
    assert answer["message"].endswith("EC2 is down")


def test_an_unknown_template_launches_nothing(room: Any, site: Answering) -> None:
    answer = policy.answer(asked(9, "gpu"), site, room.provider)
    assert answer["request"]["newDemand"] == 0
    assert answer["message"].endswith("template gpu is not a pool of this provider")


@pytest.mark.parametrize(
    ("payload", "echo"),
    [
        ({"request": {"newDemand": 4, "rcAccount": "lee"}}, {"newDemand": 0, "rcAccount": "lee"}),
        ({"request": 7}, {"newDemand": 0}),
        (None, {"newDemand": 0}),
        ([1], {"newDemand": 0}),
    ],
)
def test_a_request_that_cannot_be_read_gets_no_nodes(payload: object, echo: dict[str, object]) -> None:
    assert policy.unreadable(payload, "why") == {"message": "why", "request": echo}


def test_nodes_that_have_joined_are_noted_while_lsf_is_asked_anyway(room: Any, make: Any) -> None:
    room.request(2)
    room.now += 100
    joined = room.cloud.machines()[0]

    class Site(Answering):
        def hosts(self) -> tuple[Any, ...]:
            return (make.row(joined.name),)

    jobs = tuple(make.job(str(n), slots=8) for n in range(12))
    answer = policy.answer(asked(20), Site(told=jobs, active=(make.queue(),)), room.provider)
    assert [machine.joined for machine in room.cloud.machines()] == [room.now, 0.0]
    # the one that joined this moment has not been filled yet: both count as starting
    assert "16 slots are starting: 10 nodes of 8" in answer["message"]
    room.now += 60
    answer = policy.answer(asked(20), Site(told=jobs, active=(make.queue(),)), room.provider)
    assert "8 slots are starting: 11 nodes of 8" in answer["message"]


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        (PoolMarks(off="3 nodes in a row did not join LSF"), "off: cpu is off: 3 nodes in a row did not join LSF"),
        (PoolMarks(held_until=1_800_000_600.0, held_for="VcpuLimitExceeded"), "hold: cpu is left alone until 08:10"),
    ],
)
def test_a_marked_pool_is_let_through_for_request_machines_to_refuse(
    room: Any, site: Answering, marks: PoolMarks, said: str
) -> None:
    # 0 would hide the pool from the one script that can turn LSF to its next template
    room.ledger.mark_pool("cpu", marks, PoolMarks())
    answer = policy.answer(asked(20), site, room.provider)
    assert answer["request"]["newDemand"] == 12
    assert said in answer["message"]
    assert answer["message"].endswith("; requestMachines will refuse, so that LSF turns to its next template")
    with pytest.raises(CloudError) as caught:
        room.request(12)
    assert capacity_code(wire.error_text(caught.value)) == "InsufficientCapacity"
