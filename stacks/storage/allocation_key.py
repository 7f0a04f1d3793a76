"""The customer key of one allocation: its own roles read with it, through S3; its images are encrypted with it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from stacks.customer_key import CustomerKey
from stacks.documents import role_arn
from stacks.identity.place import data_role
from stacks.key_statements import care, grants_of, linked_role, use_through

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import pulumi

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.storage.settings import StorageSettings

LUSTRE_ROLE = "aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_*"
"""What FSx for Lustre reads and writes a bucket as; AWS makes one for each file system, when it is linked."""


def key_statements(
    environment: Environment, settings: StorageSettings, allocation: AllocationPlan, carriers: Sequence[str] = ()
) -> tuple[dict[str, Any], ...]:
    """Its policy. Deployers are among its users for the markers they put; the bucket's policy shows them no data."""
    ours = (data_role(environment), *carriers)
    users = [*role_patterns(allocation), *ours, *settings.break_glass_roles, *settings.deployer_roles]
    through_s3 = use_through(environment, "s3", [role_arn(environment, name) for name in users])
    kept = (care(environment), through_s3, *grants_of(environment, "ecr"))
    if settings.scratch is None or allocation.name not in settings.scratch.allocations:
        return kept
    return (*kept, *linked_role(environment, "Lustre", role_arn(environment, LUSTRE_ROLE)))


def role_patterns(allocation: AllocationPlan) -> tuple[str, ...]:
    """The names of its roles by one pattern, for a key's policy ends at 32 KB and a lab may have hundreds of projects.

    The dot after the allocation keeps another's roles out (``ris_hybrid.mirror.naming.role_name``); a role whose name
    had to be cut is named as it is.
    """
    names = [role.name for role in allocation.roles]
    stems = [role.name.removesuffix(".lab") for role in allocation.roles if role.name.endswith(".lab")]
    patterns = [f"{stem}.*" for stem in stems]
    return (*patterns, *(name for name in names if not any(fnmatchcase(name, one) for one in patterns)))


def allocation_key(
    environment: Environment,
    settings: StorageSettings,
    allocation: AllocationPlan,
    carriers: Sequence[str] = (),
    opts: pulumi.ResourceOptions | None = None,
) -> CustomerKey:
    """The key, under the alias of the plan; DataSync uses it as one of ``carriers``, names of roles."""
    return CustomerKey(
        allocation.bucket.key_alias.removeprefix("alias/"),
        key_statements(environment, settings, allocation, carriers),
        description=f"Data of allocation {allocation.name}",
        tags={**environment.all_tags, **allocation.steady_tags},
        opts=opts,
    )
