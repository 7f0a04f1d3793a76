"""Who pulls and pushes a lab's images, and which of them are deleted (pure).

Within one account a role's own policy is enough to pull, so the last statement denies everybody else. The account's
service-linked roles are let through: Inspector's looks into the images. Source: ECR user guide, "Private repository
policies" and "Lifecycle policy parameters".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stacks.identity.place import arn, iam_arn, node_role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.identity.place import Place, Statement

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")
_PULLING = frozenset({"lab", "jobs"})


def repository_statements(
    place: Place, allocation: AllocationPlan, pushers: Sequence[str], *, gated: bool
) -> tuple[Statement, ...]:
    """Of one repository of an allocation. A lab that may write no more pushes no more.

    ``gated``: its tags say which images passed their scan and under which name nodes start them, so that only those
    push who keep to that; the lab's people have repositories of their own beside it.
    """
    people = [iam_arn(place, f"role/{role.name}") for role in allocation.roles if role.kind == "lab"]
    pulling = [iam_arn(place, f"role/{role.name}") for role in allocation.roles if role.kind in _PULLING]
    pulling = [*pulling, iam_arn(place, f"role/{node_role(place)}"), *pushers]
    pushing = [*(people if allocation.bucket.writable and not gated else ()), *pushers]
    services = iam_arn(place, "role/aws-service-role/*")
    others = {"ArnNotLike": {"aws:PrincipalArn": [*pulling, services]}}
    # The roles of a lab have the right to push below its namespace: not allowing it here is not enough.
    not_by_the_gate = {
        "Sid": "OnlyPushers",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(_PUSH),
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": [*pushers, services]}},
    }
    return (
        {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": pulling}, "Action": list(_PULL)},
        *(
            ({"Sid": "Push", "Effect": "Allow", "Principal": {"AWS": pushing}, "Action": list(_PUSH)},)
            if pushing
            else ()
        ),
        {
            "Sid": "NobodyElse",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", *_PUSH],
            "Condition": others,
        },
        *((not_by_the_gate,) if gated else ()),
    )


def lifecycle(untagged_days: int) -> str:
    """Untagged images go after some days, and nothing else ever does."""
    rule = {
        "rulePriority": 1,
        "description": f"untagged for {untagged_days} days: no job names it",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": untagged_days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]}, sort_keys=True)


def template_statements(place: Place, env: str) -> tuple[Statement, ...]:
    """What ECR does in our name when a push makes a new repository of a lab."""
    return (
        {
            "Sid": "Make",
            "Effect": "Allow",
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"],
            "Resource": arn(place, "ecr", f"repository/{env}/*"),
        },
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
            "Resource": arn(place, "kms", "key/*"),
            "Condition": {"StringEquals": {"kms:ViaService": f"ecr.{place.region}.amazonaws.com"}},
        },
    )


def template_trust() -> Statement:
    """ECR itself takes the role of the templates."""
    return {"Effect": "Allow", "Principal": {"Service": "ecr.amazonaws.com"}, "Action": "sts:AssumeRole"}
