"""Several surfaces as one: who answers which part, and what is said when nobody does."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from onprem.gpfs.fake import FakeScale
from onprem.gpfs.trust import PARTS, ByTrust, ScaleReports
from onprem.reports_fake import FakeReports
from ris_hybrid.data.scale import Acl, ScaleFileset, ScaleListing, Snapshot
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Missing, SiteListing

NOW = 1_800_000_000.0
DAY = 86400.0


def surface(quota: int, *missing: str, now: float = NOW) -> FakeScale:
    """One fileset, whose quota says which surface told it."""
    fake = FakeScale(now=now)
    fake.put(ScaleFileset(file_system="fs1", name="lee", path="/fs1/lee", status="Linked", quota_bytes=quota))
    fake.snapshots.append(Snapshot(file_system="fs1", name=f"by {quota}", fileset="lee", status="Valid", created=""))
    fake.missing = {part: f"{part} not told by {quota}" for part in missing}
    return fake


def trust(captured: FakeScale, rest: FakeScale, command: FakeScale | None = None) -> ByTrust:
    named = [("captured", captured), ("rest", rest), *([("command", command)] if command else [])]
    return ByTrust(named, now=lambda: NOW)  # type: ignore[arg-type]  # the names are surfaces


@pytest.mark.parametrize(("first", "second"), list(product(["", "filesets", "quotas", "snapshots"], repeat=2)))
def test_each_part_is_of_the_first_that_knows_it(first: str, second: str) -> None:
    captured, rest = surface(1, *filter(None, [first])), surface(2, *filter(None, [second]))
    listing = trust(captured, rest, surface(3)).listing()
    known = [set() if one == "filesets" else set(PARTS) - {one} for one in (first, second)] + [set(PARTS)]
    names = ("captured", "rest", "command")
    wanted = {part: next(name for name, parts in zip(names, known, strict=True) if part in parts) for part in PARTS}
    assert dict(listing.surfaces) == wanted
    assert listing.missing == ()
    number = {"captured": 1, "rest": 2, "command": 3}
    (lee,) = (one for one in listing.filesets if one.name == "lee")
    assert lee.quota_bytes == number[wanted["quotas"]]
    assert listing.snapshots[0].name == f"by {number[wanted['snapshots']]}"
    assert listing.surface == wanted["filesets"]


def test_who_is_behind_the_one_that_knows_all_is_not_asked() -> None:
    behind = FakeScale()
    behind.down = "it must not be asked"
    listing = trust(surface(1), behind).listing()
    assert listing.missing == ()


def test_what_nobody_knows_is_missing_with_every_reason() -> None:
    listing = trust(surface(1, "quotas"), surface(2, "quotas")).listing()
    (missing,) = listing.missing
    assert missing.part == "quotas"
    assert missing.reason == "captured: quotas not told by 1; rest: quotas not told by 2"
    assert "quotas" not in listing.surfaces


def test_when_nobody_answers_everything_is_missing() -> None:
    one = FakeScale()
    one.down = "no answer"
    listing = trust(one, one).listing()
    assert {each.part for each in listing.missing} == set(PARTS)
    assert (listing.filesets, listing.captured_at, listing.surfaces) == ((), None, {})


def test_a_list_that_is_not_whole_is_shown_where_nobody_has_the_whole_one() -> None:
    part = ScaleListing(
        filesets=(ScaleFileset(file_system="fs1", name="root", path="/fs1", status="Linked"),),
        missing=(Missing(part="filesets", reason="cache1 did not answer"),),
    )
    listing = ByTrust([("rest", _Told(part)), ("command", _Told(part))], now=lambda: NOW).listing()
    assert [one.name for one in listing.filesets] == ["root"]
    assert "filesets" not in listing.surfaces
    assert [one.part for one in listing.missing if one.part == "filesets"] == ["filesets"]
    whole = ByTrust([("rest", _Told(part)), ("command", surface(3))], now=lambda: NOW).listing()
    assert whole.surfaces["filesets"] == "command"
    assert [one.name for one in whole.filesets] == ["root", "lee"]


class _Told(FakeScale):
    def __init__(self, listing: ScaleListing) -> None:
        super().__init__()
        self._listing = listing

    def listing(self) -> ScaleListing:
        return self._listing


def test_a_part_without_reason_has_one_all_the_same() -> None:
    assert all(one.reason == "no surface is given" for one in ByTrust([], now=lambda: NOW).listing().missing)


def test_an_old_capture_is_said_and_the_oldest_part_counts() -> None:
    old = surface(1, "quotas", now=NOW - 5 * DAY)
    listing = trust(old, surface(2)).listing()
    assert listing.remarks == ("captured: what was captured is 5.0 days old",)
    assert listing.captured_at == NOW - 5 * DAY
    assert trust(surface(1, now=NOW - DAY), surface(2)).listing().remarks == ()


def test_a_fileset_that_the_quotas_of_another_surface_lack_has_none() -> None:
    captured = surface(1, "quotas")
    captured.put(ScaleFileset(file_system="fs1", name="new", path="", status="Linked"))
    found = {one.name: one.quota_bytes for one in trust(captured, surface(2)).listing().filesets}
    assert found == {"root": None, "lee": 2, "new": None}


def test_a_cache_is_asked_of_live_surfaces_before_a_capture() -> None:
    captured, rest = surface(1), surface(2)
    captured.cached("fs1", "lee", "Active")
    rest.dirty("fs1", "lee", 7)
    assert trust(captured, rest).cache("fs1", "lee").queued == 7
    rest.down = "no answer"
    assert trust(captured, rest).cache("fs1", "lee").state == "Active"


def test_a_question_nobody_answers_has_every_reason() -> None:
    one = surface(1)
    one.down = "the GUI is away"
    with pytest.raises(SiteUnavailable, match=r"captured: .*no.*list; rest: the GUI is away"):
        trust(surface(1), one).acl("/fs1/lee")
    with pytest.raises(SiteUnavailable, match="no surface is given"):
        ByTrust([], now=lambda: NOW).acl("/x")


def test_the_first_access_list_counts() -> None:
    captured, rest = surface(1), surface(2)
    rest.acls["/x"] = Acl(path="/x", entries=())
    assert trust(captured, rest).acl("/x").path == "/x"


GROUPS = FakeReports(SiteListing(filesets={}, groups={"storage-lee": ("ann",)}, captured_at=NOW - 9))


def test_the_mirror_gets_filesets_by_scale_and_groups_as_captured() -> None:
    scale = surface(1)
    scale.put(ScaleFileset(file_system="cache1", name="lee", path="/c", status="Linked"))
    listing = ScaleReports(scale, GROUPS, "fs1").listing()
    assert list(listing.filesets) == ["lee"]
    assert listing.filesets["lee"].quota_bytes == 1
    assert (listing.groups, listing.missing) == ({"storage-lee": ("ann",)}, ())
    assert listing.captured_at == NOW - 9


def test_what_the_mirror_cannot_know_is_missing_to_it() -> None:
    nobody = FakeReports(replace(GROUPS.told), down=("groups",))
    listing = ScaleReports(surface(1, "quotas", "snapshots"), nobody, "fs1").listing()
    assert {one.part for one in listing.missing} == {"quotas", "groups"}
    down = surface(1)
    down.down = "the GUI is away"
    listing = ScaleReports(ByTrust([("rest", down)], now=lambda: NOW), GROUPS, "fs1").listing()
    assert {one.part for one in listing.missing} == {"filesets", "quotas"}
    assert all("the GUI is away" in one.reason for one in listing.missing)
    assert listing.groups


def test_a_list_without_root_is_not_the_whole_one() -> None:
    scale = FakeScale(file_systems=(), now=NOW)
    scale.put(ScaleFileset(file_system="fs1", name="lee", path="/fs1/lee", status="Linked"))
    listing = ScaleReports(scale, GROUPS, "fs1").listing()
    assert {one.part for one in listing.missing} == {"filesets", "quotas"}
    assert "root" in listing.missing[0].reason
