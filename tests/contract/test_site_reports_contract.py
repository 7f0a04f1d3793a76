"""What every source of the site's reports promises, over captured files and over the fake."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from onprem.captured import CapturedReports
from onprem.reports_fake import FakeReports
from ris_hybrid.mirror.listing import Fileset, SiteListing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ris_hybrid.ports import SiteReports

    World = Callable[..., SiteReports]

CAPTURED_AT = 1_800_000_000.0
TEXTS = {
    "filesets": (
        "mmlsfileset::HEADER:version:reserved:reserved:filesystemName:filesetName:id:status:path:\n"
        "mmlsfileset::0:1:::fs1:root:0:Linked:%2Fstorage1%2Ffs1:\n"
        "mmlsfileset::0:1:::fs1:lee_active:41:Linked:%2Fstorage1%2Ffs1%2Flee%2FActive:\n"
    ),
    "quotas": (
        "mmrepquota::HEADER:version:reserved:reserved:filesystemName:quotaType:name:blockUsage:blockLimit:\n"
        "mmrepquota::0:1:::fs1:FILESET:lee_active:1024:2048:\n"
    ),
    "groups": "storage-lee:*:1000:ann,bob\n",
}
LEE = Fileset(
    name="lee_active",
    path="/storage1/fs1/lee/Active",
    file_system="fs1",
    quota_bytes=2 * 1024**2,
    used_bytes=1024**2,
)
WHOLE = SiteListing(filesets={"lee_active": LEE}, groups={"storage-lee": ("ann", "bob")}, captured_at=CAPTURED_AT)


@pytest.fixture(params=["captured", "fake"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Reports of one small site, without the parts that are down."""

    def captured(*down: str) -> SiteReports:
        for number, (part, text) in enumerate(TEXTS.items()):
            if part not in down:
                file = tmp_path / f"{part}.txt"
                file.write_text(text, encoding="utf-8")
                os.utime(file, (CAPTURED_AT + number, CAPTURED_AT + number))
        return CapturedReports(tmp_path)

    def fake(*down: str) -> SiteReports:
        return FakeReports(WHOLE, down=down)

    return captured if request.param == "captured" else fake


def test_everything_is_told_with_the_time_of_the_oldest_part(world: World) -> None:
    assert world().listing() == WHOLE


@pytest.mark.parametrize("part", ["filesets", "quotas", "groups"])
def test_a_part_that_could_not_be_had_is_missing_and_not_empty(world: World, part: str) -> None:
    listing = world(part).listing()
    assert [(one.part, bool(one.reason)) for one in listing.missing] == [(part, True)]
    assert bool(listing.filesets) == (part != "filesets")
    assert bool(listing.groups) == (part != "groups")
    if part == "quotas":
        assert listing.filesets["lee_active"].quota_bytes is None
    assert listing.captured_at is not None


def test_nothing_at_all_has_no_time(world: World) -> None:
    listing = world("filesets", "quotas", "groups").listing()
    assert (listing.filesets, listing.groups, listing.captured_at) == ({}, {}, None)
    assert len(listing.missing) == 3


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        (
            "filesets",
            b"mmlsfileset: 6027-1388 File system fs9 is not known.\n",
            "filesets.txt: line 1: not in the form",
        ),
        ("quotas", b"", "quotas.txt: no header"),
        ("groups", b"stra\xdfe:*:1:\n", "groups.txt: expected UTF-8 text"),
    ],
)
def test_a_capture_that_cannot_be_understood_is_missing(tmp_path: Path, part: str, content: bytes, said: str) -> None:
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    (tmp_path / f"{part}.txt").write_bytes(content)
    (missing,) = CapturedReports(tmp_path).listing().missing
    assert missing.part == part
    assert said in missing.reason
