"""The layer ``registry``: repositories of every allocation, and how the account's registry scans."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from stacks import references
from stacks.identity.place import boundary_arn, template_role
from stacks.identity.roles import BoundedRole, RoleSpec
from stacks.registry.account_registry import AccountRegistry
from stacks.registry.lab_registry import LabRegistry
from stacks.registry.policy import template_statements, template_trust

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.outputs import StorageOutputs
    from stacks.registry.settings import RegistrySettings


def build_registry(
    environment: Environment, settings: RegistrySettings, allocations: Sequence[AllocationPlan]
) -> Mapping[str, object]:
    """Every repository; gives the fields of ``RegistryOutputs``.

    Raises:
        ConfigError: repositories of PHI would have no customer key.
    """
    refuse(settings, allocations)
    if settings.account_wide:
        AccountRegistry(environment, settings)
    role = BoundedRole(_template_role(environment), boundary_arn(environment)).arn if allocations else ""
    keys = _keys(environment, settings, allocations)
    labs = {one.name: LabRegistry(environment, settings, one, keys[one.name], role) for one in allocations}
    return {"repositories": {name: lab.urls for name, lab in labs.items()}}


def refuse(settings: RegistrySettings, allocations: Sequence[AllocationPlan]) -> None:
    """Raise ``ConfigError`` for images of PHI without a customer key."""
    open_ones = [
        one.name for one in allocations if one.data_class == "phi" and not one.bucket.key_alias and not settings.key_arn
    ]
    if open_ones:
        raise ConfigError(
            f"registry.key_arn: expected a customer key for images of {', '.join(open_ones)}, which holds PHI",
            "give the arn of a key of this account",
        )


def _keys(
    environment: Environment, settings: RegistrySettings, allocations: Sequence[AllocationPlan]
) -> dict[str, pulumi.Input[str]]:
    """The key of each allocation's images: its own, else the account's, else none. Storage is asked only for those."""
    own = [one.name for one in allocations if one.bucket.key_alias]
    keys: dict[str, pulumi.Input[str]] = {one.name: settings.key_arn for one in allocations}
    if own:
        stored = references.storage(environment.env)
        keys |= {name: stored.apply(partial(key_arn, environment.env, name)) for name in own}
    return keys


def key_arn(env: str, name: str, stored: StorageOutputs) -> str:
    """An allocation's own key; raises ``ConfigError`` when storage has built none."""
    found = stored.allocations.get(name)
    if found is None or not found.key_arn:
        raise ConfigError(
            f"output storage-{env}.allocations.{name}: no key_arn",
            f"build it first: pulumi up --stack storage-{env}",
        )
    return found.key_arn


def _template_role(environment: Environment) -> RoleSpec:
    return RoleSpec(
        name=template_role(environment),
        description="ECR makes repositories of labs with it, on their first push",
        trust=(template_trust(),),
        policies={"make": template_statements(environment, environment.env)},
        tags={**environment.all_tags, "ris_role": "image-template"},
    )
