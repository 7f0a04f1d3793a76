"""Filter rules of a transfer, applied as Globus says: to names, in order, the first that matches counts."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def left_out(rules: Sequence[Mapping[str, Any]]) -> Callable[[str, str], bool]:
    """Of a name and its type, ``file`` or ``dir``: whether it is left out."""
    compiled = [(re.compile(translate(rule["name"])), rule.get("type"), rule["method"] == "exclude") for rule in rules]

    def decide(name: str, kind: str) -> bool:
        for pattern, only, exclude in compiled:
            if only in {None, kind} and pattern.match(name):
                return bool(exclude)
        return False

    return decide
