"""Allocations as the mirror plans them, made by hand: a plain one with an archive, and one of PHI."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.mirror.values import (
    AllocationPlan,
    BucketPlan,
    BudgetPlan,
    DataClass,
    RegistryPlan,
    RolePlan,
    Stage,
    TransitionRule,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK: dict[str, object] = {
    "vpc_id": "vpc-1",
    "vpc_cidr": "10.0.0.0/16",
    "subnet_ids": ["subnet-a", "subnet-b"],
    "route_table_id": "rtb-1",
    "node_group_id": "sg-nodes",
    "endpoint_ids": ["vpce-2", "vpce-1"],
    "inbound_resolver_ips": [],
    "flow_log_group": "flow",
}
"""What the layer before gives out."""
ARCHIVE = TransitionRule(rule_id="archive", prefix="Archive/", storage_class="DEEP_ARCHIVE", after_days=1)


def mirrored(name: str, data_class: DataClass = "internal", *, stage: Stage = "active") -> AllocationPlan:
    """An allocation of that class on that step of the ladder."""
    phi, slug = data_class == "phi", name.replace("_", "-")
    gone = stage in {"read-only", "archived"}
    everything = TransitionRule(rule_id="all", prefix="", storage_class="DEEP_ARCHIVE", after_days=0)
    bucket = BucketPlan(
        name=f"wustl-ris-{slug}-abc123",
        prefixes=("Active/", "Archive/"),
        key_alias=f"alias/wustl-ris-{slug}-abc123" if phi else "",
        transitions=(everything,)
        if stage == "archived"
        else (ARCHIVE, replace(ARCHIVE, rule_id="old", noncurrent=True)),
        object_lock=phi,
        writable=not gone,
    )
    tags = {"ris_allocation": name, "ris_lab": slug, "ris_data_class": data_class, "ris_managed": "ris-hybrid"}
    roles = (
        RolePlan(name=f"ris-{slug}-lab", kind="lab", group=f"storage-{slug}", statements=()),
        RolePlan(name=f"ris-{slug}-jobs", kind="jobs", group="", statements=()),
        RolePlan(name=f"ris-{slug}-p1-ro", kind="project-ro", group=f"storage-{slug}-p1-ro", statements=()),
    )
    return AllocationPlan(
        name=name,
        lab=slug,
        owner="fitzp",
        platform="storage1",
        path=f"/storage1/fs1/{name}",
        group=f"storage-{slug}",
        environment="example",
        account="123456789012",
        network="network-example",
        data_class=data_class,
        stage=stage,
        removed_on="2026-11-01" if stage != "active" else "",
        quota_bytes=1 << 40,
        projects=(),
        bucket=bucket,
        registry=RegistryPlan(namespace=f"lab/{slug}", repositories=()),
        roles=roles,
        budget=BudgetPlan(name=f"ris-{slug}", usd_per_month=150.5, alerts_percent=(50, 80, 100)),
        pools=(),
        tags=tags,
    )


@pytest.fixture
def plain() -> AllocationPlan:
    return mirrored("wucci")


@pytest.fixture
def phi() -> AllocationPlan:
    return mirrored("neuro_trials", "phi")


@pytest.fixture
def staged() -> Callable[[DataClass, Stage], AllocationPlan]:
    """An allocation of a class on a step of the ladder."""
    return lambda data_class, stage: mirrored("leaving", data_class, stage=stage)


@pytest.fixture
def network() -> dict[str, object]:
    return NETWORK
