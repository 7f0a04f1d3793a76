"""The role of the nodes as one Pulumi component."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import iam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.notice_plan import RolePlan

_TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


class NodeIdentity(pulumi.ComponentResource):
    """Role, its one policy, and the instance profile that gives it to machines."""

    def __init__(self, plan: RolePlan, tags: Mapping[str, str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ris-hybrid:network:NodeIdentity", plan.name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        role = iam.Role(plan.name, name=plan.name, assume_role_policy=document(_TRUST), tags=dict(tags), opts=below)
        iam.RolePolicy(plan.name, role=role.name, policy=document(*plan.statements), opts=below)
        profile = iam.InstanceProfile(plan.name, name=plan.name, role=role.name, tags=dict(tags), opts=below)
        self.profile_name: pulumi.Output[str] = profile.name
        self.register_outputs({"profile_name": self.profile_name})


def document(*statements: Mapping[str, object]) -> str:
    """A policy in IAM's JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
