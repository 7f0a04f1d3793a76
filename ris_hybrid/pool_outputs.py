"""What the stacks built for the pools of burst.yaml, and the settings with it filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ris_hybrid.settings import BurstSettings, Pool

_STRICT = {"extra": "forbid"}  # read by pydantic when the outputs are validated


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOutputs:
    """What the stacks built for one pool."""

    __pydantic_config__ = _STRICT

    launch_template: str
    subnets: tuple[str, ...]
    notices: str = ""
    """The queue of spot notices; the same for every pool of a stack."""


def with_outputs(settings: BurstSettings, outputs: Mapping[str, PoolOutputs]) -> BurstSettings:
    """The settings with what the stacks built filled in; a queue of notices that is written stays.

    Pools without outputs, and those of other clouds than EC2, stay as written.
    """
    ours = [pool.name for pool in settings.pools if pool.provider == "ec2" and pool.name in outputs]
    pools = tuple(_built(pool, outputs[pool.name]) if pool.name in ours else pool for pool in settings.pools)
    queues = (outputs[name].notices for name in ours)
    return replace(settings, pools=pools, notices=settings.notices or next(filter(None, queues), ""))


def _built(pool: Pool, out: PoolOutputs) -> Pool:
    return replace(pool, launch_template=out.launch_template, subnets=out.subnets)
