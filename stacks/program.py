"""The program Pulumi runs: the stack ``network-<env>`` becomes a plan, the plan becomes resources.

Outputs: ``vpc_id``, ``subnet_ids``, ``route_table_id``, ``security_group_id`` and ``pools``, which has for each pool
``{"launch_template": id, "subnets": [id, ...]}``. ``pulumi stack output pools --json`` writes the file that burst.yaml
names as ``outputs``.
"""

from __future__ import annotations

import pulumi
from pydantic import TypeAdapter, ValidationError

from ris_hybrid.errors import ConfigError
from stacks.network import BurstNetwork
from stacks.nodes import NodePools
from stacks.plan import NetworkPlan, NetworkSettings, plan_network

LAYERS = ("network",)


def main() -> None:
    """Build the stack Pulumi has selected; raises ``ConfigError`` for a stack or a configuration we do not know."""
    env = environment_of(pulumi.get_stack())
    build(plan_network(network_settings(pulumi.Config("ris-hybrid").get_object("network"), env)))


def environment_of(stack: str) -> str:
    """The ``<env>`` of a stack named ``<layer>-<env>``."""
    layer, _, env = stack.partition("-")
    if layer not in LAYERS or not env:
        raise ConfigError(
            f"stack {stack}: expected <layer>-<env> with the layer {' or '.join(LAYERS)}",
            "for example: pulumi stack init network-prod",
        )
    return env


def network_settings(written: object, env: str) -> NetworkSettings:
    """The stack's ``ris-hybrid:network``; raises ``ConfigError`` that names the field."""
    hint = "see stacks/config/Pulumi.network-example.yaml"
    if not isinstance(written, dict):
        raise ConfigError("ris-hybrid:network: expected a mapping in the stack's configuration, found none", hint)
    try:
        return TypeAdapter(NetworkSettings).validate_python({**written, "env": env})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("ris-hybrid:network", *first["loc"])))
        raise ConfigError(f"{where}: {first['msg']}", hint) from error


def build(plan: NetworkPlan) -> None:
    """The components of a plan, and the stack's outputs."""
    network = BurstNetwork(plan)
    nodes = NodePools(plan, network.security_group_id)
    subnets = list(network.subnet_ids)
    pulumi.export("vpc_id", network.vpc_id)
    pulumi.export("subnet_ids", subnets)
    pulumi.export("route_table_id", network.route_table_id)
    pulumi.export("security_group_id", network.security_group_id)
    pulumi.export(
        "pools",
        {
            pool: {"launch_template": template_id, "subnets": subnets}
            for pool, template_id in nodes.launch_template_ids.items()
        },
    )


if __name__ == "__main__":
    try:
        main()
    except ConfigError as error:
        raise pulumi.RunError(f"{error.message}\n{error.hint}".strip()) from error  # shown without a traceback
