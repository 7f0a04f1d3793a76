"""The trail of an environment, as one Pulumi component.

Sources: CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail", "Logging data events" (quotas of selectors),
"Role policy document for CloudTrail to use CloudWatch Logs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import cloudtrail, cloudwatch, iam

from stacks.documents import bucket_arn, bucket_name, document
from stacks.guardrails.trail_selectors import Selector, calls_and_objects, calls_only
from stacks.storage.log_bucket import LogBucket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.environment import Environment
    from stacks.guardrails.settings import GuardrailsSettings

_OWNED = {"s3:x-amz-acl": "bucket-owner-full-control"}


def trail_name(environment: Environment) -> str:
    """Also of its role and key."""
    return f"{environment.name}-trail"


def trail_arn(environment: Environment) -> str:
    """Known before the trail is: its bucket and its key must name it."""
    place = f"{environment.region}:{environment.account}"
    return f"arn:{environment.partition}:cloudtrail:{place}:trail/{trail_name(environment)}"


def log_group_name(environment: Environment) -> str:
    """Where alarms read what the trail records."""
    return f"/ris-hybrid/{environment.name}/trail"


class AuditTrail(pulumi.ComponentResource):
    """Every call in every region, every read and write of PHI, in files that prove they were not changed."""

    def __init__(  # what it records, with which key and boundary
        self,
        environment: Environment,
        settings: GuardrailsSettings,
        *,
        phi_buckets: Sequence[str],
        key_arn: pulumi.Input[str],
        boundary_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._name = trail_name(environment)
        super().__init__("ris-hybrid:guardrails:AuditTrail", self._name, None, opts)
        self._environment, self._settings = environment, settings
        self._below = pulumi.ResourceOptions(parent=self)
        self._tags = {**environment.all_tags, "Name": self._name}
        self.bucket: pulumi.Output[str] = self._bucket()
        group = self._group(key_arn)
        made = cloudtrail.Trail(
            self._name,
            name=self._name,
            s3_bucket_name=self.bucket,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            kms_key_id=key_arn,
            cloud_watch_logs_group_arn=group.arn.apply(lambda arn: f"{arn}:*"),
            cloud_watch_logs_role_arn=self._role(boundary_arn),
            advanced_event_selectors=[_arguments(one) for one in self._selectors(phi_buckets)],
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.arn: pulumi.Output[str] = made.arn
        self.log_group: pulumi.Output[str] = group.name
        self.register_outputs({"arn": self.arn, "bucket": self.bucket, "log_group": self.log_group})

    def _bucket(self) -> pulumi.Output[str]:
        name = bucket_name(self._environment, "trail")
        logs = LogBucket(
            name,
            self._environment,
            (*self._from_trail(name), *self._from_config(name)),
            retention_days=self._settings.trail_retention_days,
            logs_to=bucket_name(self._environment, "logs"),
            opts=self._below,
        )
        return logs.ready

    def _selectors(self, phi_buckets: Sequence[str]) -> tuple[Selector, ...]:
        environment = self._environment
        if not environment.phi:
            return calls_only()
        return calls_and_objects(
            [bucket_arn(environment, one) for one in phi_buckets],
            ours=bucket_arn(environment, f"{environment.organization}-"),
            logs=[bucket_arn(environment, bucket_name(environment, one)) for one in ("logs", "trail", "costs")],
        )

    def _group(self, key_arn: pulumi.Input[str]) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            self._name,
            name=log_group_name(self._environment),
            retention_in_days=self._settings.log_group_retention_days,
            kms_key_id=key_arn,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )

    def _role(self, boundary_arn: pulumi.Input[str]) -> pulumi.Output[str]:
        """Gives the role's arn once it may write: CloudTrail tries at once."""
        role = iam.Role(
            self._name,
            name=self._name,
            description="CloudTrail writes to its log group",
            assume_role_policy=document([_trusted("cloudtrail.amazonaws.com", self._environment)]),
            permissions_boundary=boundary_arn,
            tags={**self._tags, "ris_role": "service"},
            opts=self._below,
        )
        allowed = iam.RolePolicy(
            self._name, name="logs", role=role.name, policy=document([writes_logs(self._environment)]), opts=self._below
        )
        ready: pulumi.Output[str] = pulumi.Output.all(role.arn, allowed.id).apply(lambda both: str(both[0]))
        return ready

    def _from_trail(self, bucket: str) -> tuple[dict[str, Any], ...]:
        arn = bucket_arn(self._environment, bucket)
        source = {"aws:SourceArn": trail_arn(self._environment)}
        return _delivery("Trail", "cloudtrail.amazonaws.com", arn, f"AWSLogs/{self._environment.account}/*", source)

    def _from_config(self, bucket: str) -> tuple[dict[str, Any], ...]:
        arn, account = bucket_arn(self._environment, bucket), self._environment.account
        return _delivery(
            "Config", "config.amazonaws.com", arn, f"config/AWSLogs/{account}/Config/*", {"aws:SourceAccount": account}
        )


def writes_logs(environment: Environment) -> dict[str, Any]:
    """What the trail's role may do."""
    place = f"{environment.partition}:logs:{environment.region}:{environment.account}"
    group = f"arn:{place}:log-group:{log_group_name(environment)}:log-stream:*"
    return {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group}


def _trusted(service: str, environment: Environment) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": environment.account}},
    }


def _delivery(sid: str, service: str, arn: str, path: str, source: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """A service looks whether the bucket is the right one, and puts its files there."""
    who = {"Effect": "Allow", "Principal": {"Service": service}}
    looks = {**who, "Sid": f"{sid}Looks", "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": arn}
    writes = {**who, "Sid": f"{sid}Writes", "Action": "s3:PutObject", "Resource": f"{arn}/{path}"}
    return (
        {**looks, "Condition": {"StringEquals": source}},
        {**writes, "Condition": {"StringEquals": {**source, **_OWNED}}},
    )


def _arguments(selector: Selector) -> cloudtrail.TrailAdvancedEventSelectorArgs:
    return cloudtrail.TrailAdvancedEventSelectorArgs(
        name=selector.name,
        field_selectors=[
            cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
                field=one.field,
                equals=list(one.equals) or None,
                starts_withs=list(one.starts_with) or None,
                not_starts_withs=list(one.not_starts_with) or None,
            )
            for one in selector.fields
        ],
    )
