from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import responses
from globus_sdk import TransferClient
from globus_sdk.authorizers import NullAuthorizer
from globus_sdk.transport import RetryConfig

from onprem.globus.hold import Holds
from onprem.globus.pace import Pace
from onprem.globus.service import Service
from ris_hybrid.data.settings import Globus
from ris_hybrid.data.values import Move, MoveItem
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, ProjectPlan, RegistryPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SITE, CLOUD = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CLIENT = "33333333-3333-4333-8333-333333333333"


class Made:
    """Settings and moves with everything but what a test is about."""

    @staticmethod
    def settings(**fields: Any) -> Globus:
        plain = Globus(
            client_id=CLIENT,
            secret_file="secret",
            site_collection=SITE,
            cloud_collection=CLOUD,
            site_base="/storage1/fs1",
            identity_domain="wustl.edu",
        )
        return replace(plain, **fields)

    @staticmethod
    def move(*items: MoveItem, **fields: Any) -> Move:
        plain = Move(
            move_id="m-7",
            direction="in",
            data_class="internal",
            site_path="/storage1/fs1/wucci/Active/Cryo-EM",
            bucket="ris-wucci",
            prefix="Active/Cryo-EM/",
            items=items or (MoveItem("a/one.mrc", 10),),
            deadline=1_800_000_000.5,
            label="ris-hybrid st-1a2b",
        )
        return replace(plain, **fields)


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Globus's services as a test tells them; what is not told is no answer."""
    with responses.mock as mocked:
        yield mocked


@pytest.fixture
def service(wire: responses.RequestsMock) -> Service:
    del wire
    client = TransferClient(authorizer=NullAuthorizer(), retry_config=RetryConfig(max_retries=0))
    return Service(client, Pace(1e6, lambda: 0.0, lambda _: None))


@pytest.fixture
def holds(tmp_path: Path) -> Holds:
    return Holds(tmp_path / "data" / "hold.json")


def _allocation(
    *,
    data_class: str = "internal",
    writable: bool = True,
    group: str = "storage-wucci",
    rw_group: str = "storage-wucci-cryo-em-rw",
    ro_group: str = "storage-wucci-cryo-em-ro",
    rw: tuple[str, ...] = ("k.cold",),
    ro: tuple[str, ...] = ("m.scope",),
) -> AllocationPlan:
    project = ProjectPlan(
        name="Cryo-EM",
        slug="cryo-em",
        prefix="Active/Cryo-EM/",
        archive=False,
        rw_group=rw_group,
        ro_group=ro_group,
        rw=rw,
        ro=ro,
    )
    bucket = BucketPlan(
        name="ris-wucci", prefixes=("Active/",), key_alias="", transitions=(), object_lock=False, writable=writable
    )
    return AllocationPlan(
        name="wucci",
        lab="wucci",
        owner="fitzp",
        platform="storage1",
        path="/storage1/fs1/wucci",
        group=group,
        environment="prod",
        account="123456789012",
        network="n",
        data_class=data_class,  # type: ignore[arg-type]  # a test gives any word
        stage="active" if writable else "read-only",
        removed_on="",
        quota_bytes=None,
        projects=(project,),
        bucket=bucket,
        registry=RegistryPlan(namespace="wucci", repositories=()),
        roles=(),
        budget=BudgetPlan(name="b", usd_per_month=1.0, alerts_percent=(50,)),
        pools=(),
        tags={},
    )


@pytest.fixture
def allocation() -> Callable[..., AllocationPlan]:
    return _allocation
