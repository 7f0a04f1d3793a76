"""Rules for whom the policies of data let in from outside: another account, or whoever a ``*`` leaves unbound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr, fsbp
from policies.rules.rule import none_of, not_known, ours, rule
from policies.rules.statements import allows, conditions, name, principals
from ris_hybrid.holdings.values import Bucket, Key

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from policies.rules.rule import Context, Verdict
    from policies.rules.statements import Statement

_ACCOUNT = re.compile(r"(?:arn:[\w-]+:[\w-]+:[\w-]*:)?(\d{12})(?::.*)?")
_SERVICE = re.compile(r"[\w.-]+\.amazonaws\.com(?:\.cn)?")
_NAMING = frozenset({"stringequals", "stringlike", "arnequals", "arnlike"})
"""Operators that are false where the key is absent, as those that end in ``IfExists`` are not."""
_BINDING = frozenset(
    {"aws:principalaccount", "aws:principalarn", "kms:calleraccount", "aws:sourceaccount", "aws:sourcearn"}
)
"""Keys whose value names an account. An organization's does not: who joins it, no rule can see."""


@rule(
    Bucket,
    *(SITE, fsbp("S3.6"), cfr("164.312(a)(1)")),
    fix="take the statement out, bind it by aws:PrincipalAccount to our accounts, or add the account to those trusted",
    scopes=(ours,),
)
def bucket_own_accounts_only(bucket: Bucket, context: Context) -> Verdict:
    """A bucket's policy lets in nobody of an account that is neither its own nor trusted."""
    return _judged(bucket, context)


@rule(
    Key,
    *(SITE, cfr("164.312(a)(1)"), cfr("164.312(a)(2)(iv)")),
    fix="take the statement out, bind it by kms:CallerAccount to our accounts, or add the account to those trusted",
    scopes=(ours,),
)
def key_own_accounts_only(key: Key, context: Context) -> Verdict:
    """A key's policy lets in nobody of an account that is neither its own nor trusted."""
    return _judged(key, context)


def _judged(thing: Bucket | Key, context: Context) -> Verdict:
    if thing.policy is None:
        return not_known("its policy")
    given = [one for one in thing.policy if allows(one)]
    if not thing.account and any(_outside(one, context.trusted_accounts) for one in given):
        return not_known("its account")
    near = context.trusted_accounts | {thing.account}
    wrong = [f"{name(one)} ({', '.join(who)})" for one in given if (who := _outside(one, near))]
    return none_of(wrong, "statements that let other accounts in")


def _outside(statement: Statement, near: AbstractSet[str]) -> list[str]:
    """Whom it names that is no service and of none of these accounts, and that no condition binds to them."""
    foreign = [who for who in principals(statement) if not _SERVICE.fullmatch(who) and _account(who) not in near]
    return [] if _bound(statement, near) else foreign


def _bound(statement: Statement, near: AbstractSet[str]) -> bool:
    return any(
        operator in _NAMING and key in _BINDING and bool(values) and {_account(one) for one in values} <= near
        for (operator, key), values in conditions(statement).items()
    )


def _account(who: str) -> str:
    """The account of an arn, or the one named by its number; empty for all else, and so for every pattern of it."""
    found = _ACCOUNT.fullmatch(who)
    return found[1] if found else ""


RULES = (bucket_own_accounts_only, key_own_accounts_only)
