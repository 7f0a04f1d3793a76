"""TerminateInstances, StopInstances and StartInstances: answers that say the states EC2 would say."""

from __future__ import annotations

from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws import ec2xml
from ris_hybrid.sandbox.aws.describe import known
from ris_hybrid.sandbox.aws.lifecycle import STATE_CODE
from ris_hybrid.sandbox.aws.state import State, dry_run
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, xml_answer

_ENDED = frozenset({MachineState.SHUTTING_DOWN, MachineState.TERMINATED})
_NOT_FROM = {
    "StopInstances": _ENDED,
    "StartInstances": _ENDED | {MachineState.STOPPING},
}


def change_state(state: State, call: Call) -> Answer:
    """Tell machines to end, stop or start; all of them or, with an ``ApiError``, none."""
    place, ids = (call.account, call.region), list(dict.fromkeys(call.params.values("InstanceId")))
    state.sync(place)
    known(state, place, ids)
    if dry_run(call) or not ids:
        return state.moto.answer(call)
    before = state.states(place)
    for machine_id in ids:
        if before[machine_id] in _NOT_FROM.get(call.action, ()):
            message = f"The instance '{machine_id}' is not in a state from which it can be started or stopped."
            raise ApiError("IncorrectInstanceState", message)
    # moto counts a fleet's capacity down again for a machine that has ended already.
    asked = [one for one in ids if not (call.action == "TerminateInstances" and before[one] in _ENDED)]
    if asked:
        numbered = [(f"InstanceId.{number}", one) for number, one in enumerate(asked, start=1)]
        head = [pair for pair in call.pairs if not pair[0].startswith("InstanceId.")]
        answer = state.forward(call.asking([*head, *numbered]))
        if not answer.ok:
            return answer
    after = state.states(place)
    changes: list[ec2xml.Tree] = [
        {"instanceId": one, "currentState": _shown(after[one]), "previousState": _shown(before[one])} for one in ids
    ]
    return xml_answer(ec2xml.document(call.action, {"instancesSet": changes}))


def _shown(state: MachineState) -> ec2xml.Tree:
    return {"code": str(STATE_CODE[state]), "name": str(state)}
