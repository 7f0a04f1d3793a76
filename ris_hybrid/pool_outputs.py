"""What the stacks built for the pools of burst.yaml, and the settings with it filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ris_hybrid.settings import BurstSettings

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
    """The settings with what the stacks built filled in; pools without outputs stay as written, as does a queue."""
    pools = tuple(
        replace(pool, launch_template=out.launch_template, subnets=out.subnets)
        if (out := outputs.get(pool.name))
        else pool
        for pool in settings.pools
    )
    built = (outputs[pool.name].notices for pool in pools if pool.name in outputs)
    return replace(settings, pools=pools, notices=settings.notices or next(filter(None, built), ""))
