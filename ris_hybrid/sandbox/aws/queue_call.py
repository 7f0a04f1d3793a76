"""SetQueueAttributes as SQS does it: what a call does not name stays; moto forgets the queue's policy then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import moto_view
from ris_hybrid.sandbox.aws.kept import asked, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call


def set_attributes(state: State, call: Call) -> Answer:
    """moto's answer; the policy is put back where the call named none."""
    wanted = asked(call)
    name = str(wanted.get("QueueUrl", "")).rpartition("/")[2]
    before = moto_view.queue_policy(place_of(call), name)
    answer = state.plain(call)
    if answer.ok and before and "Policy" not in wanted.get("Attributes", {}):
        moto_view.set_queue_policy(place_of(call), name, before)
    return answer


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"sqs:SetQueueAttributes": set_attributes}
