"""The roles of one allocation as one Pulumi component: the lab's people, its projects', and its jobs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from stacks.identity import trust
from stacks.identity.node_role import node_statements
from stacks.identity.roles import BoundedRole, RoleSpec

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan, RolePlan
    from stacks.environment import Environment
    from stacks.identity.settings import IdentitySettings


class LabRoles(pulumi.ComponentResource):
    """Every role of the plan. ``jobs_profile`` is what machines of the lab's own pools get."""

    def __init__(
        self,
        environment: Environment,
        settings: IdentitySettings,
        allocation: AllocationPlan,
        boundary: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:identity:LabRoles", allocation.name, None, opts)
        self.role_names: list[pulumi.Output[str]] = []
        self.jobs_profile: pulumi.Output[str] | None = None
        for plan in allocation.roles:
            spec = role_spec(environment, settings, allocation, plan)
            made = BoundedRole(spec, boundary, pulumi.ResourceOptions(parent=self))
            self.role_names.append(made.role_name)
            if spec.profile:
                self.jobs_profile = made.profile_name
        self.register_outputs({"role_names": self.role_names})


def role_spec(
    environment: Environment, settings: IdentitySettings, allocation: AllocationPlan, plan: RolePlan
) -> RoleSpec:
    """One role of an allocation; jobs may do what a node does as well, for they are all that runs there."""
    jobs = plan.kind == "jobs"
    node = (
        node_statements(
            environment,
            [f"{allocation.registry.namespace}/*", *settings.node_repositories],
            agent=settings.node_agent,
            log_group=settings.node_log_group,
        )
        if jobs
        else ()
    )
    project = {"ris_project": plan.project} if plan.project else {}
    return RoleSpec(
        name=plan.name,
        description=f"{plan.kind} of {allocation.name}" + (f", members of {plan.group}" if plan.group else ""),
        trust=((trust.of_machines(),) if jobs else (trust.of_group(environment, plan.group, settings.saml_provider),)),
        policies={"data": plan.statements, "node": node},
        tags={**environment.all_tags, **allocation.steady_tags, **project, "ris_role": plan.kind},
        profile=jobs,
    )
