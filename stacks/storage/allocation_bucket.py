"""The bucket of one allocation, as one Pulumi component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import s3

from stacks.documents import bucket_arn, document, role_arn
from stacks.storage.allocation_key import LUSTRE_ROLE
from stacks.storage.bucket_policy import Guarded, statements
from stacks.storage.lifecycle import lifecycle_rules
from stacks.storage.log_bucket import private

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.storage.settings import StorageSettings

_LISTED = ("Size", "LastModifiedDate", "StorageClass", "EncryptionStatus", "IsMultipartUploaded", "ChecksumAlgorithm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all buckets of an environment share."""

    environment: Environment
    settings: StorageSettings
    log_bucket: pulumi.Input[str]
    endpoints: pulumi.Input[tuple[str, ...]]
    carriers: tuple[str, ...] = ()
    """Names of roles DataSync takes: it comes to buckets from a network of its own."""


class AllocationBucket(pulumi.ComponentResource):
    """Bucket and all that guards it, as the plan says; ``pulumi destroy`` leaves every part of it where it is.

    Its resources are named after the bucket, which keeps its name when the allocation is renamed.
    """

    def __init__(
        self,
        allocation: AllocationPlan,
        around: Surroundings,
        key_arn: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._name, self._plan, self._allocation = allocation.bucket.name, allocation.bucket, allocation
        super().__init__("ris-hybrid:storage:AllocationBucket", self._name, None, opts)
        self._around = around
        self._kept = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        made = s3.Bucket(
            self._name,
            bucket=self._name,
            object_lock_enabled=self._plan.object_lock,
            tags={**around.environment.all_tags, **allocation.tags, "Name": self._name},
            # Later the lock's own resource switches it on; here the change would mean another bucket.
            opts=pulumi.ResourceOptions(
                parent=self, protect=True, retain_on_delete=True, ignore_changes=["objectLockEnabled"]
            ),
        )
        self.bucket: pulumi.Output[str] = made.bucket
        closed = private(self._name, self.bucket, self._kept)
        versions = self._versions()
        guards = [*versions, self._encryption(key_arn), closed]
        self._lifecycle(versions)
        self._records()
        self._fill(key_arn, guards)
        self.register_outputs({"bucket": self.bucket})

    def _versions(self) -> list[pulumi.Resource]:
        versions = s3.BucketVersioning(
            self._name,
            bucket=self.bucket,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._kept,
        )
        if not self._plan.object_lock:
            return [versions]
        kept = s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
            mode="GOVERNANCE", days=self._around.settings.lock_days
        )
        rule = s3.BucketObjectLockConfigurationRuleArgs(default_retention=kept)
        lock = s3.BucketObjectLockConfiguration(self._name, bucket=self.bucket, rule=rule, opts=self._after([versions]))
        return [versions, lock]

    def _encryption(self, key_arn: pulumi.Input[str]) -> pulumi.Resource:
        own = bool(self._plan.key_alias)
        default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms" if own else "AES256", kms_master_key_id=key_arn if own else None
        )
        rule = s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=default, bucket_key_enabled=own or None
        )
        made: pulumi.Resource = s3.BucketServerSideEncryptionConfiguration(
            self._name, bucket=self.bucket, rules=[rule], opts=self._kept
        )
        return made

    def _lifecycle(self, versions: list[pulumi.Resource]) -> None:
        """After the versions it speaks of."""
        settings = self._around.settings
        s3.BucketLifecycleConfiguration(
            self._name,
            bucket=self.bucket,
            rules=lifecycle_rules(self._plan.transitions, settings.abort_multipart_days, settings.manifest_days),
            # Smaller objects would cost more in an archive than where they are.
            transition_default_minimum_object_size="all_storage_classes_128K",
            opts=self._after(versions),
        )

    def _records(self) -> None:
        """Who came is in the access log; what is there, in the weekly inventory."""
        logs, environment = self._around.log_bucket, self._around.environment
        s3.BucketLogging(
            self._name, bucket=self.bucket, target_bucket=logs, target_prefix=f"access/{self._name}/", opts=self._kept
        )
        if not self._around.settings.inventory:
            return
        target = s3.InventoryDestinationBucketArgs(
            bucket_arn=pulumi.Output.from_input(logs).apply(lambda name: bucket_arn(environment, name)),
            account_id=environment.account,
            format="Parquet",
            prefix="inventory",
        )
        s3.Inventory(
            self._name,
            bucket=self.bucket,
            name="weekly",
            enabled=True,
            included_object_versions="All",
            schedule=s3.InventoryScheduleArgs(frequency="Weekly"),
            destination=s3.InventoryDestinationArgs(bucket=target),
            optional_fields=list(_LISTED),
            opts=self._kept,
        )

    def _fill(self, key_arn: pulumi.Input[str], guards: list[pulumi.Resource]) -> None:
        """Markers and policy, in the order in which both can be had.

        A bucket that takes no more writes takes no markers either: they come before its policy. One whose file is back
        still has that policy, which must go first.
        """
        if self._plan.writable:
            self._markers([self._policy(key_arn, guards)])
        else:
            self._policy(key_arn, self._markers(guards))

    def _markers(self, guards: list[pulumi.Resource]) -> list[pulumi.Resource]:
        """Empty objects that show the projects as folders before there is anything in them."""
        after = self._after(guards)
        return [
            s3.BucketObjectv2(
                f"{self._name}/{prefix}",
                bucket=self.bucket,
                key=prefix,
                content_type="application/x-directory",
                opts=after,
            )
            for prefix in self._plan.prefixes
        ]

    def _policy(self, key_arn: pulumi.Input[str], after: list[pulumi.Resource]) -> pulumi.Resource:
        known = pulumi.Output.all(key_arn, self._around.endpoints)
        text = known.apply(lambda found: document(statements(self._guarded(found[0], tuple(found[1])))))
        made: pulumi.Resource = s3.BucketPolicy(self._name, bucket=self.bucket, policy=text, opts=self._after(after))
        return made

    def _guarded(self, key_arn: str, endpoints: tuple[str, ...]) -> Guarded:
        environment, settings = self._around.environment, self._around.settings
        on_scratch = settings.scratch is not None and self._allocation.name in settings.scratch.allocations
        excused = [*settings.break_glass_roles, *self._around.carriers, *([LUSTRE_ROLE] if on_scratch else [])]
        return Guarded(
            arn=bucket_arn(environment, self._name),
            account=environment.account,
            data_class=self._allocation.data_class,
            writable=self._plan.writable,
            key_arn=key_arn,
            endpoints=endpoints,
            organization_id=settings.organization_id,
            excused=tuple(role_arn(environment, name) for name in excused),
            deployers=tuple(role_arn(environment, name) for name in settings.deployer_roles),
        )

    def _after(self, resources: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self._kept, pulumi.ResourceOptions(depends_on=resources))
