from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Any

import pytest
from globus_sdk import TransferData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onprem.globus.document import in_collection, label_of, transfer_document
from ris_hybrid.data.excluded import EVERY
from ris_hybrid.data.values import MoveItem
from ris_hybrid.errors import ConfigError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "0d1a1b3e-5bd0-4bd1-b18a-2a2d8f3a2d11"
BOTH = (MoveItem("Gábor's [1]/a*?.mrc", 5), MoveItem("dir", 0, True))
MOVES: dict[str, dict[str, Any]] = {
    "files-in": {},
    "files-out": {"direction": "out"},
    "dataset-in": {"items": (MoveItem("", 0, True),)},
    "mixed-out-again": {"direction": "out", "items": BOTH, "again": True},
}


@pytest.mark.parametrize("name", MOVES)
def test_what_globus_is_given(name: str, made: Any, golden: Callable[[str, str], None]) -> None:
    document = transfer_document(made.move(**MOVES[name]), TOKEN, made.settings())
    golden(f"globus/transfer-{name}.json", json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", MOVES)
def test_it_is_what_the_sdk_would_make(name: str, made: Any) -> None:
    document = transfer_document(made.move(**MOVES[name]), TOKEN, made.settings())
    options = {key: value for key, value in document.items() if key not in {"DATA_TYPE", "DATA", "filter_rules"}}
    ends = options.pop("source_endpoint"), options.pop("destination_endpoint")
    by_sdk = TransferData(*ends, **options)
    for item in document["DATA"]:
        by_sdk.add_item(item["source_path"], item["destination_path"], recursive=item["recursive"])
    for rule in document.get("filter_rules", ()):
        by_sdk.add_filter_rule(rule["name"])
    assert json.loads(json.dumps(document)) == _without_missing(by_sdk)


def _without_missing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_missing(one) for key, one in value.items() if "MissingType" not in type(one).__name__}
    return [_without_missing(one) for one in value] if isinstance(value, list) else value


def test_rules_leave_out_what_is_gpfs_own_and_only_directories_have_them(made: Any) -> None:
    files = transfer_document(made.move(), TOKEN, made.settings())
    whole = transfer_document(made.move(MoveItem("", 0, True)), TOKEN, made.settings())
    assert "filter_rules" not in files
    assert tuple(rule["name"] for rule in whole["filter_rules"]) == EVERY
    assert {rule["method"] for rule in whole["filter_rules"]} == {"exclude"}


def test_a_first_move_compares_times_and_a_repeated_one_checksums(made: Any) -> None:
    first, again = (transfer_document(made.move(again=again), TOKEN, made.settings()) for again in (False, True))
    assert (first["sync_level"], again["sync_level"]) == (2, 3)


@pytest.mark.parametrize("path", ["", "../x", "a/../b", "/abs", "a//b", "a/", "bad\udcff", "line\nbreak", "x" * 1020])
def test_a_name_that_is_no_key_is_refused(path: str, made: Any) -> None:
    with pytest.raises(Refused, match="cannot be moved"):
        transfer_document(made.move(MoveItem(path, 1)), TOKEN, made.settings())


def test_a_move_of_nothing_is_refused(made: Any) -> None:
    empty = made.move(items=())
    with pytest.raises(Refused, match="no files"):
        transfer_document(empty, TOKEN, made.settings())


@pytest.mark.parametrize("path", ["/storage2/fs1/wucci", "/storage1/fs10/wucci", "relative"])
def test_a_path_outside_the_collection_is_refused(path: str, made: Any) -> None:
    with pytest.raises(ConfigError, match="site_base"):
        transfer_document(made.move(site_path=path), TOKEN, made.settings())


@pytest.mark.parametrize(
    ("path", "base", "there"),
    [("/a/b", "/", "/a/b"), ("/a/b", "/a", "/b"), ("/a", "/a/", "/"), ("/a/b", "/a/b/", "/")],
)
def test_the_collections_root_is_site_base(path: str, base: str, there: str) -> None:
    assert in_collection(path, base) == there


@given(st.text())
def test_a_label_is_what_globus_takes_and_ends_with_the_token(words: str) -> None:
    label = label_of(words, TOKEN)
    assert len(label) <= 128
    assert label.endswith(TOKEN)
    assert set(label) <= set(string.ascii_letters + string.digits + " ,_-")


def test_no_label_holds_a_path(made: Any) -> None:
    label = transfer_document(made.move(label="st-1 /storage1/fs1/x"), TOKEN, made.settings())["label"]
    assert "/" not in label


@given(st.lists(st.from_regex(r"[a-zA-Z0-9 é'\[\]*]{1,12}(/[a-z.]{3,9}){0,3}", fullmatch=True), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a maker and holds nothing
def test_every_item_has_both_ends_and_out_is_in_turned_round(made: Any, paths: list[str]) -> None:
    items = tuple(MoveItem(path, 1) for path in paths)
    there, back = (
        transfer_document(made.move(*items, direction=way), TOKEN, made.settings())["DATA"] for way in ("in", "out")
    )
    assert [one["source_path"] for one in there] == [f"/wucci/Active/Cryo-EM/{path}" for path in paths]
    assert [one["destination_path"] for one in there] == [f"/ris-wucci/Active/Cryo-EM/{path}" for path in paths]
    turned = [(one["destination_path"], one["source_path"]) for one in there]
    assert [(one["source_path"], one["destination_path"]) for one in back] == turned
