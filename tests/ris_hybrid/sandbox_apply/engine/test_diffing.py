"""The pure deciders: what differs, which paths are meant, in which order things go."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.diffing import difference, without_ignored
from ris_hybrid.sandbox.apply.ending import dependents, held, in_order
from ris_hybrid.sandbox.apply.paths import carried_over, found, parsed
from ris_hybrid.sandbox.apply.state import Record
from ris_hybrid.sandbox.apply.urns import Alias, Urn, before, child
from ris_hybrid.sandbox.apply.values import UNKNOWN, Asset, Secret, from_json, from_wire, is_unknown, to_json, to_wire

NONE: frozenset[str] = frozenset()
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)
leaves = st.one_of(st.booleans(), st.integers(-(10**9), 10**9), names, st.just(UNKNOWN))
plain = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3) | st.builds(Secret, inner),
)
properties = st.dictionaries(names, values, max_size=4)
known = properties.filter(lambda props: not is_unknown(props))


@given(known, st.frozensets(names))
def test_what_is_asked_for_again_stays(props: dict[str, Any], replace_on: frozenset[str]) -> None:
    assert difference(props, props, replace_on).deed == "same"


@given(known, properties, st.frozensets(names))
def test_what_differs_is_named_and_decides(
    old: dict[str, Any], new: dict[str, Any], replace_on: frozenset[str]
) -> None:
    told = difference(old, new, replace_on)
    assert set(told.fields) <= {*old, *new}
    assert (told.deed == "same") == (not told.fields)
    assert (told.deed == "replace") == bool(replace_on.intersection(told.fields))


@given(known, properties)
def test_what_is_ignored_as_a_whole_never_differs(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert difference(old, without_ignored(old, new, ["*"]), NONE).deed == "same"


@given(properties)
def test_a_value_survives_the_wire_and_the_state(props: dict[str, Any]) -> None:
    assert from_json(to_json(props)) == props
    assert from_wire(to_wire(props)) == props


def test_secrecy_alone_is_no_difference() -> None:
    assert difference({"a": "x"}, {"a": Secret("x")}, NONE).deed == "same"


def test_a_value_that_is_not_known_differs() -> None:
    assert difference({"a": "x"}, {"a": UNKNOWN}, frozenset({"a"})).deed == "replace"


@pytest.mark.parametrize(
    ("paths", "deed"),
    [
        (['tags["x"]'], "replace"),
        (["tags.x"], "replace"),
        (["tags"], "replace"),
        (["*"], "replace"),
        (["tags.y", "rules[0].port"], "update"),
        (["rules[*].port"], "update"),
    ],
)
def test_changes_below_a_path_can_force_a_replacement(paths: list[str], deed: str) -> None:
    old = {"tags": {"x": "1", "y": "1"}, "rules": [{"port": 1}]}
    new = {"tags": {"x": "2", "y": "1"}, "rules": [{"port": 1}]}
    assert difference(old, new, NONE, paths).deed == deed


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("tags", ("tags",)),
        ("tags.ris_held", ("tags", "ris_held")),
        ('tags["ris_held"]', ("tags", "ris_held")),
        ('tags["a\\"b.c"].d', ("tags", 'a"b.c', "d")),
        ("rules[0].port", ("rules", 0, "port")),
        ("rules[*].port", ("rules", "*", "port")),
        ("*", ("*",)),
    ],
)
def test_paths_are_read(text: str, steps: tuple[str | int, ...]) -> None:
    assert parsed(text) == steps


@pytest.mark.parametrize("text", ["a..b", "a[", 'a["b', "a[x]"])
def test_a_path_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="property path"):
        parsed(text)


@pytest.mark.parametrize(
    ("path", "old", "new", "kept"),
    [
        ("tags.a", {"tags": {"a": 1}}, {"tags": {"a": 2, "b": 2}}, {"tags": {"a": 1, "b": 2}}),
        ("tags.a", {"tags": {}}, {"tags": {"a": 2}}, {"tags": {}}),
        ("tags.a", {"tags": {"a": 1}}, {"tags": {}}, {"tags": {"a": 1}}),
        ("tags.a", {}, {"tags": {"a": 2}}, {"tags": {"a": 2}}),
        ("tags.a", {"tags": 1}, {"tags": {"a": 2}}, {"tags": {"a": 2}}),
        ("list[0].a", {"list": [{"a": 1}]}, {"list": [{"a": 2}, {"a": 3}]}, {"list": [{"a": 1}, {"a": 3}]}),
        ("list[*].a", {"list": [{"a": 1}, {"a": 1}]}, {"list": [{"a": 2}, {}]}, {"list": [{"a": 1}, {"a": 1}]}),
        ("list[0]", {"list": [1]}, {"list": [2]}, {"list": [1]}),
        ("list[7]", {"list": [1]}, {"list": [2]}, {"list": [2]}),
        ("list.a", {"list": [1]}, {"list": [2]}, {"list": [2]}),
    ],
)
def test_what_is_at_a_path_is_carried_over(path: str, old: Any, new: Any, kept: Any) -> None:
    assert carried_over(parsed(path), old, new) == kept


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("a[0].b", [1]),
        ("a[0].b.c", []),
        ("a[*].b", [1, 2]),
        ("a[9].b", []),
        ("a.b", []),
        ("c", []),
        ("*", [[{"b": 1}, {"b": 2}]]),
    ],
)
def test_what_is_at_a_path_is_found(path: str, there: list[Any]) -> None:
    assert found(parsed(path), {"a": [{"b": 1}, {"b": 2}]}) == there


def record(name: str, *needs: str, **more: Any) -> Record:
    return Record(urn=name, kind="t", name=name, custom=True, dependencies=needs, **more)


def test_what_needs_another_goes_first_and_else_the_younger() -> None:
    records = [record("vpc"), record("late", "new"), record("subnet", "vpc"), record("new")]
    assert [one.name for one in in_order(records)] == ["late", "new", "subnet", "vpc"]


def test_both_copies_outlive_what_needs_them() -> None:
    old, new = record("vpc", replaced=True), record("vpc")
    assert in_order([old, record("subnet", "vpc", replaced=True), new])[0].name == "subnet"


def test_a_ring_is_said() -> None:
    with pytest.raises(ConfigError, match="in a ring"):
        in_order([record("a", "b"), record("b", "a")])


def test_what_a_protected_one_needs_is_held_all_the_way_down() -> None:
    records = [record("key"), record("bucket", "key"), record("policy", "bucket", protect=True), record("other")]
    assert held(records) == {
        "policy": "protected",
        "bucket": "policy needs it and is protected",
        "key": "bucket needs it and is protected",
    }


def test_only_what_cannot_be_changed_in_place_must_go_with_it() -> None:
    vpc = record("vpc")
    subnet = record("subnet", "vpc", reasons={"vpcId": ["vpc"]})
    deep = record("deep", "subnet", reasons={"vpcId": ["subnet"]})
    group = record("group", "vpc", reasons={"tags": ["vpc"]})
    gone = dependents(vpc, [vpc, subnet, deep, group], {"t": frozenset({"vpcId"})})
    assert [one.name for one in gone] == ["deep", "subnet"]


def test_a_urn_names_the_types_above_it_but_not_the_stacks() -> None:
    root = child("one", "p", "", "pulumi:pulumi:Stack", "p-one")
    box = child("one", "p", root, "a:b:Box", "box")
    thing = child("one", "p", box, "a:b:Thing", "t::1")
    assert box == "urn:pulumi:one::p::a:b:Box::box"
    assert thing == "urn:pulumi:one::p::a:b:Box$a:b:Thing::t::1"
    assert (Urn.parse(thing).kind, Urn.parse(thing).name, str(Urn.parse(thing))) == ("a:b:Thing", "t::1", thing)


@pytest.mark.parametrize(
    ("alias", "was"),
    [
        (Alias(urn="urn:pulumi:x::y::z::n"), "urn:pulumi:x::y::z::n"),
        (Alias(name="old"), "urn:pulumi:one::p::Box$T::old"),
        (Alias(kind="Old", stack="two", project="q"), "urn:pulumi:two::q::Box$Old::t"),
        (Alias(parent="urn:pulumi:one::p::Case::c"), "urn:pulumi:one::p::Case$T::t"),
        (Alias(no_parent=True), "urn:pulumi:one::p::T::t"),
    ],
)
def test_an_alias_stands_for_a_urn(alias: Alias, was: str) -> None:
    assert before(alias, "urn:pulumi:one::p::Box$T::t", "urn:pulumi:one::p::Box::b") == was


def test_an_asset_is_the_digest_of_its_text() -> None:
    sent = {"a": {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}}
    (asset,) = from_json(sent).values()
    assert isinstance(asset, Asset)
    assert from_json(to_json(asset)) == asset
