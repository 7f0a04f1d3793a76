"""Settings and facts of the data plane's tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.data.settings import Afm, DataSettings, DataSync, Globus, Gpfs, Mounted
from ris_hybrid.data.sharing import Held
from ris_hybrid.data.values import Dataset, Estimate, StagingPlan, StagingState, Totals
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, RegistryPlan

EVERY_WAY = DataSettings(
    gpfs=Gpfs(file_system="rdcw-fs1", commands=True),
    globus=Globus(client_id="c", secret_file="s", site_collection="a", cloud_collection="b", high_assurance=True),
    afm=Afm(filesets={"wucci": "wucci_cos"}, key_files={"bucket": "k"}),
    datasync=DataSync(agent_arns=("arn",), nfs_host="ces", role_arn="role", high_assurance=True),
    mounted=Mounted(paths=("/storage1/fs1",), most_gib=20, phi=True),
)


@pytest.fixture(scope="session")
def every_way() -> DataSettings:
    """Every way is set up, for PHI too."""
    return EVERY_WAY


class Without:
    """Settings with a part changed."""

    @staticmethod
    def part(settings: DataSettings, name: str, **fields: Any) -> DataSettings:
        changed: Any = replace(getattr(settings, name), **fields) if fields else None
        return replace(settings, **{name: changed})


@pytest.fixture(scope="session")
def change() -> Any:
    """``change(settings, "globus", high_assurance=False)``; without fields the part is taken out."""
    return Without.part


def allocation(name: str = "wucci", **fields: Any) -> AllocationPlan:
    """An internal allocation of its own lab, active and writable."""
    plain = AllocationPlan(
        name=name,
        lab=name,
        owner="ann",
        platform="storage1",
        path=f"/storage1/fs1/{name}",
        group=f"storage-{name}",
        environment="prod",
        account="123456789012",
        network="network-prod",
        data_class="internal",
        stage="active",
        removed_on="",
        quota_bytes=None,
        projects=(),
        bucket=BucketPlan(
            name="bucket", prefixes=("Active/",), key_alias="", transitions=(), object_lock=False, writable=True
        ),
        registry=RegistryPlan(namespace=f"prod/{name}", repositories=()),
        roles=(),
        budget=BudgetPlan(name=name, usd_per_month=1.0, alerts_percent=(80,)),
        pools=("cpu",),
        tags={},
    )
    return replace(plain, **fields)


@pytest.fixture(name="allocation", scope="session")
def allocation_fixture() -> Any:
    """``allocation("wucci", data_class="phi")``."""
    return allocation


def staging(staging_id: str, subtree: str, **fields: Any) -> Held:
    """A staged dataset of wucci: 10 dollars to bring in, 6 to bring back what comes back."""
    name = fields.pop("allocation", "wucci")
    plan = StagingPlan(
        staging_id=staging_id,
        dataset=Dataset(allocation=name, subtree=subtree),
        data_class="internal",
        bucket="bucket",
        way="globus",
        why=(),
        totals=Totals(),
        there=Totals(),
        left_out=(),
        estimate=Estimate(
            seconds_p50=1.0,
            seconds_p90=2.0,
            usd={"transfer": 8.0, "requests": 2.0, "storage_month": 99.0, "egress": 6.0},
        ),
        blocked=fields.pop("blocked", ()),
        created=0.0,
    )
    return Held(plan=plan, **({"state": StagingState.STAGED} | fields))


@pytest.fixture(name="staging", scope="session")
def staging_fixture() -> Any:
    """``staging("s1", "Active", state=...)``."""
    return staging
