"""What each call does: corrected or added by the sandbox, or moto's own answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.additions import ADDED
from ris_hybrid.sandbox.aws.describe import describe_instances, describe_status
from ris_hybrid.sandbox.aws.ending import change_state
from ris_hybrid.sandbox.aws.fleet_call import create_fleet
from ris_hybrid.sandbox.aws.launch import run_instances
from ris_hybrid.sandbox.aws.placement_call import placement_group
from ris_hybrid.sandbox.aws.wire import BUILDER, Answer, ApiError, Call, error_answer, not_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State

_CORRECTED: Mapping[str, Callable[[State, Call], Answer]] = {
    "RunInstances": run_instances,
    "DescribeInstances": describe_instances,
    "DescribeInstanceStatus": describe_status,
    "TerminateInstances": change_state,
    "StopInstances": change_state,
    "StartInstances": change_state,
    "CreatePlacementGroup": placement_group,
    "DescribePlacementGroups": placement_group,
    "DeletePlacementGroup": placement_group,
}
_NO_FLEET_RECORDS = frozenset({"DescribeFleets", "DescribeFleetInstances", "DeleteFleets", "ModifyFleet"})


def applied(state: State, call: Call, grant: int | None = None) -> Answer:
    """The answer to one call; ``grant`` is how many machines of a launch a fault leaves."""
    if call.key == BUILDER:  # reads too: moto draws ids for their answers
        state.built.append(call.kept())
    try:
        kept = state.tokens.replay(call)
        if kept is not None:
            return kept
        answer = _corrected(state, call, grant)
    except ApiError as error:
        return error_answer(call, error)
    state.tokens.keep(call, answer)
    return answer


def _corrected(state: State, call: Call, grant: int | None) -> Answer:
    added = ADDED.get(call.name)
    if added is not None:
        return added(state, call)
    if call.service != "ec2":
        return state.plain(call)
    if call.action == "CreateFleet":
        return create_fleet(state, call, grant)
    if call.action in _NO_FLEET_RECORDS:
        raise not_in_sandbox(f"{call.name} (find a fleet's machines by their tag aws:ec2:fleet-id)")
    handler = _CORRECTED.get(call.action)
    return state.plain(call) if handler is None else handler(state, call)
