"""The log groups of an environment, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.observability.settings import ObservabilitySettings

WRITERS = ("controller", "nodes")


def log_group(environment: Environment, writer: str) -> str:
    """``/ris-hybrid/compute1-prod/nodes``; section ``identity`` names the one that nodes may write to."""
    return f"/ris-hybrid/{environment.name}/{writer}"


class LogGroups(pulumi.ComponentResource):
    """Encrypted, kept for some time, and left there when the stack goes: they say what happened."""

    def __init__(
        self,
        environment: Environment,
        settings: ObservabilitySettings,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:observability:LogGroups", environment.name, None, opts)
        for writer in WRITERS:
            name = log_group(environment, writer)
            cloudwatch.LogGroup(
                f"{environment.name}-{writer}",
                name=name,
                retention_in_days=settings.log_retention_days,
                kms_key_id=key_arn,
                tags={**environment.all_tags, "Name": name},
                opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
            )
        self.register_outputs({})
