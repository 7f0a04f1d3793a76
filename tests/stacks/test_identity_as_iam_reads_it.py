"""The controller's, the nodes' and the boundary's policies on requests as IAM would judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stacks.environment import Environment
from stacks.identity.boundary import boundary_statements
from stacks.identity.controller_policy import burst_statements
from stacks.identity.layer import controller_spec, node_spec
from stacks.identity.settings import IdentitySettings
from stacks.registry.policy import repository_statements, template_statements
from tests.stacks.iam import allowed
from tests.stacks.labs import lab

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACE = Environment(
    cluster="compute1",
    provider="ris-aws",
    organization="wustl-ris",
    env="prod",
    account="123456789012",
    region="us-east-1",
)
EC2 = "arn:aws:ec2:us-east-1:123456789012:"
BURST = burst_statements(PLACE, ["compute1-prod-node"], ["subnet-existing"])
TEMPLATE = f"{EC2}launch-template/lt-1"
OURS = {"aws__ResourceTag___ris_cluster": "compute1", "aws__ResourceTag___ris_provider": "ris-aws"}
THEIRS = {**OURS, "aws__ResourceTag___ris_provider": "other"}
HERE = {**OURS, "aws__ResourceTag___ris_env": "prod"}
ELSEWHERE = {**OURS, "aws__ResourceTag___ris_env": "phi"}
LAUNCH = {
    "aws__RequestTag___ris_cluster": "compute1",
    "aws__RequestTag___ris_provider": "ris-aws",
    "ec2__LaunchTemplate": TEMPLATE,
}


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:CreateFleet", f"{EC2}fleet/*", {}),
        ("ec2:CreateFleet", TEMPLATE, HERE),
        ("ec2:RunInstances", f"{EC2}instance/*", LAUNCH),
        ("ec2:RunInstances", TEMPLATE, HERE),
        ("ec2:RunInstances", f"{EC2}subnet/subnet-1", HERE),
        ("ec2:RunInstances", f"{EC2}subnet/subnet-existing", {}),
        ("ec2:RunInstances", f"{EC2}volume/*", {"ec2__LaunchTemplate": TEMPLATE}),
        ("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1", {"ec2__IsLaunchTemplateResource": "true"}),
        ("ec2:CreateTags", f"{EC2}volume/vol-1", {"ec2__CreateAction": "RunInstances"}),
        ("ec2:CreateTags", f"{EC2}instance/i-1", {**OURS, "aws__TagKeys": ["ris_return", "ris_end"]}),
        ("ec2:DeleteTags", TEMPLATE, {**OURS, "aws__TagKeys": ["ris_held"]}),
        ("ec2:TerminateInstances", f"{EC2}instance/i-1", OURS),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/compute1-prod-node",
            {"iam__PassedToService": "ec2.amazonaws.com"},
        ),
        ("sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:123456789012:compute1-prod-notices", {}),
        (
            "ssm:GetParametersByPath",
            "arn:aws:ssm:us-east-1:123456789012:parameter/ris-hybrid/compute1-prod/pools",
            {},
        ),
    ],
)
def test_what_a_burst_does_is_allowed(action: str, resource: str, context: dict[str, Any]) -> None:
    assert allowed(BURST, action, resource, **context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:RunInstances", f"{EC2}instance/*", {**LAUNCH, "aws__RequestTag___ris_cluster": "other"}),
        (
            "ec2:RunInstances",
            f"{EC2}instance/*",
            {key: value for key, value in LAUNCH.items() if "Template" not in key},
        ),
        ("ec2:RunInstances", TEMPLATE, {}),
        ("ec2:RunInstances", TEMPLATE, ELSEWHERE),
        ("ec2:CreateFleet", TEMPLATE, {}),
        ("ec2:CreateFleet", TEMPLATE, ELSEWHERE),
        ("ec2:RunInstances", f"{EC2}subnet/subnet-1", {}),
        ("ec2:RunInstances", f"{EC2}subnet/subnet-1", ELSEWHERE),
        ("ec2:DeleteTags", f"{EC2}instance/i-1", OURS),
        ("ec2:DeleteTags", TEMPLATE, HERE),
        ("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1", {"ec2__IsLaunchTemplateResource": "false"}),
        ("ec2:RunInstances", f"{EC2}key-pair/mine", LAUNCH),
        ("ec2:CreateTags", f"{EC2}instance/i-1", {**OURS, "aws__TagKeys": ["ris_lab"]}),
        ("ec2:CreateTags", f"{EC2}instance/i-1", {**OURS, "aws__TagKeys": ["ris_end", "ris_cluster"]}),
        ("ec2:CreateTags", f"{EC2}instance/i-1", {**THEIRS, "aws__TagKeys": ["ris_end"]}),
        ("ec2:CreateTags", f"{EC2}vpc/vpc-1", {**OURS, "aws__TagKeys": ["ris_end"]}),
        ("ec2:TerminateInstances", f"{EC2}instance/i-1", THEIRS),
        ("ec2:TerminateInstances", f"{EC2}instance/i-1", {}),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/compute1-prod-node",
            {"iam__PassedToService": "lambda.amazonaws.com"},
        ),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/admin", {"iam__PassedToService": "ec2.amazonaws.com"}),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:compute1-prod-notices", {}),
        ("ssm:GetParametersByPath", "arn:aws:ssm:us-east-1:123456789012:parameter/secret", {}),
        ("ec2:DeleteLaunchTemplate", TEMPLATE, OURS),
    ],
)
def test_what_a_burst_has_no_business_with_is_not(action: str, resource: str, context: dict[str, Any]) -> None:
    assert not allowed(BURST, action, resource, **context)


def given_to_roles() -> Iterator[tuple[str, Mapping[str, Any]]]:
    settings = IdentitySettings(
        controllers=("arn:aws:iam::123456789012:user/lsf",), node_log_group="/ris/nodes", node_agent=True
    )
    specs = (node_spec(PLACE, settings), controller_spec(PLACE, settings, [lab("wucci")]))
    for spec in specs:
        for statements in spec.policies.values():
            yield from ((action, one) for one in statements for action in one["Action"])
    for one in template_statements(PLACE, "prod"):
        yield from ((action, one) for action in one["Action"])


def test_the_boundary_takes_nothing_of_what_our_roles_are_given() -> None:
    boundary = boundary_statements(PLACE, [])
    context = {
        "aws__RequestedRegion": "us-east-1",
        "aws__ResourceAccount": "123456789012",
        "kms__ViaService": "ecr.us-east-1.amazonaws.com",
        "aws__TagKeys": ["ris_end"],
    }
    lost = {
        action
        for action, _ in given_to_roles()
        if not allowed(boundary, action, "arn:aws:kms:us-east-1:123456789012:key/1", **context)
    }
    assert not lost


@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("s3:GetObject", {"aws__RequestedRegion": "eu-west-1"}),
        ("s3:PutObject", {"aws__ResourceAccount": "999999999999"}),
        ("s3:GetObject", {"aws__ResourceTag___ris_data_class": "phi"}),
        ("ec2:CreateTags", {"aws__TagKeys": ["ris_data_class"]}),
        ("ec2:DeleteTags", {}),
        (
            "ecr:TagResource",
            {"aws__TagKeys": ["ris_data_class"], "aws__PrincipalArn": "arn:aws:iam::123456789012:role/compute1-prod-x"},
        ),
        ("ec2:RunInstances", {"aws__RequestTag___ris_data_class": "phi"}),
        ("iam:CreateUser", {}),
        ("iam:AttachRolePolicy", {}),
        ("s3:DeleteObjectVersion", {}),
        ("s3:DeleteBucket", {}),
        ("s3:PutBucketPolicy", {}),
        ("ecr:BatchDeleteImage", {}),
        ("kms:ScheduleKeyDeletion", {}),
        ("kms:Decrypt", {}),
    ],
)
def test_what_no_role_of_ours_may_ever_do(action: str, context: dict[str, Any]) -> None:
    plain = {"aws__RequestedRegion": "us-east-1", "aws__ResourceAccount": "123456789012"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    asked = {**plain, **context}
    assert allowed([everything], action, "arn:aws:s3:::b/k", **asked)
    assert not allowed(boundary_statements(PLACE, []), action, "arn:aws:s3:::b/k", **asked)


def test_a_volume_gets_its_class_as_it_is_made() -> None:
    asked = {
        "aws__RequestedRegion": "us-east-1",
        "aws__TagKeys": ["ris_data_class"],
        "ec2__CreateAction": "RunInstances",
    }
    assert allowed(boundary_statements(PLACE, []), "ec2:CreateTags", f"{EC2}volume/*", **asked)


def test_a_repository_that_a_push_makes_gets_its_class_from_ecr() -> None:
    asked = {
        "aws__RequestedRegion": "us-east-1",
        "aws__ResourceAccount": "123456789012",
        "aws__TagKeys": ["ris_allocation", "ris_data_class"],
        "aws__PrincipalArn": "arn:aws:iam::123456789012:role/compute1-prod-image-template",
    }
    repository = "arn:aws:ecr:us-east-1:123456789012:repository/prod/wucci/new"
    for statements in (boundary_statements(PLACE, []), template_statements(PLACE, "prod")):
        assert allowed(statements, "ecr:TagResource", repository, **asked)


def test_where_phi_may_be_its_tag_is_no_hindrance() -> None:
    phi = PLACE.model_copy(update={"phi": True})
    asked = {"aws__RequestedRegion": "us-east-1", "aws__ResourceTag___ris_data_class": "phi"}
    assert allowed(boundary_statements(phi, []), "s3:GetObject", "arn:aws:s3:::b/k", **asked)


@pytest.mark.parametrize(
    ("role", "action", "yes"),
    [
        ("compute1-example-wucci.lab", "ecr:PutImage", True),
        ("compute1-example-wucci.lab", "ecr:BatchGetImage", True),
        ("compute1-prod-node", "ecr:BatchGetImage", True),
        ("compute1-prod-node", "ecr:PutImage", False),
        ("compute1-example-wucci.jobs", "ecr:PutImage", False),
        ("compute1-example-other.lab", "ecr:BatchGetImage", False),
    ],
)
def test_who_pulls_and_pushes_a_labs_images(role: str, action: str, *, yes: bool) -> None:
    arn = f"arn:aws:iam::123456789012:role/{role}"
    statements = [
        one
        for one in repository_statements(PLACE, lab("wucci"), [])
        if one["Principal"] == "*" or arn in one["Principal"]["AWS"]
    ]
    assert allowed(statements, action, "*", aws__PrincipalArn=arn) is yes
