"""Roles, their policies, and the registry, as AWS shows them (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers import iam, registry
from ris_hybrid.sandbox.apply.sights.sight import Look, Shown, asking, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients
    from ris_hybrid.sandbox.apply.sights.sight import Sight


def _policy(aws: Clients, about: Mapping[str, Any]) -> Any:
    """A policy with the document of the version in force."""
    client, arn = aws.get("iam"), about["id"]
    found = client.get_policy(PolicyArn=arn)["Policy"]
    version = client.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
    return {**found, **version["PolicyVersion"]}


def _attached(aws: Clients, about: Mapping[str, Any]) -> Any:
    rows = aws.get("iam").list_attached_role_policies(RoleName=about["role"], MaxItems=1000)["AttachedPolicies"]
    return next((row for row in rows if row["PolicyArn"] == about["policyArn"]), None)


_NAMED = {"repositoryName": "{repository}"}
SIGHTS: Mapping[str, Sight] = {
    "aws:iam/role:Role": shown(
        iam.ROLE,
        Look(
            ask=asking("iam", "get_role", "Role", RoleName="{name}"),
            props={
                "assumeRolePolicy": "AssumeRolePolicyDocument",
                "description": "Description",
                "maxSessionDuration": "MaxSessionDuration",
                "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
            },
            tags="Tags",
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": shown(
        iam.ROLE_POLICY,
        Look(
            ask=asking("iam", "get_role_policy", RoleName="{role}", PolicyName="{name}"),
            props={"policy": "PolicyDocument"},
        ),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Shown(looks=(Look(ask=_attached),)),
    "aws:iam/policy:Policy": Shown(looks=(Look(ask=_policy, props={"policy": "Document"}, tags="Tags"),)),
    "aws:iam/instanceProfile:InstanceProfile": Shown(
        looks=(
            Look(
                ask=asking("iam", "get_instance_profile", "InstanceProfile", InstanceProfileName="{name}"),
                props={"role": "Roles.0.RoleName"},
                tags="Tags",
            ),
        ),
        removable=frozenset({"role"}),
    ),
    "aws:ecr/repository:Repository": shown(
        registry.REPOSITORY,
        Look(
            ask=asking("ecr", "describe_repositories", "repositories.0", repositoryNames=["{name}"]),
            props={
                "imageTagMutability": "imageTagMutability",
                "imageScanningConfiguration": "imageScanningConfiguration",
            },
        ),
        Look(ask=asking("ecr", "list_tags_for_resource", resourceArn="{arn}"), tags="tags"),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": shown(
        registry.LIFECYCLE,
        Look(ask=asking("ecr", "get_lifecycle_policy", **_NAMED), props={"policy": "lifecyclePolicyText"}),
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": shown(
        registry.POLICY, Look(ask=asking("ecr", "get_repository_policy", **_NAMED), props={"policy": "policyText"})
    ),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": shown(
        registry.TEMPLATE,
        Look(
            ask=asking(
                "ecr", "describe_repository_creation_templates", "repositoryCreationTemplates.0", prefixes=["{prefix}"]
            ),
            props={
                "appliedFors": "appliedFor",
                "customRoleArn": "customRoleArn",
                "description": "description",
                "encryptionConfigurations": "encryptionConfiguration",
                "imageTagMutability": "imageTagMutability",
                "lifecyclePolicy": "lifecyclePolicy",
                "repositoryPolicy": "repositoryPolicy",
                "resourceTags": "resourceTags",
            },
        ),
    ),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": Shown(
        looks=(
            Look(
                ask=asking(
                    "ecr",
                    "describe_pull_through_cache_rules",
                    "pullThroughCacheRules.0",
                    ecrRepositoryPrefixes=["{ecrRepositoryPrefix}"],
                )
            ),
        )
    ),
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": shown(
        registry.SCANNING,
        Look(
            ask=asking("ecr", "get_registry_scanning_configuration", "scanningConfiguration"),
            props={"scanType": "scanType", "rules": "rules"},
        ),
    ),
}
