"""What burst.yaml says of its pools' nodes, for the stacks to build them from (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.userdata import user_data
from ris_hybrid.config.pools_file import PoolNode, PoolsFile

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Pool


def pools_file(settings: BurstSettings) -> PoolsFile:
    """Every pool of EC2 with its user data, for the stacks build no others; raises ``ConfigError`` as ``user_data``."""
    return PoolsFile(
        cluster=settings.cluster,
        provider=settings.provider,
        region=settings.region,
        pools=tuple(_node(pool, settings) for pool in settings.pools if pool.provider == "ec2"),
    )


def _node(pool: Pool, settings: BurstSettings) -> PoolNode:
    return PoolNode(
        name=pool.name,
        instance_type="" if pool.requirements else pool.instance_types[0],
        user_data=user_data(pool, settings),
        efa=pool.efa,
        placement_group=pool.placement_group,
        multi_node=pool.all_or_none,
        labs=pool.labs,
        reservations=pool.reservations,
        buckets=tuple(dict.fromkeys(mount.source for mount in pool.paths if mount.kind == "s3")),
    )
