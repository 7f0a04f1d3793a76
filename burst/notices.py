"""Spot notices: what EventBridge's messages say (pure), and a queue in memory for tests and dry runs.

Format: EC2 user guide, "Spot Instance interruption notices" and "EC2 instance rebalance recommendations". Delivery
is at least once and in no order.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from ris_hybrid.model import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.errors import CloudError

INTERRUPTION, REBALANCE = "interruption", "rebalance"
_INTERRUPTION_S = 120.0  # from the message's time to the interruption
LATE_S = 120.0
"""A notice may be about a machine that EC2 does not list yet; one that is older is about nobody's."""
_KINDS = {
    "EC2 Spot Instance Interruption Warning": (INTERRUPTION, _INTERRUPTION_S),
    "EC2 Instance Rebalance Recommendation": (REBALANCE, 0.0),
}


def read(body: str, receipt: str) -> Notice | None:
    """The notice in a message; None when it holds none that we know."""
    try:
        event = json.loads(body)
        kind, later_s = _KINDS[event["detail-type"]]
        machine_id = event["detail"]["instance-id"]
        at = datetime.fromisoformat(event["time"]).timestamp() + later_s
    except (ValueError, OverflowError, RecursionError, KeyError, TypeError):
        return None
    if event.get("source") != "aws.ec2" or not isinstance(machine_id, str) or not machine_id:
        return None
    return Notice(machine_id=machine_id, kind=kind, at=at, receipt=receipt)


def sent_at(notice: Notice) -> float:
    """When the cloud said it."""
    return notice.at - _INTERRUPTION_S if notice.kind == INTERRUPTION else notice.at


class FakeNotices:
    """A queue in memory; what was not acknowledged comes again."""

    def __init__(self) -> None:
        self._waiting: dict[str, Notice] = {}
        self._sent = 0
        self.fail_next: CloudError | None = None
        """Raised by the next call, once."""

    def receive(self) -> tuple[Notice, ...]:
        """Everything sent and not acknowledged."""
        self._maybe_fail()
        return tuple(self._waiting.values())

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """Forget these."""
        self._maybe_fail()
        for receipt in receipts:
            self._waiting.pop(receipt, None)

    def send(self, machine_id: str, kind: str, at: float) -> None:
        """Let a notice arrive."""
        self._sent += 1
        receipt = f"receipt-{self._sent}"
        self._waiting[receipt] = Notice(machine_id=machine_id, kind=kind, at=at, receipt=receipt)

    def _maybe_fail(self) -> None:
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure


class NoNotices:
    """No queue is named in the settings: nothing ever arrives here; nodes still tell what they see themselves."""

    def receive(self) -> tuple[Notice, ...]:
        """Nothing."""
        return ()

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """Nothing to do."""
