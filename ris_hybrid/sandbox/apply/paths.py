"""Paths into properties as Pulumi writes them: ``tags["ris_held"]``, ``rules[0].port``, ``rules[*].port``, ``*``."""

from __future__ import annotations

import re
from typing import Any

from ris_hybrid.errors import ConfigError

_STEP = re.compile(r"""\.?(?:\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]"]+))""")

Path = tuple[str | int, ...]
"""Names and places in lists; ``*`` is every one."""


def parsed(text: str) -> Path:
    """The steps of a path; raises ``ConfigError`` for one that makes no sense."""
    steps: list[str | int] = []
    end = 0
    while end < len(text):
        found = _STEP.match(text, end)
        if found is None:
            raise ConfigError(f'property path {text}: expected name, name[0] or name["key"]', "mend it in the program")
        quoted, place, name = found.groups()
        if quoted is not None:
            steps.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            steps.append(int(place) if place and place != "*" else place or name)
        end = found.end()
    return tuple(steps)


def carried_over(path: Path, old: Any, new: Any) -> Any:
    """``new`` with what is at the path as it is in ``old``: there, not there, or of that value."""
    step, rest = path[0], path[1:]
    if isinstance(new, list) and isinstance(old, list):
        return _list_over(step, rest, old, new)
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    names = {*old, *new} if step == "*" else {str(step)}
    kept = dict(new)
    for name in names:
        if not rest:
            kept.pop(name, None)
            kept.update({name: old[name]} if name in old else {})
        elif name in old and name in new:
            kept[name] = carried_over(rest, old[name], new[name])
    return kept


def _list_over(step: str | int, rest: Path, old: list[Any], new: list[Any]) -> list[Any]:
    places = range(min(len(old), len(new))) if step == "*" else [step]
    kept = list(new)
    for place in places:
        if isinstance(place, int) and place < len(old) and place < len(new):
            kept[place] = carried_over(rest, old[place], new[place]) if rest else old[place]
    return kept


def found(path: Path, value: Any) -> list[Any]:
    """Everything at a path."""
    if not path:
        return [value]
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        inside = value if step == "*" else value[step : step + 1] if isinstance(step, int) else []
    elif isinstance(value, dict):
        inside = list(value.values()) if step == "*" else [value[str(step)]] if str(step) in value else []
    else:
        return []
    return [one for part in inside for one in found(rest, part)]
