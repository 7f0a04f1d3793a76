"""The CreateFleet call of one launch (pure). The same launch gives the same call, as its client token demands.

Source: EC2 API reference, CreateFleet and InstanceRequirementsRequest. Machines of an instant fleet are one-time
requests: EC2 never starts another in place of one it took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.instance import launch_tags
from burst.instance_types import PRICE_SPREAD
from burst.offers import ranked, split

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        CreateFleetRequestTypeDef,
        FleetLaunchTemplateOverridesRequestTypeDef,
        FleetLaunchTemplateSpecificationRequestTypeDef,
        InstanceRequirementsRequestTypeDef,
        OnDemandOptionsRequestTypeDef,
        SpotOptionsRequestTypeDef,
        TargetCapacitySpecificationRequestTypeDef,
    )

    from ris_hybrid.model import Launch
    from ris_hybrid.pool_settings import Requirements
    from ris_hybrid.settings import BurstSettings, Pool

_PERCENT = 100


def fleet_request(launch: Launch, pool: Pool, settings: BurstSettings) -> CreateFleetRequestTypeDef:
    """Every offer of the pool in one call of type instant.

    ``launch.count`` machines are split into on-demand and spot ones as the pool buys them.
    """
    on_demand, spot = split(pool, launch.count)
    request: CreateFleetRequestTypeDef = {
        "Type": "instant",
        "ClientToken": launch.token,
        "LaunchTemplateConfigs": [
            {"LaunchTemplateSpecification": _template(pool), "Overrides": _overrides(pool, settings)}
        ],
        "TargetCapacitySpecification": _target(pool, launch.count),
        "TagSpecifications": [{"ResourceType": "instance", "Tags": launch_tags(launch, settings)}],
    }
    if pool.purchase != "spot":
        request["OnDemandOptions"] = _on_demand_options(pool, on_demand)
    if pool.purchase != "on-demand":
        request["SpotOptions"] = _spot_options(pool, spot)
    return request


def _template(pool: Pool) -> FleetLaunchTemplateSpecificationRequestTypeDef:
    if pool.launch_template.startswith("lt-"):
        return {"LaunchTemplateId": pool.launch_template, "Version": "$Default"}
    return {"LaunchTemplateName": pool.launch_template, "Version": "$Default"}


def _target(pool: Pool, count: int) -> TargetCapacitySpecificationRequestTypeDef:
    on_demand, spot = split(pool, count)
    target: TargetCapacitySpecificationRequestTypeDef = {
        "TotalTargetCapacity": count,
        "DefaultTargetCapacityType": "on-demand" if pool.purchase == "on-demand" else "spot",
    }
    if pool.purchase == "mixed":
        target |= {"OnDemandTargetCapacity": on_demand, "SpotTargetCapacity": spot}
    return target


def _overrides(pool: Pool, settings: BurstSettings) -> list[FleetLaunchTemplateOverridesRequestTypeDef]:
    """One for each subnet where EC2 chooses the types, else one for each type and subnet, best first."""
    if pool.requirements:
        wants = instance_requirements(pool.requirements, pool.purchase)
        found: list[FleetLaunchTemplateOverridesRequestTypeDef] = [
            {"InstanceRequirements": wants, "SubnetId": subnet} for subnet in dict.fromkeys(pool.subnets)
        ]
    else:
        pairs = {(offer.instance_type, offer.subnet): offer for offer in ranked(pool, settings.prices).offers}
        found = [
            {"InstanceType": kind, "SubnetId": subnet, "Priority": float(offer.priority)}  # type: ignore[typeddict-item]  # the stubs list the types of their own day
            for (kind, subnet), offer in pairs.items()
        ]
    if pool.placement_group:
        for override in found:
            override["Placement"] = {"GroupName": pool.placement_group}
    return found


def instance_requirements(wants: Requirements, purchase: str) -> InstanceRequirementsRequestTypeDef:
    """A pool's requirements in EC2's words; LSF is told that nodes are X86_64, so only such are asked for."""
    asked: InstanceRequirementsRequestTypeDef = {
        "VCpuCount": {"Min": wants.vcpus},
        "MemoryMiB": {"Min": wants.memory_mib},
        "CpuManufacturers": ["intel", "amd"],
        "BareMetal": "excluded",
        "BurstablePerformance": "excluded",
        "AcceleratorCount": {"Min": wants.gpus, "Max": wants.gpus} if wants.gpus else {"Max": 0},
    }
    if wants.vcpus_max is not None:
        asked["VCpuCount"]["Max"] = wants.vcpus_max
    if wants.memory_mib_max is not None:
        asked["MemoryMiB"]["Max"] = wants.memory_mib_max
    if wants.gpus:
        asked |= {"AcceleratorTypes": ["gpu"], "AcceleratorManufacturers": ["nvidia"]}
    if wants.exclude:
        asked["ExcludedInstanceTypes"] = list(wants.exclude)
    if purchase != "spot":
        asked["OnDemandMaxPricePercentageOverLowestPrice"] = int((PRICE_SPREAD - 1) * _PERCENT)
    if purchase != "on-demand":
        asked["MaxSpotPriceAsPercentageOfOptimalOnDemandPrice"] = int(PRICE_SPREAD * _PERCENT)
    return asked


def _on_demand_options(pool: Pool, count: int) -> OnDemandOptionsRequestTypeDef:
    """EC2 has no priorities where it chooses the types."""
    options: OnDemandOptionsRequestTypeDef = {
        "AllocationStrategy": "lowest-price" if pool.requirements else "prioritized"
    }
    if pool.reservations:
        options["CapacityReservationOptions"] = {"UsageStrategy": "use-capacity-reservations-first"}
    if pool.all_or_none:
        options |= {"MinTargetCapacity": count, "SingleInstanceType": True, "SingleAvailabilityZone": True}
    return options


def _spot_options(pool: Pool, count: int) -> SpotOptionsRequestTypeDef:
    options: SpotOptionsRequestTypeDef = {
        "AllocationStrategy": "price-capacity-optimized" if pool.requirements else "capacity-optimized-prioritized",
        "InstanceInterruptionBehavior": "terminate",
    }
    if pool.all_or_none:
        options |= {"MinTargetCapacity": count, "SingleInstanceType": True, "SingleAvailabilityZone": True}
    return options
