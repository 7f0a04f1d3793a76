"""Whether what AWS shows is what was asked for, in whatever form it shows it (pure).

AWS leaves out what is empty, off or nought, orders lists as it likes, gives numbers as text and documents as
structures. All else counts: an element more in a list, or a key more in a structure, is a change (a rule that deletes
data, say).
"""

from __future__ import annotations

import json
from typing import Any


def alike(wanted: Any, shown: Any, passing: frozenset[str] = frozenset()) -> bool:
    """``passing`` are keys that AWS writes into structures by itself, where nothing was asked for."""
    wanted, shown = _parsed(wanted), _parsed(shown)
    if _empty(wanted) or _empty(shown):
        return _empty(wanted) and _empty(shown)
    if isinstance(wanted, dict) and isinstance(shown, dict):
        asked = {*wanted, *(shown.keys() - passing)}
        return all(alike(wanted.get(key), shown.get(key), passing) for key in asked)
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) == len(shown) and _all_there(wanted, list(shown), passing)
    return bool(_word(wanted) == _word(shown))


def _all_there(wanted: list[Any], left: list[Any], passing: frozenset[str]) -> bool:
    for one in wanted:
        place = next((at for at, other in enumerate(left) if alike(one, other, passing)), None)
        if place is None:
            return False
        del left[place]
    return True


def _empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_empty, value.values()))
    return value is None or value in ("", "false", 0) or value == []


def _parsed(value: Any) -> Any:
    """A document as its structure; any other text, and a number, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _word(value: Any) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return float(text)
    except ValueError:
        return text
