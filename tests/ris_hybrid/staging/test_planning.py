"""From a tree to the journal: what moves, what is compared first, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onprem.gpfs.fake import FakeScale
from ris_hybrid.data.scale import ScaleFileset, ScaleListing, Snapshot
from ris_hybrid.data.settings import Bounds, DataSettings, Globus, Gpfs
from ris_hybrid.data.values import Dataset, StagingState
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Missing
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, RegistryPlan
from ris_hybrid.staging.engine import ask_back
from ris_hybrid.staging.evicting import evict
from ris_hybrid.staging.fake_journal import FakeJournal
from ris_hybrid.staging.planning import Asked, Ground, drafted, may_not_plan, record
from ris_hybrid.staging.standing import Standing
from ris_hybrid.staging.values import Which

SITE = "/storage1/fs1/wucci/Active/A"
KEY = "Active/A/"
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
    gpfs=Gpfs(file_system="rdcw-fs1", cache="cache1", tape=False),
    globus=Globus(client_id="c", secret_file="s", site_collection="1", cloud_collection="2"),
    bounds=Bounds(batch_files=3),
)


def scale(now: float) -> FakeScale:
    made = FakeScale(now=now, file_systems=("rdcw-fs1", "cache1"))
    for file_system in ("rdcw-fs1", "cache1"):
        path = "/storage1/fs1/wucci/Active" if file_system == "rdcw-fs1" else "/cache1/fs1/wucci/Active"
        made.put(ScaleFileset(file_system=file_system, name="wucci_active", path=path, status="Linked"))
    made.cached("cache1", "wucci_active")
    snapshot = Snapshot(file_system="rdcw-fs1", name="20261127-w", fileset="wucci_active", status="Valid", created="x")
    made.snapshots.append(snapshot)
    return made


def ground(rig: Any, **fields: Any) -> Ground:
    stands = fields.pop("stands", None) or Standing(SETTINGS, scale(rig.now))
    allocation = replace(ALLOCATION, **fields)
    return Ground(world=rig.world(), settings=SETTINGS, allocations={"wucci": allocation}, standing=stands)


def planned(rig: Any, **fields: Any) -> Any:
    with drafted(ground(rig, **fields), DATASET, rig.now) as draft:
        record(rig.world(), draft, rig.now)
        return draft


def test_a_plan_and_its_manifest_are_in_the_journal_and_are_staged(rig: Any) -> None:
    rig.put(a=b"1", b=b"22", c=b"333", d=b"4444")
    rig.tree.put(f"{SITE}/.snapshots/old", b"x")

    draft = planned(rig)

    assert draft.plan.blocked == ()
    assert draft.plan.way == "globus"
    assert draft.consistency == "newest snapshot 20261127-w, cache Active"
    assert rig.state is StagingState.PLANNED
    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "c", "d"]


def test_another_plan_of_the_same_moves_nothing(rig: Any) -> None:
    rig.put(a=b"1", b=b"22")
    planned(rig)
    rig.turns()

    with drafted(ground(rig), DATASET, rig.now) as draft:
        assert draft.nothing_to_do
        assert draft.plan.there.files == 2


def test_only_what_changed_is_moved_and_its_older_version_goes_with_it(rig: Any) -> None:
    rig.put(a=b"1", b=b"22")
    planned(rig)
    rig.turns()
    rig.tree.put(f"{SITE}/b", b"changed", mtime_ns=5)
    rig.put(c=b"3")

    planned(rig)

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "b", "c"]
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    rig.turns()
    evict(rig.world(), rig.staging, rig.now)
    assert rig.state is StagingState.EVICTED
    assert rig.objects.keys("b") == ()


def test_a_lost_journal_is_made_anew_and_nothing_is_copied_twice(rig: Any) -> None:
    rig.put(a=b"1", b=b"22", c=b"333")
    planned(rig)
    rig.turns()
    rig.journal = FakeJournal()
    rig.put(d=b"new")

    planned(rig)

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "c", "d"]
    assert all(row.version_id and row.state == "ok" for row in rig.journal.files(rig.staging.staging_id, Which()))


def test_what_lies_in_the_bucket_with_other_content_is_moved(rig: Any) -> None:
    rig.put(a=b"1", b=b"22")
    rig.objects.put("b", f"{KEY}a", b"x")
    rig.objects.put("b", f"{KEY}b", b"22")

    planned(rig)

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a"]


def test_after_a_return_results_are_a_part_of_the_dataset(rig: Any) -> None:
    rig.put(a=b"1")
    planned(rig)
    rig.turns()
    rig.now += 3600
    rig.objects.now = rig.now
    rig.objects.put("b", f"{KEY}r", b"result")
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    assert rig.turns() is StagingState.RETURNED
    moved = list(rig.mover.paths_moved)
    rig.put(b=b"2")

    planned(rig)

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == [*moved, "b"]
    assert {one.direction for one in rig.journal.counts(rig.staging.staging_id)} == {"in"}


def test_a_dirty_cache_blocks_and_is_flushed_where_that_is_allowed(rig: Any) -> None:
    rig.put(a=b"1")
    dirty = scale(rig.now)
    dirty.dirty("cache1", "wucci_active", queued=7)

    with drafted(ground(rig, stands=Standing(SETTINGS, dirty)), DATASET, rig.now) as draft:
        assert any("Dirty" in one and "flush it, or wait" in one for one in draft.plan.blocked)
    with drafted(ground(rig, stands=Standing(SETTINGS, dirty, dirty)), DATASET, rig.now) as draft:
        assert any("a flush was asked for" in one for one in draft.plan.blocked)
    dirty.cache("cache1", "wucci_active")  # looked at once more: it drains
    with drafted(ground(rig, stands=Standing(SETTINGS, dirty, dirty)), DATASET, rig.now) as draft:
        assert draft.plan.blocked == ()


def test_results_that_the_sites_quota_has_no_room_for_block(rig: Any) -> None:
    full = scale(rig.now)
    path = "/storage1/fs1/wucci/Active"
    fileset = ScaleFileset(file_system="rdcw-fs1", name="wucci_active", path=path, status="Linked")
    full.put(replace(fileset, quota_bytes=10 * 1024**3, used_bytes=8 * 1024**3, in_doubt_bytes=1024**3))
    rig.put(a=b"1")

    for size, blocked in ((1024**3, ()), (2 * 1024**3, ("quota: 2.00 GiB of results are to come back",))):
        asked = Asked(results_bytes=size)
        with drafted(ground(rig, stands=Standing(SETTINGS, full)), DATASET, rig.now, asked) as draft:
            assert tuple(line.partition(",")[0] for line in draft.plan.blocked) == blocked


class OfHomeAlone(FakeScale):
    """What was captured is of the home file system, or the cache's filesets could not be had."""

    lacking: tuple[Missing, ...] = ()

    def listing(self) -> ScaleListing:
        found = super().listing()
        home = tuple(one for one in found.filesets if one.file_system == "rdcw-fs1")
        return replace(found, filesets=home, missing=self.lacking)


@pytest.mark.parametrize("lacking", [(), (Missing(part="filesets", reason="cache1: no answer"),)])
def test_a_list_without_the_cache_does_not_say_that_there_is_none(rig: Any, lacking: tuple[Missing, ...]) -> None:
    of_home = OfHomeAlone(now=rig.now, file_systems=("rdcw-fs1", "cache1"))
    of_home.lacking = lacking
    for file_system in ("rdcw-fs1", "cache1"):
        path = "/storage1/fs1/wucci/Active"
        of_home.put(ScaleFileset(file_system=file_system, name="wucci_active", path=path, status="Linked"))
    of_home.dirty("cache1", "wucci_active", queued=7)
    with drafted(ground(rig, stands=Standing(SETTINGS, of_home)), DATASET, rig.now) as draft:
        assert any("7 changes wait" in one for one in draft.plan.blocked)


def test_a_cache_that_cannot_be_asked_blocks(rig: Any) -> None:
    rig.put(a=b"1")
    down = scale(rig.now)
    stands = Standing(SETTINGS, down)
    stands.of(ALLOCATION)
    down.down = "the GUI does not answer"

    with drafted(ground(rig, stands=stands), DATASET, rig.now) as draft:
        assert any("the GUI does not answer" in one for one in draft.plan.blocked)
    with drafted(ground(rig, stands=Standing(SETTINGS, None)), DATASET, rig.now) as draft:
        assert any(one.startswith("cache:") for one in draft.plan.blocked)


def test_a_blocked_plan_is_kept_with_its_reason_and_planned_again(rig: Any) -> None:
    rig.put(a=b"1")
    dirty = scale(rig.now)
    dirty.dirty("cache1", "wucci_active")
    planned(rig, stands=Standing(SETTINGS, dirty))
    assert rig.turns() is StagingState.BLOCKED
    assert "cache" in rig.staging.reason

    assert may_not_plan(rig.staging) == ""
    planned(rig)
    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a"]


def test_no_manifest_is_made_of_what_is_under_way(rig: Any) -> None:
    rig.put(a=b"1")
    planned(rig)
    assert may_not_plan(None) == ""
    rig.turn()
    assert may_not_plan(rig.staging) == "it is staging"
    rig.turns()
    rig.now += 3600
    rig.objects.now = rig.now
    rig.objects.put("b", f"{KEY}a", b"of a job")
    rig.tree.put(f"{SITE}/a", b"of a person")
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    rig.turns()
    assert "results are not on the site" in may_not_plan(rig.staging)


def test_a_part_of_a_tree_is_no_manifest_and_phi_is_not_named(rig: Any) -> None:
    rig.put(a=b"1")
    rig.tree.put(f"{SITE}/smith-john/x", b"1")
    rig.tree.unreadable = {f"{SITE}/smith-john"}

    with pytest.raises(SiteUnavailable, match="smith-john: cannot be listed"), drafted(ground(rig), DATASET, rig.now):
        pass
    with pytest.raises(SiteUnavailable) as caught, drafted(ground(rig, data_class="phi"), DATASET, rig.now):
        pass
    assert "smith" not in caught.value.message
    assert caught.value.message == "(a file): permission denied"
    assert rig.journal.stagings() == ()


def test_a_wider_dataset_waits_for_results_of_a_part_of_it(rig: Any) -> None:
    rig.put(a=b"1")
    planned(rig)
    rig.turns()

    with drafted(ground(rig), Dataset(allocation="wucci", subtree="Active"), rig.now) as draft:
        assert any("has wucci:Active/A and is staged; return it first" in one for one in draft.plan.blocked)


def test_an_allocation_nobody_mirrors_is_a_plan_that_is_blocked(rig: Any) -> None:
    nowhere = replace(ground(rig), allocations={})
    with drafted(nowhere, DATASET, rig.now) as draft:
        assert any("not mirrored" in one for one in draft.plan.blocked)
