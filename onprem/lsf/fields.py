"""Single values of an LSF record: unset or not, counts, and the lab behind a user group."""

from __future__ import annotations

import re
from functools import lru_cache

from ris_hybrid.errors import SiteUnavailable

UNSET = frozenset({"", "-"})
"""What LSF prints for a field without a value: nothing in JSON, a hyphen in text."""
HINT = "run the same LSF command by hand and look at what it prints"

_LAB_GROUP = re.compile(r"/?compute-(.+?)(?:-t[123])?")


@lru_cache(maxsize=4096)
def lab_of(group: str) -> str:
    """The lab behind a user group: ``compute-<lab>`` or ``compute-<lab>-t1`` to ``-t3``; other groups stay as is."""
    named = _LAB_GROUP.fullmatch(group)
    if named:
        return named[1]
    return "" if group in UNSET else group


def count(name: str, value: object) -> int:
    """A whole number, zero included. Raises ``SiteUnavailable`` for anything else, unset included."""
    text = str(value)
    if text.isdecimal() and text.isascii() and len(text) <= 9:
        return int(text)
    raise SiteUnavailable(f"{name} is {text[:40]!r}, not a count", HINT)


def as_text(name: str, value: object) -> str:
    """A value of another JSON type as LSF would have printed it: a number, or null for unset."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SiteUnavailable(f"{name[:40]} is {str(value)[:40]}, not text", HINT)
    return str(value)
