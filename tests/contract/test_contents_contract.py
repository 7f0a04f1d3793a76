"""The promises of the Contents port, kept by files on disk and by the fake."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from onprem.tree import LocalTree
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.fake import FakeTree

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.data.ports import Contents

TOP = "/storage1/fs1/lee/Active"


class Fake:
    def __init__(self) -> None:
        self.port = FakeTree()

    def put(self, name: str, content: bytes) -> None:
        self.port.put(f"{TOP}/{name}", content)

    def migrate(self, name: str) -> None:
        self.port.put(f"{TOP}/{name}", (1_000_000, "seed"), residency="migrated")

    def link(self, name: str) -> None:
        self.port.other(f"{TOP}/{name}", "symlink")

    def forbid(self, name: str) -> None:
        self.port.unreadable.add(f"{TOP}/{name}")


class Disk:
    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.port = LocalTree(root)
        self._top, self._patch = root / TOP.lstrip("/"), patch
        self._top.mkdir(parents=True)

    def put(self, name: str, content: bytes) -> None:
        (self._top / name).write_bytes(content)

    def migrate(self, name: str) -> None:
        """A file without blocks is all that a stub looks like from here."""
        with (self._top / name).open("wb") as file:
            file.truncate(1_000_000)

    def link(self, name: str) -> None:
        (self._top / name).symlink_to("/etc/passwd")

    def forbid(self, name: str) -> None:
        opened, forbidden = os.open, str(self._top / name)

        def refuse(place: Any, *rest: Any, **named: Any) -> int:
            if place == forbidden:
                raise PermissionError(13, "Permission denied", place)
            return opened(place, *rest, **named)

        self._patch.setattr(os, "open", refuse)


@pytest.fixture(params=["fake", "disk"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    return Fake() if request.param == "fake" else Disk(tmp_path, monkeypatch)


@pytest.fixture
def contents(world: Any) -> Contents:
    port: Contents = world.port
    return port


@pytest.mark.parametrize("content", [b"", b"hello", b"x" * 100_000])
def test_both_sums_and_the_size(world: Any, contents: Contents, content: bytes) -> None:
    world.put("file", content)
    found = contents.digest(f"{TOP}/file")
    assert found is not None
    assert (found.size, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    if content == b"hello":
        assert found.crc64nvme == "M3eFcAZSQlc="


def test_what_is_no_file_has_no_digest(world: Any, contents: Contents) -> None:
    world.put("file", b"x")
    world.link("link")
    for name in ("none", "link", "file/below"):
        assert contents.digest(f"{TOP}/{name}") is None
    assert contents.digest(TOP) is None


def test_a_file_on_tape_is_not_read(world: Any, contents: Contents) -> None:
    world.migrate("old")
    with pytest.raises(SiteUnavailable, match="tape"):
        contents.digest(f"{TOP}/old")


def test_a_file_that_cannot_be_read_is_not_absent(world: Any, contents: Contents) -> None:
    world.put("secret", b"x")
    world.forbid("secret")
    with pytest.raises(SiteUnavailable, match="cannot be read"):
        contents.digest(f"{TOP}/secret")


def test_a_stamp_is_size_and_date_of_a_file_alone(world: Any, contents: Contents) -> None:
    world.put("file", b"hello")
    world.link("link")
    stamp = contents.stamp(f"{TOP}/file")
    assert stamp is not None
    assert stamp.size == 5
    assert stamp.mtime_ns > 0
    assert [contents.stamp(f"{TOP}/{name}") for name in ("none", "link", "file/below", ".")] == [None] * 4
