from __future__ import annotations

import pytest

from onprem.groups import parse_groups
from ris_hybrid.errors import SiteUnavailable


def test_groups_are_compared_without_case_and_lines_of_one_group_add_up() -> None:
    text = "# a remark\n\nStorage-Lee:*:1000:ann, bob\nstorage-lee:x:1000:bob,carl\nempty one:*:7:\n"
    assert parse_groups(text) == {"storage-lee": ("ann", "bob", "carl"), "empty one": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no group"),
        ("# nothing\n", "no group"),
        ("a:*:1:\nlee\n", "line 2: expected name:password:gid:members"),
        ("lee:*:one:ann\n", "line 1"),
        (":*:1:ann\n", "line 1"),
        ("lee:*:1:ann:more\n", "line 1"),
    ],
)
def test_text_that_is_not_getents_is_unknown(text: str, said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        parse_groups(text)
