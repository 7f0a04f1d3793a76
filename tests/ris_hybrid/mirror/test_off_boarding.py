"""What is mirrored and has no (usable) file any more: it never leaves the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.holdings.values import Holdings
from ris_hybrid.mirror.listing import Missing
from ris_hybrid.mirror.settings import Brakes

DAY = 86_400.0


@pytest.fixture(scope="module")
def before(site: Any) -> Any:
    """Two allocations, mirrored."""
    return site.plan(site.wanted("lee", projects=(site.project(),), archive=True, secure=True), site.wanted("ann"))


def later(site: Any, before: Any, days: float = 0, *files: Any, **given: Any) -> Any:
    """The plan some days on, when lee's file is gone, unless files are given."""
    given.setdefault("holdings", site.built(before))
    given.setdefault("recorded", before)
    return site.plan(*(files or (site.wanted("ann"),)), now=site.now + days * DAY, **given)


def lee(plan: Any) -> Any:
    (found,) = [one for one in plan.allocations if one.name == "lee"]
    return found


def test_it_goes_down_the_ladder_and_no_step_loses_data(site: Any, before: Any) -> None:
    marked = later(site, before)
    assert (lee(marked).stage, lee(marked).removed_on, lee(marked).tags["ris_removed_on"]) == (
        "marked",
        "2027-01-15",
        "2027-01-15",
    )
    assert lee(marked).bucket == lee(before).bucket
    assert lee(marked).roles == lee(before).roles
    closed = later(site, marked, 30)
    assert (lee(closed).stage, lee(closed).bucket.writable, lee(closed).removed_on) == (
        "read-only",
        False,
        "2027-01-15",
    )
    assert lee(closed).pools == ()
    archived = later(site, closed, 90)
    assert lee(archived).stage == "archived"
    assert [(one.prefix, one.storage_class) for one in lee(archived).bucket.transitions] == [
        ("", "DEEP_ARCHIVE"),
        ("", "DEEP_ARCHIVE"),
    ]
    assert later(site, archived, 4000).allocations == archived.allocations
    for plan in (marked, closed, archived):
        assert lee(plan).bucket.name == lee(before).bucket.name
        assert lee(plan).bucket.prefixes == lee(before).bucket.prefixes


def test_nobody_writes_once_it_is_read_only(site: Any, before: Any) -> None:
    closed = later(site, later(site, before), 30)
    actions = {action for role in lee(closed).roles for statement in role.statements for action in statement["Action"]}
    assert not [one for one in actions if one.startswith(("s3:Put", "s3:Delete", "ecr:Put", "kms:Generate"))]


def test_a_file_that_is_back_makes_it_active_again(site: Any, before: Any) -> None:
    closed = later(site, later(site, before), 30)
    file = site.wanted("lee", projects=(site.project(),), archive=True, secure=True)
    back = later(site, closed, 31, file, site.wanted("ann"))
    assert lee(back) == lee(before)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"missing": (Missing(part="groups", reason="nobody asked"),)}, "groups: nobody asked"),
        ({"captured_at": None}, "the site reported nothing"),
        ({"captured_at": 1_799_000_000.0}, "what the site reported is 11.6 days old"),
        ({"captured_at": 1_900_000_000.0}, "what the site reported is dated 27777.8 hours from now"),
    ],
)
def test_an_uncertain_listing_begins_nothing_and_goes_no_further(
    site: Any, before: Any, change: Any, reason: str
) -> None:
    listing = replace(site.listing([site.wanted("ann")]), **change)
    held = later(site, before, listing=listing)
    assert lee(held) == lee(before)
    assert [one.step for one in held.held if one.allocation == "lee" and reason in one.reason] == ["mark as gone"]
    marked = later(site, before)
    stays = later(site, marked, 400, listing=replace(listing, captured_at=change.get("captured_at", site.now)))
    assert lee(stays) == lee(marked)


def test_what_aws_holds_must_be_known_for_a_step(site: Any, before: Any) -> None:
    for holdings in ({}, {"prod": None}, {"prod": Holdings(account="123456789012", region="us-east-1", buckets=None)}):
        held = later(site, before, holdings=holdings)
        assert lee(held) == lee(before)
        assert [one.allocation for one in held.held] == ["", "lee"]
        assert "is not known" in held.held[0].reason
    other = later(site, before, holdings={"prod": Holdings(account="999999999999", region="us-east-1")})
    assert lee(other) == lee(before)
    assert "account 999999999999" in other.held[0].reason


def test_a_bucket_with_unreadable_tags_is_held(site: Any, before: Any) -> None:
    held = later(site, before, holdings=site.built(before, tags=None))
    assert lee(held) == lee(before)
    (reason,) = [one.reason for one in held.held if one.allocation == "lee"]
    assert "no bucket" in reason


def test_a_bucket_deleted_outside_is_not_made_again_for_a_file_that_is_gone(site: Any, before: Any) -> None:
    plan = later(site, before, holdings=site.empty(site.settings()))
    assert [one.name for one in plan.allocations] == ["ann"]
    (held,) = [one for one in plan.held if one.allocation == "lee"]
    assert held.step == "keep its bucket"
    assert held.reason.startswith("AWS has wustl-ris-lee-9535ac no more")
    assert "alias/wustl-ris-lee-9535ac is protected" in held.reason
    refused = later(site, before, 0, site.wanted("lee", backend="qumulo"), holdings=site.empty(site.settings()))
    assert ("lee", "keep its bucket") in {(one.allocation, one.step) for one in refused.held}
    assert [one.name for one in refused.allocations] == []


def test_a_bucket_deleted_outside_is_made_again_for_its_file_and_that_is_said(site: Any, before: Any) -> None:
    files = (site.wanted("lee", projects=(site.project(),), archive=True, secure=True), site.wanted("ann"))
    plan = later(site, before, 0, *files, holdings=site.empty(site.settings()))
    assert plan.allocations == before.allocations
    assert {one.reason for one in plan.unmapped if one.field == "bucket" and one.allocation == "lee"} == {
        "AWS has wustl-ris-lee-9535ac no more, and nothing of ours deletes a bucket: it is made again, empty"
    }
    unread = later(site, before, 0, *files, holdings={"prod": None})
    assert not [one for one in unread.unmapped if one.field == "bucket"]


def test_a_lost_record_is_said_and_costs_nothing_while_the_files_are_there(site: Any, before: Any) -> None:
    files = (site.wanted("lee", projects=(site.project(),), archive=True, secure=True), site.wanted("ann"))
    lost = later(site, before, 0, *files, recorded=None)
    assert (lost.allocations, lost.held) == (before.allocations, ())
    gone = later(site, before, recorded=None)
    assert ("lee", "keep its projects") in {(one.allocation, one.step) for one in gone.held}
    assert not [one for one in later(site, before).held if one.step == "keep its projects"]


def test_a_crowd_does_not_begin_to_go_at_once(site: Any) -> None:
    many = [site.wanted(f"lab{number}") for number in range(40)]
    before = site.plan(*many)
    two = later(site, before, 0, *many[2:])
    assert [one.stage for one in two.allocations].count("marked") == 2
    three = later(site, before, 0, *many[3:])
    assert {one.stage for one in three.allocations} == {"active"}
    (reason,) = {one.reason for one in three.held}
    assert reason.startswith("3 allocations would begin to go at once, more than 2: is the folder")
    loose = site.settings(brakes=Brakes(allocations=40, share=1.0))
    assert later(site, before, 0, many[0], settings=loose).held == ()


def test_while_the_fileset_is_there_it_is_marked_and_no_more(site: Any, before: Any) -> None:
    both = site.listing([site.wanted("ann"), site.wanted("lee")])
    marked = later(site, before, listing=both)
    assert lee(marked).stage == "marked"
    stays = later(site, marked, 400, listing=replace(both, captured_at=site.now + 400 * DAY))
    assert lee(stays) == lee(marked)
    assert [one.reason for one in stays.held if one.allocation == "lee"] == [
        "its file is gone, but the file system still has fileset lee_active"
    ]


def test_without_any_file_of_ours_the_tags_tell_where_it_stands(site: Any, before: Any) -> None:
    marked = later(site, before)
    lost = later(site, marked, 30, recorded=None)
    again, known = lee(lost), lee(later(site, marked, 30))
    assert (again.stage, again.removed_on) == ("read-only", "2027-01-15")
    for field in ("owner", "lab", "platform", "path", "group", "data_class", "account", "registry"):
        assert getattr(again, field) == getattr(known, field)
    assert (again.bucket.name, again.bucket.key_alias, again.bucket.object_lock) == (
        known.bucket.name,
        known.bucket.key_alias,
        known.bucket.object_lock,
    )
    assert again.projects == ()
    assert [one.kind for one in again.roles] == ["lab", "jobs"]
    kept = {key: value for key, value in known.tags.items() if key != "ris_plan"}
    assert {key: value for key, value in again.tags.items() if key != "ris_plan"} == kept


def test_tags_that_are_not_understood_are_taken_with_care(site: Any, before: Any) -> None:
    tags = dict(lee(before).tags) | {"ris_stage": "gone", "ris_removed_on": "soon", "ris_data_class": "?"}
    holdings = site.built(site.plan(site.wanted("lee")), tags=tags)
    plan = later(site, before, 0, site.wanted("other"), holdings=holdings, recorded=None)
    assert (lee(plan).stage, lee(plan).removed_on, lee(plan).data_class) == ("marked", "2027-01-15", "phi")
    bare = {key: tags[key] for key in ("ris_managed", "ris_cluster", "ris_env", "ris_allocation")}
    plan = later(site, before, 0, site.wanted("x"), holdings=site.built(before, tags=bare), recorded=None)
    assert (lee(plan).owner, lee(plan).group, lee(plan).path) == ("", "storage-lee", "/storage1/fs1/lee")


def test_a_file_that_cannot_be_followed_leaves_what_is_mirrored_as_it_was(site: Any, before: Any) -> None:
    for file in (
        site.wanted("lee", backend="qumulo"),
        site.wanted("LEE", platform="storage3"),
        site.wanted("lee", secure=True, renamed_from="ann"),
    ):
        plan = later(site, before, 0, file, site.wanted("ann"))
        if file.renamed_from:  # it is mirrored under its own name already: renamed_from is a remark
            assert lee(plan).stage == "active"
            continue
        assert lee(plan) == lee(before)
        (held,) = [one for one in plan.held if one.allocation == "lee"]
        assert held.step == "follow its file"
    twice = later(site, before, 0, site.wanted("lee"), site.wanted("Lee"), site.wanted("ann"))
    assert [one for one in twice.allocations if one.name == "lee"] == [lee(before)]


def test_a_fileset_that_is_gone_first_leaves_it_as_it_was(site: Any, before: Any) -> None:
    listing = site.listing([site.wanted("ann")])
    plan = later(site, before, 0, site.wanted("lee"), site.wanted("ann"), listing=listing)
    assert lee(plan) == lee(before)
    assert site.said(plan) == [("lee", "fileset")]


def test_an_environment_that_left_the_settings_keeps_what_is_there(site: Any, before: Any) -> None:
    settings = site.settings(environments=(site.environment("new", account="111111111111"),))
    plan = later(site, before, 0, site.wanted("ann"), settings=settings)
    assert plan.allocations == before.allocations
    assert [one.name for one in plan.environments] == ["new", "prod"]
    assert {(one.allocation, one.step) for one in plan.held if one.allocation} == {
        ("ann", "follow its file"),
        ("lee", "mark as gone"),
    }
    assert [one.name for one in later(site, plan, 0, site.wanted("z"), settings=settings).environments] == [
        "new",
        "prod",
    ]


def test_the_bucket_aws_holds_is_kept_whatever_name_would_be_made_today(site: Any, before: Any) -> None:
    renamed = site.settings(organization="other-org")
    plan = later(site, before, 0, site.wanted("lee", secure=True), site.wanted("ann"), settings=renamed, recorded=None)
    assert [one.bucket.name for one in plan.allocations] == [one.bucket.name for one in before.allocations]
    recorded = later(site, before, 0, site.wanted("ann"), settings=renamed, holdings={})
    assert [one.bucket.name for one in recorded.allocations] == [one.bucket.name for one in before.allocations]


def test_of_several_buckets_under_one_name_the_recorded_one_is_used(site: Any, before: Any) -> None:
    held = site.built(before)["prod"]
    (mine,) = [one for one in held.buckets if one.tags["ris_allocation"] == "lee"]
    doubled = {"prod": replace(held, buckets=(*held.buckets, replace(mine, name="a-copy")))}
    files = (site.wanted("lee", secure=True), site.wanted("ann"))
    plan = later(site, before, 0, *files, holdings=doubled)
    assert lee(plan).bucket.name == mine.name
    assert "AWS holds a-copy under the same name" in site.reason(plan, "bucket")
    assert lee(later(site, before, 0, *files, holdings=doubled, recorded=None)).bucket.name == "a-copy"


def test_buckets_of_others_are_not_the_ledger(site: Any, before: Any) -> None:
    for strange in ({"ris_cluster": "c2"}, {"ris_env": "dev"}, {"ris_managed": "somebody"}, {"ris_allocation": ""}):
        tags = dict(lee(before).tags) | strange
        plan = later(site, before, 0, site.wanted("x"), holdings=site.built(before, tags=tags), recorded=None)
        assert [one.name for one in plan.allocations] == ["x"]
    logs = site.built(before, purpose="logs")
    assert [one.name for one in later(site, before, 0, site.wanted("x"), holdings=logs, recorded=None).allocations] == [
        "x"
    ]


def test_the_ledger_tells_the_day_of_a_step_so_that_many_plans_of_one_day_are_no_way_around(site: Any) -> None:
    plan = site.plan(*(site.wanted(f"lab{n}") for n in range(3)))
    for days, brakes in ((0, 3), (40, 1), (40, 1)):
        now = site.now + days * DAY
        plan = site.plan(
            settings=site.settings(brakes=Brakes(allocations=brakes, share=1.0)),
            now=now,
            listing=site.listing((site.wanted("ann"),), captured_at=now),
            recorded=plan,
            holdings=site.built(plan),
        )
    assert [(one.stage, one.stage_since) for one in plan.allocations] == [
        ("read-only", "2027-02-24"),
        ("marked", "2027-01-15"),
        ("marked", "2027-01-15"),
    ]
    assert plan.allocations[0].tags["ris_stage_since"] == "2027-02-24"
    assert [one.allocation for one in plan.held if "in one day" in one.reason] == ["lab1", "lab2"]
