"""The program Pulumi runs for every stack: its name ``<layer>-<environment>`` says which layer, and whose file.

The stack's configuration may name another file (``ris-hybrid:environment``) or another mirror plan
(``ris-hybrid:mirror``); both are paths relative to ``stacks/config``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from ris_hybrid.config.plan_file import read_plan
from ris_hybrid.errors import ConfigError
from stacks.environment_file import EnvironmentFile, read_environment
from stacks.layers import split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.values import AllocationPlan

CONFIG = Path(__file__).parent / "config"


def main() -> None:
    """Build the stack Pulumi has selected; raises ``ConfigError`` for a stack or a configuration we do not know."""
    layer, env = split(pulumi.get_stack())
    config = pulumi.Config("ris-hybrid")
    path = CONFIG / (config.get("environment") or f"{env}.yaml")
    file = read_environment(path, env)
    _right_place(file, pulumi.Config("aws"))
    mirror = config.get("mirror") or file.mirror
    allocations = mirrored(file, path.parent / mirror) if mirror else ()
    for name, value in build(layer, file, allocations).items():
        pulumi.export(name, value)


def _right_place(file: EnvironmentFile, provider: pulumi.Config) -> None:
    """Refuse to build an environment in another region or account than its file says.

    ``aws:allowedAccountIds`` then makes the provider hold the credentials to it.
    """
    region, accounts = provider.get("region"), provider.get_object("allowedAccountIds")
    if region is not None and region != file.region:
        raise ConfigError(
            f"aws:region: expected {file.region} as in the environment's file, found {region}",
            f"run: pulumi config set aws:region {file.region}",
        )
    if accounts is not None and accounts != [file.account]:
        raise ConfigError(
            f"aws:allowedAccountIds: expected [{file.account}] as in the environment's file, found {accounts}",
            f"write aws:allowedAccountIds: ['{file.account}'] into the stack's configuration",
        )


def mirrored(file: EnvironmentFile, plan_path: Path) -> tuple[AllocationPlan, ...]:
    """The allocations of a mirror plan that this environment holds.

    Raises:
        ConfigError: the plan cannot be read, is of another organization, or places this environment in another
            account or region.
    """
    plan = read_plan(plan_path)
    if plan.organization != file.organization:
        raise ConfigError(
            f"{plan_path}: organization is {plan.organization}, the stacks' file says {file.organization}",
            "make mirror.yaml and the environment's file agree: it begins the names of all buckets",
        )
    for planned in plan.environments:
        if planned.name == file.env and (planned.account, planned.region) != (file.account, file.region):
            raise ConfigError(
                f"{plan_path}: environment {file.env} is in {planned.account} {planned.region}, "
                f"the stacks' file says {file.account} {file.region}",
                "make mirror.yaml and the environment's file agree",
            )
    return tuple(one for one in plan.allocations if one.environment == file.env)


def build(  # noqa: PLR0911  # one return a layer
    layer: str, file: EnvironmentFile, allocations: tuple[AllocationPlan, ...]
) -> Mapping[str, object]:
    """The resources of one layer; gives its outputs. Only that layer is imported: each brings much of the SDK."""
    match layer:
        case "network":
            from stacks.network.layer import build_network

            return build_network(file, file.network)
        case "storage":
            from stacks.storage.layer import build_storage

            return build_storage(file, file.storage, allocations, file.carriers)
        case "identity":
            from stacks.identity.layer import build_identity

            existing = file.network.existing
            return build_identity(file, file.identity, allocations, [*existing.subnets.values()] if existing else ())
        case "registry":
            from stacks.registry.layer import build_registry

            return build_registry(file, file.pushing, allocations)
        case "compute":
            from stacks.compute.layer import build_compute

            return build_compute(file, file.compute, allocations)
        case "guardrails":
            from stacks.guardrails.layer import build_guardrails

            return build_guardrails(file, file.guardrails, allocations)
        case _:
            from stacks.observability.layer import build_observability

            return build_observability(file, file.observability, scratch=file.storage.scratch is not None)


if __name__ == "__main__":
    try:
        main()
    except ConfigError as error:
        raise pulumi.RunError(f"{error.message}\n{error.hint}".strip()) from error  # shown without a traceback
