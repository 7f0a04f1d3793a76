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
_READ_VERSION = ("s3:GetObjectVersion", "s3:GetObjectVersionTagging")
DIFFERENT: Mapping[str, tuple[str, ...]] = {
    "budgets:DescribeBudgets": ("budgets:ViewBudget",),
    "ec2:CreateFleet": ("ec2:CreateFleet", *_LAUNCH),
    "ec2:RunInstances": _LAUNCH,
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CopyObject": (*_READ_VERSION, "s3:PutObject", "s3:PutObjectTagging"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteObject": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:DeleteObjects": ("s3:DeleteObjectVersion",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetObjectAttributes": ("s3:GetObject", "s3:GetObjectAttributes"),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:GetObjectTagging": ("s3:GetObjectVersionTagging",),
    "s3:HeadBucket": (),
    "s3:HeadObject": ("s3:GetObjectVersion",),
    "s3:ListBucketInventoryConfigurations": ("s3:GetInventoryConfiguration",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:UploadPartCopy": ("s3:GetObjectVersion", "s3:PutObject"),
    "s3control:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sts:GetCallerIdentity": (),
}
"""Operations whose actions have other names, or are several, or none.

Our reads, copies and deletes of objects all name a version, but for the sums of the current one. Whoever has
credentials may ask whose they are. HeadBucket is only asked of names that are not in the account: the refusal is the
answer, and s3:ListBucket, which shows the names of objects, need not be given for it.
"""


def actions_for(operation: str) -> tuple[str, ...]:
    """The actions of IAM that must be allowed for ``s3:GetBucketEncryption`` and the like."""
    if operation in DIFFERENT:
        return DIFFERENT[operation]
    service, _, name = operation.partition(":")
    return (f"{_PREFIXES.get(service, service)}:{name}",)
