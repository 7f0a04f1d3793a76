"""What an account's registry has once a region, as one Pulumi component: scanning, and other registries' images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ecr

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.registry.settings import RegistrySettings

_FREQUENCY = {"BASIC": "SCAN_ON_PUSH", "ENHANCED": "CONTINUOUS_SCAN"}


class AccountRegistry(pulumi.ComponentResource):
    """Every repository is scanned, whoever made it."""

    def __init__(
        self, environment: Environment, settings: RegistrySettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ris-hybrid:registry:AccountRegistry", environment.name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        everything = ecr.RegistryScanningConfigurationRuleRepositoryFilterArgs(filter="*", filter_type="WILDCARD")
        ecr.RegistryScanningConfiguration(
            environment.name,
            scan_type=settings.scan,
            rules=[
                ecr.RegistryScanningConfigurationRuleArgs(
                    scan_frequency=_FREQUENCY[settings.scan], repository_filters=[everything]
                )
            ],
            opts=below,
        )
        for rule in settings.pull_through:
            ecr.PullThroughCacheRule(
                rule.prefix,
                ecr_repository_prefix=rule.prefix,
                upstream_registry_url=rule.upstream,
                credential_arn=rule.credential_arn or None,
                opts=below,
            )
        self.register_outputs({})
