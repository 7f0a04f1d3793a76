"""Taking data out of the cloud: only versions whose content is on the site at that moment."""

from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.data.values import Dataset, StagingState
from ris_hybrid.staging.engine import ask_back
from ris_hybrid.staging.evicting import evict
from ris_hybrid.staging.fake import FakeObjects
from ris_hybrid.staging.leasing import Use

SITE = "/storage1/fs1/wucci/Active/A"
KEY = "Active/A/"


@pytest.fixture
def returned(rig: Any) -> Any:
    rig.put(a=b"1", b=b"22")
    rig.plan()
    rig.turns()
    rig.now += 3600
    rig.objects.now = rig.now
    rig.objects.put("b", f"{KEY}a", b"changed by a job")
    rig.objects.put("b", f"{KEY}c", b"new")
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    assert rig.turns() is StagingState.RETURNED
    return rig


def test_all_that_is_on_the_site_goes_and_no_older_version_comes_to_light(returned: Any) -> None:
    found = evict(returned.world(), returned.staging, returned.now)

    assert (found.files, found.stays, found.refused) == (3, (), "")
    assert returned.state is StagingState.EVICTED
    assert returned.objects.keys("b") == ()
    assert returned.objects.versions("b", f"{KEY}a") == ()  # the staged version too
    assert {row.state for row in returned.rows().values()} == {"taken"}


def test_a_dry_run_deletes_nothing(returned: Any) -> None:
    found = evict(returned.world(), returned.staging, returned.now, dry_run=True)

    assert found.files == 3
    assert returned.state is StagingState.RETURNED
    assert len(returned.objects.keys("b")) == 3


def test_what_is_not_surely_on_the_site_stays_and_is_told(returned: Any) -> None:
    returned.tree.put(f"{SITE}/a", b"edited since")
    returned.tree.remove(f"{SITE}/b")
    returned.objects.put("b", f"{KEY}stranger", b"?")
    returned.tree.put(f"{SITE}/c", b"new", mtime_ns=7)
    returned.tree.unreadable = {f"{SITE}/c"}

    found = evict(returned.world(), returned.staging, returned.now)

    assert found.files == 0
    assert dict(found.stays) == {
        "the journal knows no compared version of it": 1,
        "the site's file cannot be read now": 1,
        "the site's file is another or none": 2,
    }
    assert returned.state is StagingState.RETURNED
    assert len(returned.objects.keys("b")) == 4


def test_a_result_that_changed_since_it_came_back_stays(returned: Any) -> None:
    returned.objects.put("b", f"{KEY}c", b"changed again")

    assert evict(returned.world(), returned.staging, returned.now).stays == (("it was changed in the cloud", 1),)
    assert returned.objects.keys("b") == (f"{KEY}c",)


def test_a_file_changed_to_the_same_size_and_date_is_the_one_thing_trusted(returned: Any) -> None:
    reads = len(returned.tree.reads)
    evict(returned.world(), returned.staging, returned.now, dry_run=True)

    assert returned.tree.reads[reads:] == []  # all have the size and date they were compared with
    returned.tree.put(f"{SITE}/c", b"new", mtime_ns=7)
    evict(returned.world(), returned.staging, returned.now, dry_run=True)
    assert returned.tree.reads[reads:] == [f"{SITE}/c"]


def test_a_locked_version_stays_with_s3s_reason(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.objects.put("b", f"{KEY}a", b"1", locked=True)
    rig.turns()
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    rig.turns()

    found = evict(rig.world(), rig.staging, rig.now)

    assert found.files == 1
    assert found.stays == (("AccessDenied: the version is under object lock", 1),)
    assert rig.state is StagingState.RETURNED
    assert rig.objects.keys("b") == (f"{KEY}a",)


def test_a_bucket_without_versions_loses_nothing(new_rig: Any) -> None:
    rig = new_rig(objects=FakeObjects("b", versioned=False))
    rig.put(a=b"1")
    rig.plan()
    rig.turns()
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    rig.turns()

    assert evict(rig.world(), rig.staging, rig.now).stays == (("the bucket keeps no versions", 1),)


def test_nothing_is_evicted_that_is_used_or_not_returned(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    assert "it is planned, not" in evict(rig.world(), rig.staging, rig.now).refused
    rig.turns()
    assert "it is staged, not" in evict(rig.world(), rig.staging, rig.now).refused
    dataset = Dataset(allocation="wucci", subtree="Active/A")
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    rig.turns(uses=[Use(job_id="9", running=False, reads=(dataset,))])

    assert rig.state is StagingState.RETURNED
    assert evict(rig.world(), rig.staging, rig.now).refused == "jobs use it: 9"
    assert rig.objects.keys("b") == (f"{KEY}a",)


def test_objects_that_another_staging_has_too_stay(returned: Any) -> None:
    returned.plan("s2", dataset=Dataset(allocation="wucci", subtree="Active"), created=returned.now)

    found = evict(returned.world(), returned.staging, returned.now)

    assert found.refused == "staging s2 has the same objects and is planned"


def test_an_eviction_goes_on_where_it_was_killed(returned: Any, new_knife: Any, killed: Any) -> None:
    for at in range(1, 60):
        for after in (False, True):
            knife = new_knife(at=at, after=after)
            try:
                evict(returned.world(knife), returned.staging, returned.now)
            except killed:
                continue
    if returned.state is not StagingState.EVICTED:
        evict(returned.world(), returned.staging, returned.now)
    assert returned.state is StagingState.EVICTED
    assert returned.objects.keys("b") == ()


def test_no_version_that_nobody_compared_comes_to_light(returned: Any) -> None:
    """A job that writes its file twice leaves one that was never on the site."""
    returned.objects.put("b", f"{KEY}c", b"half")
    returned.objects.put("b", f"{KEY}c", b"whole")
    ask_back(returned.world(), returned.staging, returned.now, "asked for")
    returned.turns()

    found = evict(returned.world(), returned.staging, returned.now)

    assert (found.files, found.hidden, found.stays) == (3, 1, ())
    assert returned.state is StagingState.EVICTED
    assert returned.objects.keys("b") == ()
    assert [one.held.data for one in returned.objects.versions("b", f"{KEY}c") if one.held] == [b"half"]
    assert "older versions of 1 that nobody compared are kept and hidden" in returned.staging.reason


def test_what_comes_while_others_are_deleted_is_not_called_evicted(returned: Any) -> None:
    delete = returned.objects.delete

    def and_a_job_writes(bucket: str, versions: Any) -> Any:
        failures = delete(bucket, versions)
        returned.objects.put("b", f"{KEY}late", b"result")
        return failures

    returned.objects.delete = and_a_job_writes

    found = evict(returned.world(), returned.staging, returned.now)

    assert found.stays == (("it came to be in the cloud while the others were deleted", 1),)
    assert returned.state is StagingState.RETURNED


def test_the_site_is_looked_at_just_before_each_deletion(returned: Any) -> None:
    """A walk of twenty million files may be an hour old when the last object is deleted."""
    checksum = returned.tree.digest

    def and_somebody_edits(path: str) -> Any:
        if path.endswith("/a"):
            returned.tree.put(f"{SITE}/b", b"edited", mtime_ns=9)
        return checksum(path)

    returned.tree.digest = and_somebody_edits
    returned.tree.put(f"{SITE}/a", b"changed by a job", mtime_ns=8)  # touched: it is read again

    found = evict(returned.world(), returned.staging, returned.now)

    assert found.stays == (("the site's file is another or none", 1),)
    assert returned.objects.keys("b") == (f"{KEY}b",)
