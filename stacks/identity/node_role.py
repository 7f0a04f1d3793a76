"""What a node may do in AWS, whoever's jobs it runs (pure): pull images, mark itself, be reached by its admins.

Source: the service authorization reference of ECR, EC2, Systems Manager and CloudWatch Logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.identity.place import arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.identity.place import Place, Statement

OWN_TAGS = ("ris_notice", "ris_rebalance")
"""What a node writes, on itself alone, when it sees a spot notice in its metadata."""
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_AGENT = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
"""The least a Session Manager session takes; it stands in the place of SSH."""


def node_statements(place: Place, repositories: Sequence[str], *, agent: bool, log_group: str) -> tuple[Statement, ...]:
    """The statements of a node.

    Args:
        place: the environment.
        repositories: names of ECR repositories it pulls from; ``*`` stands for any text.
        agent: whether admins may open sessions on it by Systems Manager.
        log_group: the CloudWatch log group it writes to; empty for none.
    """
    pull = {
        "Sid": "Pull",
        "Effect": "Allow",
        "Action": list(_PULL),
        "Resource": [arn(place, "ecr", f"repository/{name}") for name in repositories],
    }
    login = {"Sid": "Login", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"}
    # Systems Manager's agent calls cannot be bound to resources.
    reached = {"Sid": "Agent", "Effect": "Allow", "Action": list(_AGENT), "Resource": "*"}
    return (
        login,
        pull,
        _own_notice(place),
        *((reached,) if agent else ()),
        *((_logs(place, log_group),) if log_group else ()),
    )


def _own_notice(place: Place) -> Statement:
    return {
        "Sid": "OwnNotice",
        "Effect": "Allow",
        "Action": ["ec2:CreateTags"],
        "Resource": arn(place, "ec2", "instance/*"),
        "Condition": {
            # A role's session on EC2 is named after its machine, so a node matches itself and no other.
            "StringLike": {"aws:userid": "*:${ec2:InstanceID}"},
            "StringEquals": {"ec2:ResourceTag/ris_cluster": place.cluster},
            "ForAllValues:StringEquals": {"aws:TagKeys": list(OWN_TAGS)},
        },
    }


def _logs(place: Place, log_group: str) -> Statement:
    return {
        "Sid": "Logs",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "Resource": arn(place, "logs", f"log-group:{log_group}:*"),
    }
