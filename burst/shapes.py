"""Settings as everything after burst.yaml uses them: each pool's types and what they have, and every type's price.

EC2's come from its catalogue (``burst.aws.shapes``). What a second cloud's sizes have and cost only burst.yaml knows;
here they get the names that our books have them by (``burst.clouds.naming``), so that no one after knows of clouds:

    instance_types: [m1.large]    clouds: [{name: research, prices: {m1.large: 0.2}}]
    ──▶ instance_types: [research/m1.large], prices: {research/m1.large: 0.2}
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.aws import shapes as ec2
from burst.aws.prices import prices_for
from burst.clouds.naming import plain, qualified
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Pool


def with_shapes(settings: BurstSettings) -> BurstSettings:
    """The settings with prices, and cloud, types and what they have in every pool; done again it changes nothing.

    Raises ``ConfigError`` for what EC2's catalogue does not bear out (see ``burst.aws.shapes``), a type with no price,
    and a pool of a second cloud that names none of ``clouds`` or leaves slots or memory out.
    """
    named = replace(settings, pools=tuple(_typed(pool, settings) for pool in settings.pools))
    prices = {**prices_for(named), **_second_prices(named)}
    for pool in named.pools:
        _check_prices(pool, prices)
    return replace(named, prices=prices, pools=tuple(_shaped(pool, settings) for pool in named.pools))


def _typed(pool: Pool, settings: BurstSettings) -> Pool:
    if pool.provider == "ec2":
        return ec2.typed(pool, settings)
    cloud = pool.cloud or (settings.clouds[0].name if len(settings.clouds) == 1 else "")
    if settings.cloud(cloud) is None:
        names = ", ".join(one.name for one in settings.clouds) or "none"
        raise ConfigError(f"pool {pool.name}: expected cloud, one of clouds ({names}), found {cloud or 'nothing'}")
    return replace(pool, cloud=cloud, instance_types=tuple(qualified(cloud, size) for size in pool.instance_types))


def _second_prices(settings: BurstSettings) -> dict[str, float]:
    """Of every size of every second cloud, those that no pool names included: machines may be left of them."""
    return {qualified(cloud.name, size): usd for cloud in settings.clouds for size, usd in sorted(cloud.prices.items())}


def _check_prices(pool: Pool, prices: dict[str, float]) -> None:
    missing = next((kind for kind in pool.instance_types if kind not in prices), None)
    if missing is not None:
        raise ConfigError(
            f"pool {pool.name}: {missing} has no price",
            f"give it in burst.yaml: clouds, prices of {pool.cloud}: {{{plain(missing)}: <dollars per hour>}}",
        )


def _shaped(pool: Pool, settings: BurstSettings) -> Pool:
    if pool.provider == "ec2":
        return ec2.shaped(pool, settings)
    if pool.slots < 1 or pool.memory_mib < 1:
        raise ConfigError(
            f"pool {pool.name}: expected slots and memory_mib",
            f"write what the least of its sizes has: no catalogue of {pool.cloud} tells",
        )
    return pool
