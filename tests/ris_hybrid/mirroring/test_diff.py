"""What changes between two plans, as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.mirror.diff import differences, size
from ris_hybrid.mirror.leaves import leaves
from ris_hybrid.mirror.values import BudgetPlan, RegistryPlan

if TYPE_CHECKING:
    from tests.ris_hybrid.mirroring.conftest import Plans

T = 1024**4
FILES = {"wucci": "wucci.yml", "genomics": "genomics.yml"}


def said(before: Any, after: Any) -> list[tuple[str, str, str]]:
    return [(one.step, one.field, one.reason) for one in differences(before, after, FILES)]


def test_without_a_record_every_allocation_is_new(plans: Plans) -> None:
    (change,) = differences(None, plans.site(plans.allocation()), FILES)
    assert (change.step, change.allocation, change.reason) == ("create", "wucci", "wucci.yml is new")
    assert change.after == {"bucket": "ris-wucci-abc123", "environment": "prod", "quota": "10T"}
    assert {detail.before for detail in change.follows} == {None}


def test_editing_a_quota_and_a_project_gives_exactly_two_changes(plans: Plans) -> None:
    before = plans.site(plans.allocation(projects=(plans.project(),)))
    projects = (plans.project(), plans.project("Light-Sheet"))
    changes = differences(before, plans.site(plans.allocation(projects=projects, quota_bytes=20 * T)), FILES)
    assert [(one.step, one.field, one.reason) for one in changes] == [
        ("change", "project Light-Sheet", "project Light-Sheet is new in wucci.yml"),
        ("change", "quota", "quota 10T -> 20T in wucci.yml"),
    ]
    project, quota = changes
    assert (quota.before, quota.after) == ("10T", "20T")
    assert {detail.field for detail in quota.follows} == {"quota_bytes", "budget/usd_per_month", "tag/ris_plan"}
    assert {"prefix/Active/Light-Sheet/", "role/ris-wucci-light-sheet-rw/statements"} <= {
        detail.field for detail in project.follows
    }


def test_members_of_a_project_are_told_by_name(plans: Plans) -> None:
    before = plans.site(plans.allocation(projects=(plans.project(),)))
    for fields, reason in [
        ({"rw": ("ann", "eve")}, "project Cryo-EM: rw +eve in wucci.yml"),
        ({"rw": (), "ro": ("bob", "ann")}, "project Cryo-EM: rw -ann, ro +ann in wucci.yml"),
        ({"archive": True}, "project Cryo-EM: archive yes in wucci.yml"),
        ({"rw_group": "g"}, "project Cryo-EM has other names in AWS in wucci.yml"),
    ]:
        allocation = replace(before.allocations[0], projects=(plans.project(**fields),))
        assert said(before, plans.site(allocation)) == [("change", "project Cryo-EM", reason)]
    assert said(before, plans.site(plans.allocation()))[0][2] == "project Cryo-EM is gone in wucci.yml"


def test_what_a_move_leaves_behind_says_where_the_allocation_is_now(plans: Plans) -> None:
    left = plans.allocation(stage="marked", removed_on="2026-11-01", moved_to="phi")
    reasons = [
        reason for _, field, reason in said(plans.site(plans.allocation()), plans.site(left)) if field == "stage"
    ]
    assert reasons == ["moved to phi on 2026-11-01: marked"]


def test_the_ladder_goes_last_and_names_the_day(plans: Plans) -> None:
    old = plans.site(plans.allocation(), plans.allocation("genomics"))
    gone = plans.allocation(stage="marked", removed_on="2026-11-01")
    new = plans.site(gone, plans.allocation("genomics", quota_bytes=T), plans.allocation("lee"))
    assert said(old, new) == [
        ("create", "allocation", "allocation lee is new"),
        ("change", "quota", "quota 10T -> 1T in genomics.yml"),
        ("off-board", "stage", "file gone since 2026-11-01: marked"),
    ]
    assert said(new, plans.site(*old.allocations, plans.allocation("lee")))[-1] == (
        "change",
        "stage",
        "wucci.yml is back: active",
    )


@pytest.mark.parametrize(
    ("stage", "follow"),
    [("read-only", "bucket/writable"), ("archived", "transition/all")],
)
def test_what_a_step_of_the_ladder_does_is_below_it(plans: Plans, stage: str, follow: str) -> None:
    old = plans.allocation(stage="marked", removed_on="2026-11-01")
    (change,) = differences(plans.site(old), plans.site(plans.allocation(stage=stage, removed_on="2026-11-01")))
    assert (change.step, change.before, change.after) == ("off-board", "marked", stage)
    assert follow in {detail.field for detail in change.follows}


def test_a_rename_is_one_change_and_keeps_the_bucket(plans: Plans) -> None:
    old = plans.allocation("genomics")
    new = replace(plans.allocation("wucci"), bucket=old.bucket)
    (change,) = [one for one in differences(plans.site(old), plans.site(new), FILES) if one.field == "name"]
    assert (change.step, change.before, change.after) == ("change", "genomics", "wucci")
    assert change.reason == "name genomics -> wucci in wucci.yml"
    assert all(one.step == "change" for one in differences(plans.site(old), plans.site(new)))


def test_an_allocation_that_leaves_the_plan_is_never_said_to_be_deleted(plans: Plans) -> None:
    (change,) = differences(plans.site(plans.allocation()), plans.site())
    assert (change.step, change.after) == ("off-board", None)
    assert "stays" in change.reason


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"owner": "lee"}, "owner", "owner fitzp -> lee in wucci.yml"),
        ({"pools": ("cpu", "gpu")}, "pools", "pools cpu -> cpu, gpu in burst.yaml"),
        ({"pools": ()}, "pools", "pools cpu -> none in burst.yaml"),
        ({"environment": "phi"}, "placement", "placement prod -> phi in mirror.yaml"),
        ({"data_class": "phi"}, "data class", "data class internal -> phi in wucci.yml"),
        ({"quota_bytes": None}, "quota", "quota 10T -> none in wucci.yml"),
        (
            {"budget": BudgetPlan(name="ris-wucci", usd_per_month=9.5, alerts_percent=(50, 100))},
            "budget",
            "budget 235.0 -> 9.5 $ a month: money in mirror.yaml, or the lab's budget in burst.yaml",
        ),
        (
            {"registry": RegistryPlan(namespace="ris/wucci", repositories=())},
            "registry",
            "registry: made otherwise by ris-hybrid or mirror.yaml",
        ),
        ({"tags": {}}, "tag ris_department", "tag ris_department 3979 -> none in wucci.yml"),
    ],
)
def test_every_field_says_where_it_was_written(plans: Plans, fields: Any, field: str, reason: str) -> None:
    old = plans.allocation()
    assert ("change", field, reason) in said(plans.site(old), plans.site(replace(old, **fields)))


def test_what_has_no_cause_in_a_file_still_has_its_own_line(plans: Plans) -> None:
    old = plans.allocation()
    role = replace(old.roles[0], statements=())
    bucket = replace(old.bucket, object_lock=True, transitions=plans.moves("archived"), prefixes=("Active/", "New/"))
    assert said(plans.site(old), plans.site(replace(old, roles=(role,), bucket=bucket))) == [
        ("change", "bucket object_lock", "bucket object_lock: made otherwise by ris-hybrid or mirror.yaml"),
        ("change", "prefix New/", "prefix New/: made otherwise by ris-hybrid or mirror.yaml"),
        ("change", "role ris-wucci-lab", "role ris-wucci-lab: made otherwise by ris-hybrid or mirror.yaml"),
        ("change", "storage classes", "storage classes: made otherwise by ris-hybrid or mirror.yaml"),
    ]


def test_a_tape_tier_is_one_change(plans: Plans) -> None:
    old = plans.allocation()
    bucket = replace(old.bucket, prefixes=("Active/", "Archive/"), transitions=plans.moves("archived"))
    bucket = replace(bucket, transitions=(replace(bucket.transitions[0], prefix="Archive/"),))
    ((step, field, reason),) = said(plans.site(old), plans.site(replace(old, bucket=bucket)))
    assert (step, field, reason) == ("change", "archive tier", "archive tier none -> Archive/ in wucci.yml")


@pytest.mark.parametrize(("count", "text"), [(600 * T, "600T"), (5500 * 1024**3, "5500G"), (7, "7"), (None, None)])
def test_sizes_are_written_as_the_site_writes_them(count: int | None, text: str | None) -> None:
    assert size(count) == text


ALLOCATIONS = st.dictionaries(
    st.sampled_from(["wucci", "genomics", "lee", "q.example"]),
    st.fixed_dictionaries(
        {
            "quota_bytes": st.sampled_from([T, 2 * T, None]),
            "projects": st.sampled_from([(), ("Cryo-EM",), ("Cryo-EM", "Light-Sheet")]),
            "stage": st.sampled_from(["active", "marked", "read-only", "archived"]),
        }
    ),
)


@given(before=ALLOCATIONS, after=ALLOCATIONS)
def test_every_value_that_differs_is_in_exactly_one_change(plans: Plans, before: Any, after: Any) -> None:
    old, new = (
        plans.site(
            *(
                plans.allocation(name, **{**fields, "projects": tuple(map(plans.project, fields["projects"]))})
                for name, fields in sorted(site.items())
            )
        )
        for site in (before, after)
    )
    assert differences(old, old) == ()
    changes = differences(old, new)
    told = [(one.allocation, detail.field) for one in changes for detail in one.follows]
    old_leaves = {plan.name: leaves(plan) for plan in old.allocations}
    differ = [
        (plan.name, "/".join(leaf))
        for plan in new.allocations
        for leaf in {**leaves(plan), **old_leaves.get(plan.name, {})}
        if old_leaves.get(plan.name, {}).get(leaf) != leaves(plan).get(leaf)
    ]
    created = {one.allocation for one in changes if one.step == "create"}
    assert sorted(pair for pair in told if pair[0] not in created) == sorted(
        pair for pair in differ if pair[0] not in created
    )
    steps = [("create", "change", "off-board").index(one.step) for one in changes]
    assert steps == sorted(steps)
