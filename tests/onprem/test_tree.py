from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any

import pytest
from awscrt.checksums import crc64nvme
from hypothesis import given
from hypothesis import strategies as st

from onprem import checksums
from onprem.checksums import Sums, crc_of_zeros, digest_of
from onprem.tree import LocalTree, residency_of
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path


def digest(path: Path) -> Any:
    with path.open("rb") as file:
        return digest_of(file.fileno(), str(path))


@given(count=st.integers(0, 5000))
def test_sums_of_zeros_need_no_zeros(count: int) -> None:
    assert crc_of_zeros(count) == crc64nvme(bytes(count))


@given(parts=st.lists(st.one_of(st.binary(max_size=50), st.integers(0, 100)), max_size=6))
def test_bytes_and_holes_sum_up_as_one_file(parts: list[bytes | int]) -> None:
    sums, whole = Sums(), b""
    for part in parts:
        if isinstance(part, int):
            sums.add_zeros(part)
        else:
            sums.add(part)
        whole += bytes(part)
    found = sums.digest()
    assert (found.size, found.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert base64.b64decode(found.crc64nvme) == crc64nvme(whole).to_bytes(8, "big")


def test_a_sparse_file_is_summed_without_reading_its_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sparse"
    with file.open("wb") as content:
        content.truncate(20_000_000)
        content.seek(9_000_000)
        content.write(b"x" * 5000)
    read, pread = [], os.pread

    def counted(descriptor: int, count: int, at: int) -> bytes:
        data = pread(descriptor, count, at)
        read.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counted)
    found, whole = digest(file), file.read_bytes()
    assert sum(read) < 100_000
    assert (found.size, found.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert base64.b64decode(found.crc64nvme) == crc64nvme(whole).to_bytes(8, "big")


@pytest.mark.parametrize("change", [b"longer than before", b"short", b"abcde"])
def test_a_file_that_changes_while_it_is_read_has_no_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: bytes
) -> None:
    file = tmp_path / "busy"
    file.write_bytes(b"12345 7890")
    os.utime(file, ns=(1, 1))
    pread = os.pread

    def disturbed(descriptor: int, count: int, at: int) -> bytes:
        file.write_bytes(change)
        return pread(descriptor, count, at)

    monkeypatch.setattr(os, "pread", disturbed)
    with pytest.raises(SiteUnavailable, match="changed while it was read"):
        digest(file)


def test_a_file_system_without_holes_is_read_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux then says that all is data; an error that is none of these two is not taken for an end."""
    file = tmp_path / "plain"
    file.write_bytes(b"x" * 10)
    monkeypatch.setattr(checksums.os, "lseek", lambda _fd, at, how: at if how == os.SEEK_DATA else 10)
    assert digest(file).size == 10

    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(checksums.os, "lseek", broken)
    with pytest.raises(SiteUnavailable, match="Input/output"):
        LocalTree(tmp_path).digest("/plain")


def test_residency_is_what_blocks_tell(tmp_path: Path) -> None:
    full, holes, hole = tmp_path / "full", tmp_path / "holes", tmp_path / "hole"
    full.write_bytes(b"x" * 10_000)
    with holes.open("wb") as content:
        content.write(b"x" * 10_000)
        content.truncate(10_000_000)
    with hole.open("wb") as content:
        content.truncate(5000)
    assert [residency_of(one.stat()) for one in (full, holes, hole)] == ["resident", "unknown", "migrated"]
    with hole.open("wb") as content:
        content.truncate(4000)
    assert residency_of(hole.stat()) == "resident"


def test_a_directory_that_never_stays_the_same_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, lists = os.listdir, [0]

    def growing(place: Any) -> list[str]:
        found = names(place)
        lists[0] += 1
        (tmp_path / f"more-{lists[0]}").touch()
        os.utime(tmp_path, ns=(lists[0], lists[0]))
        return found

    monkeypatch.setattr(os, "listdir", growing)
    with pytest.raises(SiteUnavailable, match="changes while it is listed"):
        list(LocalTree(tmp_path).entries("/"))
    assert lists == [3]


def test_a_file_that_goes_meanwhile_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").touch()
    names = os.listdir
    monkeypatch.setattr(os, "listdir", lambda place: [*names(place), "gone"])
    assert [entry.path for entry in LocalTree(tmp_path).entries("/")] == ["kept"]


def test_no_path_leaves_its_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leaves its directory"):
        LocalTree(tmp_path).digest("/a/../../etc/passwd")
