"""A bucket that only takes logs, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import s3

from stacks.documents import bucket_arn, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stacks.environment import Environment

_ABORT_DAYS = 7


class LogBucket(pulumi.ComponentResource):
    """Private, encrypted with S3's own key (S3's access logs take no other), emptied of what is old, never deleted.

    ``statements`` say which services write; without ``logs_to`` nobody records who reads it.
    """

    def __init__(
        self,
        name: str,
        environment: Environment,
        statements: Sequence[Mapping[str, Any]],
        *,
        retention_days: int,
        logs_to: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:storage:LogBucket", name, None, opts)
        made = s3.Bucket(
            name,
            bucket=name,
            tags={**environment.all_tags, "ris_purpose": "logs", "Name": name},
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.bucket: pulumi.Output[str] = made.bucket
        self._kept = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        closed = private(name, self.bucket, self._kept)
        self._encryption(name)
        self._lifecycle(name, retention_days)
        if logs_to:
            s3.BucketLogging(
                name, bucket=self.bucket, target_bucket=logs_to, target_prefix=f"access/{name}/", opts=self._kept
            )
        allowed = document([*tls_only(bucket_arn(environment, name)), *statements])
        # One after the other: S3 refuses two changes at once of who may come to a bucket (OperationAborted).
        after = pulumi.ResourceOptions.merge(self._kept, pulumi.ResourceOptions(depends_on=[closed]))
        policy = s3.BucketPolicy(name, bucket=self.bucket, policy=allowed, opts=after)
        # Its name for those who write: a service is refused that comes before the policy lets it.
        self.ready: pulumi.Output[str] = policy.bucket
        self.register_outputs({"bucket": self.bucket})

    def _encryption(self, name: str) -> None:
        default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
        rule = s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=default)
        s3.BucketServerSideEncryptionConfiguration(name, bucket=self.bucket, rules=[rule], opts=self._kept)

    def _lifecycle(self, name: str, retention_days: int) -> None:
        rule = s3.BucketLifecycleConfigurationRuleArgs(
            id="expire-logs",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=retention_days),
            abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=_ABORT_DAYS
            ),
        )
        s3.BucketLifecycleConfiguration(name, bucket=self.bucket, rules=[rule], opts=self._kept)


def private(name: str, bucket: pulumi.Input[str], opts: pulumi.ResourceOptions) -> s3.BucketPublicAccessBlock:
    """No public access by any way, and no access lists: everything in the bucket is its owner's."""
    s3.BucketOwnershipControls(
        name,
        bucket=bucket,
        rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=opts,
    )
    return s3.BucketPublicAccessBlock(
        name,
        bucket=bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )


def tls_only(arn: str) -> tuple[dict[str, Any], ...]:
    """The two statements that deny plain HTTP and old TLS."""
    whole = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    return (
        {**whole, "Sid": "OnlyTls", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**whole, "Sid": "OnlyTls12", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    )


def access_log_statements(environment: Environment, name: str) -> tuple[dict[str, Any], ...]:
    """What the log bucket of an environment allows: access logs and inventories of buckets of this account."""
    own = {"StringEquals": {"aws:SourceAccount": environment.account}}
    arn = bucket_arn(environment, name)
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Condition": own}
    services = {"AccessLogs": ("logging.s3.amazonaws.com", "access"), "Inventories": ("s3.amazonaws.com", "inventory")}
    return tuple(
        {**write, "Sid": sid, "Principal": {"Service": service}, "Resource": f"{arn}/{prefix}/*"}
        for sid, (service, prefix) in services.items()
    )
