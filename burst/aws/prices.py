"""On-demand prices of the shipped catalogue.

``catalog.csv`` holds EC2's Linux on-demand prices in us-east-1 of July 2026, dollars per hour, with cores (physical),
vcpus, memory (MiB) and GPUs. It has no spot prices and no other region: give those in ``prices`` of burst.yaml.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """One row of the catalogue; ``usd_per_hour`` is None where the catalogue has no price."""

    name: str
    vcpus: int
    cores: int
    memory_mib: int
    arch: str
    usd_per_hour: float | None


@cache
def catalog() -> Mapping[str, InstanceType]:
    """Every type we know, by name."""
    with files("burst.aws").joinpath("catalog.csv").open(encoding="utf-8") as file:
        return {row["instance_type"]: _row(row) for row in csv.DictReader(file)}


def prices_for(settings: BurstSettings) -> dict[str, float]:
    """Dollars per hour of every type the pools name: the settings' own, else the catalogue's.

    Raises ``ConfigError`` for a type with no price, or with less than the pool promises LSF.
    """
    prices = dict(settings.prices)
    for pool in settings.pools:
        for name in pool.instance_types:
            known = catalog().get(name)
            if known is not None:
                _check(pool, known)
            if name not in prices and known is not None and known.usd_per_hour is not None:
                prices[name] = known.usd_per_hour
            if name not in prices:
                raise ConfigError(
                    f"pool {pool.name}: instance type {name} has no price in the catalogue",
                    f"give it in burst.yaml: prices: {{{name}: <dollars per hour>}}",
                )
    return prices


def _check(pool: Pool, known: InstanceType) -> None:
    """LSF counts on what a pool says its nodes have, so each of its types must have it."""
    if "x86_64" not in known.arch:
        raise ConfigError(
            f"pool {pool.name}: instance type {known.name} is {known.arch}, LSF is told that nodes are X86_64",
            "choose a type with Intel or AMD cores",
        )
    if pool.slots > known.vcpus or pool.memory_mib > known.memory_mib:
        raise ConfigError(
            f"pool {pool.name}: instance type {known.name} has {known.vcpus} vCPUs and {known.memory_mib} MiB, less"
            f" than the pool's {pool.slots} slots and {pool.memory_mib} MiB",
            "lower slots and memory_mib, or choose a larger type",
        )


def with_prices(settings: BurstSettings) -> BurstSettings:
    """The settings with a price for every type their pools name; see ``prices_for``."""
    return replace(settings, prices=prices_for(settings))


def _row(row: dict[str, str]) -> InstanceType:
    price = row["usd_per_hour"]
    return InstanceType(
        name=row["instance_type"],
        vcpus=int(row["vcpus"]),
        cores=int(row["cores"]),
        memory_mib=int(row["memory_mib"]),
        arch=row["arch"],
        usd_per_hour=float(price) if price else None,
    )
