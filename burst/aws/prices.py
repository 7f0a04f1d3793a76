"""The shipped catalogue: what each instance type has, and its on-demand price.

``catalog.csv`` holds EC2's Linux on-demand prices in us-east-1 of July 2026, dollars per hour, with cores (physical),
vcpus, memory (MiB), GPUs, the processor's maker, and what else a pool may ask for (EFA, bare metal, burstable). It has
no spot prices and no other region: give those in ``prices`` of burst.yaml.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from burst.instance_types import InstanceType
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import BurstSettings


@cache
def catalog() -> Mapping[str, InstanceType]:
    """Every type we know, by name."""
    with files("burst.aws").joinpath("catalog.csv").open(encoding="utf-8") as file:
        return {row["instance_type"]: _row(row) for row in csv.DictReader(file)}


def prices_for(settings: BurstSettings) -> dict[str, float]:
    """Dollars per hour of every type that EC2's pools name: the settings' own, else the catalogue's.

    Raises ``ConfigError`` for a type with no price.
    """
    prices = dict(settings.prices)
    for pool in settings.pools:
        for name in pool.instance_types if pool.provider == "ec2" else ():
            known = catalog().get(name)
            if name not in prices and known is not None and known.usd_per_hour is not None:
                prices[name] = known.usd_per_hour
            if name not in prices:
                raise ConfigError(
                    f"pool {pool.name}: instance type {name} has no price in the catalogue",
                    f"give it in burst.yaml: prices: {{{name}: <dollars per hour>}}",
                )
    return prices


def _row(row: dict[str, str]) -> InstanceType:
    price = row["usd_per_hour"]
    return InstanceType(
        name=row["instance_type"],
        vcpus=int(row["vcpus"]),
        cores=int(row["cores"]),
        memory_mib=int(row["memory_mib"]),
        arch=row["arch"],
        usd_per_hour=float(price) if price else None,
        gpus=int(row["gpus"]),
        maker=row["maker"],
        **{flag: row[flag] == "1" for flag in ("efa", "current", "spot", "metal", "burstable")},
    )
