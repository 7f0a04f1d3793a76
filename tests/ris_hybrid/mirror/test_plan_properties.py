"""What holds of the plan of any site, whatever its files, its listing and AWS are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.mirror.listing import Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.mirror.values import MirrorPlan
    from ris_hybrid.mirror.wanted import Wanted

DAY = 86_400.0
NAMES = st.one_of(
    st.sampled_from(["a", "A", "a-b", "a_b", "a.b", "wucci"]), st.text("abXY09._-", min_size=1, max_size=70)
)
PROJECT_NAMES = st.one_of(
    st.sampled_from(["Active", "b", "B", "a b", "*", "x_y", "x-y"]), st.text(min_size=1, max_size=90)
)
MEMBERS = st.lists(st.sampled_from(["ann", "bob", "storage-a"]), max_size=2).map(tuple)
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
REPOSITORY = re.compile(r"(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
TAG = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}")
POLICY = re.compile(r"[\x20-\xff]*")
MAY_READ = {"s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"}


@st.composite
def files(draw: st.DrawFn, site: Any) -> Wanted:
    projects = draw(st.lists(st.tuples(PROJECT_NAMES, MEMBERS, MEMBERS, st.booleans()), max_size=3))
    return site.wanted(
        draw(NAMES),
        owner=draw(st.sampled_from(["pi", "other", "third"])),
        secure=draw(st.booleans()),
        archive=draw(st.booleans()),
        quota_bytes=draw(st.one_of(st.none(), st.integers(1024, 10**16))),
        backend=draw(st.sampled_from(["gpfs", "gpfs", "gpfs", "qumulo"])),
        department=draw(st.text(max_size=300)),
        renamed_from=draw(st.one_of(st.just(""), NAMES)),
        projects=tuple(site.project(name, rw=rw, ro=ro, archive=cold) for name, rw, ro, cold in projects),
    )


def sites(site: Any) -> Any:
    return st.lists(files(site), max_size=6)


def bounds(plan: MirrorPlan) -> None:
    """Everything in it is legal, and each name its own."""
    places = []
    for one in plan.allocations:
        assert BUCKET.fullmatch(one.bucket.name)
        assert all(map(REPOSITORY.fullmatch, one.registry.repositories))
        assert len(one.budget.name) <= 100
        assert one.budget.usd_per_month > 0
        assert all(map(TAG.fullmatch, one.tags.values()))
        places += [one.bucket.name, one.registry.namespace, f"budget {one.budget.name}"]
        for role in one.roles:
            assert ROLE.fullmatch(role.name)
            assert POLICY.fullmatch(str(role.statements))
            places.append(f"role {role.name}")
    assert len(places) == len(set(places))


def test_names_are_legal_and_unique_and_read_only_never_writes(site: Any) -> None:
    @given(wanted=sites(site))
    def check(wanted: list[Wanted]) -> None:
        plan = site.plan(*wanted)
        bounds(plan)
        for one in plan.allocations:
            for role in one.roles:
                actions = {action for statement in role.statements for action in statement["Action"]}
                assert role.kind != "project-ro" or actions <= MAY_READ
                for statement in role.statements:
                    assert role.project == "" or "*" not in statement["Resource"]
                    for resource in statement["Resource"]:
                        assert resource.count("*") <= 1
        accounted = {each.name for each in plan.allocations} | {each.allocation for each in plan.unmapped}
        assert {each.name for each in wanted} <= accounted

    check()


def test_neither_order_nor_repetition_changes_a_plan(site: Any) -> None:
    @given(wanted=sites(site), data=st.data())
    def check(wanted: list[Wanted], data: st.DataObject) -> None:
        first = site.plan(*wanted)
        assert site.plan(*data.draw(st.permutations(wanted)), listing=site.listing(wanted)) == site.plan(
            *wanted, listing=site.listing(wanted)
        )
        again = site.plan(*wanted, holdings=site.built(first), recorded=first)
        assert {one.bucket.name for one in first.allocations} <= {one.bucket.name for one in again.allocations}
        settled = site.plan(*wanted, holdings=site.built(again), recorded=again)
        assert settled.allocations == again.allocations

    check()


@pytest.mark.parametrize("partial", [True, False])
def test_what_aws_holds_never_leaves_the_plan_and_a_partial_listing_prunes_nothing(site: Any, partial: bool) -> None:
    @given(
        before=sites(site),
        after=sites(site),
        days=st.sampled_from([0, 29, 31, 91, 5000]),
        remember=st.booleans(),
        stage=st.sampled_from(["", "active", "marked", "read-only", "archived"]),
    )
    @settings(max_examples=60)
    def check(before: Sequence[Wanted], after: Sequence[Wanted], days: int, remember: bool, stage: str) -> None:
        first = site.plan(*before)
        now = site.now + days * DAY
        holdings = site.built(first)
        if stage:
            held = holdings["prod"]
            since = {"ris_stage": stage, "ris_removed_on": "2027-01-01"}
            holdings["prod"] = replace(
                held, buckets=tuple(replace(one, tags={**one.tags, **since}) for one in held.buckets)
            )
        missing = (Missing(part="groups", reason="none"),) if partial else ()
        listing = site.listing(after, captured_at=now - 60, missing=missing)
        plan = site.plan(*after, now=now, holdings=holdings, listing=listing, recorded=first if remember else None)
        bounds(plan)
        ours = {one.name: one for one in holdings["prod"].buckets}
        stages = ("active", "marked", "read-only", "archived")
        planned = {one.bucket.name: one for one in plan.allocations}
        assert ours.keys() <= planned.keys()
        for name, bucket in ours.items():
            was, now_at = stages.index(bucket.tags["ris_stage"]), stages.index(planned[name].stage)
            assert now_at <= was + (not partial)
            if now_at > was == 0:
                assert planned[name].removed_on
        for was in (one.bucket for one in first.allocations):  # else data would be made anew, or be without its key
            assert planned[was.name].bucket.key_alias in (
                {was.key_alias} if was.key_alias else {"", f"alias/{was.name}"}
            )
            assert planned[was.name].bucket.object_lock >= was.object_lock
        begun = [name for name, one in planned.items() if one.stage == "marked" and (stage or "active") == "active"]
        assert len(begun) <= 1

    check()


def test_whatever_moves_nothing_leaves_the_plan_and_every_name_has_one_home(site: Any) -> None:
    open_ = site.environment("open", account="111111111111", data_classes=("internal", "confidential"))
    two = site.settings(environments=(open_, site.environment("phi", data_classes=("phi",))))

    @given(turns=st.lists(sites(site), min_size=2, max_size=3), remember=st.booleans())
    @settings(max_examples=40)
    def check(turns: Sequence[Sequence[Wanted]], remember: bool) -> None:
        plan, there = site.plan(settings=two), set()
        for files in turns:
            recorded = plan if remember else None
            plan = site.plan(*files, settings=two, holdings=site.built(plan), recorded=recorded)
            bounds(plan)
            here = {one.bucket.name for one in plan.allocations}
            assert there <= here
            there = here
            homes = [one.name.casefold() for one in plan.allocations if not one.moved_to]
            assert len(set(homes)) == len(homes)
            assert all(one.stage != "active" for one in plan.allocations if one.moved_to)

    check()
