from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest


@pytest.fixture(scope="module")
def before(site: Any) -> Any:
    return site.plan(site.wanted("old", owner="pi", secure=True), site.wanted("ann"))


def after(site: Any, before: Any, *files: Any, **given: Any) -> Any:
    given.setdefault("holdings", site.built(before))
    given.setdefault("recorded", before)
    return site.plan(*files, site.wanted("ann"), **given)


def names(plan: Any) -> list[str]:
    return [one.name for one in plan.allocations]


def one(plan: Any, name: str) -> Any:
    (found,) = [each for each in plan.allocations if each.name == name]
    return found


@pytest.mark.parametrize("recorded", [True, False])
def test_a_named_rename_keeps_bucket_key_and_images_under_the_new_name(site: Any, before: Any, recorded: bool) -> None:
    file = site.wanted("new", owner="pi", secure=True, renamed_from="OLD")
    plan = after(site, before, file, recorded=before if recorded else None)
    assert names(plan) == ["ann", "new"]
    new, old = one(plan, "new"), one(before, "old")
    assert (new.bucket.name, new.bucket.key_alias) == (old.bucket.name, old.bucket.key_alias)
    assert new.registry == old.registry
    assert (new.tags["ris_allocation"], new.group, new.stage) == ("new", "storage-new", "active")
    assert new.roles[0].name == "compute1-prod-new.lab"
    assert plan.unmapped == ()
    applied = {"holdings": site.built(plan), "recorded": plan}
    assert after(site, plan, file, **applied).allocations == plan.allocations
    assert after(site, plan, file, **applied).unmapped == ()
    stale = after(site, plan, file, holdings=site.built(plan), recorded=before)
    assert (names(stale), one(stale, "new").bucket) == (["ann", "new"], new.bucket)


def test_a_rename_nobody_named_is_not_guessed(site: Any, before: Any) -> None:
    plan = after(site, before, site.wanted("new", owner="PI"))
    assert names(plan) == ["ann", "old"]
    assert one(plan, "old") == one(before, "old")
    assert "write renamed_from: old if this is it" in site.reason(plan, "renamed_from")
    assert site.held(plan) == [
        ("old", "mark as gone", "new of the same owner is new: it may be this one under a new name")
    ]


def test_a_new_allocation_of_the_owner_is_planned_once_the_other_is_marked(site: Any, before: Any) -> None:
    marked = after(site, before)
    plan = after(site, marked, site.wanted("new", owner="pi"))
    assert names(plan) == ["ann", "new", "old"]
    assert one(plan, "new").bucket.name != one(plan, "old").bucket.name


def test_an_allocation_without_known_owner_is_not_taken_for_another(site: Any, before: Any) -> None:
    tags = {key: value for key, value in one(before, "old").tags.items() if key != "ris_owner"}
    holdings = site.built(site.plan(site.wanted("old", secure=True)), tags=tags)
    plan = after(site, before, site.wanted("new", owner=""), recorded=None, holdings=holdings)
    assert names(plan) == ["ann", "new", "old"]


def test_a_rename_that_is_not_clear_holds_both(site: Any, before: Any) -> None:
    claims = [site.wanted(name, renamed_from="old") for name in ("x", "y")]
    several = after(site, before, *claims)
    assert names(several) == ["ann", "old"]
    assert site.said(several) == [("x", "renamed_from"), ("y", "renamed_from")]
    assert one(several, "old").stage == "active"
    with_file = after(site, before, site.wanted("old", owner="pi", secure=True), site.wanted("x", renamed_from="old"))
    assert names(with_file) == ["ann", "old"]
    assert site.reason(with_file, "renamed_from") == "old has a file of its own"
    blocked = after(site, before, site.wanted("x", backend="qumulo", renamed_from="old"))
    assert one(blocked, "old").stage == "active"


def test_what_is_mirrored_under_both_names_stays_apart(site: Any) -> None:
    both = site.plan(site.wanted("old", owner="pi"), site.wanted("new"), site.wanted("ann"))
    plan = after(site, both, site.wanted("new", renamed_from="old"))
    assert names(plan) == ["ann", "new", "old"]
    assert one(plan, "old") == one(both, "old")
    assert "move the data of old by hand" in plan.held[0].reason


def test_an_old_name_that_is_not_mirrored_is_said_or_waits_for_what_aws_holds(site: Any, before: Any) -> None:
    plan = after(site, before, site.wanted("old", owner="pi", secure=True), site.wanted("x", renamed_from="never"))
    assert names(plan) == ["ann", "old", "x"]
    assert site.reason(plan, "renamed_from") == "never is not mirrored: nothing to take over"
    unknown = site.plan(site.wanted("x", renamed_from="never"), holdings={})
    assert unknown.allocations == ()
    assert "what AWS holds is not known" in site.reason(unknown, "renamed_from")


def test_a_name_that_was_its_own_is_no_rename(site: Any, before: Any) -> None:
    plan = after(site, before, site.wanted("old", owner="pi", secure=True, renamed_from="Old"))
    assert plan.allocations == before.allocations
    assert plan.unmapped == ()


def test_a_rename_into_a_file_that_cannot_be_followed_keeps_the_old_as_it_was(site: Any, before: Any) -> None:
    plan = after(site, before, site.wanted("new", renamed_from="old"), listing=site.listing([site.wanted("ann")]))
    assert one(plan, "old") == one(before, "old")
    assert site.said(plan) == [("new", "fileset")]


def test_images_outside_a_namespace_do_not_say_where_the_others_are(site: Any, before: Any) -> None:
    held = site.built(before)["prod"]
    loose = [replace(each, name="images") for each in held.repositories]
    file = site.wanted("old", owner="pi", secure=True)
    plan = after(site, before, file, recorded=None, holdings={"prod": replace(held, repositories=tuple(loose))})
    assert one(plan, "old").registry == one(before, "old").registry
