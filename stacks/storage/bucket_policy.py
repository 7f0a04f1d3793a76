"""What a bucket of data denies, as statements; it allows nobody anything: that is for the roles of the layer identity.

Sources: Amazon S3 user guide, "Bucket policies for Amazon S3" and "Controlling access from VPC endpoints"; Security Hub
S3.5 and S3.6; the condition keys of the service authorization reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Statement = dict[str, Any]

_WRITES = (
    "s3:PutObject*",
    "s3:DeleteObject*",
    "s3:ReplicateObject",
    "s3:ReplicateDelete",
    "s3:BypassGovernanceRetention",
)
_OBJECTS = ("s3:GetObject*", "s3:ListMultipartUploadParts", "s3:RestoreObject", *_WRITES)
_DATA = ("s3:ListBucket*", *_OBJECTS)
"""Reads and writes of objects, and their lists. The bucket's own settings are not among them: else ``pulumi up``, which
comes from elsewhere, could change nothing any more."""
_MARKERS = "*/"
"""Keys that end in a slash: the empty objects that show projects as folders. A policy of 20 KB could not name all."""
_CLASS_TAG = "ris_data_class"
_NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A bucket, and what its policy depends on."""

    arn: str
    account: str
    data_class: str
    writable: bool
    key_arn: str = ""
    """The customer key; empty where S3's own will do."""
    endpoints: tuple[str, ...] = ()
    """For PHI: the VPC endpoints it may be reached through."""
    organization_id: str = ""
    excused: tuple[str, ...] = ()
    """Arns, or patterns of them, that reach PHI from elsewhere: in an emergency, or for FSx and DataSync."""
    deployers: tuple[str, ...] = ()

    @property
    def everything(self) -> list[str]:
        """The bucket and all its objects."""
        return [self.arn, f"{self.arn}/*"]


def statements(bucket: Guarded) -> tuple[Statement, ...]:
    """All of the policy."""
    return (
        _deny("OnlyTls", "s3:*", bucket.everything, {"Bool": {"aws:SecureTransport": "false"}}),
        _deny("OnlyTls12", "s3:*", bucket.everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        *_encryption(bucket),
        _strangers(bucket),
        *_tags(bucket),
        *(_network(bucket) if bucket.data_class == "phi" else ()),
        *(() if bucket.writable else (_deny("NoMoreWrites", list(_WRITES), bucket.everything, {}),)),
    )


def _deny(sid: str, action: str | list[str], resource: list[str], condition: Statement) -> Statement:
    statement = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _encryption(bucket: Guarded) -> tuple[Statement, ...]:
    """A request that names no encryption gets the bucket's; one that names another is refused.

    ``Null`` stands in each, for a key that is absent makes ``StringNotEquals`` true.
    """
    header, objects = "s3:x-amz-server-side-encryption", [f"{bucket.arn}/*"]
    ours = "aws:kms" if bucket.key_arn else "AES256"
    other = {"Null": {header: "false"}, "StringNotEquals": {header: ours}}
    # With a key that only the sender has, data can be held to ransom.
    own = {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}
    found = [
        _deny("OnlyOurEncryption", "s3:PutObject", objects, other),
        _deny("NoKeyOfSender", "s3:PutObject", objects, own),
    ]
    if bucket.key_arn:
        name = f"{header}-aws-kms-key-id"
        wrong = {"Null": {name: "false"}, "StringNotEquals": {name: bucket.key_arn}}
        found.append(_deny("OnlyOurKey", "s3:PutObject", objects, wrong))
    return tuple(found)


def _strangers(bucket: Guarded) -> Statement:
    own = {"aws:PrincipalOrgID": bucket.organization_id} if bucket.organization_id else {}
    who = own or {"aws:PrincipalAccount": bucket.account}
    return _deny("NoStrangers", "s3:*", bucket.everything, {"StringNotEquals": who, "BoolIfExists": _NO_SERVICE})


def _tags(bucket: Guarded) -> tuple[Statement, ...]:
    """The data class cannot be taken off or changed; all tags are the deployers' where these are known."""
    named = {"ForAnyValue:StringEquals": {"aws:TagKeys": [_CLASS_TAG]}}
    key = f"aws:RequestTag/{_CLASS_TAG}"
    changed = {"Null": {key: "false"}, "StringNotEquals": {key: bucket.data_class}}
    kept = (
        _deny("KeepDataClass", "s3:UntagResource", [bucket.arn], named),
        _deny("KeepDataClassAsItIs", "s3:TagResource", [bucket.arn], changed),
    )
    if not bucket.deployers:
        return kept
    others = {"ArnNotLike": {"aws:PrincipalArn": [*bucket.deployers, *bucket.excused]}}
    return (
        *kept,
        _deny("OnlyDeployersTag", ["s3:PutBucketTagging", "s3:TagResource", "s3:UntagResource"], [bucket.arn], others),
    )


def _network(bucket: Guarded) -> tuple[Statement, ...]:
    """PHI only through our endpoints. Deployers come from elsewhere: to the bucket and its markers, no further.

    They may list it: the provider asks whether a bucket is there by ``HeadBucket``, which takes ``s3:ListBucket``.
    """
    excused = [*bucket.excused, *bucket.deployers]
    condition: Statement = {"BoolIfExists": _NO_SERVICE}
    if bucket.endpoints:  # without one, there is nowhere it may be read from
        condition = {**condition, "StringNotEqualsIfExists": {"aws:SourceVpce": sorted(bucket.endpoints)}}
    if excused:
        condition = {**condition, "ArnNotLikeIfExists": {"aws:PrincipalArn": excused}}
    only = _deny("OnlyFromOurNetwork", list(_DATA), bucket.everything, condition)
    if not bucket.deployers:
        return (only,)
    closed = {
        "Sid": "DeployersSeeNoData",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(_OBJECTS),  # S3 refuses a statement with an action that fits none of its resources
        "NotResource": f"{bucket.arn}/{_MARKERS}",
        "Condition": {"ArnLike": {"aws:PrincipalArn": list(bucket.deployers)}},
    }
    return (only, closed)
