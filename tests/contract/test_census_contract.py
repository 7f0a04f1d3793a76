"""The promises of the Census port, kept by a tree on disk, by the lists of an ILM policy and by the fake."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from onprem.gpfs.census import PolicyCensus
from onprem.tree import LocalTree
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.fake import FakeTree

if TYPE_CHECKING:
    from ris_hybrid.data.ports import Census
    from ris_hybrid.data.values import EntryKind

TOP = "/storage1/fs1/lee/Active"


class Fake:
    def __init__(self) -> None:
        self.port = FakeTree()

    def put(self, path: str, size: int) -> None:
        self.port.put(f"{TOP}/{path}", b"x" * size)

    def other(self, path: str, kind: EntryKind) -> None:
        self.port.other(f"{TOP}/{path}", kind)

    def forbid(self, path: str) -> None:
        self.port.unreadable.add(f"{TOP}/{path}")


class Disk:
    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.port = LocalTree(root)
        self._top, self._patch = root / TOP.lstrip("/"), patch

    def _at(self, path: str) -> str:
        place = os.path.join(self._top, path)  # noqa: PTH118 - names that are no UTF-8
        os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120 - the same
        return place

    def put(self, path: str, size: int) -> None:
        with open(self._at(path), "wb") as file:  # noqa: PTH123 - the same
            file.write(b"x" * size)

    def other(self, path: str, kind: EntryKind) -> None:
        place = self._at(path)
        {"directory": os.mkdir, "symlink": lambda at: Path(at).symlink_to("/etc"), "other": os.mkfifo}[kind](place)

    def forbid(self, path: str) -> None:
        """By the call itself: whoever runs the tests may read everything."""
        opened, forbidden = os.open, self._at(path)

        def refuse(place: Any, *rest: Any, **named: Any) -> int:
            if place == forbidden:
                raise PermissionError(13, "Permission denied", place)
            return opened(place, *rest, **named)

        self._patch.setattr(os, "open", refuse)


class Listed:
    """What mmapplypolicy would write of such a tree, by the policy of onprem.gpfs.policy."""

    def __init__(self, folder: Path) -> None:
        self.port = PolicyCensus(folder, ("/storage1/fs1",))
        self._file = folder / "lee.list"
        self._lines: dict[str, bytes] = {}

    def put(self, path: str, size: int) -> None:
        parents = [path[:at] for at, letter in enumerate(path) if letter == "/"]
        for parent in (*parents, ""):
            self._line(parent, "drwxr-xr-x", 4096)
        self._line(path, "-rw-r--r--", size)

    def other(self, path: str, kind: EntryKind) -> None:
        self._line("", "drwxr-xr-x", 4096)
        letter = {"directory": "d", "symlink": "l", "other": "p"}[kind]
        self._line(path, f"{letter}rwxr-xr-x", 4096)

    def forbid(self, path: str) -> None:
        """A list has no rights of its own: what could not be read is not in it, and then there is no list."""
        assert path
        self._file.unlink()

    def _line(self, path: str, mode: str, size: int) -> None:
        shown = f"size={size} mtime=2026-11-02 07:00:00.000001 uid=1 gid=1 mode={mode} links=1 misc=FA"
        place = quote(os.fsencode(f"{TOP}/{path}".rstrip("/")), safe="/")
        self._lines[path] = f"4711 65537 0  {quote(shown)} -- {place}\n".encode()
        self._file.write_bytes(b"".join(line for _, line in sorted(self._lines.items())))


@pytest.fixture(params=["fake", "disk", "list"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "list":
        return Listed(tmp_path)
    return Fake() if request.param == "fake" else Disk(tmp_path, monkeypatch)


@pytest.fixture
def census(world: Any) -> Census:
    port: Census = world.port
    return port


def paths(census: Census) -> list[str]:
    return [entry.path for entry in census.entries(TOP)]


def test_everything_is_listed_in_the_order_of_keys(world: Any, census: Census) -> None:
    for path in ("b/z", "b/a/x", "b.txt", "b!", "a", "new\nline", "bad\udcff", "ä"):
        world.put(path, 3)
    found = ["a", "b", "b!", "b.txt", "b/a", "b/a/x", "b/z", "bad\udcff", "new\nline", "ä"]
    assert sorted(paths(census)) == sorted(found)
    if isinstance(world, Disk):
        assert paths(census) == sorted(found, key=os.fsencode)


def test_kinds_sizes_and_residency(world: Any, census: Census) -> None:
    world.put("file", 3)
    world.put("empty", 0)
    for name, kind in (("directory", "directory"), ("link", "symlink"), ("pipe", "other")):
        world.other(name, kind)
    found = {entry.path: entry for entry in census.entries(TOP)}
    assert {name: entry.kind for name, entry in found.items()} == {
        "directory": "directory", "empty": "file", "file": "file", "link": "symlink", "pipe": "other",
    }  # fmt: skip
    assert (found["file"].size, found["empty"].size, found["link"].size) == (3, 0, 0)
    assert found["file"].residency == "resident"
    assert found["file"].mtime_ns > 10**18


def test_a_symbolic_link_is_not_gone_into(world: Any, census: Census) -> None:
    world.put("file", 1)
    world.other("link", "symlink")
    assert paths(census) == ["file", "link"]


def test_what_gpfs_keeps_is_left_out_at_any_depth(world: Any, census: Census) -> None:
    own = (".snapshots", ".SpaceMan", ".ltfsee", ".mmSharedTmpDir", ".mmbackupCfg", ".afm", ".ptrash", ".pconflicts")
    for name in (*own, "mmbackup.1", ".mmbackupShadow.2", ".snapshots2"):
        world.put(f"{name}/x", 1)
        world.put(f"deep/{name}/x", 1)
    assert paths(census) == [".snapshots2", ".snapshots2/x", "deep", "deep/.snapshots2", "deep/.snapshots2/x"]


def test_an_empty_directory_is_empty(world: Any, census: Census) -> None:
    world.put("inside/x", 1)
    world.other("hollow", "directory")
    assert list(census.entries(f"{TOP}/hollow")) == []


def test_a_directory_that_cannot_be_read_ends_the_listing(world: Any, census: Census) -> None:
    world.put("a/x", 1)
    world.put("b/x", 1)
    world.forbid("b")
    with pytest.raises(SiteUnavailable, match="cannot be"):
        paths(census)


def test_a_directory_that_is_not_there_is_not_empty(census: Census) -> None:
    with pytest.raises(SiteUnavailable):
        paths(census)
