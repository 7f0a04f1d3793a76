"""How IAM reads a policy, as far as ours go: which statement matches, and that a denial wins over every leave.

Source: IAM user guide, "Policy evaluation logic" and "Condition operators". An operator that is not here is a KeyError.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def allowed(statements: Iterable[Mapping[str, Any]], action: str, resource: str, **context: Any) -> bool:
    """Whether a request is let through. Keys of the context have ``__`` for a colon and ``___`` for a slash."""
    known = {key.replace("___", "/").replace("__", ":"): value for key, value in context.items()}
    found = {one["Effect"] for one in statements if _matches(one, action, resource, known)}
    return found == {"Allow"}


def _matches(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, Any]) -> bool:
    named = "Action" in statement
    asked = any(
        fnmatchcase(action.lower(), one.lower()) for one in _list(statement["Action" if named else "NotAction"])
    )
    if asked is not named:
        return False
    left_out = "NotResource" in statement
    named = _list(statement["NotResource"] if left_out else statement.get("Resource", "*"))
    if any(_like(resource, one) for one in named) is left_out:
        return False
    conditions = statement.get("Condition", {}).items()
    return all(_holds(op, context.get(key), _list(wanted)) for op, pairs in conditions for key, wanted in pairs.items())


def _holds(operator: str, found: Any, wanted: list[str]) -> bool:
    """One condition; a key the request does not have fails what asks for it, and meets what asks for its absence."""
    every, _, plain = operator.rpartition(":")
    if plain.endswith("IfExists"):
        return found is None or _holds(operator.removesuffix("IfExists"), found, wanted)
    if plain == "Null":
        return (found is None) is (wanted == ["true"])
    if every:
        matched = [_one(plain, one, wanted) for one in found or ()]
        return all(matched) if every == "ForAllValues" else any(matched)
    if "Not" in plain:
        return found is None or not _one(plain.replace("Not", ""), found, wanted)
    return found is not None and _one(plain, found, wanted)


def _one(operator: str, found: str, wanted: list[str]) -> bool:
    match operator:
        case "StringEquals" | "Bool" | "ArnEquals":
            return found in wanted
        case "StringLike" | "ArnLike":
            return any(_like(found, one) for one in wanted)
        case "NumericLessThan":
            return any(float(found) < float(one) for one in wanted)
        case _:
            raise KeyError(operator)


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
