"""Flow logs that go to a log group named by its arn, as EC2's reference has it; moto knows one by its name alone.

Source: EC2 API reference, CreateFlowLogs (``LogDestination``). Nothing is ever written into the group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import ec2xml, moto_network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call


def create(state: State, call: Call) -> Answer:
    """moto's flow logs, each with what becomes of its delivery."""
    answer = state.plain(call)
    if answer.ok:
        for one in ec2xml.read(answer.body).findall("flowLogIdSet/item"):
            moto_network.settle_delivery((call.account, call.region), one.text or "")
    return answer


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"ec2:CreateFlowLogs": create}
