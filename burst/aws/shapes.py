"""What EC2's catalogue adds to a pool: the types its requirements mean, and what LSF may count on.

A pool's slots, memory and GPUs are what the least of its types has, because which one comes is the cloud's choice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.aws.prices import catalog
from burst.instance_types import USABLE_MEMORY, affordable, matching
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.instance_types import InstanceType
    from ris_hybrid.settings import BurstSettings, Pool

_LOWER = "lower the pool's figure, leave it out so that it is derived, or choose larger types"


def typed(pool: Pool, settings: BurstSettings) -> Pool:
    """An EC2 pool with its instance types. Raises ``ConfigError`` for requirements that no type meets."""
    if pool.requirements is None:
        return pool
    kinds = affordable(_matching(pool, settings))
    if not kinds:
        raise ConfigError(
            f"pool {pool.name}: no instance type of the catalogue meets its requirements", "widen requirements"
        )
    return replace(pool, instance_types=tuple(kind.name for kind in kinds))


def _matching(pool: Pool, settings: BurstSettings) -> tuple[InstanceType, ...]:
    """Every type EC2 may choose, at the site's own prices where it gives them."""
    if pool.requirements is None:
        return ()
    prices = settings.prices
    kinds = (replace(kind, usd_per_hour=prices.get(kind.name, kind.usd_per_hour)) for kind in catalog().values())
    return matching(pool.requirements, kinds)


def shaped(pool: Pool, settings: BurstSettings) -> Pool:
    """An EC2 pool with slots, memory and GPUs: figures given are checked, figures left out are derived.

    A type we do not know has what the pool says. Raises ``ConfigError`` for a type of another architecture, one we do
    not know of a pool without figures, and figures the pool promises but its types do not have.
    """
    names = [kind.name for kind in _matching(pool, settings)] or pool.instance_types
    kinds = [catalog()[name] for name in names if name in catalog()]
    if len(kinds) < len(names) and not (pool.slots and pool.memory_mib):
        unknown = next(name for name in names if name not in catalog())
        raise ConfigError(
            f"pool {pool.name}: instance type {unknown} is not in the catalogue",
            "give the pool's slots and memory_mib, which cannot be derived",
        )
    for kind in kinds:
        _check(pool, kind, settings)
    return _derived(pool, kinds, settings) if kinds else pool


def _derived(pool: Pool, kinds: Sequence[InstanceType], settings: BurstSettings) -> Pool:
    threads = {kind.threads_per_core for kind in kinds}
    return replace(
        pool,
        slots=pool.slots or min(kind.slots(settings.ncpus) for kind in kinds),
        memory_mib=pool.memory_mib or min(kind.usable_mib for kind in kinds),
        gpus=pool.gpus or min(kind.gpus for kind in kinds),
        cores=pool.cores or min(kind.cores for kind in kinds),
        threads_per_core=pool.threads_per_core or (threads.pop() if len(threads) == 1 else 0),
    )


def _check(pool: Pool, kind: InstanceType, settings: BurstSettings) -> None:
    """LSF counts on what a pool says its nodes have, so each of its types must have it."""
    here = f"pool {pool.name}: instance type {kind.name}"
    if not kind.x86:
        hint = "choose a type with Intel or AMD cores"
        raise ConfigError(f"{here} is {kind.arch}, LSF is told that nodes are X86_64", hint)
    if pool.efa and not kind.efa:
        raise ConfigError(f"{here} has no Elastic Fabric Adapter", "choose types that have it, or drop efa")
    if pool.purchase != "on-demand" and not pool.requirements and not kind.spot:
        raise ConfigError(f"{here} is not sold as spot", "choose another type, or purchase: on-demand")
    figures = (
        ("slots", pool.slots, kind.slots(settings.ncpus), f"{settings.ncpus} (ncpus: {settings.ncpus})"),
        ("memory_mib", pool.memory_mib, kind.usable_mib, f"MiB for LSF ({USABLE_MEMORY:.1%} of {kind.memory_mib})"),
        ("gpus", pool.gpus, kind.gpus, "GPUs"),
        ("cores", pool.cores, kind.cores, "cores"),
    )
    for key, promised, has, unit in figures:
        if promised > has:
            raise ConfigError(f"{here} has {has} {unit}, less than the pool's {key}: {promised}", _LOWER)
