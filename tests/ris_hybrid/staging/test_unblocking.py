"""What is blocked by something that time puts right goes on by itself; what waits for a person does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onprem.gpfs.fake import FakeScale
from ris_hybrid.data.scale import ScaleFileset
from ris_hybrid.data.settings import Bounds, DataSettings, Globus, Gpfs
from ris_hybrid.data.values import Dataset, StagingState
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, RegistryPlan
from ris_hybrid.staging.engine import ask_back, turn
from ris_hybrid.staging.planning import Asked, Ground, drafted, record
from ris_hybrid.staging.standing import Standing
from ris_hybrid.staging.unblocking import look_again

SITE = "/storage1/fs1/wucci/Active/A"
DATASET = Dataset(allocation="wucci", subtree="Active/A")
ALLOCATION = AllocationPlan(
    name="wucci",
    lab="wucci",
    owner="wucci",
    platform="gpfs",
    path="/storage1/fs1/wucci",
    group="storage-wucci",
    environment="prod",
    account="123456789012",
    network="n",
    data_class="internal",
    stage="active",
    removed_on="",
    quota_bytes=10**12,
    projects=(),
    bucket=BucketPlan(name="b", prefixes=("Active/",), key_alias="", transitions=(), object_lock=False, writable=True),
    registry=RegistryPlan(namespace="wucci", repositories=()),
    roles=(),
    budget=BudgetPlan(name="wucci", usd_per_month=10.0, alerts_percent=(100,)),
    pools=("cpu",),
    tags={},
)
SETTINGS = DataSettings(
    gpfs=Gpfs(file_system="rdcw-fs1", cache="cache1"),
    globus=Globus(client_id="c", secret_file="s", site_collection="1", cloud_collection="2"),
    bounds=Bounds(batch_files=3),
)
MONTH_S = 31 * 86400.0


class Site:
    """A rig with Spectrum Scale and an allocation beside it."""

    def __init__(self, rig: Any) -> None:
        self.rig, self.settings = rig, SETTINGS
        self.listed_at: float | None = None
        self.scale = FakeScale(now=rig.now, file_systems=("rdcw-fs1", "cache1"))
        for file_system, root in (("rdcw-fs1", "/storage1"), ("cache1", "/cache1")):
            path = f"{root}/fs1/wucci/Active"
            self.scale.put(ScaleFileset(file_system=file_system, name="wucci_active", path=path, status="Linked"))
        self.scale.cached("cache1", "wucci_active")

    @property
    def ground(self) -> Ground:
        self.scale.now = self.rig.now
        stands = Standing(self.settings, self.scale)
        listed = self.listed_at
        return Ground(
            world=self.rig.world(),
            settings=self.settings,
            allocations={"wucci": ALLOCATION},
            standing=stands,
            listed_at=None if listed is None else lambda _path: listed,
        )

    def plan(self, asked: Asked | None = None) -> None:
        with drafted(self.ground, DATASET, self.rig.now, asked) as draft:
            record(self.rig.world(), draft, self.rig.now)
        self.rig.turns()

    def look_again(self) -> list[str]:
        self.rig.now += 60
        return [one.what for one in look_again(self.ground, self.rig.now)]


@pytest.fixture
def site(rig: Any) -> Site:
    return Site(rig)


def test_a_dataset_waits_for_its_cache_and_takes_what_was_in_it(site: Site) -> None:
    site.rig.put(a=b"1")
    site.scale.cached("cache1", "wucci_active", "Dirty", 7)
    site.plan()
    assert site.rig.state is StagingState.BLOCKED
    logged = len(site.rig.journal.history(site.rig.staging.staging_id))
    assert site.look_again() == site.look_again() == []
    assert len(site.rig.journal.history(site.rig.staging.staging_id)) == logged

    site.rig.put(b=b"2")
    site.scale.cached("cache1", "wucci_active")
    assert site.look_again() == ["planned anew: nothing blocks it any more"]
    assert site.rig.turns() is StagingState.STAGED
    assert set(site.rig.objects.keys("b")) == {"Active/A/a", "Active/A/b"}


def test_what_a_person_accepted_stays_accepted(site: Site) -> None:
    site.rig.put(a=b"1")
    site.rig.tree.put(f"{SITE}/old", b"2", residency="migrated")
    site.scale.cached("cache1", "wucci_active", "Dirty", 7)
    site.plan(Asked(accepted=frozenset({"on tape"}), results_bytes=3 * 1024**3))
    cost = site.rig.staging.plan.estimate.usd["egress"]

    site.scale.cached("cache1", "wucci_active")
    site.look_again()
    assert site.rig.turns() is StagingState.STAGED
    assert site.rig.staging.plan.estimate.usd["egress"] == pytest.approx(cost)


def test_what_waits_for_a_person_is_left_alone(site: Site) -> None:
    site.rig.tree.put(f"{SITE}/old", b"2", residency="migrated")
    site.scale.cached("cache1", "wucci_active", "Dirty", 7)
    site.plan()
    site.scale.cached("cache1", "wucci_active")

    assert site.look_again() == []
    assert site.rig.state is StagingState.BLOCKED


def test_a_plan_above_the_month_waits_for_the_next(site: Site) -> None:
    site.settings = replace(SETTINGS, bounds=Bounds(egress_gb_per_month=1.0))
    site.rig.put(a=b"1")
    site.plan(Asked(results_bytes=2 * 1024**3))
    assert site.rig.staging.reason.startswith("egress: ")
    assert site.look_again() == []

    site.rig.now += MONTH_S
    assert site.look_again() == []  # nothing changed: 2 GB are more than any month has
    site.settings = SETTINGS
    assert site.look_again() == ["planned anew: nothing blocks it any more"]


def test_dollars_that_others_took_come_back_with_the_month(site: Site) -> None:
    site.rig.put(a=b"1")
    site.rig.bounds = Bounds(usd_per_month=-1.0)
    site.plan()
    assert site.rig.state is StagingState.BLOCKED
    assert site.look_again() == []

    site.rig.bounds = Bounds()
    assert site.look_again() == ["it goes on: the month has room"]
    assert site.rig.turns() is StagingState.STAGED


def test_results_wait_for_room_and_then_come(site: Site) -> None:
    site.rig.put(a=b"1")
    site.plan()
    site.rig.objects.put("b", "Active/A/new", (2 * 1024**3, "large"))
    site.rig.bounds = Bounds(egress_gb_per_month=1.0)
    ask_back(site.rig.world(), site.rig.staging, site.rig.now, "asked for")
    assert site.rig.turns() is StagingState.BLOCKED
    assert site.look_again() == []

    site.rig.bounds = Bounds()
    assert site.look_again() == ["it goes on: the month has room for its results"]
    assert site.rig.turns() is StagingState.RETURNED


def test_a_conflict_is_not_tried_again(site: Site) -> None:
    site.rig.put(a=b"1")
    site.plan()
    site.rig.tree.put(f"{SITE}/a", b"of somebody", mtime_ns=7)
    site.rig.objects.put("b", "Active/A/a", b"of the cloud")
    ask_back(site.rig.world(), site.rig.staging, site.rig.now, "asked for")
    assert site.rig.turns() is StagingState.BLOCKED

    assert site.look_again() == []


def test_a_tree_that_cannot_be_read_is_said_and_tried_later(site: Site) -> None:
    site.rig.put(a=b"1")
    site.scale.cached("cache1", "wucci_active", "Dirty", 7)
    site.plan()
    site.scale.cached("cache1", "wucci_active")
    site.rig.tree.unreadable.add(SITE)

    [said] = site.look_again()
    assert "cannot be listed" in said
    site.rig.tree.unreadable.clear()
    assert site.look_again() == ["planned anew: nothing blocks it any more"]


def test_what_began_and_stopped_is_a_persons_to_mend(site: Site) -> None:
    site.rig.put(a=b"1")
    site.plan()
    site.rig.put(b=b"2")
    with drafted(site.ground, DATASET, site.rig.now) as draft:
        record(site.rig.world(), draft, site.rig.now)
    world = replace(site.rig.world(), movers={})

    turn(world, site.rig.now)
    assert site.rig.state is StagingState.BLOCKED
    assert site.look_again() == []


def test_an_old_list_of_files_does_not_count_until_it_is_made_anew(site: Site) -> None:
    site.rig.put(a=b"1")
    site.listed_at = site.rig.now - 3 * 86400
    site.plan()
    assert site.rig.state is StagingState.BLOCKED
    assert "the list of files is 72 hours old" in site.rig.staging.reason
    assert "may be on tape by now" in site.rig.staging.reason
    assert site.look_again() == []

    site.listed_at = site.rig.now - 1800
    assert site.look_again() == ["planned anew: nothing blocks it any more"]
    assert "note: files are as a policy listed them 0.5 hours ago" in site.rig.staging.plan.why
