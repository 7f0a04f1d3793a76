"""Types of IAM: made, changed and taken away in the sandbox's AWS, as its apply would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made, Unfinished
from ris_hybrid.sandbox.apply.handlers.iam import HANDLERS
from ris_hybrid.sandbox.apply.sights.every import sights

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

ROLE, PROFILE = HANDLERS["aws:iam/role:Role"], HANDLERS["aws:iam/instanceProfile:InstanceProfile"]
POLICY = HANDLERS["aws:iam/policy:Policy"]


def document(action: str = "s3:GetObject") -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
)
SIGHTS = sights()


def make(clients: SandboxClients, kind: str, props: dict[str, Any]) -> Made:
    """As the engine hands it on."""
    made = HANDLERS[kind].create(clients, "auto-1234567", props)
    whole = Made(id=made.id, outputs={**props, **made.outputs})
    assert kind not in SIGHTS or SIGHTS[kind].differing(clients, whole, props) == {}
    return whole


def test_a_role_with_its_boundary_policies_and_profile(clients):
    iam = clients.get("iam")
    boundary = make(clients, "aws:iam/policy:Policy", {"name": "most", "policy": document(), "tags": {"a": "b"}})
    old = {"name": "node", "assumeRolePolicy": TRUST, "permissionsBoundary": boundary.id, "description": "before"}
    role = make(clients, "aws:iam/role:Role", old)
    inline = {"name": "own", "role": "node", "policy": document()}
    own = make(clients, "aws:iam/rolePolicy:RolePolicy", inline)
    attached = make(
        clients,
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "node", "policyArn": boundary.outputs["arn"]},
    )
    profile = make(clients, "aws:iam/instanceProfile:InstanceProfile", {"name": "node", "role": "node"})
    found = iam.get_role(RoleName="node")["Role"]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary.id
    assert [
        one["RoleName"] for one in iam.get_instance_profile(InstanceProfileName="node")["InstanceProfile"]["Roles"]
    ] == ["node"]
    ROLE.update(clients, role, old, {**old, "description": "after"})
    assert iam.get_role(RoleName="node")["Role"]["Description"] == "after"
    changed = {**inline, "policy": document("s3:ListBucket")}
    HANDLERS["aws:iam/rolePolicy:RolePolicy"].update(clients, own, inline, changed)
    said = iam.get_role_policy(RoleName="node", PolicyName="own")["PolicyDocument"]
    assert said["Statement"]["Action"] == "s3:ListBucket"
    for kind, made in (
        ("aws:iam/instanceProfile:InstanceProfile", profile),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", attached),
        ("aws:iam/rolePolicy:RolePolicy", own),
        ("aws:iam/role:Role", role),
        ("aws:iam/policy:Policy", boundary),
    ):
        HANDLERS[kind].delete(clients, made)
        HANDLERS[kind].delete(clients, made)
    assert not [one for one in iam.list_roles()["Roles"] if one["RoleName"] == "node"]


def test_a_policy_may_change_more_often_than_it_has_versions(clients):
    old = {"name": "most", "policy": document()}
    made = make(clients, "aws:iam/policy:Policy", old)
    for number in range(7):
        new = {"name": "most", "policy": document(f"s3:Get{number}")}
        POLICY.update(clients, made, old, new)
        old = new
    versions = clients.get("iam").list_policy_versions(PolicyArn=made.id)["Versions"]
    assert len(versions) == 2
    assert POLICY.update(clients, made, old, {**old, "tags": {"a": "b"}}) == {"tagsAll": {"a": "b"}}
    POLICY.delete(clients, made)


def test_a_profile_without_a_role_is_one(clients):
    made = make(clients, "aws:iam/instanceProfile:InstanceProfile", {"name": "p"})
    assert PROFILE.update(clients, made, {"name": "p"}, {"name": "p", "tags": {"a": "b"}}) == {"tagsAll": {"a": "b"}}
    PROFILE.delete(clients, made)


def test_another_role_takes_a_profiles_place(clients):
    for name in ("one", "two"):
        make(clients, "aws:iam/role:Role", {"name": name, "assumeRolePolicy": TRUST})
    old = {"name": "p", "role": "one"}
    made = make(clients, "aws:iam/instanceProfile:InstanceProfile", old)
    PROFILE.update(clients, made, old, {**old, "role": "two"})
    found = clients.get("iam").get_instance_profile(InstanceProfileName="p")["InstanceProfile"]
    assert [role["RoleName"] for role in found["Roles"]] == ["two"]


def test_a_profile_whose_role_is_not_there_leaves_word_of_itself(clients):
    with pytest.raises(Unfinished) as caught:
        PROFILE.create(clients, "p", {"name": "p", "role": "nobody"})
    assert caught.value.made.id == "p"


def test_what_was_made_by_a_run_that_was_killed_is_found(clients):
    assert POLICY.find(clients, "x", {"name": "most"}) is None
    assert PROFILE.find(clients, "x", {"name": "p"}) is None
    made = make(clients, "aws:iam/policy:Policy", {"name": "most", "policy": document()})
    make(clients, "aws:iam/instanceProfile:InstanceProfile", {"name": "p"})
    assert POLICY.find(clients, "x", {"name": "most"}).id == made.id
    assert PROFILE.find(clients, "x", {"name": "p"}).id == "p"


def test_a_property_nobody_knows_is_refused(clients):
    for handler in HANDLERS.values():
        with pytest.raises(ConfigError, match="does not know property inlinePolicies"):
            handler.create(clients, "x", {"inlinePolicies": []})
