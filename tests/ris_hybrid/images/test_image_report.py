from __future__ import annotations

from dataclasses import replace
from typing import Any

from ris_hybrid.images.plan import plan_images
from ris_hybrid.images.reference import anchor_tag, name_tag, parse
from ris_hybrid.images.report import at_risk, report, strays, surplus, used_digests
from ris_hybrid.images.settings import ImageSettings, ImageWaiver
from ris_hybrid.images.values import Expiring, FoundFlaw, Scan

TODAY = "2027-01-15"
DAY = 86400.0
CLEAN = Scan(word="COMPLETE")
BAD = Scan(word="COMPLETE", findings=(FoundFlaw(name="CVE-1", severity="CRITICAL"),))
TAG = name_tag(parse("ubuntu:22.04"))
SETTINGS = ImageSettings()


def copied(build: Any, word: str, *tags: str, days: float = 1.0, **fields: Any) -> Any:
    anchored = (anchor_tag(build.digest(word)), *tags)
    return build.stored(word, *anchored, pushed_at=build.now - days * DAY, **fields)


def remarks(
    build: Any, stored: tuple[Any, ...], scans: Any, upstream: Any = None, settings: Any = SETTINGS
) -> list[Any]:
    known = build.known(upstream or build.upstream("a"), stored, scans)
    lines = plan_images((build.named(),), (build.home,), known, settings, TODAY)
    return [one.remarks for one in report(lines, (build.home,), known, settings, build.now)]


def test_an_image_that_is_well_has_nothing_said_of_it(build: Any) -> None:
    known = build.known(build.upstream("a"), (copied(build, "a", TAG),), {"a": CLEAN})
    lines = plan_images((build.named(),), (build.home,), known, SETTINGS, TODAY)
    (found,) = report(lines, (build.home,), known, SETTINGS, build.now)
    assert (found.names, found.days, found.size, found.remarks) == (("ubuntu:22.04",), 1.0, 1000, ())


def test_old_images_by_their_source_and_by_their_age(build: Any) -> None:
    moved = remarks(build, (copied(build, "old", TAG),), {"old": CLEAN})
    assert moved == [("old: ubuntu:22.04 means another image at its source by now",)]
    aged = remarks(build, (copied(build, "a", TAG, days=200),), {"a": CLEAN})
    assert aged == [("old: pushed 200 days ago, more than 180",)]


def test_unused_images_with_whether_they_ever_were(build: Any) -> None:
    stored = (copied(build, "x"), copied(build, "y", days=2, pulled_at=build.now))
    said = remarks(build, stored, {})
    assert [one[0] for one in said] == [
        "unused: no job that waits or runs names it (never pulled)",
        "unused: no job that waits or runs names it (pulled before)",
    ]


def test_vulnerable_waived_large_and_of_another_size(build: Any) -> None:
    assert remarks(build, (copied(build, "a", TAG),), {"a": BAD}) == [
        ("vulnerable: 1 finding CRITICAL or above: CVE-1 (CRITICAL)",)
    ]
    waiver = ImageWaiver(image="ubuntu", reason="r", owner="o", until="2027-12-31")
    (waived,) = remarks(build, (copied(build, "a", TAG),), {"a": BAD}, settings=ImageSettings(waivers=(waiver,)))
    assert waived[0].startswith("vulnerable: waived until 2027-12-31")
    big = 11 * 2**30
    (large,) = remarks(build, (copied(build, "a", TAG, size=big),), {"a": CLEAN}, build.upstream("a", size=big))
    assert large == ("large: 11.0 GiB compressed, which ECR may not scan",)
    (other,) = remarks(build, (copied(build, "a", TAG, size=999),), {"a": CLEAN})
    assert other == ("wrong size: 999 bytes in ECR, 1000 at its source",)


def test_images_that_we_did_not_copy_are_not_reported(build: Any) -> None:
    assert remarks(build, (build.stored("x", "mine"),), {}) == []
    assert remarks(build, None, {}) == []  # type: ignore[arg-type]  # a repository that was not answered


def test_a_name_nobody_writes_is_judged_without_waivers_and_revoked_only_when_refused(build: Any) -> None:
    other = name_tag(parse("old/tool:1"))
    stored = (copied(build, "a", TAG), copied(build, "b", other, "mine"), copied(build, "c", name_tag(parse("c:1"))))
    known = build.known(build.upstream("a"), stored, {"a": BAD, "b": BAD, "c": CLEAN})
    lines = plan_images((build.named(),), (build.home,), known, SETTINGS, TODAY)
    (found,) = strays(lines, (build.home,), known, SETTINGS, TODAY)
    assert (found.tag, found.digest) == (other, build.digest("b"))
    unknown = build.known(build.upstream("a"), stored, {})
    assert strays(lines, (build.home,), unknown, SETTINGS, TODAY) == ()
    assert strays(lines, (build.home,), build.known(None, None), SETTINGS, TODAY) == ()


def test_surplus_never_holds_what_jobs_name_or_what_we_did_not_copy(build: Any) -> None:
    stored = [copied(build, f"i{at}", days=at) for at in range(6)]
    stored += [build.stored("theirs", "mine"), build.stored("part")]
    used = frozenset({build.digest("i5")})
    gone = surplus(stored, used, ImageSettings(keep=2))
    assert [one.digest for one in gone] == [build.digest(word) for word in ("i4", "i3", "i2")]
    assert surplus(stored, used, SETTINGS) == ()
    pulled = [copied(build, "i9", days=900, pulled_at=build.now), *stored]
    assert build.digest("i9") not in [one.digest for one in surplus(pulled, used, ImageSettings(keep=2))]


def test_what_lifecycle_would_take_of_that_which_jobs_name(build: Any) -> None:
    parts = {"linux/amd64": build.digest("amd")}
    stored = (copied(build, "all", TAG, media_type=build.index, platforms=parts),)
    known = build.known(build.upstream("new"), stored, {"amd": CLEAN})
    lines = plan_images((build.named(),), (build.home,), known, SETTINGS, TODAY)
    used = used_digests(lines, build.home, stored)
    assert used == {build.digest(word) for word in ("all", "amd", "new")}
    assert used_digests(lines, replace(build.home, environment="phi"), stored) == frozenset()
    going = (Expiring(digest=build.digest("amd")), Expiring(digest=build.digest("x")))
    assert at_risk(going, used) == going[:1]
