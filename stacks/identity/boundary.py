"""The most a role of ours may ever do, whatever is attached to it later (pure).

Left out of what is allowed, and so denied: everything of IAM but reading and passing a role, deleting a version of an
object or an image, changing a bucket itself. The one role that stages data may delete versions and images, and move
files by DataSync and FSx: what it staged, it takes away again. Source: IAM user guide, "Permissions boundaries";
global condition keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.identity.place import arn, data_role, iam_arn, template_role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.identity.place import Place, Statement

MOST_CHARACTERS = 6144
"""IAM's bound on a managed policy, white space aside."""
_CLASS = "ris_data_class"
_ALLOWED = (
    "s3:Get*",
    "s3:List*",
    "s3:PutObject*",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:RestoreObject",
    "kms:DescribeKey",
    "kms:Get*",
    "kms:List*",
    "ecr:Get*",
    "ecr:Describe*",
    "ecr:List*",
    "ecr:BatchGetImage",
    "ecr:BatchCheckLayerAvailability",
    "ecr:PutImage",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:CreateRepository",
    "ecr:ReplicateImage",
    "ecr:TagResource",
    "ec2:Describe*",
    "ec2:Get*",
    "ec2:CreateFleet",
    "ec2:RunInstances",
    "ec2:TerminateInstances",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "iam:Get*",
    "iam:List*",
    "iam:PassRole",
    "sqs:Get*",
    "sqs:List*",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "ssm:Get*",
    "ssm:Describe*",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*",
    "sns:Get*",
    "sns:List*",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:Describe*",
    "logs:List*",
    "fsx:Describe*",
    "fsx:List*",
    "cloudtrail:Describe*",
    "cloudtrail:Get*",
    "cloudtrail:List*",
    "config:Describe*",
    "budgets:Describe*",
    "budgets:ViewBudget",
    "budgets:List*",
    "tag:GetResources",
    "sts:GetCallerIdentity",
)
_KEY_USE = ("kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:CreateGrant", "kms:RetireGrant")
_GLOBAL = ("iam:*", "sts:*", "budgets:*", "s3:ListAllMyBuckets")
"""Answered in one region for all, so bound to none."""
_IDENTITIES = tuple(
    f"iam:{verb}*"
    for verb in ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Set", "Tag", "Untag", "Update")
)


def boundary_statements(place: Place, trusted_accounts: Sequence[str]) -> tuple[Statement, ...]:
    """What is allowed, then what is denied whatever else is allowed."""
    return (
        {"Sid": "Most", "Effect": "Allow", "Action": list(_ALLOWED), "Resource": "*"},
        _data_plane(place),
        _keys(place),
        {
            "Sid": "OwnRegion",
            "Effect": "Deny",
            "NotAction": list(_GLOBAL),
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": place.region}},
        },
        {
            # Not for EC2: a machine starts from an image of Amazon's account.
            "Sid": "OwnAccount",
            "Effect": "Deny",
            "Action": ["s3:*", "kms:*", "ecr:*", "sqs:*", "sns:*"],
            "Resource": "*",
            "Condition": {
                "StringNotEquals": {"aws:ResourceAccount": [place.account, *trusted_accounts]},
                "Null": {"aws:ResourceAccount": "false"},  # a call on no resource has none, and would be denied
            },
        },
        {"Sid": "NoIdentities", "Effect": "Deny", "Action": [*_IDENTITIES, "organizations:*"], "Resource": "*"},
        *_class_stays(place),
        *(() if place.phi else _no_phi()),
    )


def _data_plane(place: Place) -> Statement:
    return {
        "Sid": "DataPlane",
        "Effect": "Allow",
        "Action": [
            "s3:DeleteObjectVersion",
            "ecr:BatchDeleteImage",
            "ecr:StartImageScan",
            "ecr:StartLifecyclePolicyPreview",
            "datasync:*",
            "fsx:*DataRepositoryTask",
        ],
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": iam_arn(place, f"role/{data_role(place)}")}},
    }


def _keys(place: Place) -> Statement:
    """Keys are used through the service that holds the data, never by themselves."""
    services = [f"{service}.{place.region}.amazonaws.com" for service in ("ec2", "ecr", "s3", "sqs")]
    return {
        "Sid": "Keys",
        "Effect": "Allow",
        "Action": list(_KEY_USE),
        "Resource": arn(place, "kms", "key/*"),
        "Condition": {"StringEquals": {"kms:ViaService": services}},
    }


def _class_stays(place: Place) -> tuple[Statement, ...]:
    """What says whose data it is, nobody changes; it is written as a thing is made."""
    named = {"ForAnyValue:StringEquals": {"aws:TagKeys": [_CLASS]}}
    denied = {"Effect": "Deny", "Resource": "*"}
    # A volume gets its class as it is made, by the launch template.
    later = {**named, "Null": {"ec2:CreateAction": "true"}}
    # A repository that a push makes gets its tags from ECR, by this role.
    others = {**named, "ArnNotEquals": {"aws:PrincipalArn": iam_arn(place, f"role/{template_role(place)}")}}
    return (
        {**denied, "Sid": "ClassStays", "Action": ["ec2:CreateTags", "ec2:DeleteTags"], "Condition": later},
        {**denied, "Sid": "ImagesClassStays", "Action": "ecr:TagResource", "Condition": others},
        # Without a key, DeleteTags takes all of them off.
        {**denied, "Sid": "NotAllTags", "Action": "ec2:DeleteTags", "Condition": {"Null": {"aws:TagKeys": "true"}}},
    )


def _no_phi() -> tuple[Statement, ...]:
    return tuple(
        {
            "Sid": sid,
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {f"aws:{key}/{_CLASS}": "phi"}},
        }
        for sid, key in (("NoPhi", "ResourceTag"), ("NoNewPhi", "RequestTag"))
    )
