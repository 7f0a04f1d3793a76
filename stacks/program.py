"""The program Pulumi runs: the stack ``network-<env>`` becomes a plan, the plan becomes resources.

Outputs: ``vpc_id``, ``subnet_ids``, ``route_table_id``, ``security_group_id`` and ``pools``, which has for each pool
``{"launch_template": id, "subnets": [id, ...], "notices": URL of the queue}``. ``pulumi stack output pools --json``
writes the file that burst.yaml names as ``outputs``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
from pydantic import TypeAdapter, ValidationError

from ris_hybrid.errors import ConfigError
from stacks.identity import NodeIdentity
from stacks.network import BurstNetwork
from stacks.nodes import NodePools
from stacks.notices import SpotNotices
from stacks.plan import NetworkPlan, NetworkSettings, plan_network

LAYERS = ("network",)
CONFIG = Path(__file__).parent / "config"


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
        settings = TypeAdapter(NetworkSettings).validate_python({**written, "env": env})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("ris-hybrid:network", *first["loc"])))
        raise ConfigError(f"{where}: {first['msg']}", hint) from error
    return replace(settings, pools=tuple(replace(pool, user_data=_text(pool.user_data)) for pool in settings.pools))


def _text(file: str) -> str:
    """What a file named in the stack's configuration holds; nothing when none is named."""
    if not file:
        return ""
    try:
        return (CONFIG / file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        hint = f"make it: ris-hybrid burst userdata --pool NAME > {file}"
        raise ConfigError(f"user_data: {file} cannot be read: {error}", hint) from error


def build(plan: NetworkPlan) -> None:
    """The components of a plan, and the stack's outputs."""
    network = BurstNetwork(plan)
    identity = NodeIdentity(plan.role, plan.tags)
    notices = SpotNotices(plan.notices, plan.tags)
    nodes = NodePools(plan, network.security_group_id, identity.profile_name)
    built = {"subnets": list(network.subnet_ids), "notices": notices.queue_url}
    pulumi.export("vpc_id", network.vpc_id)
    pulumi.export("subnet_ids", list(network.subnet_ids))
    pulumi.export("route_table_id", network.route_table_id)
    pulumi.export("security_group_id", network.security_group_id)
    pools = {pool: {"launch_template": made, **built} for pool, made in nodes.launch_template_ids.items()}
    pulumi.export("pools", pools)


if __name__ == "__main__":
    try:
        main()
    except ConfigError as error:
        raise pulumi.RunError(f"{error.message}\n{error.hint}".strip()) from error  # shown without a traceback
