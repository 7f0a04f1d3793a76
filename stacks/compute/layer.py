"""The layer ``compute``: a component for each pool of burst.yaml, spot notices, and the parameters burst reads."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2, ssm

from ris_hybrid.config.pools_file import read_pools
from ris_hybrid.config.user_data import SCRATCH, filled
from ris_hybrid.errors import ConfigError
from stacks import references
from stacks.compute.notices import SpotNotices
from stacks.compute.pool import HpcPool
from stacks.compute.pool_plan import plan_pools, refuse_long

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.compute.pool_plan import PoolPlan
    from stacks.compute.settings import ComputeSettings
    from stacks.environment import Environment
    from stacks.outputs import IdentityOutputs, StorageOutputs

CONFIG = Path(__file__).parents[1] / "config"


def build_compute(
    environment: Environment, settings: ComputeSettings, allocations: Sequence[AllocationPlan]
) -> Mapping[str, object]:
    """Every pool; gives the fields of ``ComputeOutputs``."""
    notices = SpotNotices(environment)
    plans: tuple[PoolPlan, ...] = ()
    if settings.pools:
        plans = plan_pools(environment, settings, read_pools(CONFIG / settings.pools), allocations)
    return {
        "pools": _pools(environment, plans, notices) if plans else {},
        "notices_queue_name": notices.name,
    }


def _pools(environment: Environment, plans: Sequence[PoolPlan], notices: SpotNotices) -> dict[str, object]:
    network, identity = references.network(environment.env), references.identity(environment.env)
    groups = {name: _group(environment, name) for name in sorted({plan.placement_group for plan in plans} - {""})}
    on_scratch = any(SCRATCH in plan.user_data for plan in plans)
    storage = references.storage(environment.env) if on_scratch else None
    built: dict[str, object] = {}
    for plan in plans:
        profile = identity.apply(partial(profile_of, environment.env, plan.allocation))
        user_data = storage.apply(partial(with_scratch, environment.env, plan)) if storage else plan.user_data
        pool = HpcPool(plan, network, profile, groups.get(plan.placement_group), user_data)
        output = pulumi.Output.all(
            launch_template=pool.launch_template_id,
            subnets=network.apply(lambda it: list(it.subnet_ids)),
            notices=notices.queue_url,
        )
        _parameter(environment, plan, output.apply(lambda values: json.dumps(values, sort_keys=True)))
        built[plan.pool] = output
    return built


def with_scratch(env: str, plan: PoolPlan, storage: StorageOutputs) -> str:
    """A pool's user data with the address of the environment's file system; raises ``ConfigError`` without one."""
    if SCRATCH not in plan.user_data:
        return plan.user_data
    if not storage.scratch_dns_name:
        raise ConfigError(
            f"pool {plan.pool}: paths mount the scratch, and output storage-{env}.scratch_dns_name is empty",
            f"name storage.scratch in the environment's file, then: pulumi up --stack storage-{env}",
        )
    text = filled(plan.user_data, storage.scratch_dns_name, storage.scratch_mount_name)
    refuse_long(plan.pool, text)
    return text


def profile_of(env: str, allocation: str, identity: IdentityOutputs) -> str:
    """The profile of a pool's nodes; raises ``ConfigError`` when identity has not built that of the allocation."""
    if not allocation:
        return identity.node_profile
    if allocation not in identity.jobs_profiles:
        raise ConfigError(
            f"output identity-{env}.jobs_profiles: none for {allocation}",
            f"build it first: pulumi up --stack identity-{env}",
        )
    return identity.jobs_profiles[allocation]


def _group(environment: Environment, name: str) -> ec2.PlacementGroup:
    """Where nodes of multi-node jobs stand close together; pools may share one by its name."""
    return ec2.PlacementGroup(name, name=name, strategy="cluster", tags={**environment.all_tags, "Name": name})


def _parameter(environment: Environment, plan: PoolPlan, value: pulumi.Input[str]) -> None:
    """What ``ris-hybrid burst outputs`` reads of one pool."""
    name = f"/ris-hybrid/{environment.name}/pools/{plan.pool}"
    ssm.Parameter(
        plan.name,
        name=name,
        type="String",
        insecure_value=value,  # nothing of it is secret, and ``value`` would be kept as if it were
        description=f"Launch template, subnets and notices of pool {plan.pool}",
        tags={**plan.tags, "Name": name},
    )
