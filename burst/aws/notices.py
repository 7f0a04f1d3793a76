"""The notices port over SQS: EC2's spot events, put into the queue by an EventBridge rule.

    EC2 ──event──▶ EventBridge rule ──▶ SQS queue ──receive──▶ ledger ──acknowledge──▶ deleted

The rule may match more than we read, and a queue policy more senders: what is no notice is deleted and said in the
audit log, so that it does not come again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import notices
from burst.aws.calls import batches, translated
from ris_hybrid.errors import TryAgain
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from ris_hybrid.model import Notice
    from ris_hybrid.ports import Audit

_BATCH = 10  # SQS's bound on messages in one call
_BATCHES = 20  # in one turn; what is left comes in the next
_SHOWN = 200  # characters of a foreign message in the audit log


class SqsNotices:
    """One queue. ``hide_s`` is how long a message that was received and not acknowledged stays away."""

    def __init__(self, client: SQSClient, url: str, audit: Audit, now: float, hide_s: int = 60) -> None:
        self._client = client
        self._url = url
        self._audit = audit
        self._now = now
        self._hide_s = hide_s

    def receive(self) -> tuple[Notice, ...]:
        """Ask until an answer brings nothing new, at most 20 times; never waits for messages to come."""
        found: dict[str, Notice] = {}
        seen: set[str] = set()
        for _ in range(_BATCHES):
            messages = self._batch()
            fresh = [one for one in messages if one.get("MessageId", "") not in seen]
            if not fresh:
                break
            seen.update(one.get("MessageId", "") for one in fresh)
            self._read(fresh, found)
        return tuple(found.values())

    def acknowledge(self, receipts: Sequence[str]) -> None:
        """DeleteMessageBatch; a receipt that is too old is passed over, its message comes again.

        Raises ``TryAgain`` when SQS could not delete one for a reason of its own.
        """
        for some in batches(list(receipts), _BATCH):
            entries = [{"Id": str(number), "ReceiptHandle": one} for number, one in enumerate(some)]
            with translated():
                answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]  # plain dicts
            ours = [one for one in answer.get("Failed", ()) if not one["SenderFault"]]
            if ours:
                raise TryAgain(f"SQS did not delete {len(ours)} messages", "they come again", ours[0]["Code"])

    def _batch(self) -> Sequence[MessageTypeDef]:
        with translated():
            answer = self._client.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=self._hide_s, WaitTimeSeconds=0
            )
        return answer.get("Messages", ())

    def _read(self, messages: Sequence[MessageTypeDef], found: dict[str, Notice]) -> None:
        foreign = []
        for message in messages:
            body, receipt = message.get("Body", ""), message.get("ReceiptHandle", "")
            notice = notices.read(body, receipt)
            if notice is None:
                foreign.append(receipt)
                fields = {"message": body[:_SHOWN], "why": "neither an interruption nor a rebalance notice"}
                self._audit.record(Event(at=self._now, kind="notice dropped", fields=fields))
            else:
                found[message.get("MessageId", receipt)] = notice
        self.acknowledge(foreign)
