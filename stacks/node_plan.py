"""How the nodes of each pool start: launch templates and placement groups (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.settings import BurstSettings
    from stacks.plan import NetworkSettings

_STRICT = {"extra": "forbid"}  # read by pydantic when the stack's configuration is validated
_FIRST_LINE = "#cloud-config"
_MOST_BYTES = 16384  # EC2's bound on user data, before base64


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool:
    """The node of one pool. ``name`` is the pool's name in burst.yaml."""

    __pydantic_config__ = _STRICT

    name: str
    instance_type: str
    """What a bare launch of the template gives; a burst names its own types. Empty for a pool that names none."""
    root_gib: int = 100
    user_data: str = ""
    """What ``ris-hybrid burst userdata`` prints; in the stack's configuration the file with it, from its folder."""
    efa: bool = False
    """Whether nodes have an Elastic Fabric Adapter."""
    placement_group: str = ""
    """Name of a cluster placement group to make; pools may share one."""
    multi_node: bool = False
    """Whether its jobs run over several nodes; an EFA or a placement group says so too."""

    @property
    def talks(self) -> bool:
        """Whether its nodes must reach each other."""
        return self.multi_node or self.efa or bool(self.placement_group)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementGroupPlan:
    """Where nodes of multi-node jobs are put close together."""

    name: str
    strategy: str = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTemplatePlan:
    """How a node of one pool starts."""

    name: str
    pool: str
    image_id: str
    instance_type: str
    http_tokens: str
    http_hop_limit: int
    instance_metadata_tags: bool
    """The node reads its own tags from its metadata: account, template, cluster, provider."""
    public_ip: bool
    interface_type: str
    """``interface`` or ``efa``."""
    placement_group: str
    root_device: str
    root_gib: int
    root_type: str
    root_encrypted: bool
    user_data: str
    """As text; AWS's calls take it in base64."""
    tags: Mapping[str, str]


def plan_template(name: str, pool: NodePool, settings: NetworkSettings, tags: Mapping[str, str]) -> LaunchTemplatePlan:
    """One pool's template; raises ``ConfigError`` for user data that is none."""
    _refuse(pool)
    return LaunchTemplatePlan(
        name=f"{name}-{pool.name}",
        pool=pool.name,
        image_id=settings.image_id,
        instance_type=pool.instance_type,
        http_tokens="required",
        # A job runs in a container, one hop behind the node; where PHI is, a job is not to reach the node's identity.
        http_hop_limit=1 if settings.phi else 2,
        instance_metadata_tags=True,
        public_ip=False,
        interface_type="efa" if pool.efa else "interface",
        placement_group=pool.placement_group,
        root_device=settings.root_device,
        root_gib=pool.root_gib,
        root_type="gp3",
        root_encrypted=True,
        user_data=pool.user_data,
        tags={**tags, "ris_pool": pool.name},
    )


def plan_groups(pools: Iterable[NodePool]) -> tuple[PlacementGroupPlan, ...]:
    """Every placement group that is named, once."""
    names = dict.fromkeys(pool.placement_group for pool in pools if pool.placement_group)
    return tuple(PlacementGroupPlan(name=name) for name in names)


def node_pools(settings: BurstSettings, user_data: Mapping[str, str]) -> tuple[NodePool, ...]:
    """The pools of burst.yaml as nodes to plan for, each of its first instance type, with user data by pool."""
    return tuple(
        NodePool(
            name=pool.name,
            instance_type="" if pool.requirements else pool.instance_types[0],
            user_data=user_data.get(pool.name, ""),
            efa=pool.efa,
            placement_group=pool.placement_group,
            multi_node=pool.all_or_none,
        )
        for pool in settings.pools
    )


def _refuse(pool: NodePool) -> None:
    size = len(pool.user_data.encode())
    if size > _MOST_BYTES:
        raise ConfigError(f"pool {pool.name}: user_data of {size} bytes, EC2 takes {_MOST_BYTES}")
    if pool.user_data and not pool.user_data.startswith(f"{_FIRST_LINE}\n"):
        hint = f"write it again: ris-hybrid burst userdata --pool {pool.name}"
        raise ConfigError(f"pool {pool.name}: user_data does not begin with {_FIRST_LINE}", hint)
