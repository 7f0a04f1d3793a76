from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.globus.grants import Grant, grants, group_name, people, pseudonym
from onprem.globus.permissions import (
    MOST_EFFECTIVE,
    MOST_RULES,
    GroupState,
    Rule,
    RuleChange,
    membership,
    over_limits,
    rule_changes,
    rule_of,
)

IDS = {"storage-wucci": "g-all", "storage-wucci-cryo-em-rw": "g-rw", "storage-wucci-cryo-em-ro": "g-ro"}
GROUPS = ("storage-wucci", "storage-wucci-cryo-em-rw", "storage-wucci-cryo-em-ro")


def grant(group: str, path: str = "/Active/", permissions: Any = "rw") -> Grant:
    return Grant(group=group, path=path, permissions=permissions, reason="as planned")


def rule(principal: str, path: str = "/Active/", permissions: str = "rw", kind: str = "group") -> Rule:
    return Rule(kind=kind, principal=principal, path=path, permissions=permissions, rule_id=f"r-{principal}-{path}")


def test_each_group_gets_its_directory(allocation: Any) -> None:
    found = {(one.group, one.path): one.permissions for one in grants(allocation())}
    assert found == {
        ("storage-wucci", "/Active/"): "rw",
        ("storage-wucci-cryo-em-rw", "/Active/Cryo-EM/"): "rw",
        ("storage-wucci-cryo-em-ro", "/Active/Cryo-EM/"): "r",
    }


def test_nobody_writes_to_an_allocation_on_its_way_out(allocation: Any) -> None:
    given_away = grants(allocation(writable=False))
    assert {one.permissions for one in given_away} == {"r"}
    assert "read-only" in given_away[0].reason


def test_a_group_named_for_both_reads_only(allocation: Any) -> None:
    found = grants(allocation(rw_group="storage-x", ro_group="Storage-X"))
    assert [one.permissions for one in found if one.path == "/Active/Cryo-EM/"] == ["r"]


def test_what_is_said_twice_is_given_once(allocation: Any) -> None:
    once = allocation()
    twice = replace(once, projects=(*once.projects, *once.projects))
    assert grants(twice) == grants(once)


def test_groups_with_nobody_in_them_get_nothing(allocation: Any) -> None:
    assert [one.group for one in grants(allocation(group="", rw=(), ro=()))] == []


def test_names_of_phi_say_nothing() -> None:
    assert group_name("Storage-Smith-Trial", "confidential") == "storage-smith-trial"
    hidden = group_name("storage-smith-trial", "phi")
    assert hidden == pseudonym("STORAGE-smith-trial")
    assert "smith" not in hidden


def test_people_of_groups_in_groups_once_each_and_what_is_not_known() -> None:
    groups = {
        "storage-a": ("ann", "storage-b", "storage-none"),
        "storage-b": ("Bob", "storage-a", "plainname"),
        "plainname": ("cy",),
    }
    assert people("Storage-A", groups) == (("ann", "bob", "cy"), ("storage-none",))
    assert people("storage-x", groups) == ((), ("storage-x",))


def test_what_is_as_wanted_is_kept_and_a_second_run_does_nothing() -> None:
    wanted = [grant(group) for group in GROUPS]
    first = rule_changes(wanted, [], IDS)
    assert [one.deed for one in first] == ["add"] * 3
    again = rule_changes(wanted, [one.rule for one in first], IDS)
    assert [one.deed for one in again] == ["keep"] * 3


def test_write_is_taken_from_who_only_reads() -> None:
    (change,) = rule_changes([grant(GROUPS[2], permissions="r")], [rule("g-ro")], IDS)
    assert (change.deed, change.rule.permissions, change.rule.rule_id) == ("change", "r", "r-g-ro-/Active/")
    assert "rw becomes r" in change.reason


def test_only_rules_of_our_groups_go() -> None:
    others = [rule("g-foreign"), rule("someone", kind="identity"), rule("", kind="anonymous", permissions="r")]
    changes = rule_changes([grant(GROUPS[0])], [rule("g-rw", "/Active/Old/"), *others], IDS)
    assert [one.deed for one in changes] == ["add", "delete", "keep", "keep", "keep"]
    assert [one.name for one in changes[1:]] == ["storage-wucci-cryo-em-rw", "g-foreign", "someone", "anonymous"]


def test_a_group_that_is_to_be_made_is_added_by_name() -> None:
    (change,) = rule_changes([grant("storage-new")], [], IDS)
    assert (change.deed, change.rule.principal, change.name) == ("add", "", "storage-new")


@pytest.mark.parametrize(("many", "gone"), [(False, 0), (True, 12)])
def test_much_at_once_is_held(many: bool, gone: int) -> None:
    current = [rule("g-rw", f"/Active/{number}/") for number in range(12)]
    changes = rule_changes([grant(GROUPS[0])], current, IDS, many=many)
    assert sum(one.deed == "delete" for one in changes) == gone
    assert many or "at once" in changes[-1].reason


@given(
    st.lists(
        st.tuples(st.sampled_from(GROUPS), st.sampled_from(["/Active/", "/Active/P/"]), st.sampled_from(["r", "rw"]))
    ),
    st.lists(
        st.tuples(
            st.sampled_from([*IDS.values(), "foreign"]),
            st.sampled_from(["/Active/", "/Active/P/", "/x/"]),
            st.sampled_from(["r", "rw"]),
            st.sampled_from(["group", "identity"]),
        ),
        unique_by=lambda one: (one[0], one[1], one[3]),
    ),
)
def test_the_outcome_is_what_is_wanted_and_nothing_of_others_changes(
    wanted: list[tuple[str, str, str]], current: list[tuple[str, str, str, str]]
) -> None:
    by_key = {(group, path): grant(group, path, permissions) for group, path, permissions in wanted}
    have = [rule(principal, path, permissions, kind) for principal, path, permissions, kind in current]
    changes = rule_changes(by_key.values(), have, IDS, many=True)
    left = {
        (one.rule.kind, one.rule.principal, one.rule.path): one.rule.permissions
        for one in changes
        if one.deed != "delete"
    }
    for (group, path), one in by_key.items():
        assert left.pop(("group", IDS[group], path)) == one.permissions
    foreign = {
        (one.kind, one.principal, one.path): one.permissions
        for one in have
        if one.kind != "group" or one.principal == "foreign"
    }
    assert left == foreign


def state(members: dict[str, str], **identities: str) -> GroupState:
    return GroupState(members=members, identities=identities)


GROUP = ("storage-wucci", "storage-wucci", "g-all")


def test_members_come_and_go_and_admins_stay() -> None:
    now = state({"i-ann": "member", "i-old": "member", "svc": "admin", "boss": "manager"}, ann="i-ann", bob="i-bob")
    change = membership(GROUP, (("ann", "bob", "nobody"), ()), now)
    assert (change.add, change.remove, change.unknown, change.held) == (("i-bob",), ("i-old",), ("nobody",), "")


@pytest.mark.parametrize(
    ("unknown", "why"), [(("storage-wucci",), "no such group"), (("storage-other",), "storage-other")]
)
def test_nobody_goes_when_it_is_not_known_who_is_in_it(unknown: tuple[str, ...], why: str) -> None:
    change = membership(GROUP, (("ann",), unknown), state({"i-old": "member"}, ann="i-ann"))
    assert (change.add, change.remove) == (("i-ann",), ())
    assert why in change.held
    nothing_to_hold = membership(GROUP, (("ann",), unknown), state({}, ann="i-ann"))
    assert nothing_to_hold.held == ""


@pytest.mark.parametrize(("many", "gone"), [(False, 0), (True, 12)])
def test_many_members_do_not_go_at_once(many: bool, gone: int) -> None:
    now = state({f"i-{number}": "member" for number in range(12)}, ann="i-ann")
    change = membership(GROUP, (("ann",), ()), now, many=many)
    assert len(change.remove) == gone
    assert bool(change.held) != many


def test_limits_of_globus() -> None:
    def changes(count: int, principal: str, deed: Any = "add") -> list[RuleChange]:
        return [
            RuleChange(deed=deed, rule=rule(principal, f"/Active/{number}/"), name="x", reason="y")
            for number in range(count)
        ]

    assert list(over_limits(changes(MOST_EFFECTIVE, "g"), {"g": {"ann"}})) == []
    one_many = list(over_limits([*changes(60, "g"), *changes(60, "h")], {"g": {"ann"}, "h": {"ann", "bob"}}))
    assert one_many == ["120 access rules count for identity ann; Globus heeds 100"]
    assert "1001 access rules" in next(over_limits(changes(MOST_RULES + 1, ""), {}))
    assert list(over_limits(changes(MOST_RULES + 1, "", "delete"), {})) == []


def test_a_rule_is_read_as_globus_has_it() -> None:
    document = {"id": "r", "principal_type": "anonymous", "principal": "", "path": "/", "permissions": "r"}
    assert rule_of(document) == Rule(kind="anonymous", principal="", path="/", permissions="r", rule_id="r")
