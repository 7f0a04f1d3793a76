"""The rule between roles and buckets: who has no business with PHI gets at none, whatever a policy's pattern covers."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr
from policies.rules.rule import none_of, not_known, phi, rule
from policies.rules.statements import everywhere, grants, listed
from ris_hybrid.holdings.values import Holdings

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict
    from policies.rules.statements import Statement
    from ris_hybrid.holdings.values import Bucket, Role

_OBJECTS = ("s3:getobject", "s3:putobject", "s3:deleteobject")


@rule(
    Holdings,
    *(SITE, cfr("164.308(a)(4)(i)"), cfr("164.312(a)(1)")),
    fix="name the role's own buckets in its policy, or give the role class phi if it is meant to have them",
)
def phi_only_for_phi_roles(holdings: Holdings, context: Context) -> Verdict:
    """A role that is not for PHI reads and writes no bucket of PHI, so that no other job can mount one."""
    if holdings.buckets is None or holdings.roles is None:
        return not_known("the buckets or the roles")
    roles = [role for role in holdings.roles if phi(role, context) is False]
    secret = [bucket for bucket in holdings.buckets if phi(bucket, context)]
    wrong = [f"{role.name} gets at {bucket.name}" for role in roles for bucket in secret if _reaches(role, bucket)]
    unread = [role.name for role in roles if role.statements is None]
    if unread and secret and not wrong:
        return not_known(f"the policies of {', '.join(unread)}")
    return none_of(wrong, "PHI is open to roles that are not for it")


def _reaches(role: Role, bucket: Bucket) -> bool:
    return any(_covers(one, bucket.name) for one in role.statements or ())


def _covers(statement: Statement, bucket: str) -> bool:
    if not any(grants(statement, action) for action in _OBJECTS):
        return False
    # arn:aws:s3:::BUCKET/KEY, either of them a pattern
    patterns = [resource.partition(":::")[2] for resource in listed(statement.get("Resource"))]
    return everywhere(statement) or any(fnmatchcase(f"{bucket}/{key}", one) for one in patterns for key in _keys(one))


def _keys(pattern: str) -> tuple[str, ...]:
    """A key the pattern may mean: any at all, and the one it names."""
    return ("any", pattern.partition("/")[2].replace("*", "any"))


RULES = (phi_only_for_phi_roles,)
