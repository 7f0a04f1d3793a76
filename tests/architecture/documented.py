"""What tables of documents are held to: keys of settings with their defaults, and the text between two marks."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROW = re.compile(r"^\| `([^`]+)` \|(?: `([^`]*)`)?(?: (none))? ?\|", re.MULTILINE)


def between(text: str, name: str) -> str:
    """What stands between the two marks of that name."""
    _, _, rest = text.partition(f"<!-- {name}: begin -->\n")
    inside, end, _ = rest.partition(f"<!-- {name}: end -->")
    assert end, name
    return inside


def told_keys(text: str) -> dict[str, str]:
    """Key and default of each row of the table between the marks ``keys``."""
    return {key: default or none for key, default, none in _ROW.findall(between(text, "keys"))}


def words(text: str) -> set[str]:
    """All that stands between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def every_key(kind: Any, above: str) -> Iterator[tuple[str, str]]:
    """Dotted name and default as the table has it, where the part has one."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        name = f"{above}{field.name}"
        parts = [one for one in (hints[field.name], *get_args(hints[field.name])) if is_dataclass(one)]
        if parts and "tuple" not in str(hints[field.name]):
            if above and field.default is None:
                yield name, "none"
            yield from every_key(parts[0], f"{name}.")
        else:
            yield name, default_of(field)


def default_of(field: Any) -> str:
    """As people write it in YAML; empty for what must be given."""
    if field.default_factory is not MISSING:
        return {dict: "{}", tuple: "[]"}[field.default_factory]
    if field.default is MISSING:
        return ""
    return _written(field.default)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return '""' if value == "" else str(value)
