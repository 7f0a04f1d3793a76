"""What becomes of an allocation whose data class changes: in its bucket where that may be, else elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.holdings.values import Key
from ris_hybrid.mirror.drift import differs, drift

DAY = 86_400.0
ELSEWHERE = "111111111111"


@pytest.fixture(scope="module")
def two(site: Any) -> Any:
    """Settings with an environment for open data and one for PHI."""
    open_ = site.environment("open", account=ELSEWHERE, data_classes=("internal", "confidential"))
    return site.settings(environments=(open_, site.environment("phi", data_classes=("phi",))))


@pytest.fixture(scope="module")
def before(site: Any, two: Any) -> Any:
    return site.plan(site.wanted("lee", projects=(site.project(),)), settings=two)


@pytest.fixture(scope="module")
def moved(site: Any, two: Any, before: Any) -> Any:
    return again(site, two, before, file(site))


def file(site: Any, **fields: Any) -> Any:
    return site.wanted("lee", projects=(site.project(),), secure=True, **fields)


def again(site: Any, settings: Any, plan: Any, *files: Any, days: float = 0, **given: Any) -> Any:
    given.setdefault("holdings", site.built(plan))
    given.setdefault("recorded", plan)
    return site.plan(*files, settings=settings, now=site.now + days * DAY, **given)


def places(plan: Any) -> list[tuple[str, str, str, str]]:
    return sorted((one.name, one.environment, one.stage, one.moved_to) for one in plan.allocations)


def test_it_gets_a_bucket_there_and_leaves_the_old_one_marked(site: Any, before: Any, moved: Any) -> None:
    assert places(moved) == [("lee", "open", "marked", "phi"), ("lee", "phi", "active", "")]
    new, old = moved.allocations
    assert old.bucket.name == before.allocations[0].bucket.name != new.bucket.name
    assert (old.removed_on, old.tags["ris_moved_to"], old.data_class) == ("2027-01-15", "phi", "internal")
    assert (old.roles, old.pools) == (before.allocations[0].roles, ())
    assert (new.account, new.bucket.object_lock, bool(new.bucket.key_alias)) == ("123456789012", True, True)
    assert site.reason(moved, "bucket") == (
        f"it moved from open to phi; nobody copies what is in {old.bucket.name}: see to that"
    )


@pytest.mark.parametrize("remember", [True, False])
def test_what_it_left_becomes_read_only_and_stays_so(site: Any, two: Any, moved: Any, remember: bool) -> None:
    record = {} if remember else {"recorded": None}
    waiting = again(site, two, moved, file(site), days=29, **record)
    assert places(waiting) == places(moved)
    reasons = [one.reason for one in waiting.held if one.step == "make read-only"]
    assert reasons == ["moved to phi since 2027-01-15, 29 days of 30"]
    closed = again(site, two, moved, file(site), days=30, **record)
    assert places(closed) == [("lee", "open", "read-only", "phi"), ("lee", "phi", "active", "")]
    assert not closed.allocations[1].bucket.writable
    stays = again(site, two, closed, file(site), days=4000, **record)
    assert places(stays) == places(closed)
    assert ("lee", "archive", "moved to phi: its data is for people to copy there, and then to delete") in site.held(
        stays
    )


def test_drift_takes_it_for_no_stranger(site: Any, two: Any, before: Any, moved: Any) -> None:
    findings = drift(moved, before, site.built(before))
    assert {one.verdict for one in differs(findings)} <= {"not applied yet", "unknown", "missing"}
    later = again(site, two, moved, file(site))
    assert places(later) == places(moved)
    assert "unmanaged" not in {one.verdict for one in drift(later, moved, site.built(moved))}


def test_a_move_that_was_cut_short_goes_on(site: Any, two: Any, before: Any, moved: Any) -> None:
    built = site.built(moved)
    only_old_tagged = built | {"phi": replace(built["phi"], buckets=())}
    only_new_made = built | {"open": site.built(before)["open"]}
    for holdings in (only_old_tagged, only_new_made):
        plan = again(site, two, before, file(site), holdings=holdings)
        assert (places(plan), plan.allocations) == (places(moved), moved.allocations)
    lost = again(site, two, before, file(site), holdings=only_new_made, recorded=None)
    assert places(lost) == places(moved)


def test_moved_back_it_finds_its_first_bucket(site: Any, two: Any, before: Any, moved: Any) -> None:
    lowered = replace(two, data_classes={"lee": "internal"})
    back = again(site, lowered, moved, site.wanted("lee", projects=(site.project(),)))
    assert places(back) == [("lee", "open", "active", ""), ("lee", "phi", "marked", "open")]
    assert back.allocations[0] == before.allocations[0]


def test_when_its_file_goes_both_stay(site: Any, two: Any, moved: Any) -> None:
    gone = again(site, two, moved, site.wanted("ann"))
    assert places(gone)[1:] == [("lee", "open", "marked", "phi"), ("lee", "phi", "marked", "")]
    half = {**site.built(moved), "phi": replace(site.built(moved)["phi"], buckets=())}
    only = again(site, two, moved, site.wanted("ann"), holdings=half, recorded=None)
    assert places(only)[1:] == [("lee", "open", "marked", "phi")]


def test_renamed_as_it_moves_it_still_leaves_the_old_bucket(site: Any, two: Any, before: Any) -> None:
    plan = again(site, two, before, file(site, renamed_from="lee"))
    assert places(plan) == [("lee", "open", "marked", "phi"), ("lee", "phi", "active", "")]
    new = replace(file(site), name="kim", group="storage-kim", renamed_from="lee")
    plan = again(site, two, before, new)
    assert places(plan) == [("kim", "phi", "active", ""), ("lee", "open", "marked", "phi")]


def test_nothing_moves_while_one_side_is_not_known(site: Any, two: Any, before: Any) -> None:
    for unknown in ("open", "phi"):
        plan = again(site, two, before, file(site), holdings={**site.built(before), unknown: None})
        assert plan.allocations == before.allocations
        assert f"it moves once it is known what AWS holds in {unknown}" in site.reason(plan, "data_class")
    nowhere = replace(two, environments=two.environments[:1])
    assert "no environment" in site.reason(again(site, nowhere, before, file(site)), "data_class")


def test_what_it_left_waits_while_that_environment_is_not_known(site: Any, two: Any, moved: Any) -> None:
    plan = again(site, two, moved, file(site), days=400, holdings={**site.built(moved), "open": None})
    assert places(plan) == places(moved)
    assert any("what AWS holds in environment open is not known" in one.reason for one in plan.held)


def test_what_it_left_and_somebody_deleted_is_not_made_again(site: Any, two: Any, moved: Any) -> None:
    holdings = {**site.built(moved), "open": site.empty(two)["open"]}
    plan = again(site, two, moved, file(site), holdings=holdings)
    assert places(plan) == [("lee", "phi", "active", "")]
    assert ("lee", "keep its bucket") in {(one.allocation, one.step) for one in plan.held}


def test_it_stays_where_its_class_may_stay(site: Any, two: Any, before: Any) -> None:
    both = replace(two, environments=(site.environment("phi", data_classes=("phi", "internal")), two.environments[0]))
    assert (
        again(site, both, before, site.wanted("lee", projects=(site.project(),))).allocations[0].environment == "open"
    )


def test_a_class_that_rises_in_place_locks_and_encrypts_what_comes(site: Any) -> None:
    open_ = site.plan(site.wanted())
    risen = again(site, None, open_, site.wanted(secure=True))
    (was,), (now,) = open_.allocations, risen.allocations
    assert was.bucket.name == now.bucket.name
    assert (now.bucket.object_lock, now.bucket.key_alias) == (True, f"alias/{was.bucket.name}")
    assert site.reason(risen, "object_lock") == (
        f"what is in {was.bucket.name} already is not retained: only what is written from now on"
    )
    assert site.reason(risen, "key").startswith(f"what is in {was.bucket.name} already stays under AWS's key")
    assert again(site, None, risen, site.wanted(secure=True)).unmapped == ()


@pytest.mark.parametrize("known_by", ["tag and record", "tag", "record", "record beside a tag that was changed"])
def test_phi_stays_phi_when_its_file_no_longer_says_so(site: Any, known_by: str) -> None:
    secure = site.plan(site.wanted(secure=True))
    (was,) = secure.allocations
    holdings = site.built(secure)
    if known_by == "record":
        holdings = {"prod": None}
    if known_by == "record beside a tag that was changed":
        holdings = site.built(secure, tags={**was.tags, "ris_data_class": "internal"})
    record = {"recorded": None} if known_by == "tag" else {}
    now = again(site, None, secure, site.wanted(), holdings=holdings, **record)
    assert now.allocations == secure.allocations
    text = (
        "it is held as phi, and its file does not say secure: true (any more): it stays phi. "
        "To lower it on purpose, name its class in mirror.yaml, data_classes: {lee: internal}"
    )
    assert ("lee", "lower its data class", text) in site.held(now)


def test_phi_renamed_stays_phi_and_is_lowered_only_by_name(site: Any) -> None:
    secure = site.plan(site.wanted(secure=True))
    renamed = again(site, None, secure, site.wanted("kim", renamed_from="lee"))
    assert [(one.name, one.data_class) for one in renamed.allocations] == [("kim", "phi")]
    lowered = again(site, site.settings(data_classes={"Lee": "confidential"}), secure, site.wanted())
    assert lowered.allocations[0].data_class == "confidential"
    assert lowered.held == ()
    again_open = again(site, None, lowered, site.wanted())
    assert (again_open.allocations[0].data_class, again_open.held) == ("internal", ())


@pytest.mark.parametrize("remember", [True, False])
def test_a_class_that_falls_keeps_lock_and_key(site: Any, remember: bool) -> None:
    secure = site.plan(site.wanted(secure=True))
    fallen = again(site, site.settings(data_classes={"lee": "internal"}), secure, site.wanted())
    (was,), (now,) = secure.allocations, fallen.allocations
    assert now.data_class == "internal"
    assert now.bucket == was.bucket
    held = site.built(fallen)["prod"]
    key = Key(name=was.bucket.key_alias, key_id="k", account=held.account, tags=None)
    holdings = {"prod": replace(held, keys=(key,))}
    record = {} if remember else {"recorded": None}
    assert again(site, None, fallen, site.wanted(), holdings=holdings, **record).allocations == fallen.allocations
