"""Rules for roles: nobody gets more than the job needs, and nobody unnamed gets anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr, cis, config, fsbp
from policies.rules.rule import none_of, not_known, ours, rule, yes
from policies.rules.statements import actions, allows, everywhere, grants, name, principals, writes
from ris_hybrid.holdings.values import Role

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict
    from policies.rules.statements import Statement

ROLE_TAG = "ris_role"
"""Says what a role is for: ``lab``, ``jobs``, ``project-rw``, ``project-ro``, ``controller``, ``node``,
``data``, ``transfer``."""
_ACCOUNT = re.compile(r"(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::.*)?")
_SERVICE = re.compile(r"[\w.-]+\.amazonaws\.com(?:\.cn)?")


def reader(role: Role, _: Context) -> bool | None:
    """Whether it is for people who may only read."""
    return _is(role, "project-ro")


def controller(role: Role, _: Context) -> bool | None:
    """Whether it is the burst controller's."""
    return _is(role, "controller")


@rule(
    Role,
    *(fsbp("IAM.1"), config("IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS"), cfr("164.308(a)(3)(i)")),
    *(cfr("164.312(a)(1)"),),
    fix="name the actions and resources it needs",
    scopes=(ours,),
)
def role_no_admin(role: Role, _: Context) -> Verdict:
    """No role of ours may do everything."""
    if role.statements is None:
        return not_known("its policies")
    wrong = [name(one) for one in role.statements if grants(one, "*") and everywhere(one)]
    return none_of(wrong, "statements that allow everything")


@rule(
    Role,
    *(fsbp("IAM.21"), config("IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS"), cfr("164.308(a)(4)(ii)(B)")),
    fix="name the service's actions in place of *",
    scopes=(ours,),
)
def role_no_whole_service(role: Role, _: Context) -> Verdict:
    """A role keeps to the actions it was made for when a service gets new ones."""
    if role.statements is None:
        return not_known("its policies")
    wrong = [
        f"{name(one)} ({action})"
        for one in role.statements
        if allows(one)
        for action in actions(one)
        if action.endswith(":*")
    ]
    return none_of(wrong, "statements that allow a whole service")


@rule(
    Role,
    *(fsbp("KMS.1"), fsbp("KMS.2"), config("IAM_CUSTOMER_POLICY_BLOCKED_KMS_ACTIONS")),
    *(config("IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS"), cfr("164.312(a)(1)")),
    fix="name the keys in the statement's Resource",
    scopes=(ours,),
)
def role_no_decrypt_everywhere(role: Role, _: Context) -> Verdict:
    """A role opens the data of its own allocation, not whatever key is in the account."""
    if role.statements is None:
        return not_known("its policies")
    opens = [one for one in role.statements if everywhere(one) and (grants(one, "kms:decrypt") or _reencrypts(one))]
    return none_of([name(one) for one in opens], "statements that decrypt with any key")


@rule(
    Role,
    SITE,
    fix="set the environment's permissions boundary",
    scopes=(ours,),
)
def role_boundary(role: Role, _: Context) -> Verdict:
    """What a role could ever be given has an upper bound that its own policies cannot lift."""
    known = None if role.boundary is None else bool(role.boundary)
    return yes(known, "it has no permissions boundary", "its permissions boundary")


@rule(
    Role,
    *(SITE, cis("2.21"), cfr("164.312(a)(1)"), cfr("164.312(d)")),
    fix="trust a service of AWS, or principals and identity providers of the role's own account",
    scopes=(ours,),
)
def role_trust_named(role: Role, _: Context) -> Verdict:
    """A role is taken only by those we know: services, and people of its own account."""
    if role.trust is None:
        return not_known("its trust policy")
    trusted = [who for one in role.trust if allows(one) for who in principals(one)]
    foreign = [who for who in trusted if not _SERVICE.fullmatch(who)]
    if foreign and not role.account:
        return not_known("its account")
    return none_of([who for who in foreign if _account(who) != role.account], "it trusts")


@rule(
    Role,
    *(SITE, cfr("164.312(a)(1)"), cfr("164.312(c)(1)")),
    fix="take out every action that changes something",
    scopes=(ours, reader),
)
def role_reader_reads(role: Role, _: Context) -> Verdict:
    """People of a project's read-only group change nothing."""
    if role.statements is None:
        return not_known("its policies")
    return none_of([f"{name(one)} ({action})" for one in role.statements for action in writes(one)], "it may write")


@rule(
    Role,
    *(SITE, fsbp("IAM.21")),
    fix="the controller starts and ends nodes and reads: it touches no object, no key and, PassRole apart, no identity",
    scopes=(ours, controller),
)
def role_controller_least(role: Role, _: Context) -> Verdict:
    """Whoever takes over the burst controller gets at no data and no identity, but through a node started for that."""
    if role.statements is None:
        return not_known("its policies")
    wrong = [f"{name(one)} ({action})" for one in role.statements if allows(one) for action in _beyond_controller(one)]
    return none_of(wrong, "it may do what starts no node")


def _beyond_controller(statement: Statement) -> list[str]:
    passes = {"iam:passrole"} if not everywhere(statement) else set()
    return [
        action
        for action in actions(statement)
        if action == "*"
        or (action.startswith("s3:") and "object" in action and not action.startswith("s3:getbucketobjectlock"))
        or action in {"kms:*", "kms:decrypt", "sts:assumerole"}
        or (action.startswith("iam:") and action in writes({"Action": action}) and action not in passes)
    ]


def _reencrypts(statement: Statement) -> bool:
    return grants(statement, "kms:reencryptfrom")


def _is(role: Role, kind: str) -> bool | None:
    return None if role.tags is None else role.tags.get(ROLE_TAG) == kind


def _account(who: str) -> str:
    found = _ACCOUNT.fullmatch(who)
    return found[1] if found else ""


RULES = (
    role_no_admin,
    role_no_whole_service,
    role_no_decrypt_everywhere,
    role_boundary,
    role_trust_named,
    role_reader_reads,
    role_controller_least,
)
