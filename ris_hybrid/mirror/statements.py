"""Statements of policies, as they can be compared: IAM's JSON says the same thing in several ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_WRITES = frozenset({"s3:PutObject", "s3:PutObject*", "s3:Put*", "s3:*", "*"})
_OF_NODES = frozenset({"ec2", "ec2messages", "ecr", "cloudwatch", "logs", "ssm", "ssmmessages"})
"""Services a cloud node needs for itself: images, its own marks, its agent, its log."""
_EVERYBODY = ({"AWS": ["*"]}, {"*": ["*"]})


def canonical(statement: Mapping[str, Any]) -> str:
    """The statement as text that is the same for statements that mean the same: lists sorted, its Sid left out."""
    return json.dumps(_plain({key: value for key, value in statement.items() if key != "Sid"}), sort_keys=True)


def canonical_all(statements: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """All of them, each once, in the order of their text."""
    return tuple(sorted({canonical(statement) for statement in statements}))


def allowed(statements: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Those that allow something. A denial takes away only, as a budget's action does when a lab has spent it."""
    return canonical_all(each for each in statements if each.get("Effect") == "Allow")


def allowed_beside_nodes(statements: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The same, without what any node may do: a role of jobs has both, and its node's part is no allocation's."""
    return allowed(each for each in statements if _services(each) - _OF_NODES)


def requires_tls(statements: Iterable[Mapping[str, Any]]) -> bool:
    """Whether everybody is denied everything that does not come over TLS."""
    return any(
        denies_everybody(each) and listed(each.get("Action")) in (["s3:*"], ["*"]) and _insecure_only(each)
        for each in statements
    )


def denies_writes(statements: Iterable[Mapping[str, Any]]) -> bool:
    """Whether everybody is denied to write objects, whatever the circumstances."""
    return any(
        denies_everybody(each) and not each.get("Condition") and bool(_WRITES & set(listed(each.get("Action"))))
        for each in statements
    )


def _services(statement: Mapping[str, Any]) -> set[str]:
    """Those its actions belong to; ``*`` for what is not said by action."""
    return {str(action).partition(":")[0] for action in listed(statement.get("Action")) or ["*"]}


def denies_everybody(statement: Mapping[str, Any]) -> bool:
    """Whether it is a denial that leaves nobody out by name."""
    return statement.get("Effect") == "Deny" and _plain({"Principal": statement.get("Principal")})["Principal"] in (
        _EVERYBODY
    )


def _insecure_only(statement: Mapping[str, Any]) -> bool:
    """Whether it holds for calls without TLS."""
    secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return [str(value).lower() for value in listed(secure)] == ["false"]


def _plain(statement: Mapping[str, Any]) -> dict[str, Any]:
    """With every value that may be one or several as a sorted list, principals and conditions included."""
    made: dict[str, Any] = {}
    for key, value in statement.items():
        if key in _LISTS:
            made[key] = sorted(listed(value))
        elif key in {"Principal", "NotPrincipal"}:
            made[key] = _sorted(value if isinstance(value, dict) else {"AWS": value})
        elif key == "Condition":
            made[key] = {operator: _sorted(tests) for operator, tests in value.items()}
        else:
            made[key] = value
    return made


def _sorted(values: Mapping[str, Any]) -> dict[str, list[str]]:
    return {key: sorted(map(_word, listed(value))) for key, value in values.items()}


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def conditions(statement: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Its conditions: operator and key in lower case, and the values as text."""
    return [
        (operator.lower(), key.lower(), list(map(_word, listed(values))))
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    ]


def listed(value: Any) -> list[Any]:
    """One or several values as a list; none is an empty one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
