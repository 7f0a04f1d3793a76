"""Probes of the fleet: machines that go by themselves, ids EC2 has forgotten, many calls at once, another master."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.conformance import talk
from ris_hybrid.sandbox.conformance.verdict import Probe, need
from ris_hybrid.sandbox.lsf.answers import Asked

if TYPE_CHECKING:
    from ris_hybrid.sandbox.conformance.stand import Stand
    from ris_hybrid.sandbox.lsf.answers import MachineAnswer

_NOBODY = {"name": "ip-10-254-254-254", "machineId": "i-0fedcba9876543210"}
_FLEET = 100
_AT_ONCE = 8
_HEARD_S = 10


def _fleet(stand: Stand, count: int) -> tuple[str, tuple[MachineAnswer, ...]]:
    template, limit = talk.largest(stand)
    need(limit >= count, f"no template of {count} machines, the largest has {limit}")
    return talk.launched(stand, template, count)


def _on_ec2(stand: Stand, count: int) -> tuple[MachineAnswer, ...]:
    """Machines to which something can happen."""
    _, machines = _fleet(stand, count)
    need(stand.machines(), "it launched nothing on the sandbox's EC2, so nothing can happen to its machines there")
    return machines


def _ended_by_others(stand: Stand) -> None:
    machines = _on_ec2(stand, 2)
    stand.ec2("TerminateInstances", InstanceId__1=machines[0].machine_id)
    stand.later(120)
    _reported(stand, talk.named(machines), machines[0].machine_id)


def _stopped(stand: Stand) -> None:
    machines = _on_ec2(stand, 2)
    stand.ec2("StopInstances", InstanceId__1=machines[0].machine_id)
    stand.later(120)
    _reported(stand, talk.named(machines), machines[0].machine_id)


def _forgotten(stand: Stand) -> None:
    machines = _on_ec2(stand, 3)
    stand.ec2("TerminateInstances", InstanceId__1=machines[1].machine_id)
    stand.later(120)
    _reported(stand, [_NOBODY, *talk.named(machines)], machines[1].machine_id, _NOBODY["machineId"])


def _reported(stand: Stand, held: list[dict[str, str]], lost: str, also: str = "") -> None:
    found = {one.machine_id for one in talk.reclaims(stand, held)}
    need(lost in found, "getReturnRequests: does not report a machine that is gone")
    wrong = found - {lost, also}
    need(not wrong, f"getReturnRequests: reports {len(wrong)} machines that are well")


def _one_unknown(stand: Stand) -> None:
    machines = _on_ec2(stand, 1)
    return_id = talk.give_back(stand, [*talk.named(machines), _NOBODY])
    talk.settled(stand, return_id, Asked(kind="return", machines=2))
    need(not stand.machines(), "the machine that runs was not ended because another one is unknown")


def _twice(stand: Stand) -> None:
    _, machines = _fleet(stand, 1)
    held = talk.named(machines)
    talk.give_back(stand, held)
    stand.later(120)
    return_id = talk.give_back(stand, held)
    back = talk.settled(stand, return_id, Asked(kind="return", machines=1))
    need(back.status == "complete", f"getRequestStatus: {back.status} for the second return of an ended machine")


def _at_once(stand: Stand) -> None:
    template, limit = talk.largest(stand)
    fleet, each = min(_FLEET, limit // 2), 2
    calls = min(_AT_ONCE, (limit - fleet) // each)
    need(calls >= 2, f"no template of 8 machines or more, the largest has {limit}")
    first, _ = talk.launched(stand, template, fleet)
    running = [stand.start("requestMachines", talk.asking(template, each)) for _ in range(calls)]
    ids = [talk.accepted(stand.finish(one)) for one in running]
    need(len({first, *ids}) == calls + 1, "requestMachines: two calls at once got the same request id")
    known: set[str] = set()
    for one in ids:
        answer = talk.settled(stand, one, Asked(kind="create", machines=each))
        need(len(answer.machines) == each, f"getRequestStatus: {len(answer.machines)} machines of {each} asked at once")
        known |= {machine.machine_id for machine in answer.machines}
    need(len(known) == calls * each, f"{len(known)} machines told of {calls * each} asked at once")
    runs = len(stand.machines())
    need(runs == fleet + calls * each, f"{runs} machines run, {fleet + calls * each} were asked for")
    still = talk.status(stand, {first: Asked(kind="create", machines=fleet)})[first]
    need(len(still.machines) == fleet, f"getRequestStatus: {len(still.machines)} of the fleet of {fleet} left")


def _interrupted(stand: Stand) -> None:
    machines = [talk.launched(stand, one.template_id, 1)[1][0] for one in talk.templates(stand)]
    need(stand.machines(), "it launched nothing on the sandbox's EC2, so nothing can happen to its machines there")
    spot = {one for one, machine in stand.machines().items() if machine["spot"]}
    need(spot, "none of its templates starts a spot machine: give it one in its configuration")
    taken = next(one for one in machines if one.machine_id in spot)
    stand.aws.interrupt([taken.machine_id])
    with stand.beside():
        graces = _announced(stand, taken)
    need(graces, f"getReturnRequests: says nothing {_HEARD_S} s after EC2's notice")
    need(0 <= graces[0] <= 120, f"getReturnRequests: gracePeriod {graces[0]:g} right after a notice of two minutes")
    stand.later(180)
    _reported(stand, talk.named(machines), taken.machine_id)


def _announced(stand: Stand, taken: MachineAnswer) -> list[float]:
    """The grace period of a machine EC2 has announced to take, once the plug-in knows of it."""
    for _ in range(_HEARD_S):
        found = talk.reclaims(stand, talk.named([taken]))
        if found:
            return [one.grace_s for one in found]
        time.sleep(1)
    return []


def _other_master(stand: Stand) -> None:
    request_id, machines = _fleet(stand, 3)
    asked = Asked(kind="create", machines=3)
    stand.forget()
    answer = talk.status(stand, {request_id: asked})[request_id]
    need(len(answer.machines) == 3, f"getRequestStatus: {len(answer.machines)} of 3 machines known without files")
    need(not talk.reclaims(stand, talk.named(machines)), "getReturnRequests: reports machines that are well")
    return_id = talk.give_back(stand, talk.named(machines))
    stand.forget()
    back = talk.status(stand, {return_id: Asked(kind="return", machines=3)})[return_id]
    need(back.status == "running", f"getRequestStatus: return is {back.status} while machines are on their way down")
    need(len(back.machines) == 3, f"getRequestStatus: {len(back.machines)} of 3 returned machines known without files")
    back = talk.settled(stand, return_id, Asked(kind="return", machines=3))
    need(back.status == "complete", f"getRequestStatus: return is {back.status} after all have ended")
    need(not stand.machines(), "machines still run after the return")


PROBES = (
    Probe(
        name="ended by somebody else",
        why="LSF goes on sending jobs to a host that is gone until the plug-in says so.",
        run=_ended_by_others,
    ),
    Probe(
        name="stopped by somebody else",
        why="A stopped machine runs no job, but its disk is still paid for.",
        run=_stopped,
    ),
    Probe(
        name="a spot notice",
        why="Two minutes are enough to requeue the jobs, if LSF is told with the seconds that are left.",
        run=_interrupted,
    ),
    Probe(
        name="one forgotten id among many",
        why="EC2 forgets ids after an hour; one in the list must not hide what happened to the others.",
        run=_forgotten,
    ),
    Probe(
        name="return of a running and an unknown one",
        why="One id EC2 does not know must not keep the other machine running.",
        run=_one_unknown,
    ),
    Probe(
        name="returned twice",
        why="LSF repeats a return after a restart; an error would make it ask for ever.",
        run=_twice,
    ),
    Probe(
        name="many requests at once",
        why="Nothing says that LSF calls one script after the other; a lost update is a lost machine.",
        run=_at_once,
    ),
    Probe(
        name="another master without files",
        why="After a fail-over the next master has EC2 and perhaps nothing else.",
        run=_other_master,
    ),
)
