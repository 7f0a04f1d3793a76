"""What a spent budget does, as one Pulumi component: a policy, the role that attaches it, and the topic that tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import iam, sns

from stacks.documents import document

if TYPE_CHECKING:
    from stacks.environment import Environment

_LAUNCHES = (
    "ec2:RunInstances",
    "ec2:CreateFleet",
    "ec2:RequestSpotInstances",
    "ec2:RequestSpotFleet",
    "ec2:StartInstances",
)
_BUDGETS = "budgets.amazonaws.com"


class SpendingStop(pulumi.ComponentResource):
    """Machines that run go on, data stays readable: what stops is the start of new machines."""

    def __init__(
        self,
        environment: Environment,
        *,
        key_arn: pulumi.Input[str],
        boundary_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._name = f"{environment.name}-budgets"
        super().__init__("ris-hybrid:guardrails:SpendingStop", self._name, None, opts)
        self._environment = environment
        self._below = pulumi.ResourceOptions(parent=self)
        self._tags = {**environment.all_tags, "Name": self._name}
        self.topic_arn: pulumi.Output[str] = self._topic(key_arn)
        stop = iam.Policy(
            self._name,
            name=f"{environment.name}-no-launch",
            description="Attached by a budget that is spent",
            policy=document([{"Effect": "Deny", "Action": list(_LAUNCHES), "Resource": "*"}]),
            tags=self._tags,
            opts=self._below,
        )
        self.policy_arn: pulumi.Output[str] = stop.arn
        self.role_arn: pulumi.Output[str] = self._role(boundary_arn)
        self.register_outputs({"topic_arn": self.topic_arn, "policy_arn": self.policy_arn, "role_arn": self.role_arn})

    def _topic(self, key_arn: pulumi.Input[str]) -> pulumi.Output[str]:
        topic = sns.Topic(self._name, name=self._name, kms_master_key_id=key_arn, tags=self._tags, opts=self._below)
        allowed = topic.arn.apply(lambda arn: document([publishes(self._environment, _BUDGETS, arn)]))
        policy = sns.TopicPolicy(self._name, arn=topic.arn, policy=allowed, opts=self._below)
        ready: pulumi.Output[str] = policy.arn
        return ready

    def _role(self, boundary_arn: pulumi.Input[str]) -> pulumi.Output[str]:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": _BUDGETS},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": self._environment.account}},
        }
        role = iam.Role(
            self._name,
            name=self._name,
            description="Budgets attach the policy that stops launches",
            assume_role_policy=document([trust]),
            permissions_boundary=boundary_arn,
            tags={**self._tags, "ris_role": "service"},
            opts=self._below,
        )
        allowed = iam.RolePolicy(
            self._name, name="stop", role=role.name, policy=document([attaches(self._environment)]), opts=self._below
        )
        ready: pulumi.Output[str] = pulumi.Output.all(role.arn, allowed.id).apply(lambda both: str(both[0]))
        return ready


def attaches(environment: Environment) -> dict[str, Any]:
    """What the budgets' role may do: attach this one policy, and take it off again next month."""
    prefix = f"arn:{environment.partition}:iam::{environment.account}"
    return {
        "Effect": "Allow",
        "Action": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        "Resource": f"{prefix}:role/*",
        "Condition": {"ArnEquals": {"iam:PolicyARN": f"{prefix}:policy/{environment.name}-no-launch"}},
    }


def publishes(environment: Environment, service: str, topic_arn: str) -> dict[str, Any]:
    """Lets a service tell a topic about things of this account."""
    return {
        "Sid": "Publish",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": environment.account}},
    }
