"""The controller's, the nodes' and the boundary's policies on requests as IAM would judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stacks.environment import Environment
from stacks.identity.boundary import boundary_statements
from stacks.identity.controller_policy import burst_statements
from stacks.identity.data_policy import Buckets, image_statements, staging_statements
from stacks.identity.layer import controller_spec, data_spec, node_spec, transfer_spec
from stacks.identity.settings import IdentitySettings
from stacks.identity.transfer_policy import of_datasync, transfer_policies
from stacks.registry.policy import repository_statements, template_statements
from stacks.storage.bucket_policy import Guarded
from stacks.storage.bucket_policy import statements as guards
from tests.stacks.iam import allowed
from tests.stacks.labs import lab

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = Environment(
    cluster="compute1",
    provider="ris-aws",
    organization="wustl-ris",
    env="prod",
    account="123456789012",
    region="us-east-1",
)
SYNC = "arn:aws:datasync:us-east-1"
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


DATA = IdentitySettings(
    data_hosts=("arn:aws:iam::123456789012:user/data",), transfer_roles=("ris-datasync",), datasync=True
)


def given_to_roles() -> Iterator[tuple[str, str]]:
    """Each action, and the arn of the role that is given it."""
    settings = IdentitySettings(
        controllers=("arn:aws:iam::123456789012:user/lsf",), node_log_group="/ris/nodes", node_agent=True
    )
    specs = (
        node_spec(PLACE, settings),
        controller_spec(PLACE, settings, [lab("wucci")]),
        data_spec(PLACE, DATA),
        transfer_spec(PLACE, [lab("wucci"), lab("neuro", "phi")]),
    )
    for spec in specs:
        who = f"arn:aws:iam::123456789012:role/{spec.name}"
        for statements in spec.policies.values():
            yield from ((action, who) for one in statements for action in one["Action"])
    for one in template_statements(PLACE, "prod"):
        yield from ((action, "") for action in one["Action"])


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
        for action, who in given_to_roles()
        if not allowed(boundary, action, "arn:aws:kms:us-east-1:123456789012:key/1", aws__PrincipalArn=who, **context)
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


BUCKET = "arn:aws:s3:::wustl-ris-lee-0a1b2c"
BUCKETS = Buckets(organization="wustl-ris", records=("wustl-ris-c1-prod-trail", "wustl-ris-c1-p-logs"))
THROUGH_S3 = {"kms__ViaService": "s3.us-east-1.amazonaws.com"}
STAGING = [*staging_statements(PLACE, BUCKETS, ["ris-datasync"]), *image_statements(PLACE)]


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("s3:ListBucket", BUCKET, {}),
        ("s3:GetObjectAttributes", f"{BUCKET}/Active/x", {}),
        ("s3:DeleteObject", f"{BUCKET}/Active/x", {}),
        ("s3:DeleteObjectVersion", f"{BUCKET}/Active/x", {}),
        ("s3:PutObject", f"{BUCKET}/.ris-hybrid/manifests/t.csv", {}),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/1", THROUGH_S3),
        ("datasync:StartTaskExecution", "arn:aws:datasync:us-east-1:123456789012:task/task-1", {}),
        ("fsx:CreateDataRepositoryTask", "arn:aws:fsx:us-east-1:123456789012:file-system/fs-1", {}),
        ("ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/prod/lee/tool", {}),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/ris-datasync",
            {"iam__PassedToService": "datasync.amazonaws.com"},
        ),
    ],
)
def test_what_staging_does_is_allowed(action: str, resource: str, context: dict[str, Any]) -> None:
    assert allowed(STAGING, action, resource, **context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("s3:DeleteObject", "arn:aws:s3:::wustl-ris-c1-p-logs/x", {}),
        ("s3:PutObjectRetention", f"{BUCKET}/Active/x", {}),
        ("s3:BypassGovernanceRetention", f"{BUCKET}/Active/x", {}),
        ("s3:ListBucket", "arn:aws:s3:::other-lee-0a1b2c", {}),
        ("s3:GetObject", "arn:aws:s3:::wustl-ris-c1-prod-trail/x", {}),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::wustl-ris-c1-p-logs/x", {}),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/1", {}),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/ris-datasync", {"iam__PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/admin", {"iam__PassedToService": "datasync.amazonaws.com"}),
        ("ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/phi/lee/tool", {}),
        ("ec2:RunInstances", f"{EC2}instance/*", LAUNCH),
        ("fsx:DeleteFileSystem", "arn:aws:fsx:us-east-1:123456789012:file-system/fs-1", {}),
    ],
)
def test_what_staging_has_no_business_with_is_not(action: str, resource: str, context: dict[str, Any]) -> None:
    assert not allowed(STAGING, action, resource, **context)


TRANSFER = [
    one
    for statements in transfer_policies(PLACE, ["wustl-ris-lee-0a1b2c"], BUCKETS, keyed=True).values()
    for one in statements
]
OUR_KEY = {"kms__ResourceAliases": ["alias/wustl-ris-lee-0a1b2c"]}
A_KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


@pytest.mark.parametrize(
    ("action", "resource", "context", "yes"),
    [
        ("s3:ListBucket", BUCKET, {}, True),
        ("s3:PutObject", f"{BUCKET}/Active/x", {}, True),
        ("s3:GetObject", f"{BUCKET}/.ris-hybrid/manifests/t.csv", {}, True),
        ("kms:GenerateDataKey", A_KEY, {**THROUGH_S3, **OUR_KEY}, True),
        ("kms:Decrypt", A_KEY, {**THROUGH_S3, "kms__ResourceAliases": ["alias/wustl-ris-c1-prod-state"]}, False),
        ("kms:Decrypt", A_KEY, THROUGH_S3, False),
        ("kms:Decrypt", A_KEY, OUR_KEY, False),
        ("s3:GetObject", "arn:aws:s3:::wustl-ris-chen-0a1b2c/Active/x", {}, False),
        ("s3:DeleteObjectVersion", f"{BUCKET}/Active/x", {}, False),
        ("s3:PutBucketPolicy", BUCKET, {}, False),
    ],
)
def test_what_datasync_may_do_in_the_environments_buckets(
    action: str, resource: str, context: dict[str, Any], *, yes: bool
) -> None:
    assert allowed(TRANSFER, action, resource, **context) is yes


@pytest.mark.parametrize(
    ("context", "yes"),
    [
        ({"aws__SourceAccount": "123456789012", "aws__SourceArn": f"{SYNC}:123456789012:location/loc-1"}, True),
        ({"aws__SourceAccount": "999999999999", "aws__SourceArn": f"{SYNC}:999999999999:location/loc-1"}, False),
        ({"aws__SourceAccount": "123456789012"}, False),
        ({}, False),
    ],
)
def test_datasync_of_another_account_is_no_deputy_of_ours(context: dict[str, Any], *, yes: bool) -> None:
    assert allowed([of_datasync(PLACE)], "sts:AssumeRole", "*", **context) is yes


PHI_BUCKET = guards(
    Guarded(
        arn=BUCKET,
        account="123456789012",
        data_class="phi",
        writable=True,
        key_arn=A_KEY,
        endpoints=("vpce-gateway", "vpce-interface"),
        excused=("arn:aws:iam::123456789012:role/compute1-prod-transfer",),
        deployers=("arn:aws:iam::123456789012:role/ris-deployer",),
    )
)


@pytest.mark.parametrize(
    ("role", "way", "yes"),
    [
        ("data", {"aws__SourceVpce": "vpce-interface"}, True),  # over the link, by the interface
        ("data", {}, False),  # over the internet
        ("data", {"aws__SourceVpce": "vpce-of-somebody"}, False),
        ("transfer", {}, True),  # DataSync comes from its own network
        ("other", {}, False),
    ],
)
@pytest.mark.parametrize(
    ("action", "resource"),
    [("s3:ListBucket", BUCKET), ("s3:GetObject", f"{BUCKET}/Active/x"), ("s3:PutObject", f"{BUCKET}/Active/x")],
)
def test_a_bucket_of_phi_answers_the_data_host_by_our_endpoint_alone(
    role: str, way: dict[str, str], action: str, resource: str, *, yes: bool
) -> None:
    who = {"aws__PrincipalArn": f"arn:aws:iam::123456789012:role/compute1-prod-{role}"}
    asked = {
        **who,
        **way,
        "aws__PrincipalAccount": "123456789012",
        "aws__SecureTransport": "true",
        "s3__TlsVersion": "1.3",
    }
    own = TRANSFER if role == "transfer" else STAGING
    assert allowed([*own, *PHI_BUCKET], action, resource, aws__PrincipalIsAWSService="false", **asked) is yes


def test_only_the_data_role_may_delete_versions() -> None:
    plain = {"aws__RequestedRegion": "us-east-1", "aws__ResourceAccount": "123456789012"}
    role = "arn:aws:iam::123456789012:role/compute1-prod"
    answers = [
        allowed(
            boundary_statements(PLACE, []),
            "s3:DeleteObjectVersion",
            f"{BUCKET}/x",
            aws__PrincipalArn=f"{role}-{name}",
            **plain,
        )
        for name in ("data", "controller", "lee.lab")
    ]
    assert answers == [True, False, False]


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
        ("compute1-example-wucci.lab", "ecr:PutImage", None),
        ("compute1-example-wucci.lab", "ecr:BatchGetImage", True),
        ("compute1-prod-node", "ecr:BatchGetImage", True),
        ("compute1-prod-node", "ecr:PutImage", False),
        ("compute1-example-wucci.jobs", "ecr:PutImage", False),
        ("compute1-example-other.lab", "ecr:BatchGetImage", False),
    ],
)
@pytest.mark.parametrize("gated", [True, False])
def test_who_pulls_and_pushes_a_labs_images(role: str, action: str, *, yes: bool | None, gated: bool) -> None:
    """A lab's people push everywhere but where tags let images through, by the rights of their own role too."""
    arn = f"arn:aws:iam::123456789012:role/{role}"
    own: dict[str, Any] = {"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ecr:PutImage"], "Resource": "*"}
    statements = [own] * role.endswith("wucci.lab") + [
        one
        for one in repository_statements(PLACE, lab("wucci"), [], gated=gated)
        if one["Principal"] == "*" or arn in one["Principal"]["AWS"]
    ]
    assert allowed(statements, action, "*", aws__PrincipalArn=arn) is ((not gated) if yes is None else yes)
