"""What DataSync may do in the buckets of one environment, and who takes that role: DataSync alone, for us alone (pure).

The buckets are named one by one as long as IAM has room for them; beyond that by the pattern of their names, records
left out. Keys have policies that name this role as well. Source: AWS DataSync user guide, "Configuring transfers with
Amazon S3" (the permissions of a location's role) and "Cross-service confused deputy prevention"; IAM quotas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.identity.place import arn, document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stacks.identity.data_policy import Buckets
    from stacks.identity.place import Place, Statement

_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
"""In a versioned bucket a delete hides: no version goes. Our tasks never ask for one, but DataSync wants the right."""
_KEYS = ("kms:Decrypt", "kms:GenerateDataKey")
_CHARACTERS = 6144  # of one managed policy, white space aside
_MOST_POLICIES = 10  # of one role, before a quota is raised


def of_datasync(place: Place) -> Statement:
    """DataSync, only on behalf of this account and of what it has in this region."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "datasync.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": arn(place, "datasync", "*")},
        },
    }


def transfer_policies(
    place: Place, buckets: Sequence[str], names: Buckets, *, keyed: bool
) -> Mapping[str, tuple[Statement, ...]]:
    """Statements by the policy's name.

    Args:
        place: the environment.
        buckets: those of its allocations.
        names: how buckets are called, for more of them than IAM has room for.
        keyed: whether any of them has a customer key.
    """
    use = (_use_keys(place, names),) if keyed else ()
    parts = [_on(place, some) for some in _fitting(place, sorted(buckets))]
    if len(parts) + len(use) > _MOST_POLICIES:
        parts = [(*_on(place, [f"{names.organization}-*-??????"]), _no_records(place, names))]
    named = {f"buckets-{number}": one for number, one in enumerate(parts, 1)}
    return {**named, **({"keys": use} if use else {})}


def _fitting(place: Place, buckets: Iterable[str]) -> list[list[str]]:
    """As many in each part as one policy holds."""
    parts: list[list[str]] = []
    room, empty = 0, _CHARACTERS - len(_bare(_on(place, [])))
    for name in buckets:
        # Two arns, each between quotation marks and before a comma.
        takes = 2 * len(_arn(place, name)) + len("/*") + 2 * len('"",')
        if takes > room:
            parts.append([])
            room = empty
        parts[-1].append(name)
        room -= takes
    return parts


def _on(place: Place, buckets: Sequence[str]) -> tuple[Statement, ...]:
    arns = [_arn(place, name) for name in buckets]
    return (
        {"Sid": "Buckets", "Effect": "Allow", "Action": list(_BUCKET), "Resource": arns},
        {"Sid": "Objects", "Effect": "Allow", "Action": list(_OBJECTS), "Resource": [f"{one}/*" for one in arns]},
    )


def _use_keys(place: Place, names: Buckets) -> Statement:
    """Through S3, and only keys that carry the alias of a bucket of ours."""
    return {
        "Sid": "KeysOfBuckets",
        "Effect": "Allow",
        "Action": list(_KEYS),
        "Resource": arn(place, "kms", "key/*"),
        "Condition": {
            "StringEquals": {"kms:ViaService": f"s3.{place.region}.amazonaws.com"},
            "ForAnyValue:StringLike": {"kms:ResourceAliases": [f"alias/{names.organization}-*-??????"]},
        },
    }


def _no_records(place: Place, names: Buckets) -> Statement:
    return {
        "Sid": "NoRecords",
        "Effect": "Deny",
        "Action": ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"{_arn(place, name)}{end}" for name in names.records for end in ("", "/*")],
    }


def _arn(place: Place, bucket: str) -> str:
    return f"arn:{place.partition}:s3:::{bucket}"


def _bare(statements: Iterable[Statement]) -> str:
    return "".join(document(*statements).split())
