"""GPFS's colon format, of old and new releases, as captured and as it should not be."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onprem.gpfs.filesets import mirrored, parse_filesets, whole, with_quotas
from onprem.gpfs.rows import kib, local_time, rows, sections
from ris_hybrid.data.scale import ScaleFileset
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Fileset

HEADER = "mmlsfileset::HEADER:version:reserved:reserved:filesystemName:filesetName:id:status:path:comment:"
NEWER = f"{HEADER}afmFastCreate:falStatus:"
ROW = "mmlsfileset::0:1:::fs1:lee_active:41:Linked:%2Fstorage1%2Ffs1%2Flee%2FActive:a%3Ab:"
ROOT = "mmlsfileset::0:1:::fs1:root:0:Linked:%2Fa:root fileset:"
QUOTAS = (
    "mmrepquota::HEADER:version:reserved:reserved:filesystemName:quotaType:id:name:"
    "blockUsage:blockQuota:blockLimit:blockInDoubt:blockGrace:"
)


def quota(name: str, used: str, limit: str, *, kind: str = "FILESET", fs: str = "fs1") -> str:
    return f"mmrepquota::0:1:::{fs}:{kind}:41:{name}:{used}:{limit}:{limit}:0:none:"


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_values_are_decoded_and_read_by_the_name_of_their_column() -> None:
    (row,) = rows(text("# a remark", "", HEADER, ROW))
    assert row["filesetName"] == "lee_active"
    assert row["path"] == "/storage1/fs1/lee/Active"
    assert row["comment"] == "a:b"


@pytest.mark.parametrize(
    "lines",
    [
        (HEADER, ROW),
        (NEWER, ROW),  # shorter than its header
        (HEADER, f"{ROW}1:2:3:"),  # longer
        (HEADER, HEADER, ROW),  # a header again
        (NEWER, "mmlsfileset::0:1:::fs1:ann_active:9:Linked:%2Fa:-:no:yes:", HEADER, ROW),  # another one for the rest
        (HEADER.replace("mmlsfileset", "fileset"), ROW),  # the header has another word
    ],
)
def test_releases_differ_in_columns_and_headers(lines: tuple[str, ...]) -> None:
    fileset = mirrored(parse_filesets(text(*lines, ROOT)))["lee_active"]
    assert fileset == Fileset(name="lee_active", path="/storage1/fs1/lee/Active", file_system="fs1")


def test_sections_have_headers_of_their_own() -> None:
    lines = (
        "mmhealth:State:HEADER:version:reserved:reserved:node:",
        "mmhealth:Event:HEADER:version:reserved:reserved:event:node:",
        "mmhealth:State:0:1:::n1:",
        "mmhealth:Event:0:1:::e1:n2:more:",
    )
    assert list(rows(text(*lines))) == [{"node": "n1"}, {"event": "e1", "node": "n2"}]


def test_a_name_that_comes_again_in_a_header_is_numbered_and_hides_nothing() -> None:
    lines = ("a:s:HEADER:version:reserved:reserved:x:reserved:y:reserved:", "a:s:0:1:::1:2:3:4:")
    (row,) = sections(text(*lines))
    assert (row.command, row.section) == ("a", "s")
    assert row.values == {"x": "1", "reserved": "2", "y": "3", "reserved#2": "4"}


def test_a_file_that_a_windows_editor_kept_is_the_same() -> None:
    assert list(rows(f"{HEADER}\r\n{ROW}\r\n")) == list(rows(text(HEADER, ROW)))


def test_a_date_sorts_and_what_is_none_is_empty() -> None:
    assert local_time("Wed May 18 10:41:35 2016") == "2016-05-18T10:41:35"
    assert local_time("Tue Mar  2 08:15:00 2021") == "2021-03-02T08:15:00"
    assert [local_time(one) for one in ("", "-", "Wed Mai 18 10:41:35 2016", "1 May x 1 2016")] == ["", "", "", ""]


def test_afm_and_inodes_are_read_where_a_release_tells_them() -> None:
    header = f"{HEADER}filesetMode:afmTarget:afmMode:inodeSpace:"
    lines = (
        header,
        "mmlsfileset::0:1:::fs1:old:1:Linked:%2Fa:-:off:-:-:3:",
        "mmlsfileset::0:1:::fs1:wu:2:Linked:%2Fb:-:-:nfs%3A%2F%2Fs%2Fx:single-writer:-:",
        "mmlsfileset::0:1:::fs1:older:3:Linked:%2Fc:-:read-only:",
    )
    found = parse_filesets(text(*lines))
    assert [(one.afm_mode, one.afm_target, one.inode_space) for one in found] == [
        ("", "", 3),
        ("single-writer", "nfs://s/x", None),
        ("read-only", "", None),
    ]


def test_a_path_that_is_no_utf8_is_kept_to_the_byte_and_shown_with_a_mark() -> None:
    lines = (HEADER, "mmlsfileset::0:1:::fs1:odd:1:Linked:%2Fa%FF:-:")
    (fileset,) = parse_filesets(text(*lines))
    assert fileset == ScaleFileset(file_system="fs1", name="odd", path="/a\udcff", status="Linked")
    assert mirrored((fileset,))["odd"].path == "/a\ufffd"


def test_an_escape_that_is_none_stays_as_it_is() -> None:
    (row,) = rows(text(HEADER, "mmlsfileset::0:1:::fs1:100%zz:1:Linked:%2Fa%:%FF:"))
    assert (row["filesetName"], row["path"], row["comment"]) == ("100%zz", "/a%", "\udcff")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "no header"),
        (("# only a remark",), "no header"),
        ((ROW,), "line 1: a row without a header"),
        ((HEADER, "mmlsfileset: 6027-1388 File system fs9 is not known"), "line 2: not in the form of -Y"),
        ((HEADER, "a:b:c:d:e:f:g:"), "line 2: not in the form of -Y"),
        ((HEADER, ROW[:-4]), "line 2: cut off"),
    ],
)
def test_text_that_may_lack_rows_is_unknown(lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        list(rows("\n".join(lines)))


def encoded(raw: bytes, plain: bytes) -> str:
    """As GPFS encodes: what it leaves as it is differs by release, but never ``%``, ``:`` or a newline."""
    left = set(plain) - set(b"%:\n\r")
    return b"".join(bytes([one]) if one in left else b"%%%02X" % one for one in raw).decode("utf-8", "surrogateescape")


@given(st.binary(min_size=1, max_size=60), st.sampled_from([b"", b"abcdef0123456789-_.", bytes(range(256))]))
@example(b"a:b%3A\nc\xff -- na\xc3\xafve\x85", bytes(range(256)))
@example(b"x" * 1023 + b"\n", b"")
def test_any_bytes_of_a_value_come_through(raw: bytes, plain: bytes) -> None:
    (row,) = rows(text(HEADER, f"mmlsfileset::0:1:::fs1:wu:1:Linked:{encoded(raw, plain)}:-:"))
    assert row["path"].encode("utf-8", "surrogateescape") == raw


@given(st.text())
def test_any_text_is_rows_or_unknown(anything: str) -> None:
    with suppress(SiteUnavailable):
        assert all(isinstance(row, dict) for row in rows(anything))


def test_deleted_filesets_and_the_root_are_left_out_and_unlinked_ones_have_no_path() -> None:
    lines = (
        HEADER,
        ROOT,
        "mmlsfileset::0:1:::fs1:old_active:7:Deleted:--:-:",
        "mmlsfileset::0:1:::fs1:loose_active:8:Unlinked:--:-:",
        "mmlsfileset::0:1:::fs1:bare:9:Linked::-:",
    )
    filesets = parse_filesets(text(*lines))
    assert [one.status for one in filesets] == ["Linked", "Deleted", "Unlinked", "Linked"]
    assert {name: one.path for name, one in mirrored(filesets).items()} == {"loose_active": "", "bare": ""}


def test_a_name_twice_or_none_is_unknown() -> None:
    with pytest.raises(SiteUnavailable, match="lee_active twice, in fs1 and in fs2"):
        mirrored(parse_filesets(text(HEADER, ROOT, ROW, ROW.replace(":fs1:", ":fs2:"))))
    with pytest.raises(SiteUnavailable, match="lee_active twice in fs1"):
        parse_filesets(text(HEADER, ROOT, ROW, ROW))
    with pytest.raises(SiteUnavailable, match="without filesetName"):
        parse_filesets(text(QUOTAS, quota("lee_active", "1", "2")))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((HEADER,), "no root fileset: it is not"),
        ((HEADER, ROW), "no root fileset of fs1"),
        ((HEADER, ROOT, ROW.replace(":fs1:", ":fs2:")), "no root fileset of fs2"),
    ],
)
def test_a_list_without_its_root_is_not_whole(lines: tuple[str, ...], said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        whole(parse_filesets(text(*lines)))


def test_quotas_are_kib_and_zero_is_no_limit() -> None:
    filesets = parse_filesets(text(HEADER, ROOT, ROW, ROW.replace("lee", "ann"), ROW.replace("lee", "bob")))
    lines = (
        QUOTAS,
        quota("root", "0", "0"),
        quota("lee_active", "1024", "2048"),
        quota("ann_active", "0", "0"),
        quota("bob_active", "7", "8", kind="USR"),
        quota("bob_active", "7", "8", fs="fs2"),
        quota("gone_active", "-", "9"),
    )
    found = {one.name: one for one in with_quotas(filesets, text(*lines))}
    assert (found["lee_active"].used_bytes, found["lee_active"].quota_bytes) == (1024**2, 2 * 1024**2)
    assert (found["ann_active"].used_bytes, found["ann_active"].quota_bytes) == (0, None)
    assert (found["bob_active"].used_bytes, found["bob_active"].quota_bytes) == (None, None)


def test_a_figure_that_is_none_is_unknown() -> None:
    filesets = parse_filesets(text(HEADER, ROOT, ROW))
    with pytest.raises(SiteUnavailable, match="blockLimit: expected a whole number, found '5T'"):
        with_quotas(filesets, text(QUOTAS, quota("lee_active", "1", "5T")))
    with pytest.raises(SiteUnavailable, match=r"expected a whole number, found '9{60}'"):
        with_quotas(filesets, text(QUOTAS, quota("lee_active", "1", "9" * 5000)))
    with pytest.raises(SiteUnavailable, match="without quotaType"):
        with_quotas(filesets, text(HEADER, ROW))
    assert kib({"blockUsage": "-"}, "blockUsage") is None
