"""What IAM calls the calls the product makes: an operation is mostly allowed by an action of the same name, not always.

Operations are named as the sandbox's AWS counts them: the service that the request is signed for, and the operation
of botocore's model (``s3control`` has its own name, though its requests are signed as S3's). Source: AWS Service
Authorization Reference, "Actions, resources, and condition keys" of each service; for CreateFleet the EC2 user guide,
"EC2 Fleet prerequisites".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIXES = {"monitoring": "cloudwatch"}
"""IAM's prefix of a service, where it is not the one that requests are signed for."""
_LAUNCH = ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole")
"""Launches carry their tags, and the template's instance profile."""
DIFFERENT: Mapping[str, tuple[str, ...]] = {
    "budgets:DescribeBudgets": ("budgets:ViewBudget",),
    "ec2:CreateFleet": ("ec2:CreateFleet", *_LAUNCH),
    "ec2:RunInstances": _LAUNCH,
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:HeadBucket": (),
    "s3:ListBucketInventoryConfigurations": ("s3:GetInventoryConfiguration",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3control:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sts:GetCallerIdentity": (),
}
"""Operations whose actions have other names, or are several, or none.

Whoever has credentials may ask whose they are. HeadBucket is only asked of names that are not in the account: the
refusal is the answer, and s3:ListBucket, which shows the names of objects, need not be given for it.
"""


def actions_for(operation: str) -> tuple[str, ...]:
    """The actions of IAM that must be allowed for ``s3:GetBucketEncryption`` and the like."""
    if operation in DIFFERENT:
        return DIFFERENT[operation]
    service, _, name = operation.partition(":")
    return (f"{_PREFIXES.get(service, service)}:{name}",)
