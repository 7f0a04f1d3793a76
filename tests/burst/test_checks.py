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
