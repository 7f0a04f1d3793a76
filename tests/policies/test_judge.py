"""What counts, what is waived and what is not known; the rules over a plan and over what AWS holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies.examples.good import ACCOUNT, BUCKET, CONTEXT, DATA_TAGS, GOOD
from policies.judge import judge, settle
from policies.live import check_holdings
from policies.plan import check_plan, enforce, lines
from policies.rules.rule import Context
from ris_hybrid.config.waiver import Waiver
from ris_hybrid.errors import PolicyViolation
from ris_hybrid.holdings.values import Bucket
from ris_hybrid.mirror.values import (
    AllocationPlan,
    BucketPlan,
    BudgetPlan,
    EnvironmentPlan,
    MirrorPlan,
    RegistryPlan,
    RolePlan,
    TransitionRule,
)

TODAY = "2027-01-15"
UNLOCKED = replace(GOOD, buckets=(replace(BUCKET, object_lock=False),))
WAIVER = Waiver(
    rule="bucket-object-lock",
    resource="bucket wustl-ris-*",
    reason="made before object lock",
    owner="ann",
    until="2027-03-31",
    ticket="ITSD-1",
    where="waivers.yaml:2",
)
READER = RolePlan(
    name="neuro-ro",
    kind="project-ro",
    group="storage-neuro_trials-data-ro",
    statements=({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::wustl-ris-neuro/*"},),
)
ALLOCATION = AllocationPlan(
    name="neuro_trials",
    lab="neuro_trials",
    owner="ann",
    platform="storage1",
    path="/storage1/fs1/neuro_trials",
    group="storage-neuro_trials",
    environment="prod",
    account=ACCOUNT,
    network="network-prod",
    data_class="phi",
    stage="active",
    removed_on="",
    quota_bytes=None,
    projects=(),
    bucket=BucketPlan(
        name="wustl-ris-neuro",
        prefixes=("Active/",),
        key_alias="alias/wustl-ris-neuro",
        transitions=(TransitionRule(rule_id="a", prefix="Archive/", storage_class="DEEP_ARCHIVE", after_days=1),),
        object_lock=True,
        writable=True,
    ),
    registry=RegistryPlan(namespace="neuro_trials", repositories=("neuro_trials/tools",)),
    roles=(READER,),
    budget=BudgetPlan(name="wustl-ris-neuro", usd_per_month=500.0, alerts_percent=(80,)),
    pools=(),
    tags=DATA_TAGS,
)
PLAN = MirrorPlan(
    organization="wustl-ris",
    cluster="compute1",
    environments=(
        EnvironmentPlan(name="prod", account=ACCOUNT, region="us-east-1", partition="aws", data_classes=("phi",)),
    ),
    allocations=(ALLOCATION,),
    phi_accounts=(ACCOUNT,),
)


def planned(**changed: Any) -> MirrorPlan:
    return replace(PLAN, allocations=(replace(ALLOCATION, **changed),))


def test_a_waiver_takes_one_finding_out_of_the_count_and_keeps_it_in_sight() -> None:
    verdicts = settle(judge(UNLOCKED, CONTEXT), [WAIVER], TODAY)
    assert verdicts.violations == ()
    (waived,) = verdicts.waived
    assert (waived.finding.rule, waived.waiver) == ("bucket-object-lock", WAIVER)
    assert verdicts.unused == ()


def test_a_waiver_holds_on_its_last_day_and_not_after() -> None:
    assert settle(judge(UNLOCKED, CONTEXT), [WAIVER], "2027-03-31").violations == ()
    verdicts = settle(judge(UNLOCKED, CONTEXT), [WAIVER], "2027-04-01")
    (violation,) = verdicts.violations
    assert violation.message == "object lock is off (its waiver ended on 2027-03-31: waivers.yaml:2)"
    assert verdicts.unused == (WAIVER,)


def test_of_two_waivers_one_that_stands_is_enough() -> None:
    over = replace(WAIVER, until="2026-01-01", where="waivers.yaml:9")
    verdicts = settle(judge(UNLOCKED, CONTEXT), [over, WAIVER], TODAY)
    assert (verdicts.violations, verdicts.unused) == ((), (over,))


@pytest.mark.parametrize(
    "changed", [{"rule": "bucket-versioned"}, {"resource": "bucket other"}, {"resource": "bucket [a-z]*"}]
)
def test_a_waiver_for_something_else_is_told_as_unused(changed: dict[str, str]) -> None:
    other = replace(WAIVER, **changed)
    verdicts = settle(judge(UNLOCKED, CONTEXT), [other], TODAY)
    assert len(verdicts.violations) == 1
    assert verdicts.unused == (other,)


def test_what_could_not_be_listed_or_read_is_not_known() -> None:
    blind = replace(GOOD, subnets=None, buckets=(Bucket(name="b", account=ACCOUNT, tags=None),))
    found = judge(blind, CONTEXT)
    assert {one.state for one in found} == {"not known"}
    told = {(one.rule, one.resource): one.message for one in found}
    assert told["subnet-no-public-address", "subnets"] == "none of them could be listed"
    assert told["bucket-versioned", "bucket b"] == "its versioning"
    assert told["bucket-tls-version", "bucket b"] == "its class (tag ris_data_class) or owner (tag ris_managed)"


def test_a_good_plan_breaks_nothing_and_leaves_open_what_the_stacks_decide() -> None:
    verdicts = check_plan(PLAN, Context())
    assert (verdicts.violations, lines(verdicts)) == ((), ())
    enforce(verdicts)
    open_ones = {one.rule for one in verdicts.unknown}
    assert {"bucket-public-blocked", "network-flow-logs", "trail-present", "role-boundary"} <= open_ones
    assert not {"bucket-object-lock", "role-reader-reads", "repository-customer-key", "budget-limited"} & open_ones


def test_a_plan_that_puts_phi_into_an_account_that_is_not_listed_is_stopped() -> None:
    verdicts = check_plan(replace(PLAN, phi_accounts=()), Context())
    rules = {one.rule for one in verdicts.mandatory}
    assert rules == {"phi-in-listed-account"}
    with pytest.raises(PolicyViolation) as stopped:
        enforce(verdicts)
    assert "bucket wustl-ris-neuro: PHI in account 123456789012, which is not listed for it" in stopped.value.message
    assert stopped.value.hint.startswith("phi-in-listed-account: place the allocation in an environment")
    assert all("to mend it: place" in line for line in lines(verdicts))


def test_a_plan_that_lets_readers_write_is_stopped() -> None:
    writing = replace(READER, statements=({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:b/*"},))
    (violation,) = check_plan(planned(roles=(writing,)), Context()).violations
    assert violation.rule == "role-reader-reads"
    assert violation.message == "it may write: s3:putobject (s3:putobject)"


def test_a_bucket_without_a_key_of_its_own_is_seen_as_such() -> None:
    plain = replace(ALLOCATION.bucket, key_alias="", object_lock=False)
    rules = {one.rule for one in check_plan(planned(bucket=plain), Context()).violations}
    assert rules == {"bucket-customer-key", "bucket-object-lock", "repository-customer-key"}
    public = {**DATA_TAGS, "ris_data_class": "public"}
    assert check_plan(planned(bucket=plain, data_class="public", tags=public), Context()).violations == ()


def test_what_aws_holds_is_judged_with_what_the_plan_knows() -> None:
    assert check_holdings([GOOD], PLAN, CONTEXT, [], TODAY).violations == ()
    (missing,) = check_holdings([replace(GOOD, budgets=())], PLAN, CONTEXT, [], TODAY).violations
    assert missing.message == "allocations without their budget: wustl-ris-neuro"
    elsewhere = replace(GOOD, region="us-east-2", budgets=())
    assert check_holdings([elsewhere], PLAN, CONTEXT, [], TODAY).violations == ()


def test_without_a_burst_its_rules_are_not_asked_of_its_settings() -> None:
    found = judge(GOOD, replace(CONTEXT, burst=None))
    assert {one.resource for one in found} == {"account 123456789012"}
    assert {one.rule for one in found} == {"pools-planned", "phi-stays-in-phi-network"}
