"""A role of ours as one Pulumi component: trust, boundary, its own policies, and a profile where machines take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import iam

from stacks.identity.place import document

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSpec:
    """What one role is to be."""

    name: str
    description: str
    trust: tuple[Mapping[str, Any], ...]
    policies: Mapping[str, tuple[Mapping[str, Any], ...]]
    """Statements by the policy's name; a policy without statements is not made."""
    tags: Mapping[str, str]
    profile: bool = False
    """Whether EC2's machines take it, by an instance profile of the same name."""


class BoundedRole(pulumi.ComponentResource):
    """One role; its name and its profile's are the spec's."""

    def __init__(self, spec: RoleSpec, boundary: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ris-hybrid:identity:BoundedRole", spec.name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        tags = {**spec.tags, "Name": spec.name}
        role = iam.Role(
            spec.name,
            name=spec.name,
            description=spec.description,
            assume_role_policy=document(*spec.trust),
            permissions_boundary=boundary,
            tags=tags,
            opts=below,
        )
        for name, statements in spec.policies.items():
            if statements:
                self._policy(f"{spec.name}-{name}", role, document(*statements), spec.tags)
        self.arn: pulumi.Output[str] = role.arn
        self.role_name: pulumi.Output[str] = role.name
        if spec.profile:
            profile = iam.InstanceProfile(spec.name, name=spec.name, role=role.name, tags=tags, opts=below)
            self.profile_name: pulumi.Output[str] = profile.name
        self.register_outputs({"arn": self.arn})

    def _policy(self, name: str, role: iam.Role, text: str, tags: Mapping[str, str]) -> None:
        """A policy of its own, for the HIPAA pack of AWS Config wants none that is part of a role."""
        below = pulumi.ResourceOptions(parent=self)
        made = iam.Policy(name, name=name, policy=text, tags={**tags, "Name": name}, opts=below)
        iam.RolePolicyAttachment(name, role=role.name, policy_arn=made.arn, opts=below)
