"""Every form of GPFS's commands as it was captured, old releases and new, against what is read in it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.gpfs.acl_text import parse_acl_text
from onprem.gpfs.afm import parse_dirty, parse_getstate, parse_transfers
from onprem.gpfs.attributes import parse_attributes
from onprem.gpfs.capacity import parse_capacity, parse_file_systems
from onprem.gpfs.condition import parse_health, parse_nodes
from onprem.gpfs.filesets import mirrored, parse_filesets, whole, with_quotas
from onprem.gpfs.snapshots import parse_snapshots
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

CAPTURED = Path(__file__).parents[2] / "golden" / "gpfs"
FORMS: dict[str, Callable[[str], Any]] = {
    "mmlsfileset-old": parse_filesets,
    "mmlsfileset-new": parse_filesets,
    "mmlssnapshot": parse_snapshots,
    "mmgetstate": parse_nodes,
    "mmdf": parse_capacity,
    "mmhealth-old": parse_health,
    "mmhealth-new": parse_health,
    "mmlsfs": parse_file_systems,
    "upload-stats": parse_transfers,
    "getstate": lambda text: list(parse_getstate("cache1-fs1", text).values()),
    "mmlsattr": parse_attributes,
}
PARSERS = [*FORMS.values(), parse_dirty, parse_acl_text, lambda text: with_quotas((), text)]


OF_OTHERS = "a:b:HEADER:v:r:r:x:\na:b:0:1:::1:\n"


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text(encoding="utf-8")


def plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return plain(asdict(value))
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


@pytest.mark.parametrize("name", FORMS)
def test_what_is_read_in_a_captured_text(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"gpfs/{name}.json", json.dumps(plain(FORMS[name](captured(name))), indent=1) + "\n")


@pytest.mark.parametrize("release", ["old", "new"])
def test_quotas_of_several_file_systems_go_to_their_own_filesets(release: str) -> None:
    filesets = with_quotas(whole(parse_filesets(captured(f"mmlsfileset-{release}"))), captured("mmrepquota"))
    found = {(one.file_system, one.name): one for one in filesets}
    wucci = found["rdcw-fs1", "wucci_active"]
    assert (wucci.quota_bytes, wucci.used_bytes, wucci.in_doubt_bytes) == (25 * 1024**4, 5 * 1024**4, 1024**3)
    assert (wucci.files_used, wucci.files_limit) == (7421, 20_000_000)
    if release == "new":
        cache = found["cache1-fs1", "wucci_active"]
        assert (cache.quota_bytes, cache.files_limit, cache.files_used) == (None, None, 811)


def test_one_filesets_quota_has_the_same_form() -> None:
    (wucci, *_) = (one for one in parse_filesets(captured("mmlsfileset-old")) if one.name == "wucci_active")
    assert with_quotas((wucci,), captured("mmlsquota"))[0].quota_bytes == 25 * 1024**4


def test_the_mirror_sees_neither_roots_nor_the_deleted() -> None:
    assert set(mirrored(parse_filesets(captured("mmlsfileset-old")))) == {"wucci_active", "quarry_lab_active", "loose"}


def test_columns_of_releases_are_as_many_as_ibm_has_them() -> None:
    counts = [
        len(captured(f"mmlsfileset-{one}").split("HEADER:")[1].splitlines()[0].split(":")) - 1 for one in ("old", "new")
    ]
    assert counts == [56, 88]


@pytest.mark.parametrize(
    ("text", "dirty"),
    [
        (captured("checkDirty"), True),
        (captured("checkDirty").replace(":3:1048576:", ":0:0:"), False),
        (captured("checkDirty").split("\n")[0], False),
        ("No dirty files found in fileset wucci_active\n", False),
        ("Dirty files are listed in /var/mmfs/afm/cache1-fs1-9/list.dirty\n", True),
        ("a:b:HEADER:v:r:r:path:\na:b:0:1:::%2Fcache1%2F0:\n", True),
    ],
)
def test_only_what_says_so_is_clean(text: str, dirty: bool) -> None:
    assert parse_dirty(text) is dirty


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text", ["", "mmcommon: 6027-1388 File system fs9 is not known\n", "a:b:HEADER:v:r:r:x:\na:b:0:1:::1:\n"]
)
def test_what_is_no_such_output_is_unknown(parse: Callable[[str], Any], text: str) -> None:
    if parse in {parse_dirty, parse_transfers} and text == OF_OTHERS:
        return  # their columns are IBM's secret: any are taken
    with pytest.raises(SiteUnavailable):
        parse(text)


def test_figures_are_bytes_and_what_is_not_told_is_none() -> None:
    capacity = parse_capacity(captured("mmdf"))
    assert (capacity.total.size, capacity.inodes_used, capacity.inodes_most) == (47538241536 * 1024, 430741822, None)
    (moved,) = parse_transfers(captured("upload-stats"))
    assert (moved.queued, moved.failed, moved.already_cached, moved.total_bytes) == (1200, 2, 17, 52428800)


def test_what_is_not_well_is_named_with_its_component() -> None:
    health = parse_health(captured("mmhealth-new"))
    assert [(one.component, one.entity) for one in health.states if one.status == "DEGRADED"] == [
        ("AFM", "cache1-fs1/wucci_active")
    ]
    assert health.events[0].event == "afm_cache_disconnected"
    assert [one.quorum for one in parse_nodes(captured("mmgetstate"))] == [2, 0, None]


def test_old_releases_say_in_words_that_there_is_no_snapshot() -> None:
    assert parse_snapshots("No snapshots in file system rdcw-fs1\n") == ()
    assert parse_snapshots("mmlssnapshot: No snapshots in file system rdcw-fs1\n") == ()


SAMPLES = [path.read_text(encoding="utf-8") for path in sorted(CAPTURED.glob("*.txt"))]


@given(st.sampled_from(PARSERS), st.sampled_from(SAMPLES), st.data())
def test_a_text_that_was_damaged_is_read_or_unknown(
    parse: Callable[[str], Any], text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(text)))
    to = data.draw(st.integers(at, min(len(text), at + 40)))
    put = data.draw(st.text(alphabet="%:-\n \x85AZ0fé\udcff", max_size=6))
    with suppress(SiteUnavailable):
        parse(text[:at] + put + text[to:])
