"""The list policy, the command that runs it, and its list read back, whatever names are in it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.gpfs.census import PolicyCensus
from onprem.gpfs.policy import instructions, policy_command, render_policy
from onprem.gpfs.policy_list import parse_list
from ris_hybrid.data.excluded import EVERY, excluded, excluded_path
from ris_hybrid.data.values import Entry
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = "/storage1/fs1/wucci/Active"
UNRESERVED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/")
SHOWN = "size=3 mtime=2021-03-02 08:15:00.250000 uid=5001 gid=70 mode=-rw-r----- links=1 misc=F"


def escaped(raw: bytes) -> bytes:
    """As ESCAPE '%/' has it."""
    return b"".join(bytes([one]) if one in UNRESERVED else b"%%%02X" % one for one in raw)


def record(path: bytes, shown: str = SHOWN, snapshot: int = 0) -> bytes:
    return b"52428805 65537 %d  %s -- %s\n" % (snapshot, escaped(shown.encode()), escaped(path))


def read(*records: bytes, root: str = ROOT) -> list[Entry]:
    return list(parse_list(records, root))


def of(relative: bytes, **changes: str) -> Entry:
    shown = SHOWN
    for name, value in changes.items():
        shown = " ".join(f"{name}={value}" if part.startswith(f"{name}=") else part for part in shown.split(" "))
    (entry,) = read(record(f"{ROOT}/".encode() + relative, shown))
    return entry


def test_a_record_is_an_entry() -> None:
    assert of(b"a/b.txt") == Entry("a/b.txt", "file", 3, 1614672900_250_000_000, 5001, 70, 0o640, 1, "resident")


NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and raw not in {b".", b".."}
)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_any_name_comes_through_to_the_byte(names: list[bytes]) -> None:
    path = b"/".join(names)
    found = read(record(ROOT.encode() + b"/" + path), record(ROOT.encode()))
    if excluded_path(os.fsdecode(path)):
        assert found == []
    else:
        assert [os.fsencode(one.path) for one in found] == [path]


@pytest.mark.parametrize(
    "name",
    [b"a -- b", b"two\nlines", b"na\xefve", b"100%41", b"a:b%3A", b"x" * 255, b"/".join([b"y" * 127] * 8), b" ", b"\r"],
)
def test_names_that_are_hard(name: bytes) -> None:
    assert os.fsencode(of(name).path) == name


@pytest.mark.parametrize(
    ("misc", "residency"),
    [("F", "resident"), ("", "resident"), ("FA2M", "premigrated"), ("FAMV", "migrated"), ("FV", "migrated")],
)
def test_misc_attributes_tell_what_is_on_tape(misc: str, residency: str) -> None:
    assert of(b"a", misc=misc).residency == residency


@pytest.mark.parametrize(
    ("mode", "kind", "bits"),
    [
        ("-rw-r--r--", "file", 0o644),
        ("drwxrws--T", "directory", 0o3770),
        ("lrwxrwxrwx", "symlink", 0o777),
        ("-rwsr-Sr-t", "file", 0o7745),
        ("prw-------", "other", 0o600),
        ("----------", "file", 0),
    ],
)
def test_a_mode_is_kind_and_bits(mode: str, kind: str, bits: int) -> None:
    found = of(b"a", mode=mode)
    assert (found.kind, found.mode, found.size) == (kind, bits, 3 if kind == "file" else 0)


def test_gpfs_own_directories_other_trees_and_snapshots_are_left_out() -> None:
    inside = [f"{ROOT}/{name.replace('*', '1')}/x".encode() for name in EVERY]
    records = [record(one) for one in (*inside, b"/storage1/fs1/wucci/Active2/x", f"{ROOT}/keep".encode())]
    assert [one.path for one in read(*records, record(f"{ROOT}/old".encode(), snapshot=7))] == ["keep"]
    assert not excluded("backup")
    assert not excluded_path("data/snapshots/x")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (record(f"{ROOT}/a".encode())[:-1], "line 1 is no record of a policy's list: it is cut off"),
        (b"second half of a name\n", "line 1 is no record of a policy's list$"),
        (record(f"{ROOT}/a".encode(), "size=3"), "line 1: shows 'size=3'"),
        (
            record(f"{ROOT}/a".encode(), SHOWN.replace("2021-03", "2021-13")),
            "line 1: 2021-13-02 08:15:00.25.* is no time",
        ),
        (record(b"/elsewhere/a"), f"the list has nothing of {ROOT}"),
    ],
)
def test_a_list_that_may_not_be_whole_is_unknown(line: bytes, said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        read(line)
    with pytest.raises(SiteUnavailable, match="the list has nothing"):
        read()


def test_the_root_itself_may_be_all_there_is() -> None:
    assert read(record(ROOT.encode(), SHOWN.replace("-rw-r-----", "drwx------"))) == []
    assert [one.path for one in read(record(b"/a"), root="/")] == ["a"]


@given(st.binary(max_size=120))
def test_any_bytes_are_entries_or_unknown(anything: bytes) -> None:
    with suppress(SiteUnavailable):
        assert all(isinstance(one, Entry) for one in read(*anything.splitlines(keepends=True)))


def test_the_policy_and_what_an_admin_runs(golden: Callable[[str, str], None]) -> None:
    text = instructions("wucci", ("wucci_active", "wucci_archive"), "/storage1/fs1/wucci", "/var/lib/ris lists")
    golden("gpfs/policy-script.txt", text)
    assert policy_command(ROOT, "/p") == ("mmapplypolicy", ROOT, "-P", "/p", "-I", "test")


@pytest.mark.parametrize(
    "make",
    [
        lambda: render_policy(()),
        lambda: render_policy(("a') /* ",)),
        lambda: render_policy(("`define'",)),
        lambda: policy_command("rdcw-fs1", "/p"),
        lambda: policy_command(ROOT, "/p", action="defer"),
        lambda: instructions("../x", ("a",), ROOT, "/l"),
    ],
)
def test_what_a_policy_would_read_as_its_own_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError):
        make()


def test_a_census_reads_the_allocations_list_and_tells_its_age(tmp_path: Path) -> None:
    file = tmp_path / "wucci.list"
    file.write_bytes(record(f"{ROOT}/a".encode()) + record(f"{ROOT}/Cryo-EM/b".encode()))
    os.utime(file, (7, 7))
    census = PolicyCensus(tmp_path, ("/storage1/fs1", "/cache1/fs1/"))
    assert [one.path for one in census.entries(ROOT)] == ["a", "Cryo-EM/b"]
    assert [one.path for one in census.entries(f"{ROOT}/Cryo-EM")] == ["b"]
    assert census.listed_at(ROOT) == 7


@pytest.mark.parametrize("root", ["/scratch1/fs1/wucci", "/storage1/fs1/..", "/storage1/fs1/", "/storage1/fs1/other"])
def test_a_census_without_a_list_is_unknown(tmp_path: Path, root: str) -> None:
    census = PolicyCensus(tmp_path, ("/storage1/fs1",))
    for ask in (lambda: list(census.entries(root)), lambda: census.listed_at(root)):
        with pytest.raises(SiteUnavailable):
            ask()


def test_a_census_names_the_file_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "wucci.list").write_bytes(record(f"{ROOT}/a".encode()) + b"half")
    entries = PolicyCensus(tmp_path, ("/storage1/fs1",)).entries(ROOT)
    assert next(entries).path == "a"
    with pytest.raises(SiteUnavailable, match=r"wucci\.list: line 2 is no record"):
        next(entries)
