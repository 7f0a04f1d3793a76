from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.config.document import Remark, Repeat, UnusableFile, field_name, parse, read

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# a comment
---
pools:
  - name: general
    slots: 16
  - name: gpu
caps: {nodes: 8}
"""


def problem(text: str) -> str:
    with pytest.raises(UnusableFile) as failure:
        parse(text, "a.yml")
    return failure.value.message


def test_every_key_and_item_knows_its_line() -> None:
    document = parse(TEXT, "a.yml")
    assert document.data == {"pools": [{"name": "general", "slots": 16}, {"name": "gpu"}], "caps": {"nodes": 8}}
    assert document.line_of(("pools",)) == 3
    assert document.line_of(("pools", 0, "slots")) == 5
    assert document.line_of(("pools", 1)) == 6
    assert document.line_of(("caps", "nodes")) == 7


def test_a_place_that_was_not_written_is_the_nearest_one_around_it() -> None:
    document = parse(TEXT, "a.yml")
    assert document.line_of(("pools", 1, "slots")) == 6
    assert document.line_of(("caps", "labs", "wucci")) == 7
    assert document.line_of(("budget",)) == 3


def test_a_remark_names_file_line_and_field() -> None:
    remark = parse(TEXT, "a.yml").remark(("pools", 0, "slots"), "too many")
    assert str(remark) == "a.yml:5: pools[0].slots: too many"
    assert str(Remark(file="a.yml", line=1, field="", message="empty")) == "a.yml:1: empty"


def test_a_field_is_written_as_people_write_paths() -> None:
    assert field_name(("pools", 0, "name")) == "pools[0].name"
    assert field_name(()) == ""


def test_of_two_equal_keys_the_last_holds_and_both_lines_are_known() -> None:
    document = parse("a:\n  quota: 1T\n  name: x\n  quota: 2T\n  quota: 3T\n", "a.yml")
    assert document.data == {"a": {"quota": "3T", "name": "x"}}
    assert document.repeats == (
        Repeat(loc=("a", "quota"), first=2, again=4),
        Repeat(loc=("a", "quota"), first=4, again=5),
    )
    assert document.line_of(("a", "quota")) == 5


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3979", 3979),
        ("-5", -5),
        ("0", 0),
        ("1.5", 1.5),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("'3979'", "3979"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.50", "1.50"),
        ("2026-01-02", "2026-01-02"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
        ("!!bool perhaps", "perhaps"),
        ("CH00409", "CH00409"),
    ],
)
def test_a_scalar_is_what_the_person_wrote(written: str, value: object) -> None:
    assert parse(f"key: {written}", "a.yml").data == {"key": value}


def test_keys_are_text_even_when_yaml_has_another_idea() -> None:
    assert parse("{no: 1, 2019: 2, ~: 3}", "a.yml").data == {"no": 1, "2019": 2, "~": 3}


def test_aliases_and_merge_keys_are_followed_with_own_keys_first() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: [*b, {z: 4, y: 5}], x: 6}\nd: {<<: 7}\n"
    data = parse(text, "a.yml").data
    assert data == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 3, "y": 2},
        "c": {"x": 6, "y": 2, "z": 4},
        "d": {},
    }
    assert parse(text, "a.yml").repeats == ()


def test_a_tag_of_its_own_is_remembered_with_its_place() -> None:
    document = parse("a:\n  - !vault abc\nb: !!str 1\n", "a.yml")
    assert document.tagged == {("a", 0): "!vault"}
    assert document.data == {"a": ["abc"], "b": "1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "a.yml:2: expected YAML: expected ',' or ']', but got ':'"),
        ("a: 1\n--- \nb: 2\n", "a.yml:2: expected YAML: but found another document"),
        ("a: 1\nb: \x07\n", "a.yml:2: expected YAML: special characters are not allowed"),
        ('a: "\\UFFFFFFFF"\n', "a.yml:1: expected YAML: "),
        ("a: 1\n? [b]\n: 2\n", "a.yml:2: expected a word as key, found a list or a mapping"),
        ('a: 1\nb: "\\uD800"\n', "a.yml:2: expected text, found half of a surrogate pair"),
        ("a: &a [*a]\n", "a.yml:1: expected plain values, found an alias that never ends"),
        ("a: &a {<<: *a}\n", "a.yml:1: expected plain values, found an alias that never ends"),
        ("[" * 600, "a.yml:1: nested too deeply"),
    ],
)
def test_what_is_not_plain_yaml_is_said_with_its_line(text: str, message: str) -> None:
    assert problem(text).startswith(message)


def test_aliases_cannot_grow_a_file_without_bound() -> None:
    levels = ["l0: &l0 [x,x,x,x,x,x,x,x,x,x]"]
    levels += [f"l{n}: &l{n} [{','.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert problem("\n".join(levels)).endswith("found an alias that never ends")


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(tmp_path / "a.yml").data == {"a": 1}


def test_a_file_that_is_not_utf8_names_the_line_of_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_bytes("a: 1\nb: café\n".encode("latin-1"))
    with pytest.raises(UnusableFile) as failure:
        read(file)
    assert failure.value.message == f"{file}:2: expected UTF-8 text, found the byte 0xe9"


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="cannot be read: No such file or directory"):
        read(tmp_path / "none.yml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-_ ", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(data=PLAIN)
def test_plain_data_comes_back_as_it_was_written(data: object) -> None:
    written = yaml.safe_dump(data, allow_unicode=True)
    assert parse(written, "a.yml").data == data


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.sampled_from("a:-[]{}&*!?|>'\"%@#\\\n <~.,01uUx"), max_size=60) | st.text(max_size=40))
def test_any_text_gives_a_document_or_a_config_error(text: str) -> None:
    refusal = ""
    lines = [1]
    try:
        lines += parse(text, "a.yml").lines.values()
    except UnusableFile as error:
        refusal = error.message
    assert not refusal or refusal.startswith("a.yml:")
    assert min(lines) >= 1
