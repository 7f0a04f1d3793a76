"""The layer ``identity``: boundary, nodes' role, every allocation's roles, the controller's role."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pulumi_aws import iam

from stacks.documents import bucket_name
from stacks.identity import trust
from stacks.identity.boundary import boundary_statements
from stacks.identity.controller_policy import burst_statements
from stacks.identity.data_policy import Buckets, image_statements, staging_statements
from stacks.identity.lab_roles import LabRoles
from stacks.identity.node_role import node_statements
from stacks.identity.place import controller_role, data_role, document, node_role, transfer_role
from stacks.identity.reading_policy import reading_statements
from stacks.identity.roles import BoundedRole, RoleSpec
from stacks.identity.transfer_policy import of_datasync, transfer_policies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.identity.settings import IdentitySettings


def build_identity(
    environment: Environment,
    settings: IdentitySettings,
    allocations: Sequence[AllocationPlan],
    subnets: Sequence[str] = (),
) -> Mapping[str, object]:
    """Every role; gives the fields of ``IdentityOutputs``. ``subnets`` are those of the network that are not ours."""
    boundary = _boundary(environment, settings)
    node = BoundedRole(node_spec(environment, settings), boundary)
    labs = {one.name: LabRoles(environment, settings, one, boundary) for one in allocations}
    controller = (
        BoundedRole(controller_spec(environment, settings, allocations, subnets), boundary)
        if settings.controllers
        else None
    )
    data = BoundedRole(data_spec(environment, settings), boundary) if settings.data_hosts else None
    transfer = BoundedRole(transfer_spec(environment, allocations), boundary) if settings.datasync else None
    return {
        "node_profile": node.profile_name,
        "jobs_profiles": {name: lab.jobs_profile for name, lab in labs.items() if lab.jobs_profile is not None},
        "controller_role_arn": controller.arn if controller else "",
        **({"data_role_arn": data.arn} if data else {}),
        **({"transfer_role_arn": transfer.arn} if transfer else {}),
        "boundary_arn": boundary,
        "role_names": [name for lab in labs.values() for name in lab.role_names],
    }


def node_spec(environment: Environment, settings: IdentitySettings) -> RoleSpec:
    """Nodes of pools that several labs share: images of the environment, and nobody's data."""
    statements = node_statements(
        environment,
        [f"{environment.env}/*", *settings.node_repositories],
        agent=settings.node_agent,
        log_group=settings.node_log_group,
    )
    return RoleSpec(
        name=node_role(environment),
        description="Nodes that several labs share",
        trust=(trust.of_machines(),),
        policies={"node": statements},
        tags={**environment.all_tags, "ris_role": "node"},
        profile=True,
    )


def controller_spec(
    environment: Environment,
    settings: IdentitySettings,
    allocations: Sequence[AllocationPlan],
    subnets: Sequence[str] = (),
) -> RoleSpec:
    """The host on the site that launches, reads and checks."""
    nodes = (node_role(environment), *_jobs_roles(environment, allocations))
    return RoleSpec(
        name=controller_role(environment),
        description="Launches and ends nodes, and reads what AWS holds",
        trust=trust.of_controllers(settings.controllers, settings.controller_hosts),
        policies={
            "burst": burst_statements(environment, nodes, subnets),
            "read": reading_statements(),
        },
        tags={**environment.all_tags, "ris_role": "controller"},
    )


def data_spec(environment: Environment, settings: IdentitySettings) -> RoleSpec:
    """The host on the site that stages data and copies images. It starts no node, and whoever starts them sees no data.

    A role of its own, for the controller's may touch no object (rule ``role_controller_least``): taking over the one
    host then does not give what the other may.
    """
    passed = (*settings.transfer_roles, *([transfer_role(environment)] if settings.datasync else []))
    return RoleSpec(
        name=data_role(environment),
        description="Stages data, compares it, takes it away again; copies images",
        trust=trust.of_controllers(settings.data_hosts, settings.controller_hosts),
        policies={
            "staging": staging_statements(environment, _buckets(environment), passed),
            "images": image_statements(environment),
        },
        tags={**environment.all_tags, "ris_role": "data"},
    )


def transfer_spec(environment: Environment, allocations: Sequence[AllocationPlan]) -> RoleSpec:
    """What DataSync carries files as."""
    plans = [one.bucket for one in allocations]
    return RoleSpec(
        name=transfer_role(environment),
        description="DataSync reads and writes the environment's buckets with it",
        trust=(of_datasync(environment),),
        policies=transfer_policies(
            environment,
            [one.name for one in plans],
            _buckets(environment),
            keyed=any(one.key_alias for one in plans),
        ),
        tags={**environment.all_tags, "ris_role": "transfer"},
    )


def _buckets(environment: Environment) -> Buckets:
    records = tuple(bucket_name(environment, purpose) for purpose in ("costs", "logs", "trail"))
    return Buckets(organization=environment.organization, records=records)


def _jobs_roles(environment: Environment, allocations: Sequence[AllocationPlan]) -> tuple[str, ...]:
    """Of all labs, by one pattern: their names one by one would not fit into a policy of IAM."""
    pattern = f"{environment.name}-*.jobs"
    names = [role.name for one in allocations for role in one.roles if role.kind == "jobs"]
    fitting = [name for name in names if fnmatchcase(name, pattern)]
    return (*([pattern] if fitting else []), *(name for name in names if name not in fitting))


def _boundary(environment: Environment, settings: IdentitySettings) -> pulumi.Output[str]:
    name = f"{environment.name}-boundary"
    made = iam.Policy(
        name,
        name=name,
        description="The most a role of this environment may do",
        policy=document(*boundary_statements(environment, settings.trusted_accounts)),
        tags={**environment.all_tags, "Name": name},
    )
    arn: pulumi.Output[str] = made.arn
    return arn
