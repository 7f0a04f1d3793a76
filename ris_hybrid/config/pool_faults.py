"""What is wrong with the pools of burst.yaml: each on its own, and with what the site says of its queues (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.config.figures import WORD, below
from ris_hybrid.config.path_faults import path_faults
from ris_hybrid.config.problems import found
from ris_hybrid.config.second_pool_faults import ec2_pool_faults, second_pool_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.pool_settings import Requirements
    from ris_hybrid.settings import BurstSettings, Pool

_MOST_AT_ONCE = 1000  # EC2's bound on MinTargetCapacity


def pool_faults(settings: BurstSettings) -> Iterator[Fault]:
    """Every fault of every pool. What the stacks' outputs will bring may be left empty."""
    pools = settings.pools
    if not pools:
        yield ("pools",), "expected at least one pool, found none"
    for index, pool in enumerate(pools):
        here = ("pools", index)
        if pool.name in {other.name for other in pools[:index]}:
            yield (*here, "name"), f"expected a name of its own, found {found(pool.name)} again"
        by_cloud = _of_ec2(pool, settings) if pool.provider == "ec2" else second_pool_faults(pool, settings)
        for part in (_figures(pool), by_cloud, path_faults(pool, settings)):
            for loc, text in part:
                yield here + loc, text


def _of_ec2(pool: Pool, settings: BurstSettings) -> Iterator[Fault]:
    missing = () if settings.outputs else _unbuilt(pool)
    own = (_types(pool), _purchase(pool, settings), _together(pool), ec2_pool_faults(pool, settings), missing)
    for part in own:
        yield from part


def _figures(pool: Pool) -> Iterator[Fault]:
    if not WORD.fullmatch(pool.name):
        expected = "letters, digits and hyphens (it is LSF's templateId, which has no underscore)"
        yield ("name",), f"expected {expected}, found {found(pool.name)}"
    for key, least in (("max_nodes", 0), ("boot_s", 1)):
        yield from below((key,), getattr(pool, key), least)
    for key in ("slots", "memory_mib", "gpus", "cores", "threads_per_core"):
        yield from below((key,), getattr(pool, key), 0)
    for key in ("instance_types", "subnets", "queues", "labs"):
        given = getattr(pool, key)
        for index, name in enumerate(given):
            if name in given[:index]:
                yield (key, index), f"expected each once, found {found(name)} again"


def _types(pool: Pool) -> Iterator[Fault]:
    """Types by name or by attributes, not both: nobody could say which of the two holds."""
    if pool.requirements is None:
        if not all(pool.instance_types or ("",)):
            expected = "at least one, none of them empty (or requirements in their place)"
            yield ("instance_types",), f"expected {expected}"
        return
    if pool.instance_types:
        yield ("requirements",), "expected instance_types or requirements, found both"
    if pool.efa:
        yield ("efa",), "expected instance_types beside it: EC2 cannot be asked for the adapter by requirements"
    for loc, text in _requirements(pool.requirements):
        yield ("requirements", *loc), text


def _requirements(wants: Requirements) -> Iterator[Fault]:
    for key in ("vcpus", "memory_mib"):
        least = getattr(wants, key)
        yield from below((key,), least, 1)
        yield from below((f"{key}_max",), getattr(wants, f"{key}_max"), least)
    yield from below(("gpus",), wants.gpus, 0)
    if not all(wants.exclude):
        yield ("exclude",), "expected names of types, none of them empty"


def _purchase(pool: Pool, settings: BurstSettings) -> Iterator[Fault]:
    """A spot node goes away in the middle of a job, so only jobs that may be started again get one."""
    if pool.purchase == "mixed":
        if not 0 < pool.on_demand_ratio < 1:
            expected = "a share between 0 and 1 for purchase: mixed"
            yield ("on_demand_ratio",), f"expected {expected}, found {found(pool.on_demand_ratio)}"
    elif pool.on_demand_ratio:
        yield ("on_demand_ratio",), f"expected purchase: mixed beside it, found {found(pool.purchase)}"
    if pool.purchase == "on-demand":
        return
    if not pool.queues:
        yield ("queues",), f"expected the queues whose jobs may run on {pool.purchase} nodes, found none"
    for index, queue in enumerate(pool.queues):
        if queue not in settings.rerunnable_queues:
            expected = f"a queue of rerunnable_queues, because the pool is {pool.purchase}"
            yield ("queues", index), f"expected {expected}, found {found(queue)}"


def _together(pool: Pool) -> Iterator[Fault]:
    """What EC2 does only together, or not at all."""
    if pool.reservations and pool.purchase == "spot":
        yield ("reservations",), "expected purchase: on-demand or mixed: reservations are on-demand capacity"
    if pool.all_or_none and pool.purchase == "mixed":
        yield ("all_or_none",), "expected purchase: on-demand or spot: EC2 counts a mixed fleet's two parts apart"
    if pool.all_or_none and pool.max_nodes > _MOST_AT_ONCE:
        yield ("max_nodes",), f"expected at most {_MOST_AT_ONCE} with all_or_none, found {found(pool.max_nodes)}"
    if pool.placement_group and not pool.all_or_none:
        expected = "all_or_none: true beside it: a cluster placement group lies in one zone, a launch may go to several"
        yield ("placement_group",), f"expected {expected}"


def _unbuilt(pool: Pool) -> Iterator[Fault]:
    if not pool.launch_template:
        yield ("launch_template",), "expected a launch template (or the key outputs at the top), found nothing"
    if not all(pool.subnets or ("",)):
        yield ("subnets",), "expected at least one, none of them empty (or the key outputs at the top)"
