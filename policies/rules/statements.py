"""Questions to the statements of a policy document in IAM's JSON, where one word may stand for a list of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]
Statements = Iterable[Statement]

_READS = ("get", "list", "head", "describe", "batchget", "batchcheck", "decrypt")
"""How the names of actions begin that change nothing."""
_FENCES = frozenset(
    {
        *("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid"),
        *("aws:principalorgid", "aws:principalaccount", "aws:principalarn", "kms:calleraccount"),
    }
)
"""Conditions that leave of everyone only those named."""
_NAMING = frozenset({"stringequals", "stringlike", "arnequals", "arnlike"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """What a bucket's policy is to deny everyone."""

    operator: str
    """In lower case, without ``IfExists``."""
    key: str
    values: tuple[str, ...]
    """What the condition may compare with; empty for anything."""
    actions: tuple[str, ...]
    """All of these must be denied."""
    beside: tuple[str, ...] = ()
    """Conditions that may stand beside it; any other would leave a way around."""


NO_PLAIN = Ban(operator="bool", key="aws:securetransport", values=("false",), actions=("s3:*",))
NO_OLD_TLS = Ban(operator="numericlessthan", key="s3:tlsversion", values=("1.2", "1.3"), actions=("s3:*",))
NO_OTHER_WAY = Ban(
    operator="stringnotequals",
    key="aws:sourcevpce",
    values=(),
    actions=("s3:getobject", "s3:putobject"),
    # Services of AWS that deliver, and the role for emergencies, come another way.
    beside=("aws:principalarn", "aws:principalisawsservice", "aws:viaawsservice", "aws:sourcevpc"),
)


def listed(value: Any) -> tuple[str, ...]:  # JSON
    """A word or a list of words as words."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def allows(statement: Statement) -> bool:
    """Whether it gives something; what is no clear Deny is taken to give."""
    return str(statement.get("Effect", "Allow")) != "Deny"


def actions(statement: Statement) -> tuple[str, ...]:
    """Its actions in lower case; ``*`` when it names only those it leaves out."""
    given = listed(statement.get("Action"))
    return tuple(action.lower() for action in given) if given else ("*",)


def everywhere(statement: Statement) -> bool:
    """Whether it covers every resource."""
    given = listed(statement.get("Resource"))
    return not given or "*" in given


def principals(statement: Statement) -> tuple[str, ...]:
    """Everyone it names, of whatever kind; ``*`` is everyone, and so is everyone but those it leaves out."""
    given = statement.get("Principal", "*" if "NotPrincipal" in statement else None)
    if isinstance(given, Mapping):
        return tuple(word for value in given.values() for word in listed(value))
    return listed(given)


def conditions(statement: Statement) -> dict[tuple[str, str], tuple[str, ...]]:
    """Its conditions by operator and key, both in lower case."""
    return {
        (operator.lower(), key.lower()): tuple(word.lower() for word in listed(_json(value)))
        for operator, pairs in statement.get("Condition", {}).items()
        for key, value in pairs.items()
    }


def public(statements: Statements) -> list[str]:
    """Names of the statements that let everyone in, with no condition that names who."""
    return [name(one) for one in statements if allows(one) and "*" in principals(one) and not _fenced(one)]


def denies(statements: Statements, ban: Ban) -> bool:
    """Whether everyone is denied what the ban says, for every object."""
    return any(_is(one, ban) for one in statements)


def grants(statement: Statement, action: str) -> bool:
    """Whether it gives this action (``kms:decrypt``), by name or by a pattern."""
    return allows(statement) and any(fnmatchcase(action, pattern) for pattern in actions(statement))


def writes(statement: Statement) -> list[str]:
    """Those of its actions that are not known to change nothing."""
    if not allows(statement):
        return []
    return [action for action in actions(statement) if not action.partition(":")[2].startswith(_READS)]


def name(statement: Statement) -> str:
    """Its Sid, or what it is about."""
    return str(statement.get("Sid") or "/".join(actions(statement)))


def _is(statement: Statement, ban: Ban) -> bool:
    everyone = not allows(statement) and "NotPrincipal" not in statement and "*" in principals(statement)
    given = actions(statement)
    if not everyone or not all(any(fnmatchcase(action, one) for one in given) for action in ban.actions):
        return False
    if not any(resource.endswith("*") for resource in listed(statement.get("Resource"))):
        return False
    found = {key: (operator, values) for (operator, key), values in conditions(statement).items()}
    operator, values = found.pop(ban.key, ("", ()))
    right = operator.removesuffix("ifexists") == ban.operator and (not ban.values or set(values) <= set(ban.values))
    return right and set(found) <= set(ban.beside)


def _json(value: Any) -> Any:  # JSON
    """A condition's value, where true may be written as it is or as text, and 1.2 as a number."""
    return str(value).lower() if isinstance(value, bool | int | float) else value


def _fenced(statement: Statement) -> bool:
    return any(
        operator in _NAMING and key in _FENCES and "*" not in values
        for (operator, key), values in conditions(statement).items()
    )
