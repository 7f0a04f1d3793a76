"""Spot notices as one Pulumi component: EC2 tells EventBridge, a rule puts it into a queue, the service reads that.

EC2 tells of a spot machine's end two minutes before, and of a raised risk earlier; the node sees the same in its
metadata and marks itself. Names of the events: EC2 user guide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch, sqs

from stacks.identity.place import arn, document

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.identity.place import Statement

EVENTS = ("EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation")
_KEPT_S = 3600  # bridges a restart of the service; what is older is of no use


class SpotNotices(pulumi.ComponentResource):
    """Queue, rule and target; the queue takes messages from that rule alone. ``queue_url`` goes into burst.yaml."""

    def __init__(self, environment: Environment, opts: pulumi.ResourceOptions | None = None) -> None:
        self.name = f"{environment.name}-notices"
        super().__init__("ris-hybrid:compute:SpotNotices", self.name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        tags = {**environment.all_tags, "Name": self.name}
        queue = sqs.Queue(
            self.name,
            name=self.name,
            message_retention_seconds=_KEPT_S,
            sqs_managed_sse_enabled=True,
            tags=tags,
            opts=below,
        )
        rule = cloudwatch.EventRule(
            self.name,
            name=self.name,
            description="Spot notices of burst nodes",
            event_pattern=json.dumps({"source": ["aws.ec2"], "detail-type": EVENTS}, sort_keys=True),
            tags=tags,
            opts=below,
        )
        allowed = document(*queue_statements(environment, self.name))
        policy = sqs.QueuePolicy(self.name, queue_url=queue.url, policy=allowed, opts=below)
        # Without the policy EventBridge would drop what it finds.
        after = pulumi.ResourceOptions.merge(below, pulumi.ResourceOptions(depends_on=[policy]))
        cloudwatch.EventTarget(self.name, rule=rule.name, arn=queue.arn, opts=after)
        self.queue_url: pulumi.Output[str] = queue.url
        self.register_outputs({"queue_url": self.queue_url})


def queue_statements(environment: Environment, name: str) -> tuple[Statement, ...]:
    """One rule of EventBridge may send; nobody may do anything without TLS."""
    queue, rule = arn(environment, "sqs", name), arn(environment, "events", f"rule/{name}")
    return (
        {
            "Sid": "Rule",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": queue,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
