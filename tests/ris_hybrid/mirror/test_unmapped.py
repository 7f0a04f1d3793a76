"""What of the site's files has no counterpart, or should be looked at, and the words it is said in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.holdings.values import Bucket, Holdings
from ris_hybrid.mirror.listing import Missing

TIB = 1024**4


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"backend": "qumulo"}, "backend"),
        ({"platform": "storage3"}, "platform"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_what_is_of_another_kind_is_left_out(site: Any, fields: Any, field: str) -> None:
    plan = site.plan(site.wanted("ann"), replace(site.wanted(), **fields))
    assert [one.name for one in plan.allocations] == ["ann"]
    assert [each.field for each in plan.unmapped] == [field]


def test_two_files_of_one_name_are_both_left_out(site: Any) -> None:
    plan = site.plan(site.wanted("lee"), site.wanted("LEE", owner="other"))
    assert plan.allocations == ()
    assert site.said(plan) == [("LEE", "name"), ("lee", "name")]


def test_a_file_of_another_kind_does_not_stand_in_the_way_of_its_namesake(site: Any) -> None:
    plan = site.plan(site.wanted(), site.wanted(platform="storage3"))
    assert [one.platform for one in plan.allocations] == ["storage1"]
    assert site.said(plan) == [("lee", "platform")]


def test_an_allocation_the_file_system_does_not_have_is_left_out_until_it_does(site: Any) -> None:
    plan = site.plan(site.wanted(), listing=site.listing([]))
    assert plan.allocations == ()
    assert "no fileset lee_active" in site.reason(plan, "fileset")


@pytest.mark.parametrize("name", ["LEE", "Lee_ACTIVE", "by-path"])
def test_a_fileset_is_found_by_either_name_or_by_its_path(site: Any, name: str) -> None:
    listing = site.listing([site.wanted()])
    (fileset,) = listing.filesets.values()
    assert site.plan(site.wanted(), listing=replace(listing, filesets={name: replace(fileset, name=name)})).allocations


@pytest.mark.parametrize("part", ["filesets", "groups", "quotas"])
def test_a_part_nobody_reported_is_unknown_and_not_absent(site: Any, part: str) -> None:
    listing = site.listing([], missing=(Missing(part=part, reason="not captured"),))
    whole = site.listing([site.wanted(projects=(site.project(),))])
    parts = {"filesets": whole.filesets, "groups": whole.groups} | ({part: {}} if part != "quotas" else {})
    plan = site.plan(site.wanted(projects=(site.project(),)), listing=replace(listing, **parts))
    assert [one.name for one in plan.allocations] == ["lee"]
    assert plan.unmapped == ()
    assert [reason for _, _, reason in site.held(plan)] == ["not captured"]


def test_an_old_listing_tells_nothing_by_what_it_lacks(site: Any) -> None:
    plan = site.plan(site.wanted(), listing=site.listing([], captured_at=site.now - 3 * 86_400))
    assert len(plan.allocations) == 1
    assert plan.unmapped == ()
    assert {reason for _, _, reason in site.held(plan)} == {
        "what the site reported is 3.0 days old, more than listing_age_days 2"
    }
    never = site.plan(site.wanted(), listing=site.listing([], captured_at=None))
    assert {reason for _, _, reason in site.held(never)} == {"the site reported nothing"}


def test_quotas_that_differ_and_a_fileset_without_path_are_said_and_the_file_holds(site: Any) -> None:
    listing = site.listing([site.wanted()])
    (fileset,) = listing.filesets.values()

    def planned(wanted: Any, **fields: Any) -> Any:
        return site.plan(wanted, listing=replace(listing, filesets={"lee_active": replace(fileset, **fields)}))

    differs = planned(site.wanted(), quota_bytes=1536 * 1024**3)
    assert differs.allocations[0].quota_bytes == TIB
    assert site.reason(differs, "quota") == "the file says 1T, the file system 1536G: the file holds"
    assert "the file system no limit" in site.reason(planned(site.wanted(), quota_bytes=None), "quota")
    without = planned(site.wanted(quota_bytes=None), quota_bytes=3 * TIB)
    assert without.allocations[0].quota_bytes == 3 * TIB
    assert site.reason(without, "quota") == "not given: taken as 3T, as the file system has it"
    none = planned(site.wanted(quota_bytes=None), quota_bytes=None)
    assert none.allocations[0].quota_bytes is None
    assert "budget is for nodes alone" in site.reason(none, "quota")
    assert "not linked" in site.reason(planned(site.wanted(), path=""), "fileset")


def test_a_quota_that_came_from_the_file_system_is_kept_while_that_is_not_asked(site: Any) -> None:
    listing = site.listing([site.wanted()])
    first = site.plan(site.wanted(quota_bytes=None), listing=listing)
    gone = replace(listing, filesets={}, missing=(Missing(part="filesets", reason="down"),))
    again = site.plan(site.wanted(quota_bytes=None), listing=gone, recorded=first, holdings=site.built(first))
    assert again.allocations == first.allocations
    assert site.plan(site.wanted(quota_bytes=None), listing=gone).allocations[0].quota_bytes is None


def test_who_the_directory_does_not_know_is_named(site: Any) -> None:
    wanted = site.wanted(projects=(site.project(rw=("ann", "Nobody"), ro=("storage-lee",)),))
    groups = {"storage-lee": (), "storage-lee-cryo-em-rw": ("Ann",)}
    plan = site.plan(wanted, listing=replace(site.listing([wanted]), groups=groups))
    assert [(each.field, each.reason.rpartition(": ")[2]) for each in plan.unmapped] == [
        ("dir_projects.Cryo-EM.rw", "Nobody"),
        ("group", "nobody can take role compute1-prod-lee.cryo-em.ro"),
        ("wustlkey", "the directory listing has no lee-pi"),
    ]


def test_who_pays_and_who_asked_is_missed(site: Any) -> None:
    plan = site.plan(site.wanted(department="", ticket=""))
    assert site.said(plan) == [("lee", "department_number"), ("lee", "issue_key")]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Active", "file system's own"),
        ("ARCHIVE", "file system's own"),
        (".snapshots", "file system's own"),
        ("a/b", "file system's own"),
        ("x" * 256, "255 bytes"),
        ("*", "patterns"),
        ("a?b", "patterns"),
        ("${aws:username}", "patterns"),
        ("日本", "Latin"),
        ("tab\tbed", "Latin"),
        ("a(b)", "no directory group"),
        ("a@b", "no directory group"),
        ("dot.", "no directory group"),
    ],
)
def test_a_project_that_cannot_be_mapped_is_left_out_alone(site: Any, name: str, word: str) -> None:
    plan = site.plan(site.wanted(projects=(site.project(name), site.project("Good"))))
    assert [one.name for one in plan.allocations[0].projects] == ["Good"]
    assert word in site.reason(plan, f"dir_projects.{name}")


def test_a_project_with_a_space_is_mapped_as_old_data_may_have_one(site: Any) -> None:
    plan = site.plan(site.wanted(projects=(site.project("TRIAL A"),)))
    (project,) = plan.allocations[0].projects
    assert (project.prefix, project.rw_group) == ("Active/TRIAL A/", "storage-lee-trial a-rw")
    assert project.slug.startswith("trial-a-")
    assert plan.unmapped == ()


def test_projects_that_share_a_directory_group_are_left_out(site: Any) -> None:
    twins = site.plan(site.wanted(projects=(site.project("A"), site.project("a"))))
    assert [one.field for one in twins.unmapped] == ["dir_projects.A", "dir_projects.a"]
    across = site.plan(
        site.wanted("a", projects=(site.project("b-c"),)), site.wanted("a-b", projects=(site.project("c"),))
    )
    assert [one.projects for one in across.allocations] == [(), ()]
    assert site.said(across) == [("a", "dir_projects.b-c"), ("a-b", "dir_projects.c")]
    allocation = site.plan(site.wanted("a", projects=(site.project("b"),)), site.wanted("a-b-rw"))
    assert site.said(allocation) == [("a", "dir_projects.b")]
    assert "same directory group storage-a-b-rw" in site.reason(allocation, "dir_projects.b")


def aws(*buckets: Bucket) -> dict[str, Holdings]:
    return {"prod": Holdings(account="123456789012", region="us-east-1", buckets=buckets)}


@pytest.mark.parametrize(
    ("tags", "word"), [(None, "could not be read"), ({}, "not this allocation's"), ({"ris_managed": "x"}, "not this")]
)
def test_a_bucket_that_is_not_ours_is_not_taken(site: Any, tags: Any, word: str) -> None:
    name = site.plan(site.wanted()).allocations[0].bucket.name
    plan = site.plan(site.wanted(), holdings=aws(Bucket(name=name, account="123456789012", tags=tags)))
    assert plan.allocations == ()
    assert word in site.reason(plan, "bucket")


def test_names_that_clash_in_aws_leave_the_newer_out(site: Any) -> None:
    # One account, two environments: "a" + allocation "b-x" and "a-b" + allocation "x" would make one role's name.
    one, other = (site.environment(name, data_classes=(kind,)) for name, kind in (("a", "internal"), ("a-b", "public")))
    settings = site.settings(environments=(one, other), data_classes={"x": "public"})
    plan = site.plan(site.wanted("b-x"), site.wanted("x"), settings=settings)
    assert [each.name for each in plan.allocations] == ["b-x"]
    assert "compute1-a-b-x" in site.reason(plan, "budget")
    first = site.plan(site.wanted("x"), settings=settings)
    again = site.plan(site.wanted("b-x"), site.wanted("x"), settings=settings, holdings=site.built(first))
    assert [each.name for each in again.allocations] == ["x"]
