"""Answers of REST v2 in the shapes that releases differ in, and those that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.gpfs import rest_documents as documents
from onprem.gpfs import rest_requests as requests
from ris_hybrid.errors import SiteUnavailable

CONFIG = {"filesystemName": "fs1", "path": "/fs1/lee", "status": "Linked", "inodeSpace": "3"}


def fileset(**members: Any) -> dict[str, Any]:
    return {"filesets": [{"filesetName": "lee_active", "config": CONFIG, **members}]}


def test_a_fileset_of_an_older_release_has_its_name_within() -> None:
    (found,) = documents.filesets([{"filesets": [{"config": {**CONFIG, "filesetName": "lee", "path": "--"}}]}])
    assert (found.name, found.path, found.file_system, found.inode_space) == ("lee", "", "fs1", 3)


def test_the_file_system_is_the_one_asked_where_an_answer_names_none() -> None:
    (found,) = documents.filesets([{"filesets": [{"filesetName": "lee", "config": {"status": "Linked"}}]}], "fs7")
    assert (found.file_system, found.inode_space) == ("fs7", None)


@pytest.mark.parametrize("mode", ["off", "disable", "--"])
def test_no_afm_is_said_in_several_words(mode: str) -> None:
    (found,) = documents.filesets([fileset(afm={"afmMode": mode, "afmTarget": "--"})])
    assert (found.afm_mode, found.afm_target) == ("", "")


def test_quotas_are_kib_and_others_of_users_are_left_out() -> None:
    found = documents.filesets([fileset()])
    user = {"quotaType": "USR", "objectName": "lee_active", "blockLimit": 1}
    mine = {"quotaType": "FILESET", "filesetName": "lee_active", "blockLimit": "2", "blockUsage": 1, "filesLimit": 9}
    (limited,) = documents.with_quotas(found, [{"quotas": [user]}, {"quotas": [mine]}], "fs1")
    assert (limited.quota_bytes, limited.used_bytes, limited.in_doubt_bytes) == (2048, 1024, None)
    assert (limited.files_limit, limited.files_used) == (9, None)
    assert documents.with_quotas(found, [{"quotas": [user]}], "fs1") == found


def test_a_cache_state_may_be_wrapped_and_one_without_length_is_not_clean() -> None:
    plain = {"filesetName": "a", "cacheState": "Active", "queueLength": 0, "gatewayNodeName": "g"}
    wrapped = {"filesetAfmState": {"filesetName": "b", "cacheState": "Active"}}
    states = documents.cache_states([{"filesetAfmStateList": [plain, wrapped]}], "fs1")
    assert (states["a"].health, states["a"].gateway) == ("clean", "g")
    assert states["b"].health == "unknown"
    assert "does not say" in states["b"].reason


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "no list 'filesets'"),
        ({"filesets": {}}, "no list 'filesets'"),
        ({"filesets": ["x"]}, "'filesets' is not an object"),
        ({"filesets": [{"filesetName": "x"}]}, "'config' is not an object"),
        ({"filesets": [{"config": {}}]}, "without filesetName"),
        ({"filesets": [{"filesetName": "x", "config": {"inodeSpace": "many"}}]}, "inodeSpace: expected a whole number"),
        ({"filesets": [{"filesetName": "x", "config": {"inodeSpace": -1}}]}, "inodeSpace: expected a whole number"),
    ],
)
def test_what_is_not_of_that_shape_is_unknown(document: dict[str, Any], said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        documents.filesets([document])


def test_a_snapshot_and_a_cache_without_a_name_are_refused() -> None:
    with pytest.raises(SiteUnavailable, match="no snapshotName"):
        documents.snapshots([{"snapshots": [{}]}], "fs1")
    with pytest.raises(SiteUnavailable, match="no cacheState"):
        documents.cache_states([{"filesetAfmStateList": [{"filesetName": "x"}]}], "fs1")


def acl(**members: Any) -> dict[str, Any]:
    entry = {"type": "allow", "who": "group:x", "permissions": "rx", "flags": "", **members}
    return {"acl": {"type": "NFSv4", "entries": [entry]}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"acl": {"type": "POSIX", "entries": []}}, "of type POSIX"),
        ({"acl": {"type": "NFSv4"}}, "no list 'entries'"),
        (acl(type="audit"), "neither allow nor deny"),
        (acl(permissions="rz"), "expected letters"),
        (acl(who=""), "no who"),
        ({}, "'acl' is not an object"),
    ],
)
def test_an_access_list_that_is_not_understood_is_unknown(document: dict[str, Any], said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        documents.acl(document, "/fs1/x")


def test_letters_come_in_our_order_and_a_denial_stays_one() -> None:
    (entry,) = documents.acl(acl(type="deny", permissions="xmwr", flags="gf"), "/x").entries
    assert (entry.kind, entry.permissions, entry.flags) == ("deny", "rwmx", "fg")


def test_mounts_gateways_and_release() -> None:
    assert documents.mount_point({"filesystems": [{"mount": {"mountPoint": "/storage1/fs1/"}}]}) == "/storage1/fs1"
    assert documents.mount_point({"filesystems": [{"mount": {"mountPoint": "--"}}]}) == ""
    assert documents.mount_point({"filesystems": [{}]}) == ""
    assert documents.mount_point({"filesystems": []}) == ""
    nodes = [
        {"adminNodeName": "g1", "roles": {"gatewayNode": True}},
        {"name": "g2", "roles": {"gatewayNode": True}},
        {"name": "n", "roles": {"gatewayNode": False}},
        {"name": "m"},
    ]
    assert documents.gateways([{"nodes": nodes}]) == ("g1", "g2")
    pairs = [{"mapName": "a", "exportMap": ["s/g"]}, {"mapName": "b", "exportMap": "s/h"}, {"mapName": "c"}]
    assert documents.mappings([{"mappings": pairs}]) == {"a": ("s/g",), "b": ("s/h",), "c": ("",)}
    assert documents.server_version({"info": {"serverVersion": "5.1.9"}}) == "5.1.9"
    assert documents.paths({"info": {"paths": {"/b": ["GET"], "/a": []}}}) == ("/a", "/b")
    assert documents.paths({"info": {"paths": ["/b"]}}) == ("/b",)
    assert documents.paths({"info": {}}) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("filesets", "quotas", "snapshots", "filesetAfmStateList", "nodes", "filesystems", "acl", "info")


@given(document=st.dictionaries(st.sampled_from(KEYS), JSON | st.lists(st.dictionaries(st.text(max_size=9), JSON))))
def test_any_json_is_read_or_refused(document: dict[str, Any]) -> None:
    for read in (
        lambda: documents.filesets([document]),
        lambda: documents.with_quotas((), [document]),
        lambda: documents.snapshots([document], "fs1"),
        lambda: documents.cache_states([document], "fs1"),
        lambda: documents.gateways([document]),
        lambda: documents.mount_point(document),
        lambda: documents.acl(document, "/x"),
        lambda: documents.paths(document),
    ):
        try:
            read()
        except SiteUnavailable:
            continue


@given(name=st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_a_name_is_one_segment_of_a_path(name: str) -> None:
    path = requests.fileset("fs1", name).path
    assert path.count("/") == 3
    assert path.isascii()


@pytest.mark.parametrize(("size", "kib"), [(1, 1), (1024, 1), (1025, 2), (25 * 1024**4, 25 * 1024**3)])
def test_a_quota_is_never_smaller_than_what_was_asked(size: int, kib: int) -> None:
    assert requests.kib(size) == kib
