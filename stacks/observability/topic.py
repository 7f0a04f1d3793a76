"""The topic of alarms, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import sns

from stacks.documents import document
from stacks.guardrails.spending_stop import publishes

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.observability.settings import ObservabilitySettings


class AlarmTopic(pulumi.ComponentResource):
    """Encrypted; only CloudWatch's alarms of this account speak, and those in the settings hear."""

    def __init__(
        self,
        environment: Environment,
        settings: ObservabilitySettings,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f"{environment.name}-alarms"
        super().__init__("ris-hybrid:observability:AlarmTopic", name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        tags = {**environment.all_tags, "Name": name}
        topic = sns.Topic(name, name=name, kms_master_key_id=key_arn, tags=tags, opts=below)
        allowed = topic.arn.apply(lambda arn: document([publishes(environment, "cloudwatch.amazonaws.com", arn)]))
        policy = sns.TopicPolicy(name, arn=topic.arn, policy=allowed, opts=below)
        for address in settings.alarm_emails:
            sns.TopicSubscription(f"{name}-{address}", topic=topic.arn, protocol="email", endpoint=address, opts=below)
        self.arn: pulumi.Output[str] = policy.arn
        self.register_outputs({"arn": self.arn})
