from __future__ import annotations

from dataclasses import replace
from typing import Any

from burst.checks import checked
from ris_hybrid.errors import Refused


def test_machines_are_told_what_the_checks_say_of_them(room: Any) -> None:
    room.request(2)
    first, second = room.cloud.machines()
    room.checks.failed = frozenset({first.machine_id, "i-of-somebody-else"})
    assert checked((first, second), room.provider) == (replace(first, impaired=True), second)


def test_a_machine_that_has_ended_is_past_checking(room: Any) -> None:
    room.request(1)
    room.give_back(*room.ids())
    room.checks.failed = frozenset(room.ids())
    assert checked(room.cloud.machines(), room.provider) == room.cloud.machines()


def test_without_the_right_to_ask_nothing_is_impaired_and_that_is_said(room: Any) -> None:
    room.request(1)
    room.checks.failed = frozenset(room.ids())
    room.checks.fail_next = Refused("not authorized to perform ec2:DescribeInstanceStatus")
    assert checked(room.cloud.machines(), room.provider) == room.cloud.machines()
    (event,) = [event for event in room.audit.events if event.kind == "not checked"]
    assert event.fields["message"].endswith("ec2:DescribeInstanceStatus")


def test_an_impaired_machine_without_jobs_is_told_to_lsf_and_only_that_call_asks(room: Any, make: Any) -> None:
    made = room.request(2)["requestId"]
    first, second = room.cloud.machines()
    rows = [make.row(machine.name) for machine in (first, second)]
    room.lost(first.machine_id, second.machine_id, hosts=rows)
    room.now += 60
    room.checks.fail_next = Refused("asked")
    room.status(made)
    room.request(1, key="in-2.json")
    room.give_back(second.machine_id)
    assert room.checks.fail_next is not None
    room.checks.fail_next, room.checks.failed = None, frozenset({first.machine_id})
    busy = [make.row(first.name, jobs=1, running=1)]
    assert [row for row in room.lost(first.machine_id, hosts=busy) if row["machineId"] == first.machine_id] == []
    (told,) = room.lost(first.machine_id, hosts=rows)
    assert (told["machineId"], told["gracePeriod"]) == (first.machine_id, 0)
