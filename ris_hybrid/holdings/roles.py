"""Roles of IAM with what all their policies say.

One listing tells of all roles what would take five calls for each. Source: IAM API reference,
GetAccountAuthorizationDetails; botocore decodes the documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.holdings.answers import statements, tags_of
from ris_hybrid.holdings.values import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_iam import IAMClient

    from ris_hybrid.holdings.reading import Reading

_OF_SERVICES = "/aws-service-role/"
"""Path of roles that AWS's services make for themselves and nobody can change."""
Statements = tuple["Mapping[str, Any]", ...]


def read_roles(reading: Reading) -> tuple[Role, ...] | None:
    """The roles that are ours or wanted; None when they could not be listed."""
    found = reading.ask("roles", lambda: _details(reading.client("iam")))
    if found is None:
        return None
    roles, policies = found
    read = [_role(reading, one, policies) for one in roles if _is_ours(reading, one)]
    return tuple(sorted(read, key=lambda role: role.name))


def _details(iam: IAMClient) -> tuple[list[dict[str, Any]], dict[str, Statements]]:
    """All roles, and by arn the statements of the account's policies and of those of AWS that are attached to any."""
    roles: list[dict[str, Any]] = []
    policies: dict[str, Statements] = {}
    pages: Any = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["Role", "LocalManagedPolicy", "AWSManagedPolicy"], PaginationConfig={"PageSize": 1000}
    )
    for page in pages:
        roles += page.get("RoleDetailList") or []
        for policy in page.get("Policies") or []:
            [holding] = [one for one in policy["PolicyVersionList"] if one["IsDefaultVersion"]]
            policies[policy["Arn"]] = statements(holding["Document"])
    return roles, policies


def _is_ours(reading: Reading, one: Mapping[str, Any]) -> bool:
    name, tags = one["RoleName"], tags_of(one.get("Tags") or ())
    return not one["Path"].startswith(_OF_SERVICES) and reading.scope.covers(tags, name)


def _role(reading: Reading, one: Mapping[str, Any], policies: Mapping[str, Statements]) -> Role:
    name = one["RoleName"]
    return Role(
        name=name,
        account=reading.account,
        tags=tags_of(one.get("Tags") or ()),
        trust=statements(one["AssumeRolePolicyDocument"]),
        statements=_all_said(reading, one, policies),
        boundary=(one.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""),
    )


def _all_said(reading: Reading, one: Mapping[str, Any], policies: Mapping[str, Statements]) -> Statements | None:
    attached = [policy["PolicyArn"] for policy in one.get("AttachedManagedPolicies") or ()]
    if missing := sorted(set(attached) - policies.keys()):
        reading.note(f"role {one['RoleName']}: statements", f"IAM did not say what {', '.join(missing)} allows")
        return None
    said = [statements(policy["PolicyDocument"]) for policy in one.get("RolePolicyList") or ()]
    said += [policies[arn] for arn in attached]
    return tuple(statement for some in said for statement in some)
