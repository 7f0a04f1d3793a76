from __future__ import annotations

import codecs
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ris_hybrid.data.keys import LONGEST, NoKey, key_of, path_of, shown


def decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@given(st.binary(max_size=80), st.sampled_from(["", "Active/", "Active/Cryo-EM/"]))
@example(b"", "")
@example(b"a" * 1024, "")
@example("é".encode() * 512, "Active/")
@example(b"a/../b", "")
def test_every_name_has_a_key_that_is_its_own_or_a_reason(raw: bytes, prefix: str) -> None:
    path = decoded(raw)
    key = key_of(prefix, path)
    if isinstance(key, NoKey):
        assert key.reason
    else:
        assert len(key.encode()) <= LONGEST
        assert key == key.strip("/")
        assert path_of(prefix, key) == path
        assert path.encode("utf-8", "surrogateescape") == raw


@given(st.text(alphabet="ab.é/", max_size=12))
def test_plain_names_have_keys(path: str) -> None:
    plain = bool(path) and all(part not in {"", ".", ".."} for part in path.split("/"))
    assert isinstance(key_of("Active/", path), str) == plain


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "path is empty"),
        ("a\udcff", "name is not UTF-8"),
        ("b\ud800", "name is not UTF-8"),
        ("a\nb", "control character in the name"),
        ("a\x85b", "control character in the name"),
        ("a\u2028b", "control character in the name"),
        ("a//b", "path has an empty segment"),
        ("/a", "path has an empty segment"),
        ("a/", "path has an empty segment"),
        ("./a", "path has a segment of dots"),
        ("a/..", "path has a segment of dots"),
        ("a" * 1025, "key longer than 1024 bytes"),
        ("é" * 513, "key longer than 1024 bytes"),
    ],
)
def test_a_name_that_cannot_be_a_key_says_why(path: str, reason: str) -> None:
    assert key_of("", path) == NoKey(reason=reason)


def test_the_prefix_counts() -> None:
    assert key_of("Active/", "a" * 1017) == "Active/" + "a" * 1017
    assert key_of("Active/", "a" * 1018) == NoKey(reason="key longer than 1024 bytes")
    assert key_of("Active/\udcff/", "a") == NoKey(reason="name is not UTF-8")


def test_a_key_of_another_dataset_is_no_path() -> None:
    assert path_of("Active/", "Archive/a") is None
    assert path_of("Active/", "Active/a/") is None
    assert path_of("Active/", "Active/") is None


def test_dots_within_a_name_are_a_name() -> None:
    assert key_of("", "...") == "..."
    assert key_of("", ".hidden/a..b") == ".hidden/a..b"


def unshown(text: str) -> str:
    """What ``shown`` was given."""
    raw = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)")

    def back(match: re.Match[str]) -> str:
        word = match[1]
        if word[0] == "x":
            return chr(0xDC00 + int(word[1:], 16))
        if word[0] in "uU":
            return chr(int(word[1:], 16))
        return codecs.decode(f"\\{word}", "unicode_escape")

    return raw.sub(back, text)


@given(st.one_of(st.binary(max_size=30).map(decoded), st.text(st.characters(), max_size=20)))
@example("a\ud800\U000e0001\\x41\n")
def test_what_people_see_is_one_line_and_loses_nothing(path: str) -> None:
    line = shown(path)
    assert line.isprintable()
    assert unshown(line) == path


def test_plain_names_are_shown_as_they_are() -> None:
    assert shown("Active/März 2026.txt") == "Active/März 2026.txt"
    assert shown("a\\b\n\udce9\u202e") == "a\\\\b\\n\\xe9\\u202e"
