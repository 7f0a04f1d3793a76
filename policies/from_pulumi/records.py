"""Queues, logs, trails, budgets, and what is set for the account (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.from_pulumi.buckets import blocked
from policies.from_pulumi.registered import UNKNOWN, document, known, nested
from ris_hybrid.holdings.values import Account, Budget, LogGroup, Queue, Trail

if TYPE_CHECKING:
    from policies.from_pulumi.registered import Resource, Stack


def queue(one: Resource, stack: Stack) -> Queue:
    """A queue of SQS; SQS encrypts with its own key unless told not to."""
    own = one.get("sqsManagedSseEnabled", default=True)
    apart = stack.part("aws:sqs/queuePolicy:QueuePolicy", "queueUrl", one, ())
    return Queue(
        name=str(one.get("name") or one.name),
        kind="queue",
        tags=one.tags(),
        encrypted=True if one.props.get("kmsMasterKeyId") else own,
        policy=_policy(one, apart, stack),
    )


def topic(one: Resource, stack: Stack) -> Queue:
    """A topic of SNS, which encrypts only with a key it was given."""
    apart = stack.part("aws:sns/topicPolicy:TopicPolicy", "arn", one, ())
    return Queue(
        name=str(one.get("name") or one.name),
        kind="topic",
        tags=one.tags(),
        encrypted=bool(one.props.get("kmsMasterKeyId")),
        policy=_policy(one, apart, stack),
    )


def log_group(one: Resource, _: Stack) -> LogGroup:
    """A log group."""
    return LogGroup(
        name=str(one.get("name") or one.name),
        tags=one.tags(),
        retention_days=one.get("retentionInDays", 0),
        encrypted=bool(one.props.get("kmsKeyId")),
    )


def trail(one: Resource, _: Stack) -> Trail:
    """A trail."""
    return Trail(
        name=str(one.get("name") or one.name),
        multi_region=one.get("isMultiRegionTrail", default=False),
        validated=one.get("enableLogFileValidation", default=False),
        customer_key=bool(one.props.get("kmsKeyId")),
        logging=one.get("enableLogging", default=True),
        data_events=_data_events(one),
    )


def budget(one: Resource, stack: Stack) -> Budget:
    """A budget and whether something happens when it is used up."""
    name = one.get("name") or one.name
    limit = one.get("limitAmount", 0)
    action = stack.part("aws:budgets/budgetAction:BudgetAction", "budgetName", one, (name,))
    return Budget(
        name=str(name),
        usd_per_month=None if limit is None else float(limit),
        has_action=True if action else stack.absent(value=False),
    )


def account(stack: Stack) -> Account | None:
    """What a stack sets for its account; None when it sets nothing."""
    block = stack.of("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock")
    volumes = stack.of("aws:ebs/encryptionByDefault:EncryptionByDefault")
    defaults = stack.of("aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults")
    recorder = stack.of("aws:cfg/recorderStatus:RecorderStatus")
    if not (block or volumes or defaults or recorder):
        return None
    return Account(
        account=stack.account,
        region=stack.region,
        public_blocked=blocked(block[0]) if block else None,
        volumes_encrypted=volumes[0].get("enabled", default=True) if volumes else None,
        imds_v2=known(defaults[0].props.get("httpTokens"), "") == "required" if defaults else None,
        recorder=recorder[0].get("isEnabled", default=False) if recorder else None,
    )


def _policy(one: Resource, apart: Resource | None, stack: Stack) -> tuple[Any, ...] | None:
    given = one.props.get("policy") or (apart.props.get("policy") if apart else None)
    return document(given) if given else stack.absent(())


def _data_events(one: Resource) -> bool | None:
    """Whether a selector of either form covers S3's objects."""
    told = [one.props.get("eventSelectors"), one.props.get("advancedEventSelectors")]
    if UNKNOWN in told:
        return None
    plain = [each for selector in told[0] or () for each in nested(selector, "dataResources") or ()]
    fields = [each for selector in told[1] or () for each in nested(selector, "fieldSelectors") or ()]
    return any(nested(each, "type") == "AWS::S3::Object" for each in plain) or any(
        nested(each, "field") == "resources.type" and "AWS::S3::Object" in (nested(each, "equals") or ())
        for each in fields
    )
