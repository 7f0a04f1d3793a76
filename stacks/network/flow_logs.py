"""The record of all connections of the VPC, as one Pulumi component."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import cloudwatch, ec2, iam, kms

if TYPE_CHECKING:
    from stacks.environment import Environment

_WRITING = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]


class FlowLogs(pulumi.ComponentResource):
    """A log group that outlives the network, and the role AWS writes to it with.

    Where PHI may come, a customer key encrypts it: who talked to whom can tell of patients.
    """

    def __init__(self, environment: Environment, days: int, vpc_id: pulumi.Output[str]) -> None:
        super().__init__("ris-hybrid:network:FlowLogs", environment.name)
        self._environment, self._name = environment, f"{environment.name}-flow-logs"
        self._below = pulumi.ResourceOptions(parent=self)
        self._tags = {**environment.all_tags, "Name": self._name}
        self.group_name = f"/ris-hybrid/{environment.name}/flow-logs"
        place = f"{environment.partition}:logs:{environment.region}:{environment.account}"
        self._group_arn = f"arn:{place}:log-group:{self.group_name}"
        group = self._log_group(days)
        made = ec2.FlowLog(
            self._name,
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=self._role(),
            max_aggregation_interval=60,
            tags=self._tags,
            opts=self._below,
        )
        self.register_outputs({"flow_log_id": made.id})

    def _log_group(self, days: int) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            self._name,
            name=self.group_name,
            retention_in_days=days,
            kms_key_id=self._key() if self._environment.phi else None,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )

    def _key(self) -> pulumi.Output[str]:
        made = kms.Key(
            self._name,
            description=f"flow logs of {self._environment.name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=json.dumps(key_policy(self._environment, self._group_arn), sort_keys=True),
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        key_arn: pulumi.Output[str] = made.arn
        return key_arn

    def _role(self) -> pulumi.Output[str]:
        """Its one policy is its boundary too: whatever is attached later, it can do no more."""
        policy = iam.Policy(
            self._name,
            name=self._name,
            policy=_document({"Effect": "Allow", "Action": _WRITING, "Resource": f"{self._group_arn}:*"}),
            tags=self._tags,
            opts=self._below,
        )
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": self._environment.account}},
        }
        role = iam.Role(
            self._name,
            name=self._name,
            assume_role_policy=_document(trust),
            permissions_boundary=policy.arn,
            tags={**self._tags, "ris_role": "flow-logs"},
            opts=self._below,
        )
        allowed = iam.RolePolicyAttachment(self._name, role=role.name, policy_arn=policy.arn, opts=self._below)
        # AWS tries at once, so the role's arn is given out once it may write.
        ready: pulumi.Output[str] = pulumi.Output.all(role.arn, allowed.id).apply(lambda both: str(both[0]))
        return ready


def key_policy(environment: Environment, group_arn: str) -> dict[str, Any]:
    """The account decides who may use the key; CloudWatch Logs may for this one log group.

    Source: CloudWatch Logs user guide, Encrypt log data using AWS KMS.
    """
    account = f"arn:{environment.partition}:iam::{environment.account}:root"
    own = {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": account}, "Action": "kms:*", "Resource": "*"}
    logs = {
        "Sid": "CloudWatchLogs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{environment.region}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group_arn}},
    }
    return {"Version": "2012-10-17", "Statement": [own, logs]}


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
