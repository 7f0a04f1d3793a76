r"""Names of things in AWS, made from the site's: legal there, the same every time, and each its own.

The site's names have upper case, dots and underscores; where a service does not take them they are changed, and what
is lost is made up for by six digits of a hash; by ten, where a name is cut for what stands before it. Sources of the
rules: S3 "bucket naming rules" (3 to 63 of a-z, 0-9, -), ECR CreateRepository (repositoryName; a prefix with rules of
its own has 2 to 30), IAM CreateRole (64 of ``[\w+=,.@-]``), Budgets CreateBudget (100, no ``:`` and ``\``).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

CLUSTER = r"[a-z][a-z0-9-]{0,30}"
ORGANIZATION = r"[a-z][a-z0-9-]{1,18}[a-z0-9]"
ENVIRONMENT = r"[a-z](?:[a-z0-9-]{0,14}[a-z0-9])?"
"""What mirror.yaml and the stacks' settings take for the names all others begin with."""

_BUCKET, _ROLE, _BUDGET, _NAMESPACE = 63, 64, 100, 30
_WORD = 40  # of a role's or budget's name, for one name of the site
_HASH = 6
_CUT_HASH = 10
"""Digits where nothing else may be left to tell two names apart: with six, some 4,000 of one beginning would meet."""
_OTHER = re.compile(r"[^a-z0-9]+")
_IAM = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")  # no dot: it stands between the parts of a role's name
_ECR = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")


def slug(name: str) -> str:
    """Lower case, with a hyphen for everything S3 does not take; may be empty."""
    return _OTHER.sub("-", name.lower()).strip("-")


def bucket_name(organization: str, scope: str, name: str) -> str:
    """An allocation's bucket, ``<organization>-<slug>-<hash>``: unique in the world as far as the organization is.

    Args:
        organization: at most 20 characters.
        scope: what tells two allocations of one name apart: cluster, environment, platform.
        name: the allocation's; case does not count.
    """
    hashed = _hash(scope, name.casefold())
    room = _BUCKET - len(organization) - _HASH - 2
    return "-".join(filter(None, (organization, slug(name)[:room].strip("-"), hashed)))


def key_alias(bucket: str) -> str:
    """Of the customer key of a bucket."""
    return f"alias/{bucket}"


@lru_cache(maxsize=1024)  # an allocation's name is asked for with each of its roles
def role_word(name: str) -> str:
    """A name of the site as a part of a role's name; injective, but for case and the hash."""
    return _word(name, _IAM, _WORD)


def hidden_word(allocation: str, name: str) -> str:
    """A part of a role's name that does not show the site's name, for what may say something of a patient.

    It hides, it does not encrypt: who guesses the name can check it. The mirror plan, kept at the site, has both.
    """
    return f"p-{_hash(allocation.casefold(), name.casefold(), digits=_CUT_HASH)}"


def role_name(prefix: str, parts: tuple[str, ...], kind: str) -> str:
    """``<prefix>-<allocation>[.<project>].<kind>``; the dots keep ``a`` + ``b-c`` and ``a-b`` + ``c`` apart."""
    whose = f"{prefix}-{'.'.join(parts)}"
    return f"{_fitted(whose, _ROLE - len(kind) - 1)}.{kind}"


def budget_name(prefix: str, name: str) -> str:
    """Of an allocation's budget."""
    return _fitted(f"{prefix}-{role_word(name)}", _BUDGET)


def namespace(environment: str, name: str) -> str:
    """The beginning of an allocation's repositories, short enough for a rule of ECR."""
    return f"{environment}/{_word(name, _ECR, _NAMESPACE - len(environment) - 1)}"


def _word(name: str, legal: re.Pattern[str], limit: int) -> str:
    lower = name.lower()
    if legal.fullmatch(lower) and len(lower) <= limit:
        return lower
    room = limit - _HASH - 1
    return "-".join(filter(None, (slug(lower)[:room].strip("-"), _hash(name.casefold()))))


def _fitted(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[: limit - _CUT_HASH - 1].rstrip('-._')}-{_hash(text, digits=_CUT_HASH)}"


def _hash(*parts: str, digits: int = _HASH) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:digits]
