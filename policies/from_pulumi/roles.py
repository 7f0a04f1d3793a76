"""Roles with the statements of all their policies (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.from_pulumi.registered import UNKNOWN, both, document
from ris_hybrid.holdings.values import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.from_pulumi.registered import Resource, Stack


def role(one: Resource, stack: Stack) -> Role:
    """A role; its policies may be its own, resources of their own, or attached by name."""
    boundary = one.props.get("permissionsBoundary")
    return Role(
        name=str(one.get("name") or one.name),
        account=stack.account,
        tags=one.tags(),
        trust=document(one.props.get("assumeRolePolicy")),
        statements=_statements(one, stack),
        boundary="(known after it is made)" if boundary is UNKNOWN else str(boundary or ""),
    )


def _statements(one: Resource, stack: Stack) -> tuple[Mapping[str, Any], ...] | None:
    if not stack.whole:
        return None
    names = (one.get("name"),)
    inline = [document(each.get("policy")) for each in one.get("inlinePolicies", []) or ()]
    own = [
        document(part.props.get("policy")) for part in stack.parts("aws:iam/rolePolicy:RolePolicy", "role", one, names)
    ]
    attached = stack.parts("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", one, names)
    managed = [_attached(part, stack) for part in attached]
    listed = [None for _ in one.get("managedPolicyArns", []) or ()]
    return both([*inline, *own, *managed, *listed])


def _attached(attachment: Resource, stack: Stack) -> tuple[Mapping[str, Any], ...] | None:
    """The statements of an attached policy the stack makes; one of AWS's own is not known."""
    sources = attachment.property_dependencies.get("policyArn", ())
    made = next((one for one in stack.of("aws:iam/policy:Policy") if one.urn in sources), None)
    return document(made.props.get("policy")) if made else None
