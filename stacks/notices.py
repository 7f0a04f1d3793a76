"""The queue of spot notices as one Pulumi component."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch, sqs

from stacks.identity import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.notice_plan import NoticesPlan


class SpotNotices(pulumi.ComponentResource):
    """Queue, rule and target; the queue takes messages from that rule alone. ``queue_url`` goes into burst.yaml."""

    def __init__(self, plan: NoticesPlan, tags: Mapping[str, str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ris-hybrid:network:SpotNotices", plan.name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        queue = sqs.Queue(
            plan.name,
            name=plan.name,
            message_retention_seconds=plan.retention_s,
            sqs_managed_sse_enabled=plan.encrypted,
            tags=dict(tags),
            opts=below,
        )
        rule = cloudwatch.EventRule(
            plan.name,
            name=plan.name,
            description="Spot notices of burst nodes",
            event_pattern=json.dumps(plan.pattern, sort_keys=True),
            tags=dict(tags),
            opts=below,
        )
        allowed = pulumi.Output.all(queue.arn, rule.arn).apply(lambda arns: document(_only(*arns)))
        policy = sqs.QueuePolicy(plan.name, queue_url=queue.url, policy=allowed, opts=below)
        # Without the policy EventBridge would drop what it finds.
        after = pulumi.ResourceOptions.merge(below, pulumi.ResourceOptions(depends_on=[policy]))
        cloudwatch.EventTarget(plan.name, rule=rule.name, arn=queue.arn, opts=after)
        self.queue_url: pulumi.Output[str] = queue.url
        self.register_outputs({"queue_url": self.queue_url})


def _only(queue_arn: str, rule_arn: str) -> dict[str, object]:
    """The statement that lets one rule of EventBridge send, and nobody else."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
