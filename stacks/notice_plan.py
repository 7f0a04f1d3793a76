"""What a node may do in AWS, and how EC2's spot notices reach the provider (pure).

EC2 tells of a spot machine's end by an event two minutes before, and of a raised risk earlier. A rule of EventBridge
puts both into a queue, which the provider's service reads; the node sees the same in its metadata and marks itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = ("EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation")
"""``detail-type`` of the two events, as EC2's user guide names them."""
OWN_TAGS = ("ris_notice", "ris_rebalance")
"""What a node writes, on itself alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlan:
    """The identity of a node."""

    name: str
    statements: tuple[Mapping[str, Any], ...]
    """Of its only policy, in IAM's JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesPlan:
    """A queue and the rule that fills it."""

    name: str
    retention_s: int
    encrypted: bool
    pattern: Mapping[str, Any]
    """The rule's event pattern, in EventBridge's JSON."""


def plan_role(name: str, cluster: str) -> RolePlan:
    """Pull images, and tag itself with a notice."""
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    statements = (
        {"Sid": "Login", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Sid": "Pull", "Effect": "Allow", "Action": list(pull), "Resource": "arn:*:ecr:*:*:repository/*"},
        {
            "Sid": "OwnNotice",
            "Effect": "Allow",
            "Action": ["ec2:CreateTags"],
            "Resource": "arn:*:ec2:*:*:instance/*",
            "Condition": {
                # A role's session on EC2 is named after its machine, so a node matches itself and no other.
                "StringLike": {"aws:userid": "*:${ec2:InstanceID}"},
                "StringEquals": {"ec2:ResourceTag/ris_cluster": cluster},
                "ForAllValues:StringEquals": {"aws:TagKeys": list(OWN_TAGS)},
            },
        },
    )
    return RolePlan(name=f"{name}-node", statements=statements)


def plan_notices(name: str) -> NoticesPlan:
    """One queue for the network's pools. An hour bridges a restart of the service; what is older is of no use."""
    pattern = {"source": ["aws.ec2"], "detail-type": list(EVENTS)}
    return NoticesPlan(name=f"{name}-notices", retention_s=3600, encrypted=True, pattern=pattern)
