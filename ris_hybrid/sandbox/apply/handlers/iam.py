"""IAM's types: roles, their policies, policies of their own, instance profiles (sandbox).

moto checks the documents of policies; it enforces none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import Also, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import is_gone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Made, Props

ROLE = Calls(
    service="iam",
    create_call="create_role",
    at="Role",
    id="{name}",
    named="name",
    params={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"}
    | same("path", "description", "maxSessionDuration", "permissionsBoundary"),
    key={"RoleName": "{name}"},
    also=(
        Also("update_assume_role_policy", {"assumeRolePolicy": "PolicyDocument"}, at_creation=False),
        Also("update_role", same("description", "maxSessionDuration"), at_creation=False),
        Also(
            "put_role_permissions_boundary",
            same("permissionsBoundary"),
            unset="delete_role_permissions_boundary",
            at_creation=False,
        ),
    ),
    tags=Tags(put="tag_role", take="untag_role", key={"RoleName": "{name}"}),
    delete_call="delete_role",
    outputs={"arn": "Arn", "uniqueId": "RoleId"},
    reading=Read("get_role", at="Role", key={"RoleName": "{id}"}),
)
ROLE_POLICY = Calls(
    service="iam",
    create_call="put_role_policy",
    id="{role}:{name}",
    named="name",
    params={"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    key={"RoleName": "{role}", "PolicyName": "{name}"},
    also=(Also("put_role_policy", {"policy": "PolicyDocument"}, at_creation=False),),
    delete_call="delete_role_policy",
)
_ATTACHMENT = Calls(
    service="iam",
    create_call="attach_role_policy",
    id="{role}-{policyArn}",
    params={"role": "RoleName", "policyArn": "PolicyArn"},
    key={"RoleName": "{role}", "PolicyArn": "{policyArn}"},
    delete_call="detach_role_policy",
)
_POLICY = Calls(
    service="iam",
    create_call="create_policy",
    at="Policy",
    id="Arn",
    named="name",
    params={"name": "PolicyName", "policy": "PolicyDocument"} | same("path", "description"),
    key={"PolicyArn": "{id}"},
    also=(
        Also("create_policy_version", {"policy": "PolicyDocument"}, fixed={"SetAsDefault": True}, at_creation=False),
    ),
    tags=Tags(put="tag_policy", take="untag_policy", key={"PolicyArn": "{id}"}),
    delete_call="delete_policy",
    outputs={"arn": "Arn", "policyId": "PolicyId"},
    reading=Read("get_policy", at="Policy", key={"PolicyArn": "{id}"}),
)
_PROFILE = Calls(
    service="iam",
    create_call="create_instance_profile",
    at="InstanceProfile",
    id="{name}",
    named="name",
    params={"name": "InstanceProfileName", "role": None, "path": "Path"},
    key={"InstanceProfileName": "{name}"},
    tags=Tags(put="tag_instance_profile", take="untag_instance_profile", key={"InstanceProfileName": "{name}"}),
    delete_call="delete_instance_profile",
    outputs={"arn": "Arn", "uniqueId": "InstanceProfileId"},
    reading=Read("get_instance_profile", at="InstanceProfile", key={"InstanceProfileName": "{id}"}),
)


class Policies:
    """A policy of its own. IAM keeps five versions and refuses a sixth, and deletes none that has others."""

    replace_on = _POLICY.replace_on
    knows = _POLICY.knows

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Its first version."""
        return _POLICY.create(aws, name, props)

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """A new version in force; what was there before goes, but for the one before."""
        if old.get("policy") != new.get("policy"):
            self._drop(aws, made.id)
        return _POLICY.update(aws, made, old, new)

    def delete(self, aws: Clients, made: Made) -> None:
        """With all its versions."""
        try:
            self._drop(aws, made.id)
        except ClientError as error:
            if not is_gone(error.response["Error"]["Code"]):
                raise
            return
        _POLICY.delete(aws, made)

    def find(self, aws: Clients, _name: str, props: Props) -> Made | None:
        """By the arn its name makes."""
        arn = f"arn:aws:iam::{aws.account}:policy{props.get('path', '/')}{props.get('name', _name)}"
        try:
            return _POLICY.read(aws, arn)
        except ClientError as error:
            if is_gone(error.response["Error"]["Code"]):
                return None
            raise

    def _drop(self, aws: Clients, arn: str) -> None:
        for version in aws.get("iam").list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                aws.get("iam").delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


class Profiles:
    """An instance profile with the one role it may hold."""

    replace_on = _PROFILE.replace_on
    knows = _PROFILE.knows

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """The profile, then its role."""
        made = _PROFILE.create(aws, name, props)
        with finishing(made):
            self._hold(aws, made.id, props.get("role"))
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Another role in the place of the one before."""
        if old.get("role") != new.get("role"):
            self._release(aws, made.id)
            self._hold(aws, made.id, new.get("role"))
        return _PROFILE.update(aws, made, old, new)

    def delete(self, aws: Clients, made: Made) -> None:
        """Without its role first."""
        try:
            self._release(aws, made.id)
        except ClientError as error:
            if not is_gone(error.response["Error"]["Code"]):
                raise
            return
        _PROFILE.delete(aws, made)

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """By its name."""
        return _PROFILE.find(aws, name, props)

    def _hold(self, aws: Clients, profile: str, role: Any) -> None:
        if role:
            aws.get("iam").add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)

    def _release(self, aws: Clients, profile: str) -> None:
        found = aws.get("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
        for role in found["Roles"]:
            aws.get("iam").remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role["RoleName"])


HANDLERS: Mapping[str, Handler] = {
    "aws:iam/role:Role": ROLE,
    "aws:iam/rolePolicy:RolePolicy": ROLE_POLICY,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _ATTACHMENT,
    "aws:iam/policy:Policy": Policies(),
    "aws:iam/instanceProfile:InstanceProfile": Profiles(),
}
