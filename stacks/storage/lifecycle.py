"""The lifecycle of a bucket of data: objects move to cheaper classes; no rule deletes an object or a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_aws import s3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.mirror.values import TransitionRule


def lifecycle_rules(
    transitions: Sequence[TransitionRule], abort_multipart_days: int
) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    """The plan's transitions, and one rule for uploads that were never finished."""
    return [*map(_transition, transitions), _unfinished(abort_multipart_days)]


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
