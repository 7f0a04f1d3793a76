"""How the nodes of each pool start: what burst.yaml says, what the environment says, and whose they are (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.config.user_data import MOST_BYTES, packed
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.config.pools_file import PoolNode, PoolsFile
    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.compute.settings import ComputeSettings, Reservation
    from stacks.environment import Environment

_FIRST_LINE = "#cloud-config"
_BILLED = ("ris_allocation", "ris_lab", "ris_department", "ris_cost_center")
"""Tags of the allocation that the disks of its own pools carry as well: what a bill is made from."""
_OF_MACHINES = ("ris_env", "ris_data_class", "ris_allocation", "ris_department", "ris_cost_center")
"""Those that no launch brings: a machine's other tags are the burst's ledger, and come with its launch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedPlan:
    """One capacity reservation."""

    name: str
    zone: str
    instance_type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """One pool's launch template, and what belongs to it."""

    name: str
    pool: str
    image_id: str
    instance_type: str
    hop_limit: int
    efa: bool
    placement_group: str
    multi_node: bool
    root_device: str
    root_gib: int
    root_type: str
    volume_key: str
    user_data: str
    allocation: str
    """The one whose lab alone it serves: its nodes get that lab's profile. Empty: they get nobody's data."""
    reserved: tuple[ReservedPlan, ...]
    tags: Mapping[str, str]

    @property
    def machine_tags(self) -> dict[str, str]:
        """What its machines get from the template: without them a bill, and a budget, would know their disks alone."""
        return {key: self.tags[key] for key in _OF_MACHINES if key in self.tags}


def plan_pools(
    environment: Environment, settings: ComputeSettings, file: PoolsFile, allocations: Sequence[AllocationPlan]
) -> tuple[PoolPlan, ...]:
    """A plan for every pool of the file; raises ``ConfigError`` for what cannot be built, or is not ours."""
    _refuse(environment, settings, file)
    return tuple(_plan(environment, settings, node, allocations) for node in file.pools)


def only_lab(node: PoolNode, allocations: Sequence[AllocationPlan]) -> AllocationPlan | None:
    """The allocation whose lab alone a pool serves; None when it serves several, all, or one with several of them."""
    served = [one for one in allocations if one.lab in node.labs]
    return served[0] if len(node.labs) == len(served) == 1 else None


def _plan(
    environment: Environment, settings: ComputeSettings, node: PoolNode, allocations: Sequence[AllocationPlan]
) -> PoolPlan:
    name = f"{environment.name}-{node.name}"
    own, lab = settings.by_pool.get(node.name), only_lab(node, allocations)
    _refuse_buckets(node, lab)
    billed = {key: lab.tags[key] for key in _BILLED if key in lab.tags} if lab else {}
    return PoolPlan(
        name=name,
        pool=node.name,
        image_id=(own and own.image_id) or settings.image_id,
        instance_type=node.instance_type,
        # A job runs in a container, one hop behind the node; where PHI is, a job is not to reach the node's identity.
        hop_limit=1 if environment.phi else 2,
        efa=node.efa,
        # An EFA is of use only between nodes that stand close together.
        placement_group=node.placement_group or (name if node.efa else ""),
        multi_node=node.multi_node or node.efa or bool(node.placement_group),
        root_device=settings.root_device,
        root_gib=(own and own.root_gib) or settings.root_gib,
        root_type=settings.root_type,
        volume_key=settings.volume_key,
        user_data=node.user_data,
        allocation=lab.name if lab else "",
        reserved=tuple(_reserved(name, node, one) for one in settings.reservations if one.pool == node.name),
        tags={**environment.all_tags, **billed, "ris_pool": node.name},
    )


def _refuse_buckets(node: PoolNode, lab: AllocationPlan | None) -> None:
    """A node reaches its lab's bucket by that lab's role, and no other bucket at all."""
    strange = [name for name in node.buckets if lab is None or name != lab.bucket.name]
    if strange:
        reached = f"only {lab.bucket.name}" if lab else "no bucket: it does not serve one lab with one allocation alone"
        raise ConfigError(
            f"pool {node.name}: paths mount {', '.join(strange)}, its nodes reach {reached}",
            "mend paths and labs of the pool in burst.yaml, then: ris-hybrid burst userdata --json",
        )


def _reserved(name: str, node: PoolNode, wanted: Reservation) -> ReservedPlan:
    kind = wanted.instance_type or node.instance_type
    if not kind:
        raise ConfigError(
            f"compute.reservations: expected instance_type for pool {node.name}, which names no type itself"
        )
    return ReservedPlan(name=f"{name}-{wanted.zone}-{kind}", zone=wanted.zone, instance_type=kind, count=wanted.count)


def _refuse(environment: Environment, settings: ComputeSettings, file: PoolsFile) -> None:
    ours = (environment.cluster, environment.provider, environment.region)
    if (file.cluster, file.provider, file.region) != ours:
        raise ConfigError(
            f"compute.pools: the file is of {file.cluster}, {file.provider}, {file.region}; "
            f"the environment is {', '.join(ours)}",
            "make burst.yaml and the environment's file agree",
        )
    known = [node.name for node in file.pools]
    for where, named in (("by_pool", settings.by_pool), ("reservations", [one.pool for one in settings.reservations])):
        if strange := sorted(set(named) - set(known)):
            raise ConfigError(f"compute.{where}: no pool {', '.join(strange)}", f"there are: {', '.join(known)}")
    for node in file.pools:
        _refuse_node(settings, node)


def _refuse_node(settings: ComputeSettings, node: PoolNode) -> None:
    own = settings.by_pool.get(node.name)
    if not ((own and own.image_id) or settings.image_id):
        raise ConfigError(
            f"compute.image_id: expected one for pool {node.name}", "ami-..., at the top or under by_pool"
        )
    if any(one.pool == node.name for one in settings.reservations) and not node.reservations:
        raise ConfigError(
            f"compute.reservations: pool {node.name} would pay for machines its launches do not ask for",
            "set reservations: true for the pool in burst.yaml",
        )
    refuse_long(node.name, node.user_data)
    if not node.user_data.startswith(f"{_FIRST_LINE}\n"):
        raise ConfigError(
            f"pool {node.name}: user_data does not begin with {_FIRST_LINE}",
            "write the pools file again: ris-hybrid burst userdata --json",
        )


def refuse_long(pool: str, user_data: str) -> None:
    """Raise ``ConfigError`` for user data that EC2 would not take."""
    size = len(packed(user_data))
    if size > MOST_BYTES:
        raise ConfigError(f"pool {pool}: user_data of {size} bytes, EC2 takes {MOST_BYTES}")
