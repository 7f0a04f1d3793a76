"""Whom policies of AWS let in, and whom they keep out, in words that can be compared with what the stacks set.

A policy that is widened by hand leaves everything else of a bucket, key or role as it was: only these facts show it.
Sources: IAM user guide, "AWS JSON policy elements: Principal"; global condition keys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.mirror.statements import conditions, denies_everybody, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Statement = Mapping[str, Any]

DENIALS: Mapping[str, frozenset[str]] = {
    "strangers": frozenset({"aws:principalaccount", "aws:principalorgid"}),
    "other encryption": frozenset({"s3:x-amz-server-side-encryption"}),
    "keys of the sender": frozenset({"s3:x-amz-server-side-encryption-customer-algorithm"}),
    "another data class": frozenset({"aws:requesttag/ris_data_class"}),
}
"""What the policy of every bucket of data denies everybody, and the condition keys by which that is known."""
_OWN_ACCOUNT = frozenset({"aws:principalaccount", "kms:calleraccount"})
_GROUPS = "/ris_groups"  # of the session tag by which people of a directory group are known
_GROUP = re.compile(r"\*:([^:*?]+):\*")
_ACCOUNT = re.compile(r"(?:arn:[\w-]+:(?:iam|sts)::)?([0-9]{12})(?::.*)?")


def denied(policy: Iterable[Statement], account: str) -> tuple[str, ...]:
    """Which of ``DENIALS`` a bucket's policy has, sorted; who is of another account than the bucket is a stranger."""
    keys = {
        key
        for each in policy
        if denies_everybody(each)
        for _, key, values in conditions(each)
        if key not in _OWN_ACCOUNT or values == [account]
    }
    return tuple(sorted(name for name, known_by in DENIALS.items() if known_by & keys))


def let_in(policy: Iterable[Statement]) -> tuple[str, ...]:
    """Everybody a policy gives something, sorted; what is no denial is taken to give."""
    return tuple(sorted({who for each in policy if _gives(each) for _, who in _principals(each)}))


def outsiders(policy: Iterable[Statement], account: str) -> tuple[str, ...]:
    """Those of ``let_in`` who are neither of the account nor a service of AWS."""
    return tuple(sorted({who for each in policy if _gives(each) for who in _outside(each, account)}))


def takers(trust: Iterable[Statement], account: str) -> tuple[str, ...]:
    """Who may take a role: directory groups, services, and by name everybody else."""
    return tuple(sorted({who for each in trust if _gives(each) for who in _taken_by(each, account)}))


def boundary_name(boundary: str) -> str:
    """The name of a permissions boundary that is given by name or arn."""
    return boundary.rpartition("/")[2]


def _gives(statement: Statement) -> bool:
    return statement.get("Effect") != "Deny"


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    """Kind and name of each; who is named by exclusion only is everybody."""
    given = statement.get("Principal", "*")
    for kind, names in (given if isinstance(given, dict) else {"AWS": given}).items():
        yield from ((kind, str(name)) for name in listed(names))


def _outside(statement: Statement, account: str) -> Iterator[str]:
    own = any(
        operator == "stringequals" and key in _OWN_ACCOUNT and values == [account]
        for operator, key, values in conditions(statement)
    )
    for kind, who in _principals(statement):
        if kind != "Service" and not (_account(who) == account or (own and who == "*")):
            yield who


def _taken_by(statement: Statement, account: str) -> Iterator[str]:
    """The group where its members must show it; a condition that lets others through is no group's."""
    groups = [
        _group(value)
        for operator, key, values in conditions(statement)
        if operator == "stringlike" and key.endswith(_GROUPS)
        for value in values
    ]
    for kind, who in _principals(statement):
        if groups and kind in {"AWS", "Federated"} and _account(who) == account:
            yield from groups
        else:
            yield who


def _group(pattern: str) -> str:
    found = _GROUP.fullmatch(pattern)
    return found[1] if found else pattern


def _account(who: str) -> str:
    found = _ACCOUNT.fullmatch(who)
    return found[1] if found else ""
