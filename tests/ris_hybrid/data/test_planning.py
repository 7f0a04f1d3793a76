from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.data.estimate import Spent
from ris_hybrid.data.manifest import CHANGED_THERE, Manifest
from ris_hybrid.data.planning import Known, plan_staging, site_path
from ris_hybrid.data.scale import CacheState
from ris_hybrid.data.taking import EXCLUDED, MAYBE_ON_TAPE, ON_TAPE, SYMLINK
from ris_hybrid.data.values import Dataset, LeftOut, StagingPlan, Totals

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.mirror.values import AllocationPlan

    Allocation = Callable[..., AllocationPlan]

NOW = 1_800_000_000.0
GIB = 1024**3
DATASET = Dataset(allocation="wucci", subtree="Active/Cryo-EM")


def manifest(**fields: Any) -> Manifest:
    plain = Manifest(
        totals=Totals(files=1000, bytes=500 * GIB),
        there=Totals(files=400, bytes=100 * GIB),
        moving=Totals(files=600, bytes=400 * GIB),
        left_out=(),
        empty=(),
        batches=3,
        hard_links=0,
        notes=(),
    )
    return replace(plain, **fields)


def left(reason: str, files: int = 2, size: int = 3 * GIB) -> LeftOut:
    return LeftOut(reason=reason, files=files, bytes=size)


@pytest.fixture
def known(allocation: Allocation) -> Known:
    return Known(
        staging_id="s-1",
        dataset=DATASET,
        allocation=allocation(),
        manifest=manifest(),
        listing_at=NOW - 3600,
        bucket_bytes=0,
    )


def blocked(known: Known, settings: DataSettings) -> tuple[str, ...]:
    return plan_staging(known, settings, NOW).blocked


def test_a_plan_that_may_begin(known: Known, every_way: DataSettings) -> None:
    plan = plan_staging(replace(known, manifest=manifest(left_out=(left(SYMLINK),), notes=("n",))), every_way, NOW)
    assert plan.blocked == ()
    assert (plan.staging_id, plan.dataset, plan.bucket, plan.way) == ("s-1", DATASET, "bucket", "globus")
    assert (plan.totals.files, plan.there.files, plan.data_class, plan.created) == (1000, 400, "internal", NOW)
    assert plan.left_out == (left(SYMLINK),)
    assert plan.why[0] == "globus: the plain way: checksums on both ends, and no charge by volume"
    assert plan.why[-1] == "note: n"
    assert plan.estimate.usd["egress"] == pytest.approx(4.5)
    assert plan.estimate.seconds_p50 > 0


def test_what_comes_back_may_be_said(known: Known, every_way: DataSettings) -> None:
    plan = plan_staging(replace(known, results_bytes=GIB), every_way, NOW)
    assert plan.estimate.usd["egress"] == pytest.approx(0.09)


def test_a_small_dataset_is_mounted_whatever_its_names(known: Known, every_way: DataSettings, change: Any) -> None:
    small = manifest(
        totals=Totals(files=1, bytes=1),
        there=Totals(),
        moving=Totals(files=1, bytes=1),
        left_out=(left(SYMLINK, 1, 0), left(MAYBE_ON_TAPE, 2, GIB), left(EXCLUDED, 9, 99 * GIB)),
    )
    its = replace(known, manifest=small, bucket_bytes=None)
    plan = plan_staging(its, every_way, NOW)
    assert (plan.way, plan.blocked, plan.left_out) == ("mount", (), ())
    assert plan.totals == Totals(files=4, bytes=GIB + 1)
    assert plan.why[-1] == ("note: of 2 files it is not known whether they are on tape: a job that opens one may wait")
    on_tape = replace(its, manifest=replace(small, left_out=(left(ON_TAPE, 1, 5),)))
    assert plan_staging(on_tape, every_way, NOW).way == "globus"
    cached = change(every_way, "gpfs", cache="cache1")
    clean = CacheState(file_system="cache1", fileset="wucci", health="clean", state="Active")
    assert plan_staging(replace(its, cache=clean), cached, NOW).way == "globus"
    assert plan_staging(replace(its, cache=clean, writes=False), cached, NOW).way == "mount"
    assert plan_staging(replace(its, cache=replace(clean, health="none")), cached, NOW).way == "mount"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stage": "read-only", "stage_since": "2026-11-01"}, "allocation: wucci is read-only since 2026-11-01: "),
        ({"stage": "marked"}, "allocation: wucci is marked: nothing is added to it"),
        ({"moved_to": "gov"}, "allocation: wucci has moved to gov; this is what it left behind"),
        ({"quota_bytes": 399 * GIB}, "quota: the bucket would hold 0 bytes and 400.00 GiB more, above the "),
    ],
)
def test_an_allocation_that_takes_nothing_more(
    known: Known, every_way: DataSettings, allocation: Allocation, fields: dict[str, Any], said: str
) -> None:
    (reason,) = blocked(replace(known, allocation=allocation(**fields)), every_way)
    assert reason.startswith(said)


def test_a_quota_needs_to_know_what_is_held(known: Known, every_way: DataSettings, allocation: Allocation) -> None:
    its = replace(known, allocation=allocation(quota_bytes=400 * GIB))
    assert blocked(its, every_way) == ()
    assert blocked(replace(its, bucket_bytes=None), every_way) == (
        "quota: what the bucket holds is not known, and the allocation's quota is 400.00 GiB",
    )
    assert blocked(replace(known, bucket_bytes=None), every_way) == ()


def test_an_allocation_nobody_mirrors(known: Known, every_way: DataSettings) -> None:
    plan = plan_staging(replace(known, allocation=None), every_way, NOW)
    assert plan.blocked == ("allocation: wucci is not mirrored: see `ris-hybrid mirror plan`",)
    assert (plan.data_class, plan.bucket) == ("phi", "")


def test_without_a_way_nothing_begins_and_each_says_why(known: Known, every_way: DataSettings) -> None:
    bare = replace(every_way, globus=None, afm=None, datasync=None, mounted=None)
    plan: StagingPlan = plan_staging(known, bare, NOW)
    assert plan.blocked == ("way: none is open to this dataset; the reason of each is in its plan",)
    assert len(plan.why) == 4
    assert plan.estimate.usd == {}


def test_an_old_listing_is_none(known: Known, every_way: DataSettings) -> None:
    assert blocked(replace(known, listing_at=NOW - 3 * 86400), every_way) == (
        "listing: what the site reported is 72 hours old; after 48 it does not count",
    )
    assert blocked(replace(known, listing_at=None), every_way) == (
        "listing: the site has reported no filesets and quotas",
    )


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ("none", ""),
        ("clean", ""),
        ("busy", "cache: wucci of cache1 is Dirty, 12 changes wait: slow; flush it, or wait until it is clean"),
        ("broken", "cache: wucci of cache1 is Dirty: slow; it does not mend itself, tell the storage engineers"),
        ("unknown", "cache: wucci of cache1 is Dirty: slow; whether all has reached its home is not known"),
    ],
)
def test_the_cache_trap(known: Known, every_way: DataSettings, change: Any, health: Any, said: str) -> None:
    cached = change(every_way, "gpfs", cache="cache1")
    state = CacheState(file_system="cache1", fileset="wucci", health=health, state="Dirty", queued=12, reason="slow")
    assert "".join(blocked(replace(known, cache=state), cached)) == said
    assert blocked(replace(known, cache=state), every_way) == ()


def test_a_cache_that_was_not_asked_is_not_clean(known: Known, every_way: DataSettings, change: Any) -> None:
    cached = change(every_way, "gpfs", cache="cache1")
    assert blocked(known, cached) == (
        "cache: cache1 was not asked whether what batch nodes wrote has reached its home",
    )
    state = CacheState(file_system="cache1", fileset="wucci", health="busy", state="")
    assert blocked(replace(known, cache=state), cached) == (
        "cache: wucci of cache1 is not known; flush it, or wait until it is clean",
    )


def test_what_would_be_missing_blocks_until_a_person_accepts_it(known: Known, every_way: DataSettings) -> None:
    reasons = (ON_TAPE, MAYBE_ON_TAPE, CHANGED_THERE)
    its = replace(known, manifest=manifest(left_out=(*map(left, reasons), left(SYMLINK))))
    assert blocked(its, every_way) == (
        "files: 2 (3.00 GiB) on tape; recall them at the site, or accept that they are not there",
        (
            "files: 2 (3.00 GiB) not known whether it is on tape; list them by a policy (gpfs.policy_lists), "
            "or say gpfs.tape: false where there is no tape"
        ),
        (
            "files: 2 (3.00 GiB) changed in the cloud since it was compared: bring it back first; "
            "bring the results back, or accept that the site's newer files do not go"
        ),
    )
    assert blocked(replace(its, accepted=frozenset(reasons)), every_way) == ()


def test_the_months_dollars_count(known: Known, every_way: DataSettings) -> None:
    (reason,) = blocked(replace(known, spent=Spent(usd=999.0)), every_way)
    assert reason.startswith("budget: $")


def test_phi_is_told_about_names(known: Known, every_way: DataSettings, allocation: Allocation) -> None:
    plan = plan_staging(replace(known, allocation=allocation(data_class="phi")), every_way, NOW)
    assert plan.why[-1].startswith("note: names of files become keys of S3")
    assert "kms" in plan.estimate.usd


def test_a_datasets_directory(allocation: Allocation) -> None:
    assert site_path(allocation(), DATASET) == "/storage1/fs1/wucci/Active/Cryo-EM"
    assert site_path(allocation(path="/storage1/fs1/wucci/"), replace(DATASET, subtree="")) == "/storage1/fs1/wucci"


@pytest.mark.parametrize(
    ("told", "room", "is_blocked", "is_noted"),
    [
        (20 * GIB, 10 * GIB, True, False),
        (20 * GIB, 20 * GIB, False, False),
        (20 * GIB, None, False, False),
        (None, 10 * GIB, False, True),
        (None, 50 * GIB, False, False),
    ],
)
def test_results_need_room_at_the_site(
    known: Known, every_way: DataSettings, told: int | None, room: int | None, is_blocked: bool, is_noted: bool
) -> None:
    plan = plan_staging(replace(known, results_bytes=told, site_room=room), every_way, NOW)
    said = "of results are to come back, and the site's fileset has room for 10.00 GiB"
    assert any(line.startswith("quota: ") and line.endswith(said) for line in plan.blocked) is is_blocked
    assert any(line.startswith("note: quota: ") and line.endswith(said) for line in plan.why) is is_noted
