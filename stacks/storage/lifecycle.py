"""The lifecycle of a bucket of data: objects move to cheaper classes; no rule deletes data, or a version of it.

Only what we write ourselves beside the data ends: manifests of transfers, which are of no use once a transfer is over
and are written anew with the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_aws import s3

from ris_hybrid.data.excluded import OWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.mirror.values import TransitionRule


def lifecycle_rules(
    transitions: Sequence[TransitionRule], abort_multipart_days: int, manifest_days: int
) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    """The plan's transitions, one rule for uploads that were never finished, one for our own manifests."""
    return [*map(_transition, transitions), _unfinished(abort_multipart_days), _manifests(manifest_days)]


def _transition(rule: TransitionRule) -> s3.BucketLifecycleConfigurationRuleArgs:
    moved = s3.BucketLifecycleConfigurationRuleTransitionArgs(days=rule.after_days, storage_class=rule.storage_class)
    replaced = s3.BucketLifecycleConfigurationRuleNoncurrentVersionTransitionArgs(
        noncurrent_days=rule.after_days, storage_class=rule.storage_class
    )
    return s3.BucketLifecycleConfigurationRuleArgs(
        id=rule.rule_id,
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=rule.prefix),
        transitions=None if rule.noncurrent else [moved],
        noncurrent_version_transitions=[replaced] if rule.noncurrent else None,
    )


def _unfinished(days: int) -> s3.BucketLifecycleConfigurationRuleArgs:
    abort = s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=days)
    return s3.BucketLifecycleConfigurationRuleArgs(
        id="abort-unfinished-uploads",
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        abort_incomplete_multipart_upload=abort,
    )


def _manifests(days: int) -> s3.BucketLifecycleConfigurationRuleArgs:
    """A day after its end a manifest's last version goes too; where Object Lock keeps it, S3 waits for that."""
    return s3.BucketLifecycleConfigurationRuleArgs(
        id="own-manifests",
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=f"{OWN}/"),
        expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=1
        ),
    )
