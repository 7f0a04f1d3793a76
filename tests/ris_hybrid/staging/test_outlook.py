"""What burst is told of pending jobs, and who is said to use what."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.data.settings import DataSettings, Gpfs
from ris_hybrid.data.values import Dataset
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.job_ask import JobAsk
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, RegistryPlan
from ris_hybrid.model import JobStatus
from ris_hybrid.staging.leasing import Use
from ris_hybrid.staging.outlook import StagingOutlook, needs, ready_at, uses_of
from ris_hybrid.staging.values import MoveRow

if TYPE_CHECKING:
    from collections.abc import Sequence

SITE = "/storage1/fs1/wucci/Active/A"
SETTINGS = DataSettings(gpfs=Gpfs(file_system="rdcw-fs1"))
ALLOCATIONS = {
    "wucci": AllocationPlan(
        name="wucci",
        lab="lee",
        owner="lee",
        platform="gpfs",
        path="/storage1/fs1/wucci",
        group="g",
        environment="prod",
        account="1",
        network="n",
        data_class="internal",
        stage="active",
        removed_on="",
        quota_bytes=None,
        projects=(),
        bucket=BucketPlan(name="b", prefixes=(), key_alias="", transitions=(), object_lock=False, writable=True),
        registry=RegistryPlan(namespace="lee", repositories=()),
        roles=(),
        budget=BudgetPlan(name="b", usd_per_month=1.0, alerts_percent=(100,)),
        pools=("cpu",),
        tags={},
    )
}


class Asks:
    def __init__(self, *asks: JobAsk) -> None:
        self.told, self.down = asks, ""

    def asks(self, job_ids: Sequence[str] = ()) -> tuple[JobAsk, ...]:
        if self.down:
            raise SiteUnavailable(self.down)
        return tuple(one for one in self.told if not job_ids or one.job_id in job_ids)


def ask(job_id: str, description: str) -> JobAsk:
    return JobAsk(job_id=job_id, user="u", lab="lee", queue="general", description=description)


def outlook(rig: Any, asks: Asks, **fields: Any) -> StagingOutlook:
    plain: dict[str, Any] = {
        "asks": asks,
        "journal": lambda: nullcontext(rig.journal),
        "settings": SETTINGS,
        "allocations": ALLOCATIONS,
        "boot_s": 300.0,
    }
    return StagingOutlook(**(plain | fields))


def test_a_job_is_eligible_once_its_data_is_staged(rig: Any, make: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    asks = Asks(ask("1", f"data={SITE}"), ask("2", "data=none"), ask("3", "data=/storage1/fs1/wucci/Active/B"))
    jobs = [make.job(job_id) for job_id in "1234"]

    before = outlook(rig, asks).outlook(jobs, rig.now)
    assert before["1"].verdict == "not staged"
    assert before["1"].usd > 0  # what staging it would cost is a part of sending it
    rig.turns()
    after = outlook(rig, asks).outlook(jobs, rig.now)

    assert {job_id: one.verdict for job_id, one in after.items()} == {
        "1": "staged",
        "2": "none needed",
        "3": "not staged",
        "4": "unknown",
    }
    assert [one.eligible for one in after.values()] == [True, True, False, False]
    assert all(one.reason for one in after.values())


@pytest.mark.parametrize("broken", ["asks", "journal"])
def test_what_cannot_be_asked_is_unknown_and_never_raised(rig: Any, make: Any, broken: str) -> None:
    asks = Asks(ask("1", "data=none"))
    asks.down = "bjobs gave no answer" if broken == "asks" else ""

    def unreadable() -> Any:
        raise ConfigError("the journal has version 9")

    journal = unreadable if broken == "journal" else lambda: nullcontext(rig.journal)
    found = outlook(rig, asks, journal=journal).outlook([make.job("1")], rig.now)

    assert found["1"].verdict == "unknown"
    assert found["1"].reason in {"bjobs gave no answer", "the journal has version 9"}


def test_a_job_whose_data_is_on_its_way_may_be_in_time(rig: Any, make: Any) -> None:
    rig.put(a=b"1" * 1000)
    rig.plan()
    rig.turn()
    found = outlook(rig, Asks(ask("1", f"data={SITE}"))).outlook([make.job("1")], rig.now)

    assert (found["1"].verdict, found["1"].eligible) == ("in time", True)
    assert found["1"].ready_at == rig.staging.begun_at + 120.0


def test_when_it_is_ready_goes_by_its_rate_and_is_not_made_up(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    assert ready_at(rig.staging, rig.now) == 0.0  # nobody began it
    rig.turn()
    staging = rig.staging
    moving = MoveRow(move_id="m", direction="in", stage="sent", files=300, bytes=5 * 10**9)
    moving = replace(moving, moved_bytes=2 * 10**9, bytes_per_s=3e8)

    # 10 s to move the rest, 10 s to read all for its checksums, 1 s to ask S3 for its own
    assert ready_at(replace(staging, moves=(moving,)), rig.now) == pytest.approx(rig.now + 21.0)
    assert ready_at(staging, staging.begun_at + 500.0) == 0.0  # later than planned, and no rate: nobody knows


def test_who_uses_what(make: Any) -> None:
    asks = [
        ask("1", f"data={SITE} results={SITE}/out"),
        ask("2", f"data={SITE}"),
        ask("3", f"data={SITE}"),
    ]
    jobs = [
        make.job("1", status=JobStatus.RUN, exec_host="cloud1"),
        make.job("2", status=JobStatus.RUN, exec_host="site1"),
        make.job("3"),
        make.job("4"),
    ]

    found = uses_of(jobs, needs(asks, SETTINGS, ALLOCATIONS), lambda job: job.exec_host != "site1")

    dataset = Dataset(allocation="wucci", subtree="Active/A")
    written = Dataset(allocation="wucci", subtree="Active/A/out")
    assert found == (
        Use(job_id="1", running=True, reads=(dataset,), writes=(written,)),
        Use(job_id="2", running=False),
        Use(job_id="3", running=False, reads=(dataset,)),
        Use(job_id="4", running=False),
    )
