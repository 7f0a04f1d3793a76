"""A listing of which parts are missing, and caches and access lists that cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onprem.gpfs import rest
from onprem.gpfs.rest import GpfsRest
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from tests.onprem.gpfs_rest.conftest import World


def reads(world: World, *file_systems: str, **login: str) -> GpfsRest:
    return GpfsRest(world.http(**login), file_systems or ("fs1",), now=lambda: 7.0)  # type: ignore[arg-type]  # user


def test_a_user_who_may_only_look_is_enough(world: World) -> None:
    listing = reads(world, user="looker").listing()
    assert {one.name for one in listing.filesets} == {"root", "lee_active"}
    assert (listing.surface, listing.captured_at, listing.missing) == ("rest", 7.0, ())


def test_one_file_system_that_does_not_answer_hides_no_other(world: World) -> None:
    listing = reads(world, "fs1", "cache1").listing()
    assert {one.file_system for one in listing.filesets} == {"fs1"}
    assert [(one.part, "filesystemName" in one.reason) for one in listing.missing] == [("filesets", True)]


def test_no_file_system_at_all_is_an_error(world: World) -> None:
    with pytest.raises(SiteUnavailable, match="filesystemName"):
        reads(world, "cache1").listing()
    with pytest.raises(SiteUnavailable, match="no file system is named"):
        GpfsRest(world.http(), (), now=lambda: 0.0).listing()


def test_a_wrong_password_leaves_everything_unknown_and_is_tried_once(world: World) -> None:
    with pytest.raises(SiteUnavailable, match="does not accept the password"):
        reads(world, "fs1", "cache1", password="wrong").listing()
    assert len(world.cluster.calls) == 1


def test_quotas_that_are_not_answered_are_missing(world: World) -> None:
    asked = reads(world)
    world.cluster.page = 1
    names = len(world.of.filesets)
    world.cluster.script.after = {names: 503}
    listing = asked.listing()
    assert [(one.part, "503" in one.reason) for one in listing.missing] == [("quotas", True)]
    assert {one.name for one in listing.filesets} == {"root", "lee_active"}


def test_snapshots_of_very_many_filesets_are_left_to_others(world: World) -> None:
    for number in range(rest._MOST_FILESETS):
        world.of.add(f"more{number}", "")
    listing = reads(world).listing()
    assert [one.part for one in listing.missing] == ["snapshots"]
    assert len(world.cluster.calls) < 10


def test_a_deleted_fileset_is_listed_with_its_word(world: World) -> None:
    world.of.add("gone", "", status="Deleted")
    found = {one.name: one.status for one in reads(world).listing().filesets}
    assert found["gone"] == "Deleted"


def test_a_cache_that_the_states_do_not_have_is_unknown(world: World) -> None:
    world.of.add("lee_cache", "/c", afm_mode="iw", afm_target="nfs://home/x")
    world.cluster.hide_states = True
    state = reads(world).cache("fs1", "lee_cache")
    assert (state.health, state.state) == ("unknown", "")
    assert state.reason


def test_an_access_list_is_found_below_the_right_mount(world: World) -> None:
    world.cluster.add_file_system("fs", "/fs")
    world.of.acls["x y/ü"] = []
    assert reads(world, "fs", "fs1").acl("/fs1/x y/ü").entries == ()
    with pytest.raises(SiteUnavailable, match="fs at /fs, fs1 at /fs1"):
        reads(world, "fs", "fs1").acl("/fs12/x")


def test_the_release_says_what_it_offers(world: World) -> None:
    version, paths = reads(world).release()
    assert "sandbox" in version
    assert "/bucket/keys" in paths
