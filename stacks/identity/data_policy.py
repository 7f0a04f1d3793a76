"""What the host on the site may do in AWS to stage data and copy images (pure).

Each action is one our code calls, no more and no less: tests/journeys/test_data_policy.py compares. Files come by
Globus, DataSync or AFM in their own names. This role looks at checksums, for which S3 wants the right to read the
object; it writes the manifests of DataSync, and copies an object onto itself where S3 has no checksum of it.
Source: the service authorization reference of S3, KMS, DataSync, FSx and ECR; S3 API reference, GetObjectAttributes
("Permissions").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stacks.identity.place import arn, iam_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.identity.place import Place, Statement

_SUMS = (
    "s3:AbortMultipartUpload",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
_SYNC = (
    "datasync:CancelTaskExecution",
    "datasync:CreateLocationNfs",
    "datasync:CreateLocationS3",
    "datasync:CreateTask",
    "datasync:DescribeAgent",
    "datasync:DescribeTaskExecution",
    "datasync:ListLocations",
    "datasync:ListTagsForResource",
    "datasync:ListTaskExecutions",
    "datasync:ListTasks",
    "datasync:StartTaskExecution",
    "datasync:TagResource",
    "datasync:UntagResource",
)
_TASKS = ("fsx:CancelDataRepositoryTask", "fsx:CreateDataRepositoryTask", "fsx:DescribeDataRepositoryTasks")
_REPOSITORY = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchDeleteImage",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:GetLifecyclePolicyPreview",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:StartImageScan",
    "ecr:StartLifecyclePolicyPreview",
    "ecr:UploadLayerPart",
)
"""A copy of an image is pushed, looked at, and taken off again when it is old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """How buckets are called."""

    organization: str
    """Begins all names; those of allocations end in six digits of a hash."""
    records: tuple[str, ...]
    """Names of those that hold logs, trails and bills."""


def staging_statements(place: Place, buckets: Buckets, transfer_roles: Sequence[str]) -> tuple[Statement, ...]:
    """From a manifest to its eviction.

    Args:
        place: the environment.
        buckets: of the organization; more names than a policy could list.
        transfer_roles: names of roles that DataSync takes.
    """
    bucket = f"arn:{place.partition}:s3:::{buckets.organization}-*-??????"
    by_s3 = {"StringEquals": {"kms:ViaService": f"s3.{place.region}.amazonaws.com"}}
    passed = {
        "Sid": "GiveDataSyncItsRole",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [iam_arn(place, f"role/{name}") for name in transfer_roles],
        "Condition": {"StringEquals": {"iam:PassedToService": "datasync.amazonaws.com"}},
    }
    return (
        {"Sid": "List", "Effect": "Allow", "Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": bucket},
        {
            "Sid": "CompareAndEvict",
            "Effect": "Allow",
            # A marker (DeleteObject) hides versions that nobody compared before the one above them is deleted.
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectAttributes"],
            "Resource": f"{bucket}/*",
        },
        # A copy of an object onto itself is a read of one version and a write of the next. Manifests are written too.
        {"Sid": "HaveSums", "Effect": "Allow", "Action": list(_SUMS), "Resource": f"{bucket}/*"},
        {
            "Sid": "ReadThroughS3",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": arn(place, "kms", "key/*"),
            "Condition": by_s3,
        },
        # Most of DataSync's calls cannot be bound: locations and tasks have no names of their owner.
        {"Sid": "DataSync", "Effect": "Allow", "Action": list(_SYNC), "Resource": arn(place, "datasync", "*")},
        {
            "Sid": "ExportResults",
            "Effect": "Allow",
            "Action": list(_TASKS),
            "Resource": [arn(place, "fsx", f"{kind}/*") for kind in ("file-system", "task")],
        },
        *((passed,) if transfer_roles else ()),
        # Their names may fit the pattern above.
        {
            "Sid": "NoRecords",
            "Effect": "Deny",
            "Action": [
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutObject",
            ],
            "Resource": [f"arn:{place.partition}:s3:::{name}{end}" for name in buckets.records for end in ("", "/*")],
        },
    )


def image_statements(place: Place) -> tuple[Statement, ...]:
    """Images of the environment's labs, whose repositories all begin with its name."""
    repositories = arn(place, "ecr", f"repository/{place.env}/*")
    return (
        {"Sid": "Login", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Sid": "Copy", "Effect": "Allow", "Action": list(_REPOSITORY), "Resource": repositories},
    )
