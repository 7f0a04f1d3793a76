"""Probes of faults: EC2 throttles, breaks, hangs up or hangs, and the script is killed."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.conformance import talk
from ris_hybrid.sandbox.conformance.capacity_probes import first_machine
from ris_hybrid.sandbox.conformance.stand import LAUNCH
from ris_hybrid.sandbox.conformance.verdict import Probe, Unmet, need
from ris_hybrid.sandbox.lsf.answers import Asked
from ris_hybrid.sandbox.lsf.protocol import check_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.conformance.process import Ran, Running
    from ris_hybrid.sandbox.conformance.stand import Stand

_THROTTLED = {"error": {"code": "RequestLimitExceeded", "status": 503}}
_BROKEN = {"error": {"code": "InternalError", "status": 500}}
_ARRIVES_S = 30.0
_HANGS_S = 45
_FOUND_S = 1800.0
_STEP_S = 300.0


def _passing(stand: Stand, do: Mapping[str, object]) -> None:
    """One launch call goes wrong in this way; LSF must know exactly what runs afterwards."""
    template, _ = talk.largest(stand)
    first = first_machine(stand, template)["id"]
    calls = stand.launch_calls()
    stand.aws.faults([{"match": LAUNCH, "at": 1, "do": dict(do)}])
    ran = stand.call("requestMachines", talk.asking(template, 2))
    need(stand.launch_calls() > calls, "it made no launch call")
    stand.aws.faults([])
    _bounded(ran)
    need(len(stand.machines()) <= 3, f"{len(stand.machines()) - 1} machines run of 2 asked: launched twice")
    known = _told(stand, ran) | {first}
    strangers = set(stand.machines()) - known
    need(not strangers, f"{len(strangers)} machines run that LSF was not told of")


def _for_ever(stand: Stand, do: Mapping[str, object]) -> None:
    """Every launch call goes wrong in this way: bounded, and nothing runs."""
    template, _ = talk.largest(stand)
    first_machine(stand, template)
    calls = stand.launch_calls()
    stand.aws.faults([{"match": LAUNCH, "do": dict(do)}])
    ran = stand.call("requestMachines", talk.asking(template, 2))
    need(stand.launch_calls() > calls, "it made no launch call")
    _bounded(ran)
    need(len(stand.machines()) == 1, "machines run though EC2 refused every launch")
    if ran.rc != 0:
        talk.refused(ran)
        return
    answer = talk.settled(stand, talk.accepted(ran), Asked(kind="create", machines=2))
    need(answer.status != "complete", "getRequestStatus: complete though EC2 refused every launch")


def _bounded(ran: Ran) -> None:
    need(ran.wall_s < 30, f"{ran.verb}: took {ran.wall_s:.0f} s")


def _told(stand: Stand, ran: Ran) -> set[str]:
    """The machines LSF hears of after a requestMachines that may have failed."""
    if ran.rc != 0:
        talk.refused(ran)
        return set()
    answer = talk.settled(stand, talk.accepted(ran), Asked(kind="create", machines=2))
    return {one.machine_id for one in answer.machines}


def _blind(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    request_id, machines = talk.launched(stand, template, 2)
    need(stand.machines(), "it launched nothing on the sandbox's EC2, so EC2 cannot fail for it")
    stand.aws.faults([{"match": "^ec2:Describe", "do": dict(_THROTTLED)}])
    asked = {"requests": [{"requestId": request_id}]}
    for verb, payload in (("getRequestStatus", asked), ("getReturnRequests", {"machines": talk.named(machines)})):
        ran = stand.call(verb, payload)
        _bounded(ran)
        need(ran.rc == 1 or '"running"' in ran.stdout or verb == "getReturnRequests", f"{verb}: claims to know")
        need("gracePeriod" not in ran.stdout, f"{verb}: reports machines as lost because EC2 could not be asked")


def _hangs(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    _, machines = talk.launched(stand, template, 2)
    need(stand.machines(), "it launched nothing on the sandbox's EC2, so EC2 cannot fail for it")
    stand.aws.faults([{"match": "^ec2:Describe", "do": {"delay_s": _HANGS_S}}])
    ran = stand.call("getReturnRequests", {"machines": talk.named(machines)})
    _bounded(ran)
    need("gracePeriod" not in ran.stdout, "getReturnRequests: reports machines as lost because EC2 did not answer")


def _killed(stand: Stand, do: Mapping[str, object]) -> None:
    """SIGKILL while EC2 works on the launch: nothing may run on that LSF does not come to know of."""
    stand.fresh(ago_s=2 * _FOUND_S)  # so that the machines are old for a script that goes by the machine's clock too
    template, limit = talk.largest(stand)
    need(limit >= 3, f"no template of 3 machines or more, the largest has {limit}")
    request_id, machines = talk.launched(stand, template, 1)
    need(stand.machines(), "it launched nothing on the sandbox's EC2, so EC2 cannot hold its answer")
    stand.aws.faults([{"match": LAUNCH, "at": 1, "do": dict(do)}])
    running = stand.start("requestMachines", talk.asking(template, 2))
    _launch_arrives(stand, running)
    running.kill()
    time.sleep(float(str(do.get("delay_s", 0))))  # until EC2 has dropped the call, or not
    stand.aws.faults([])
    _comes_to_light(stand, template, {request_id: Asked(kind="create", machines=1)}, talk.named(machines))


def _launch_arrives(stand: Stand, running: Running) -> None:
    before, deadline = stand.launch_calls(), time.monotonic() + _ARRIVES_S
    while stand.launch_calls() <= before:
        if running.ended or time.monotonic() > deadline:
            raise Unmet("requestMachines: no launch call reached EC2")
        time.sleep(0.01)
    time.sleep(0.2)  # until EC2 has done what it was asked


def _comes_to_light(stand: Stand, template: str, open_: dict[str, Asked], held: list[dict[str, str]]) -> None:
    """LSF goes on as usual: after half an hour everything that runs must be a machine it was told of."""
    next_id = talk.request(stand, template, 1)
    open_ = {**open_, next_id: Asked(kind="create", machines=1)}
    known: set[str] = set()
    for _ in range(int(_FOUND_S / _STEP_S)):
        stand.later(_STEP_S)
        answers = talk.status(stand, open_)
        machines = [one for answer in answers.values() for one in answer.machines if one.result == "succeed"]
        known = {one.machine_id for one in machines}
        talk.reclaims(stand, held + [one for one in talk.named(machines) if one not in held])
        if set(stand.machines()) <= known:
            break
    strangers = set(stand.machines()) - known
    need(not strangers, f"{len(strangers)} machines run after {_FOUND_S / 60:.0f} minutes that LSF was not told of")
    lost = {one["machineId"] for one in held} - set(stand.machines())
    need(not lost, "a machine LSF holds was ended")


def _not_ended(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    _, machines = talk.launched(stand, template, 2)
    need(stand.machines(), "it launched nothing on the sandbox's EC2, so EC2 cannot refuse to end it")
    stand.aws.faults([{"match": "^ec2:TerminateInstances$", "do": {"error": {"code": "UnauthorizedOperation"}}}])
    held = talk.named(machines)
    ran = stand.call("requestReturnMachines", {"machines": held})
    if ran.rc == 0:
        return_id = check_request(ran.rc, ran.stdout).value or ""
        answer = talk.status(stand, {return_id: Asked(kind="return", machines=2)})[return_id]
        need(answer.status != "complete", "getRequestStatus: the return is complete while both machines run")
        need(len(answer.machines) == 2, f"getRequestStatus: {len(answer.machines)} of 2 machines that still run")
    stand.aws.faults([])
    return_id = return_id if ran.rc == 0 else talk.give_back(stand, held)
    back = talk.settled(stand, return_id, Asked(kind="return", machines=2))
    need(back.status == "complete", f"getRequestStatus: return is {back.status} after EC2 ended both")
    need(not stand.machines(), f"{len(stand.machines())} machines still run")


def _launch_fault(name: str, why: str, do: Mapping[str, Any]) -> Probe:
    return Probe(name=name, why=why, run=partial(_passing, do=do))


PROBES = (
    _launch_fault("a launch throttled once", "EC2 throttles busy accounts every day; one retry is enough.", _THROTTLED),
    _launch_fault("a launch failed once", "A 500 of EC2 passes; the machines must come once, not twice.", _BROKEN),
    _launch_fault(
        "hung up before the launch", "A call that never arrived may be sent again, once.", {"reset": "before"}
    ),
    _launch_fault(
        "hung up after the launch",
        "EC2 has launched, the answer is lost: sending it again without a client token launches twice.",
        {"reset": "after"},
    ),
    Probe(
        name="launches throttled for ever",
        why="LSF waits for the answer; a script that retries for minutes stops everything else.",
        run=partial(_for_ever, do=_THROTTLED),
    ),
    Probe(
        name="launches refused for ever",
        why="No permission is no shortage: exit 1 with EC2's word, at once.",
        run=partial(_for_ever, do={"error": {"code": "UnauthorizedOperation", "status": 403}}),
    ),
    Probe(
        name="EC2 cannot be asked",
        why="Unknown is not gone: LSF would requeue the jobs of machines that run well.",
        run=_blind,
    ),
    Probe(
        name="EC2 does not answer",
        why="A firewall that drops packets must not hold LSF's round up for minutes.",
        run=_hangs,
    ),
    Probe(
        name="killed before EC2 launches",
        why="The next call must not wait for, or count, machines that never came.",
        run=partial(_killed, do={"delay_s": 2, "reset": "before"}),
    ),
    Probe(
        name="killed after EC2 launched",
        why="LSF never gets the request id: the machines must be found again and used or ended.",
        run=partial(_killed, do={"hold_s": 5}),
    ),
    Probe(
        name="EC2 refuses to end",
        why="A return that is called complete makes LSF drop machines that go on costing money.",
        run=_not_ended,
    ),
)
