"""What the host on the site may do in AWS to burst: launch and end nodes, keep the ledger, hear notices (pure).

Each action is one our code calls, no more and no less: tests/journeys/test_controller_policy.py compares. Source: the
service authorization reference of EC2 and SQS; "Fleet prerequisites" of the EC2 user guide, by which an instant fleet
launches with its caller's right to RunInstances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.identity.place import arn, iam_arn
from stacks.marks import MACHINE_MARKS, POOL_MARKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.identity.place import Place, Statement

LOOKS = (
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeRegions",
    "ec2:DescribeTags",
)
"""What burst reads; EC2 binds none of these to resources."""


def burst_statements(place: Place, node_roles: Sequence[str], subnets: Sequence[str] = ()) -> tuple[Statement, ...]:
    """From pressure to nodes and back.

    Args:
        place: the environment.
        node_roles: names of the roles nodes may be given: those of the environment's instance profiles.
        subnets: ids of subnets that are not the stacks' own, and so have none of our tags.
    """
    passed = {
        "Sid": "GiveNodesTheirRole",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [iam_arn(place, f"role/{name}") for name in node_roles],
        "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    }
    return (*_launching(place), *_existing(place, subnets), passed, *_ledger(place), *_looking(place), *_notices(place))


def _launching(place: Place) -> tuple[Statement, ...]:
    """Only from launch templates that are tagged as this environment's, and only machines tagged from the start."""
    templates = arn(place, "ec2", "launch-template/*")
    by_template = {"ArnLike": {"ec2:LaunchTemplate": templates}}
    here = {"StringEquals": {"aws:ResourceTag/ris_cluster": place.cluster, "aws:ResourceTag/ris_env": place.env}}
    return (
        # What an instant fleet launches is judged by RunInstances. One of another type launches by EC2's own role, so
        # the template is bound here as well.
        {"Sid": "Fleet", "Effect": "Allow", "Action": ["ec2:CreateFleet"], "NotResource": templates},
        {
            "Sid": "FleetFromOurs",
            "Effect": "Allow",
            "Action": ["ec2:CreateFleet"],
            "Resource": templates,
            "Condition": here,
        },
        {
            "Sid": "LaunchTagged",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances"],
            "Resource": arn(place, "ec2", "instance/*"),
            "Condition": {"StringEquals": _ours(place, "aws:RequestTag"), **by_template},
        },
        {
            "Sid": "LaunchInOurs",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances"],
            "Resource": [
                arn(place, "ec2", f"{kind}/*")
                for kind in ("capacity-reservation", "launch-template", "placement-group", "security-group", "subnet")
            ],
            "Condition": here,
        },
        {
            "Sid": "LaunchParts",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances"],
            "Resource": [arn(place, "ec2", f"{kind}/*") for kind in ("network-interface", "volume")],
            "Condition": by_template,
        },
        {
            "Sid": "LaunchImage",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances"],
            "Resource": f"arn:{place.partition}:ec2:{place.region}::image/*",
            "Condition": {"Bool": {"ec2:IsLaunchTemplateResource": "true"}},
        },
        {
            "Sid": "TagAtLaunch",
            "Effect": "Allow",
            "Action": ["ec2:CreateTags"],
            "Resource": [arn(place, "ec2", f"{kind}/*") for kind in ("instance", "network-interface", "volume")],
            "Condition": {"StringEquals": {"ec2:CreateAction": ["CreateFleet", "RunInstances"]}},
        },
    )


def _existing(place: Place, subnets: Sequence[str]) -> tuple[Statement, ...]:
    """Subnets whose tags are their owner's."""
    named = [arn(place, "ec2", f"subnet/{one}") for one in subnets]
    into = {"Sid": "LaunchInExisting", "Effect": "Allow", "Action": ["ec2:RunInstances"], "Resource": named}
    return (into,) if named else ()


def _ledger(place: Place) -> tuple[Statement, ...]:
    """Marks on our machines and on the templates that stand for pools; whose they are can never be changed."""
    ours = _ours(place, "aws:ResourceTag")
    marks = (("Machine", "instance", MACHINE_MARKS), ("Pool", "launch-template", POOL_MARKS))
    return (
        {
            "Sid": "End",
            "Effect": "Allow",
            "Action": ["ec2:TerminateInstances"],
            "Resource": arn(place, "ec2", "instance/*"),
            "Condition": {"StringEquals": ours},
        },
        *(
            {
                "Sid": f"Mark{word}",
                "Effect": "Allow",
                "Action": ["ec2:CreateTags", "ec2:DeleteTags"],
                "Resource": arn(place, "ec2", f"{kind}/*"),
                "Condition": {
                    "StringEquals": ours,
                    "ForAllValues:StringEquals": {"aws:TagKeys": list(keys)},
                    # Of no key every word is true, and DeleteTags without one takes off all.
                    "Null": {"aws:TagKeys": "false"},
                },
            }
            for word, kind, keys in marks
        ),
    )


def _looking(place: Place) -> tuple[Statement, ...]:
    path = f"parameter/ris-hybrid/{place.name}/pools"
    return (
        {"Sid": "Look", "Effect": "Allow", "Action": list(LOOKS), "Resource": "*"},
        {
            "Sid": "Outputs",
            "Effect": "Allow",
            "Action": ["ssm:GetParametersByPath"],
            "Resource": [arn(place, "ssm", path), arn(place, "ssm", f"{path}/*")],
        },
    )


def _notices(place: Place) -> tuple[Statement, ...]:
    return (
        {
            "Sid": "Notices",
            "Effect": "Allow",
            "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            "Resource": arn(place, "sqs", f"{place.name}-notices"),
        },
    )


def _ours(place: Place, key: str) -> dict[str, str]:
    return {f"{key}/ris_cluster": place.cluster, f"{key}/ris_provider": place.provider}
