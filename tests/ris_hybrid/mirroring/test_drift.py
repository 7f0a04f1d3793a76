"""Wanted, recorded and found held against each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.holdings.values import Bucket, Key, Repository, Role, Transition
from ris_hybrid.mirror.drift import Finding, differs, drift, severity, verdict
from ris_hybrid.mirror.stated import ABSENT, UNKNOWN
from ris_hybrid.mirror.statements import canonical, denies_writes, requires_tls

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan
    from tests.ris_hybrid.mirroring.conftest import Plans

W, R, F = "wanted", "recorded", "found"


@pytest.mark.parametrize(
    ("wanted", "recorded", "found", "is_"),
    [
        (W, W, W, "in step"),
        (W, R, W, "in step"),
        (W, ABSENT, W, "in step"),
        (ABSENT, R, ABSENT, "in step"),
        (W, W, F, "changed behind our back"),
        (W, R, R, "not applied yet"),
        (W, ABSENT, F, "not applied yet"),
        (W, ABSENT, ABSENT, "not applied yet"),
        (ABSENT, R, R, "not applied yet"),
        (W, R, F, "both changed"),
        (W, W, ABSENT, "missing"),
        (W, R, ABSENT, "missing"),
        (W, W, UNKNOWN, "unknown"),
        (W, ABSENT, UNKNOWN, "unknown"),
    ],
)
def test_three_sides_of_a_fact_give_one_verdict(wanted: Any, recorded: Any, found: Any, is_: str) -> None:
    assert verdict(wanted, recorded, found) == is_


def seen(findings: tuple[Finding, ...]) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.field, one.verdict, one.severity) for one in differs(findings)]


@pytest.fixture
def phi(plans: Plans) -> AllocationPlan:
    """One with everything: a key, a project, a lock."""
    plain = plans.allocation(projects=(plans.project(),), data_class="phi")
    return replace(plain, bucket=replace(plain.bucket, key_alias="alias/ris-wucci", object_lock=True))


def test_an_aws_that_holds_what_is_stated_is_in_step(plans: Plans, phi: AllocationPlan) -> None:
    site, held = plans.site(phi), plans.held(phi)
    assert seen(drift(site, site, {"prod": held})) == []
    assert seen(drift(site, None, {"prod": held})) == []


BUCKET = [
    ({"versioned": False}, "versioned", "medium"),
    ({"public_blocked": False}, "public access blocked", "high"),
    ({"owner_enforced": False}, "owner enforced", "medium"),
    ({"policy": ()}, "TLS only", "high"),
    ({"policy": ()}, "denied", "high"),
    ({"policy": ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "x"},)}, "lets in", "high"),
    ({"logs_to": ""}, "access logged", "medium"),
    ({"encryption": "", "key": ""}, "encryption", "high"),
    ({"key": "arn:aws:kms:us-east-1:123456789012:key/other"}, "key", "high"),
    ({"expires": True}, "expires", "high"),
    ({"object_lock": False}, "object lock", "high"),
    ({"transitions": (Transition(prefix="", storage_class="GLACIER", after_days=1),)}, "transitions", "low"),
]


@pytest.mark.parametrize(("fields", "field", "grave"), BUCKET)
def test_a_bucket_changed_behind_our_back_is_named(
    plans: Plans, phi: AllocationPlan, fields: dict[str, Any], field: str, grave: str
) -> None:
    site = plans.site(phi)
    held = plans.held(phi, buckets=(plans.bucket(phi, **fields),))
    assert ("bucket", field, "changed behind our back", grave) in seen(drift(site, site, {"prod": held}))


@pytest.mark.parametrize(
    "field", ["versioned", "public_blocked", "owner_enforced", "policy", "encryption", "key", "logs_to"]
)
def test_what_could_not_be_read_is_unknown_and_nothing_else(plans: Plans, phi: AllocationPlan, field: str) -> None:
    site = plans.site(phi)
    held = plans.held(phi, buckets=(plans.bucket(phi, **{field: None}),))
    found = seen(drift(site, site, {"prod": held}))
    assert found
    assert {one[2] for one in found} == {"unknown"}


@pytest.mark.parametrize("kind", ["buckets", "keys", "repositories", "roles", "budgets"])
def test_a_kind_that_could_not_be_listed_is_unknown_never_missing(plans: Plans, phi: AllocationPlan, kind: str) -> None:
    site = plans.site(phi)
    found = seen(drift(site, site, {"prod": plans.held(phi, **{kind: None})}))
    assert {one[2] for one in found} == {"unknown"}
    assert "missing" in {one[2] for one in seen(drift(site, site, {"prod": plans.held(phi, **{kind: ()})}))}


def test_unreadable_tags_are_unknown(plans: Plans, phi: AllocationPlan) -> None:
    site = plans.site(phi)
    held = plans.held(phi, buckets=(plans.bucket(phi, tags=None),), keys=(plans.key(phi, tags=None),))
    assert {one[2] for one in seen(drift(site, site, {"prod": held}))} == {"unknown"}


def test_a_bucket_whose_owner_is_not_known_is_neither_there_nor_missing(plans: Plans, phi: AllocationPlan) -> None:
    site = plans.site(phi)
    held = plans.held(phi, buckets=(Bucket(name=phi.bucket.name, account="", tags=None),))
    assert seen(drift(site, site, {"prod": held})) == [("bucket", "there", "unknown", "high")]


STRANGER = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "*"}


def test_other_things_changed_behind_our_back_are_named(plans: Plans, phi: AllocationPlan) -> None:
    site, held = plans.site(phi), plans.held(phi)
    (repository,), (role, *_), (budget,) = held.repositories or (), held.roles or (), held.budgets or ()
    changed = replace(
        held,
        keys=(plans.key(phi, rotates=False, enabled=False, policy=(STRANGER,)),),
        repositories=(replace(repository, immutable=False, scan_on_push=False),),
        roles=(
            replace(
                role,
                statements=({"Effect": "Allow", "Action": "*", "Resource": "*"},),
                trust=(STRANGER,),
                boundary="",
            ),
            *(held.roles or ())[1:],
        ),
        budgets=(replace(budget, usd_per_month=1.0),),
    )
    assert sorted(seen(drift(site, site, {"prod": changed}))) == [
        ("budget", "usd_per_month", "changed behind our back", "low"),
        ("key", "enabled", "changed behind our back", "high"),
        ("key", "lets outsiders in", "changed behind our back", "high"),
        ("key", "rotates", "changed behind our back", "medium"),
        ("repository", "immutable", "changed behind our back", "medium"),
        ("repository", "scan on push", "changed behind our back", "medium"),
        ("role", "boundary", "changed behind our back", "high"),
        ("role", "statements", "changed behind our back", "high"),
        ("role", "taken by", "changed behind our back", "high"),
    ]


def test_a_lab_that_spent_its_budget_is_denied_more_and_that_is_no_drift(plans: Plans) -> None:
    plan = plans.allocation()
    held = plans.held(plan)
    (role,) = held.roles or ()
    stopped = replace(
        role, statements=(*(role.statements or ()), {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"})
    )
    site = plans.site(plan)
    assert seen(drift(site, site, {"prod": replace(held, roles=(stopped,))})) == []


def test_a_role_of_jobs_may_have_what_nodes_have_and_no_more(plans: Plans) -> None:
    plain = plans.allocation()
    plan = replace(plain, roles=(replace(plain.roles[0], kind="jobs"),))
    held, site = plans.held(plan), plans.site(plan)
    (role,) = held.roles or ()
    pulls = {"Effect": "Allow", "Action": ["ecr:BatchGetImage", "ssm:GetParameter"], "Resource": "*"}
    found = replace(role, statements=(*(role.statements or ()), pulls))
    assert seen(drift(site, site, {"prod": replace(held, roles=(found,))})) == []
    for more in ({**pulls, "Action": "iam:PassRole"}, {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}):
        found = replace(role, statements=(*(role.statements or ()), more))
        assert seen(drift(site, site, {"prod": replace(held, roles=(found,))})) == [
            ("role", "data statements", "changed behind our back", "high")
        ]


def test_a_plan_not_applied_yet_is_no_drift_of_the_cloud(plans: Plans) -> None:
    old = plans.allocation(projects=(plans.project(),))
    new = plans.allocation(quota_bytes=20 * 1024**4, stage="read-only", removed_on="2026-11-01")
    found = seen(drift(plans.site(new), plans.site(old), {"prod": plans.held(old)}))
    assert {one[2] for one in found} == {"not applied yet"}
    assert {("bucket", "writes denied"), ("bucket", "tag ris_removed_on"), ("role", "there")} <= {
        one[:2] for one in found
    }
    assert seen(drift(plans.site(new), plans.site(old), {"prod": plans.held(new)})) == []


def test_a_tag_of_the_ladder_that_was_left_behind_is_named(plans: Plans) -> None:
    plan = plans.allocation()
    bucket = plans.bucket(plan, tags={**plan.tags, "ris_removed_on": "2026-11-01"})
    site = plans.site(plan)
    assert seen(drift(site, site, {"prod": plans.held(plan, buckets=(bucket,))})) == [
        ("bucket", "tag ris_removed_on", "changed behind our back", "medium")
    ]


def test_a_tag_that_is_wanted_no_more_is_to_go(plans: Plans) -> None:
    old = plans.allocation()
    new = replace(old, tags={key: value for key, value in old.tags.items() if key != "ris_department"})
    assert seen(drift(plans.site(new), plans.site(old), {"prod": plans.held(old)})) == [
        ("bucket", "tag ris_department", "not applied yet", "low")
    ]


def test_things_with_our_tag_that_no_plan_names_are_unmanaged(plans: Plans) -> None:
    plan, tags = plans.allocation(), {"ris_allocation": "old-lab", "ris_env": "prod"}
    held = plans.held(plan)
    more = replace(
        held,
        buckets=(*(held.buckets or ()), Bucket(name="ris-old-lab", account="1", tags=tags)),
        keys=(
            Key(name="alias/x", key_id="k", account="1", tags=tags),
            Key(name="alias/theirs", key_id="t", account="1", tags={**tags, "ris_env": "test"}),
        ),
        repositories=(
            *(held.repositories or ()),
            Repository(name="ris/wucci/pushed", account="1", tags=plan.tags),
            Repository(name="unrelated", account="1", tags=None),
        ),
        roles=(*(held.roles or ()), Role(name="ris-old-lab", account="1", tags=tags)),
    )
    site = plans.site(plan)
    unmanaged = differs(drift(site, site, {"prod": more}))
    assert [(one.kind, one.name, one.allocation, one.verdict) for one in unmanaged] == [
        ("bucket", "ris-old-lab", "old-lab", "unmanaged"),
        ("key", "alias/x", "old-lab", "unmanaged"),
        ("role", "ris-old-lab", "old-lab", "unmanaged"),
    ]


def test_a_bucket_that_left_every_plan_is_left_over_not_to_be_removed(plans: Plans) -> None:
    old = plans.allocation()
    found = differs(drift(plans.site(), plans.site(old), {"prod": plans.held(old)}))
    assert [(one.kind, one.verdict) for one in found] == [("bucket", "unmanaged")]


def test_environments_that_were_not_looked_at_say_nothing(plans: Plans) -> None:
    plan = plans.allocation()
    assert drift(plans.site(plan), None, {}) == ()


def test_severities() -> None:
    assert [severity("bucket", "there"), severity("role", "there"), severity("bucket", "tag ris_lab")] == [
        "high",
        "medium",
        "low",
    ]


DENY: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
INSECURE = {"Condition": {"Bool": {"aws:SecureTransport": False}}}


def test_a_bucket_policy_is_read_by_what_it_does() -> None:
    assert requires_tls([{**DENY, **INSECURE}])
    assert requires_tls([{**DENY, **INSECURE, "Principal": {"AWS": ["*"]}, "Action": ["s3:*"]}])
    assert not requires_tls([DENY])
    assert not requires_tls([{**DENY, **INSECURE, "Effect": "Allow"}])
    assert not requires_tls([{**DENY, **INSECURE, "Principal": {"AWS": "arn:aws:iam::1:root"}}])
    assert not denies_writes([{**DENY, **INSECURE}])
    assert denies_writes([{**DENY, "Action": ["s3:PutObject*"]}])
    assert not denies_writes([{**DENY, "Action": "s3:PutObject", "Condition": {"Null": {"k": "false"}}}])
    assert not denies_writes([{**DENY, "Action": "s3:DeleteObject"}])


def test_statements_that_mean_the_same_read_the_same() -> None:
    one = {"Sid": "A", "Effect": "Allow", "Action": ["b", "a"], "Resource": "r", "Principal": "*"}
    other = {"Resource": ["r"], "Principal": {"AWS": "*"}, "Action": ["a", "b"], "Effect": "Allow"}
    assert canonical(one) == canonical(other)
    conditioned = {"Condition": {"StringEquals": {"k": ["v"]}}, "NotPrincipal": "*"}
    assert canonical({**one, **conditioned}) != canonical(other)
