"""InstanceRequirements of a fleet's override → the types EC2 would choose from, by the shipped catalogue.

Source: EC2 API reference, InstanceRequirementsRequest. What the product sends is understood, all else is refused, so
that a run in the sandbox never says more than it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.prices import catalog
from burst.instance_types import affordable, matching
from ris_hybrid.pool_settings import Requirements
from ris_hybrid.sandbox.aws.wire import ApiError, Params, not_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from burst.instance_types import InstanceType

_LISTS = {
    "CpuManufacturer": {"intel", "amd"},
    "AcceleratorType": {"gpu"},
    "AcceleratorManufacturer": {"nvidia"},
}
"""Lists that are understood only with these values, in any order."""
_FIXED = {
    "BareMetal": "excluded",
    "BurstablePerformance": "excluded",
    "OnDemandMaxPricePercentageOverLowestPrice": "100",
    "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice": "200",
}
_RANGES = ("VCpuCount.Min", "VCpuCount.Max", "MemoryMiB.Min", "MemoryMiB.Max", "AcceleratorCount.Min")
_KNOWN = frozenset({*_LISTS, *_FIXED, *_RANGES, "AcceleratorCount.Max", "ExcludedInstanceType"})


def by_type(override: Params) -> Iterator[Params]:
    """An override that names attributes is one override for each type that has them, the cheapest first."""
    attributes = override.sub("InstanceRequirements")
    if not attributes.flat:
        yield override
        return
    if override.get("InstanceType"):
        message = "InstanceType and InstanceRequirements cannot be in one override."
        raise ApiError("InvalidParameterCombination", message)
    rest = {key: value for key, value in override.flat.items() if not key.startswith("InstanceRequirements.")}
    for kind in chosen(attributes):
        yield Params({**rest, "InstanceType": kind.name})


def chosen(asked: Params) -> tuple[InstanceType, ...]:
    """The types that meet the requirements, the cheapest first.

    Raises ``ApiError`` in EC2's words, or because the sandbox does not know an attribute or a value of it.
    """
    wants = _read(asked)
    found = affordable(matching(wants, catalog().values()))
    if not found:
        raise ApiError("InvalidParameterValue", "No instance types match the given InstanceRequirements. (sandbox)")
    return found


def _read(asked: Params) -> Requirements:
    _understood(asked)
    vcpus, memory_mib = asked.number("VCpuCount.Min"), asked.number("MemoryMiB.Min")
    if vcpus is None or memory_mib is None:
        raise ApiError("MissingParameter", "InstanceRequirements must contain VCpuCount.Min and MemoryMiB.Min")
    gpus = asked.number("AcceleratorCount.Max")
    if gpus is None or asked.number("AcceleratorCount.Min", gpus) != gpus:
        raise not_in_sandbox("AcceleratorCount without one figure")
    return Requirements(
        vcpus=vcpus,
        memory_mib=memory_mib,
        vcpus_max=asked.number("VCpuCount.Max"),
        memory_mib_max=asked.number("MemoryMiB.Max"),
        gpus=gpus,
        exclude=tuple(asked.values("ExcludedInstanceType")),
    )


def _understood(asked: Params) -> None:
    for name in map(_plain, asked.flat):
        if name not in _KNOWN:
            raise not_in_sandbox(f"InstanceRequirements {name}")
    for name, value in _FIXED.items():
        if asked.get(name, value) != value:
            raise not_in_sandbox(f"InstanceRequirements {name} {asked.get(name)}")
    for name, values in _LISTS.items():
        given = asked.values(name)
        if given and set(given) != values:
            raise not_in_sandbox(f"InstanceRequirements {name} {_words(given)}")
    if not asked.values("CpuManufacturer"):
        raise not_in_sandbox("InstanceRequirements of any processor")


def _plain(name: str) -> str:
    """``CpuManufacturer.1`` is an entry of the list ``CpuManufacturer``."""
    head, _, index = name.rpartition(".")
    return head if index.isdigit() else name


def _words(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))
