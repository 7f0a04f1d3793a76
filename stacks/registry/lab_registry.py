"""The image repositories of one allocation as one Pulumi component, and how a push to its namespace makes more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ecr

from stacks.identity.place import document
from stacks.registry.policy import lifecycle, repository_statements

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.registry.settings import RegistrySettings

_IMMUTABLE = "IMMUTABLE"


class LabRegistry(pulumi.ComponentResource):
    """Repositories with tags that never move; ``urls`` in the plan's order."""

    def __init__(  # what Pulumi gives, and two things of other layers
        self,
        environment: Environment,
        settings: RegistrySettings,
        allocation: AllocationPlan,
        key_arn: pulumi.Input[str],
        template_role: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:registry:LabRegistry", allocation.name, None, opts)
        self._below = pulumi.ResourceOptions(parent=self)
        self._key = key_arn
        self._gated, self._policy = (
            document(*repository_statements(environment, allocation, settings.pushers, gated=gated))
            for gated in (True, False)
        )
        self._lifecycle = lifecycle(settings.untagged_days)
        self._tags = {**environment.all_tags, **allocation.steady_tags}
        self._template(allocation.registry.namespace, template_role)
        self.urls: list[pulumi.Output[str]] = [self._repository(name) for name in allocation.registry.repositories]
        self.register_outputs({"urls": self.urls})

    def _repository(self, name: str) -> pulumi.Output[str]:
        """One repository. AWS refuses to delete it while it holds an image, and is not told otherwise."""
        made = ecr.Repository(
            name,
            name=name,
            image_tag_mutability=_IMMUTABLE,
            image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                ecr.RepositoryEncryptionConfigurationArgs(**self._encryption()),
            ],
            tags={**self._tags, "Name": name},
            opts=self._below,
        )
        ecr.LifecyclePolicy(name, repository=made.name, policy=self._lifecycle, opts=self._below)
        ecr.RepositoryPolicy(name, repository=made.name, policy=self._gated, opts=self._below)
        url: pulumi.Output[str] = made.repository_url
        return url

    def _template(self, namespace: str, role: pulumi.Input[str]) -> None:
        """What a repository is like that comes to be by a push."""
        ecr.RepositoryCreationTemplate(
            namespace,
            prefix=namespace,
            description=f"Repositories of {self._tags['ris_allocation']}",
            applied_fors=["CREATE_ON_PUSH"],
            custom_role_arn=role,
            image_tag_mutability=_IMMUTABLE,
            encryption_configurations=[
                ecr.RepositoryCreationTemplateEncryptionConfigurationArgs(**self._encryption()),
            ],
            lifecycle_policy=self._lifecycle,
            repository_policy=self._policy,
            resource_tags=self._tags,
            opts=self._below,
        )

    def _encryption(self) -> dict[str, pulumi.Input[str]]:
        return {"encryption_type": "KMS", "kms_key": self._key} if self._key else {"encryption_type": "AES256"}
