"""Probes of capacity: fewer machines than asked, none at all, and more than the template allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.conformance import talk
from ris_hybrid.sandbox.conformance.verdict import Probe, need
from ris_hybrid.sandbox.lsf.answers import Asked
from ris_hybrid.sandbox.lsf.protocol import capacity_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.conformance.stand import Stand

_MANY = 500
_ROUNDS = 3


def first_machine(stand: Stand, template: str) -> Mapping[str, Any]:
    """A machine of the template as EC2 has it; a plug-in without one on this EC2 cannot be tried further."""
    talk.launched(stand, template, 1)
    found = list(stand.machines().values())
    need(found, "it launched nothing on the sandbox's EC2, so EC2 cannot fail for it")
    return found[0]


def _partial(stand: Stand) -> None:
    template, limit = talk.largest(stand)
    need(limit >= 3, f"no template of 3 machines or more, the largest has {limit}")
    asked = min(10, limit - 1)
    granted = asked * 4 // 10
    stand.only_room_for(granted, first_machine(stand, template))
    _short(stand, template, asked, granted)


def _second_batch(stand: Stand) -> None:
    template, limit = talk.largest(stand)
    asked = min(_MANY, limit - 1)
    need(asked >= 2, f"no template of 3 machines or more, the largest has {limit}")
    granted = min(200, asked - 1)
    stand.only_room_for(granted, first_machine(stand, template))
    _short(stand, template, asked, granted)


def _short(stand: Stand, template: str, asked: int, granted: int) -> None:
    """Ask for machines of which EC2 gives some: all of them must be told, and that they are too few, and why."""
    request_id = talk.request(stand, template, asked)
    answer = talk.settled(stand, request_id, Asked(kind="create", machines=asked))
    told = {one.machine_id for one in answer.machines if one.result == "succeed"}
    need(len(told) == granted, f"getRequestStatus: names {len(told)} running machines, EC2 gave {granted}")
    need(told <= set(stand.machines()), "getRequestStatus: names machines EC2 does not have")
    need(answer.status == "complete_with_error", f"getRequestStatus: {answer.status} with {granted} of {asked}")
    need(capacity_code(answer.message), f"getRequestStatus: no capacity code in the message {answer.message[:80]!r}")


def _none_at_all(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    stand.only_room_for(0, first_machine(stand, template))
    before = set(stand.machines())
    ran = stand.call("requestMachines", talk.asking(template, 2))
    need(ran.wall_s < 30, f"requestMachines: took {ran.wall_s:.0f} s to say that there is no capacity")
    message = talk.refused(ran)
    need(capacity_code(message), f"requestMachines: no capacity code in the message {message[:80]!r}")
    need(set(stand.machines()) == before, "requestMachines: exit 1, but a machine was launched")


def _most(stand: Stand) -> None:
    template, limit = talk.smallest(stand)
    told = 0
    for _ in range(_ROUNDS):
        ran = stand.call("requestMachines", talk.asking(template, limit + 2))
        if ran.rc == 0:
            answer = talk.settled(stand, talk.accepted(ran), Asked(kind="create", machines=limit + 2))
            told += len(answer.machines)
        runs = max(told, len(stand.machines()))
        need(runs <= limit, f"{runs} machines of template {template}, maxNumber is {limit}")
    need(told, "it launched nothing, so a limit does not show")


PROBES = (
    Probe(
        name="4 of 10",
        why="A shortfall LSF is not told of looks like machines that are still to come.",
        run=_partial,
    ),
    Probe(
        name="no capacity at all",
        why="Only exit 1 with EC2's code makes LSF leave the template alone and turn to the next one.",
        run=_none_at_all,
    ),
    Probe(
        name="capacity ends half-way",
        why="Exit 1 after a launch means that LSF never hears of machines that run and cost money.",
        run=_second_batch,
    ),
    Probe(
        name="maxNumber",
        why="LSF may ask again before it has counted; the limit must hold in the plug-in too.",
        run=_most,
    ),
)
