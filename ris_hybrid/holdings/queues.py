"""Queues of SQS and topics of SNS. Sources: their API references, GetQueueAttributes and GetTopicAttributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.holdings.answers import listed, statements, tags_of
from ris_hybrid.holdings.values import Queue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from ris_hybrid.holdings.reading import Reading


def read_queues(reading: Reading) -> tuple[Queue, ...] | None:
    """Queues, then topics, that are ours or wanted; None when one of the two could not be listed."""
    queues, topics = _queues(reading), _topics(reading)
    return None if queues is None or topics is None else (*queues, *topics)


def _queues(reading: Reading) -> tuple[Queue, ...] | None:
    sqs: SQSClient = reading.client("sqs")
    found = reading.ask("queues", lambda: listed(sqs, "list_queues", "QueueUrls", PageSize=1000))
    if found is None:
        return None
    return reading.each(lambda url: _queue(reading, sqs, str(url)), sorted(found))


def _queue(reading: Reading, sqs: SQSClient, url: str) -> Queue | None:
    name = url.rpartition("/")[2]
    tags = reading.ask(f"queue {name}: tags", lambda: dict(sqs.list_queue_tags(QueueUrl=url).get("Tags", {})))
    if not reading.scope.covers(tags, name):
        return Queue(name=name, kind="queue", tags=None) if tags is None else None

    def attributes() -> Mapping[str, str]:
        wanted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return {str(key): value for key, value in wanted.get("Attributes", {}).items()}

    said = reading.ask(f"queue {name}: attributes", attributes)
    if said is None:
        return Queue(name=name, kind="queue", tags=tags)
    own = said.get("SqsManagedSseEnabled", "").lower() == "true"
    encrypted = own or bool(said.get("KmsMasterKeyId"))
    return _with_policy(reading, Queue(name=name, kind="queue", tags=tags, encrypted=encrypted), said)


def _topics(reading: Reading) -> tuple[Queue, ...] | None:
    sns: SNSClient = reading.client("sns")
    found = reading.ask("topics", lambda: listed(sns, "list_topics", "Topics"))
    if found is None:
        return None
    return reading.each(lambda arn: _topic(reading, sns, arn), sorted(str(one["TopicArn"]) for one in found))


def _topic(reading: Reading, sns: SNSClient, arn: str) -> Queue | None:
    name = arn.rpartition(":")[2]
    tags = reading.ask(
        f"topic {name}: tags", lambda: tags_of(sns.list_tags_for_resource(ResourceArn=arn).get("Tags", []))
    )
    if not reading.scope.covers(tags, name):
        return Queue(name=name, kind="topic", tags=None) if tags is None else None
    said = reading.ask(f"topic {name}: attributes", lambda: sns.get_topic_attributes(TopicArn=arn)["Attributes"])
    if said is None:
        return Queue(name=name, kind="topic", tags=tags)
    encrypted = bool(said.get("KmsMasterKeyId"))
    return _with_policy(reading, Queue(name=name, kind="topic", tags=tags, encrypted=encrypted), said)


def _with_policy(reading: Reading, queue: Queue, said: Mapping[str, str]) -> Queue:
    text = said.get("Policy", "")
    policy = reading.ask(f"{queue.kind} {queue.name}: policy", lambda: statements(text) if text else ())
    return Queue(name=queue.name, kind=queue.kind, tags=queue.tags, encrypted=queue.encrypted, policy=policy)
