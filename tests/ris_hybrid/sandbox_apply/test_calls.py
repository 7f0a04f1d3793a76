from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made, Unfinished
from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, as_is, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags, ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import valued

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

VPC = Calls(
    service="ec2",
    create_call="create_vpc",
    at="Vpc",
    id="VpcId",
    params=same("cidrBlock", "instanceTenancy"),
    tags=ec2_tags("vpc"),
    key={"VpcId": "{id}"},
    also=(
        Also("modify_vpc_attribute", {"enableDnsSupport": Param("EnableDnsSupport", valued)}),
        Also("modify_vpc_attribute", {"enableDnsHostnames": Param("EnableDnsHostnames", valued, default=False)}),
    ),
    delete_call="delete_vpc",
    outputs={"arn": "arn:aws:ec2:{region}:{account}:vpc/{id}", "dhcpOptionsId": "DhcpOptionsId"},
    reading=Read("describe_vpcs", at="Vpcs.0", key={"VpcIds": ["{id}"]}),
)
REPOSITORY = Calls(
    service="ecr",
    create_call="create_repository",
    at="repository",
    id="{name}",
    named="name",
    params={"name": "repositoryName", "forceDelete": None},
    key={"repositoryName": "{name}"},
    also=(
        Also("put_image_tag_mutability", as_is("imageTagMutability")),
        Also("put_image_scanning_configuration", as_is("imageScanningConfiguration")),
    ),
    tags=Tags(param="tags", key={"resourceArn": "{arn}"}, take_param="tagKeys"),
    delete_call="delete_repository",
    outputs={"arn": "repositoryArn", "repositoryUrl": "repositoryUri", "registryId": "registryId"},
    reading=Read("describe_repositories", at="repositories.0", key={"repositoryNames": ["{id}"]}),
)
ROLE = Calls(
    service="iam",
    create_call="create_role",
    at="Role",
    id="{name}",
    named="name",
    params={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument", "path": "Path"},
    key={"RoleName": "{name}"},
    also=(
        Also("update_assume_role_policy", {"assumeRolePolicy": "PolicyDocument"}, at_creation=False),
        Also(
            "put_role_permissions_boundary",
            {"permissionsBoundary": "PermissionsBoundary"},
            unset="delete_role_permissions_boundary",
        ),
    ),
    delete_call="delete_role",
    outputs={"arn": "Arn"},
    reading=Read("get_role", at="Role", key={"RoleName": "{id}"}),
)
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def whole(made: Made, props: dict[str, object]) -> Made:
    """As the engine hands it on."""
    return Made(id=made.id, outputs={**props, **made.outputs})


def test_a_type_is_created_with_its_later_calls_and_tags(clients: SandboxClients) -> None:
    made = VPC.create(clients, "net", {"cidrBlock": "10.9.0.0/16", "enableDnsHostnames": True, "tags": {"a": "b"}})
    ec2 = clients.get("ec2")
    found = ec2.describe_vpcs(VpcIds=[made.id])["Vpcs"][0]
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    assert ec2.describe_vpc_attribute(VpcId=made.id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    assert made.outputs["arn"] == f"arn:aws:ec2:us-east-1:123456789012:vpc/{made.id}"
    assert made.outputs["dhcpOptionsId"] == "default"


def test_only_what_the_create_call_alone_takes_is_replaced() -> None:
    assert VPC.replace_on == {"cidrBlock", "instanceTenancy"}
    assert ROLE.replace_on == {"name", "path"}
    assert "forceDelete" not in REPOSITORY.replace_on


def test_an_update_repeats_the_calls_that_differ_and_mends_the_tags(clients: SandboxClients) -> None:
    old = {"cidrBlock": "10.9.0.0/16", "enableDnsHostnames": True, "tags": {"a": "b", "c": "d"}}
    made = whole(VPC.create(clients, "net", old), old)
    given = VPC.update(clients, made, old, {"cidrBlock": "10.9.0.0/16", "tags": {"a": "e"}})
    ec2 = clients.get("ec2")
    assert not ec2.describe_vpc_attribute(VpcId=made.id, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    assert ec2.describe_vpcs(VpcIds=[made.id])["Vpcs"][0]["Tags"] == [{"Key": "a", "Value": "e"}]
    assert given == {"tagsAll": {"a": "e"}}


def test_what_has_no_call_to_take_it_away_says_so(clients: SandboxClients) -> None:
    old = {"cidrBlock": "10.9.0.0/16", "enableDnsSupport": True}
    made = whole(VPC.create(clients, "net", old), old)
    with pytest.raises(ConfigError, match="cannot take away enableDnsSupport"):
        VPC.update(clients, made, old, {"cidrBlock": "10.9.0.0/16"})


def test_a_property_is_set_and_unset_by_its_own_two_calls(clients: SandboxClients) -> None:
    old = {"assumeRolePolicy": TRUST, "permissionsBoundary": "arn:aws:iam::123456789012:policy/b"}
    made = whole(ROLE.create(clients, "r-1234567", old), old)
    assert made.id == "r-1234567"
    ROLE.update(clients, made, old, {"assumeRolePolicy": TRUST})
    assert "PermissionsBoundary" not in clients.get("iam").get_role(RoleName=made.id)["Role"]


def test_words_of_small_letter_services_stay(clients: SandboxClients) -> None:
    props = {
        "name": "lab/tools",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "tags": {"a": "b"},
    }
    made = whole(REPOSITORY.create(clients, "x", props), props)
    found = clients.get("ecr").describe_repositories(repositoryNames=["lab/tools"])["repositories"][0]
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert clients.get("ecr").list_tags_for_resource(resourceArn=made.outputs["arn"])["tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    REPOSITORY.delete(clients, made)
    REPOSITORY.delete(clients, made)


def test_what_is_there_is_read_in_pulumis_words(clients: SandboxClients) -> None:
    made = REPOSITORY.create(clients, "x", {"name": "lab", "imageScanningConfiguration": {"scanOnPush": True}})
    read = REPOSITORY.read(clients, "lab")
    assert read.outputs["imageScanningConfiguration"] == {"scanOnPush": True}
    assert read.outputs["name"] == "lab"
    assert read.outputs["arn"] == made.outputs["arn"]
    with pytest.raises(ClientError):
        REPOSITORY.read(clients, "none")


def test_what_has_a_name_of_ours_is_found_again(clients: SandboxClients) -> None:
    props = {"assumeRolePolicy": TRUST}
    assert ROLE.find(clients, "r-1", props) is None
    ROLE.create(clients, "r-1", props)
    found = ROLE.find(clients, "r-1", props)
    assert found is not None
    assert found.id == "r-1"
    assert VPC.find(clients, "net", {}) is None


def test_a_property_it_does_not_know_is_an_error(clients: SandboxClients) -> None:
    with pytest.raises(ConfigError, match="does not know property cidr, colour"):
        VPC.create(clients, "net", {"cidr": "10.9.0.0/16", "colour": "red"})
    with pytest.raises(ParamValidationError):
        VPC.create(clients, "net", {"cidrBlock": 7})


def test_a_failure_after_the_creation_says_what_is_there(clients: SandboxClients) -> None:
    with pytest.raises(Unfinished) as failed:
        VPC.create(clients, "net", {"cidrBlock": "10.9.0.0/16", "enableDnsSupport": "what"})
    assert isinstance(failed.value.__cause__, ParamValidationError)
    VPC.delete(clients, failed.value.made)
