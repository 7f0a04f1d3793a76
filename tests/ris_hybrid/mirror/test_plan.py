"""What one allocation becomes: placing, money, tags, storage classes, pools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.mirror.settings import Money

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan

TIB = 1024**4


def only(plan: MirrorPlan) -> AllocationPlan:
    (found,) = plan.allocations
    return found


def test_a_plain_allocation_has_all_its_parts_and_nothing_to_remark(site: Any) -> None:
    plan = site.plan(site.wanted())
    lee = only(plan)
    assert (plan.unmapped, plan.held) == ((), ())
    assert (lee.environment, lee.account, lee.network, lee.stage) == ("prod", "123456789012", "network-prod", "active")
    assert lee.bucket.name.startswith("wustl-ris-lee-")
    assert lee.bucket.prefixes == ("Active/",)
    assert (lee.bucket.writable, lee.bucket.object_lock, lee.removed_on) == (True, False, "")
    assert lee.registry.repositories == ("prod/lee/images",)


@pytest.mark.parametrize(
    ("fields", "said", "key", "lock"),
    [
        ({}, "internal", False, False),
        ({"name": "Pub"}, "public", False, False),
        ({"name": "secret"}, "confidential", True, False),
        ({"secure": True}, "phi", True, True),
        ({"name": "pub", "secure": True}, "phi", True, True),
    ],
)
def test_the_data_class_decides_on_key_and_lock(site: Any, fields: Any, said: str, key: bool, lock: bool) -> None:
    settings = site.settings(data_classes={"pub": "public", "secret": "confidential"})
    (lee,) = site.plan(site.wanted(**fields), settings=settings).allocations
    assert (lee.data_class, lee.tags["ris_data_class"]) == (said, said)
    assert lee.bucket.key_alias == (f"alias/{lee.bucket.name}" if key else "")
    assert lee.bucket.object_lock == lock


def test_a_class_for_an_allocation_that_is_not_there_is_said(site: Any) -> None:
    plan = site.plan(site.wanted(), settings=site.settings(data_classes={"LEE": "public", "lea": "phi"}))
    assert site.said(plan) == [("lea", "data_classes")]


def test_the_first_environment_that_takes_the_class_gets_it(site: Any) -> None:
    open_ = site.environment("open", account="111111111111", data_classes=("public", "internal"))
    phi = site.environment("phi", data_classes=("phi", "internal"))
    settings = site.settings(environments=(open_, phi))
    plan = site.plan(site.wanted(), site.wanted("neuro", secure=True), settings=settings)
    assert [(one.name, one.environment, one.network) for one in plan.allocations] == [
        ("lee", "open", "network-open"),
        ("neuro", "phi", "network-phi"),
    ]
    assert [one.name for one in plan.environments] == ["open", "phi"]


def test_phi_never_goes_to_an_account_that_is_not_made_for_it(site: Any) -> None:
    plan = site.plan(site.wanted(secure=True), settings=site.settings(phi_accounts=("999999999999",)))
    assert plan.allocations == ()
    assert "account 123456789012 is none of them" in site.reason(plan, "data_class")


def test_a_class_nobody_takes_is_said(site: Any) -> None:
    settings = site.settings(environments=(site.environment(data_classes=("public",)),))
    plan = site.plan(site.wanted(), settings=settings)
    assert site.reason(plan, "data_class") == "no environment of mirror.yaml takes data of class internal"


def test_the_budget_is_quota_tape_and_nodes(site: Any, make: Any) -> None:
    money = Money(usd_per_tib_month=20.0, archive_usd_per_tib_month=1.0, expected_fill=0.5, compute_usd_per_month=100.0)
    settings = site.settings(money=money)

    def usd(burst: Any = None, **fields: Any) -> float:
        wanted = site.wanted(**({"quota_bytes": 10 * TIB} | fields))
        return only(site.plan(wanted, settings=settings, burst=burst)).budget.usd_per_month

    bursts = make.settings()
    assert usd() == 100.0
    assert usd(archive=True) == 105.0
    assert usd(bursts) == 200.0
    assert usd(replace(bursts, budget=replace(bursts.budget, labs={"lee": 7.0}))) == 107.0
    assert usd(bursts, secure=True) == 100.0  # no pool names the lab
    assert usd(quota_bytes=None) == 1.0


def test_tape_and_finished_projects_move_to_the_archive_class_and_replaced_versions_follow(site: Any) -> None:
    projects = (site.project("Old", archive=True), site.project("New"))
    plan = site.plan(site.wanted(archive=True, projects=projects), settings=site.settings(archive_class="GLACIER_IR"))
    lee = only(plan)
    assert lee.bucket.prefixes == ("Active/", "Archive/", "Active/New/", "Active/Old/")
    assert [(one.prefix, one.after_days, one.noncurrent) for one in lee.bucket.transitions] == [
        ("Archive/", 1, False),
        ("Active/Old/", 1, False),
        ("", 30, True),
    ]
    assert {one.storage_class for one in lee.bucket.transitions} == {"GLACIER_IR"}


def test_tags_say_whose_it_is_and_keep_to_what_aws_takes(site: Any) -> None:
    tags = only(site.plan(site.wanted(department="CH09990", cost_center="CC 1", ticket="a;b*é"))).tags
    assert tags["ris_department"] == "CH09990"
    assert tags["ris_cost_center"] == "CC 1"
    assert tags["ris_ticket"] == "a_b__"
    assert tags["ris_owner"] == "lee-pi"
    assert "ris_removed_on" not in tags
    assert "ris_cost_center" not in only(site.plan(site.wanted())).tags


def test_the_fingerprint_changes_with_anything_in_the_plan(site: Any) -> None:
    plans = [
        only(site.plan(site.wanted(**fields)))
        for fields in ({}, {"quota_bytes": 2 * TIB}, {"archive": True}, {"projects": (site.project(),)})
    ]
    prints = [plan.tags["ris_plan"] for plan in plans]
    assert len(set(prints)) == 4
    assert {len(one) for one in prints} == {12}
    assert prints[0] == only(site.plan(site.wanted())).tags["ris_plan"]


def test_pools_are_those_that_take_the_lab_and_phi_needs_its_name_on_them(site: Any, make: Any) -> None:
    pools = (
        make.pool("open"),
        make.pool("named", labs=("lee", "neuro")),
        make.pool("spot", labs=("neuro",), purchase="spot"),
        make.pool("other", labs=("ann",)),
    )
    burst = make.settings(pools=pools)
    plan = site.plan(site.wanted(), site.wanted("neuro", secure=True), burst=burst)
    assert [one.pools for one in plan.allocations] == [("open", "named"), ("named",)]


def test_pools_of_a_second_cloud_are_none_of_an_allocations(site: Any, make: Any) -> None:
    second = make.pool("campus", provider="libcloud", cloud="research", labs=("lee",))
    both = site.plan(site.wanted(), burst=make.settings(pools=(make.pool(), second)))
    assert [one.pools for one in both.allocations] == [("cpu",)]
    alone = site.plan(site.wanted(), burst=make.settings(pools=(second,), region=""))
    assert site.reason(alone, "pools") == "no pool of burst.yaml is EC2's"


def test_no_pool_is_said_with_the_reason(site: Any, make: Any) -> None:
    burst = make.settings(pools=(make.pool("other", labs=("ann",)),))
    assert site.reason(site.plan(site.wanted(), burst=burst), "pools") == "no pool of burst.yaml takes lab lee"
    assert "no on-demand pool" in site.reason(site.plan(site.wanted(secure=True), burst=burst), "pools")
    elsewhere = site.reason(site.plan(site.wanted(), burst=make.settings(region="eu-west-1")), "pools")
    assert elsewhere == "burst.yaml's pools are in eu-west-1, its data is in us-east-1"
    assert site.plan(site.wanted()).unmapped == ()  # a site that does not burst
