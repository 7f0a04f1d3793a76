"""ECR's types: repositories with their policies, creation templates, pull-through rules, scanning (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, as_is
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import listed, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler


def _first(value: list[Any]) -> Any:
    """Pulumi has a list where ECR takes one."""
    return value[0]


_ENCRYPTION = Param("encryptionConfiguration", by=_first)
REPOSITORY = Calls(
    service="ecr",
    create_call="create_repository",
    at="repository",
    id="{name}",
    named="name",
    params=as_is("imageTagMutability", "imageScanningConfiguration")
    | {"name": "repositoryName", "encryptionConfigurations": _ENCRYPTION},
    key={"repositoryName": "{name}"},
    also=(
        Also("put_image_tag_mutability", as_is("imageTagMutability"), at_creation=False),
        Also("put_image_scanning_configuration", as_is("imageScanningConfiguration"), at_creation=False),
    ),
    tags=Tags(param="tags", key={"resourceArn": "{arn}"}, take_param="tagKeys"),
    delete_call="delete_repository",
    outputs={"arn": "repositoryArn", "repositoryUrl": "repositoryUri", "registryId": "registryId"},
    reading=Read("describe_repositories", at="repositories.0", key={"repositoryNames": ["{id}"]}),
)
LIFECYCLE = Calls(
    service="ecr",
    create_call="put_lifecycle_policy",
    id="{repository}",
    params={"repository": "repositoryName", "policy": "lifecyclePolicyText"},
    key={"repositoryName": "{repository}"},
    also=(Also("put_lifecycle_policy", {"policy": "lifecyclePolicyText"}, at_creation=False),),
    delete_call="delete_lifecycle_policy",
    outputs={"registryId": "registryId"},
)
POLICY = Calls(
    service="ecr",
    create_call="set_repository_policy",
    id="{repository}",
    params={"repository": "repositoryName", "policy": "policyText"},
    key={"repositoryName": "{repository}"},
    also=(Also("set_repository_policy", {"policy": "policyText"}, at_creation=False),),
    delete_call="delete_repository_policy",
    outputs={"registryId": "registryId"},
)
_CHANGED = as_is("description", "customRoleArn", "imageTagMutability", "lifecyclePolicy", "repositoryPolicy") | {
    "appliedFors": Param("appliedFor", by=plain),
    "encryptionConfigurations": _ENCRYPTION,
    "resourceTags": Param("resourceTags", by=listed),
}
TEMPLATE = Calls(
    service="ecr",
    create_call="create_repository_creation_template",
    id="{prefix}",
    params=as_is("prefix") | _CHANGED,
    key={"prefix": "{prefix}"},
    also=(Also("update_repository_creation_template", _CHANGED, at_creation=False),),
    delete_call="delete_repository_creation_template",
    outputs={"registryId": "registryId"},
    reading=Read(
        "describe_repository_creation_templates", at="repositoryCreationTemplates.0", key={"prefixes": ["{id}"]}
    ),
)
_PULL_THROUGH = Calls(
    service="ecr",
    create_call="create_pull_through_cache_rule",
    id="{ecrRepositoryPrefix}",
    params=as_is("ecrRepositoryPrefix", "upstreamRegistryUrl", "credentialArn"),
    key={"ecrRepositoryPrefix": "{ecrRepositoryPrefix}"},
    delete_call="delete_pull_through_cache_rule",
    outputs={"registryId": "registryId"},
    reading=Read(
        "describe_pull_through_cache_rules", at="pullThroughCacheRules.0", key={"ecrRepositoryPrefixes": ["{id}"]}
    ),
)
# An account always has one: taking ours away sets what it is without.
SCANNING = Calls(
    service="ecr",
    create_call="put_registry_scanning_configuration",
    id="{account}",
    params=as_is("scanType", "rules"),
    key={"scanType": "BASIC", "rules": []},
    also=(Also("put_registry_scanning_configuration", as_is("scanType", "rules"), key={}, at_creation=False),),
    delete_call="put_registry_scanning_configuration",
    outputs={"registryId": "{account}"},
)

HANDLERS: Mapping[str, Handler] = {
    "aws:ecr/repository:Repository": REPOSITORY,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": LIFECYCLE,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": POLICY,
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": TEMPLATE,
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": _PULL_THROUGH,
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": SCANNING,
}
