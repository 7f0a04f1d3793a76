"""AWS Config with the rules of its HIPAA pack, as one Pulumi component."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cfg

from stacks.documents import role_arn
from stacks.guardrails.hipaa_pack import HIPAA_PACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stacks.environment import Environment
    from stacks.guardrails.hipaa_pack import ManagedRule

_ROLE = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


class ConfigRules(pulumi.ComponentResource):
    """Recorder of all resources, its files beside the trail's, and the rules. A region has one recorder, no more."""

    def __init__(
        self,
        environment: Environment,
        bucket: pulumi.Input[str],
        *,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._name = environment.name
        super().__init__("ris-hybrid:guardrails:ConfigRules", self._name, None, opts)
        self._tags = environment.all_tags
        recorder = cfg.Recorder(
            self._name,
            name=self._name,
            role_arn=role_arn(environment, _ROLE),
            recording_group=cfg.RecorderRecordingGroupArgs(all_supported=True, include_global_resource_types=True),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
        channel = cfg.DeliveryChannel(
            self._name,
            name=self._name,
            s3_bucket_name=bucket,
            s3_key_prefix="config",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[recorder]),
        )
        running = cfg.RecorderStatus(
            self._name,
            name=recorder.name,
            is_enabled=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[channel]),
        )
        for rule in HIPAA_PACK:
            self._rule(rule, pulumi.ResourceOptions(parent=self, depends_on=[running]))
        self.register_outputs({})

    def _rule(self, rule: ManagedRule, opts: pulumi.ResourceOptions) -> None:
        name = f"{self._name}-{rule.name}"
        cfg.Rule(
            name,
            name=name,
            description=f"HIPAA pack: {rule.identifier}",
            source=cfg.RuleSourceArgs(owner="AWS", source_identifier=rule.identifier),
            input_parameters=json.dumps(dict(rule.parameters), sort_keys=True) if rule.parameters else None,
            tags=self._tags,
            opts=opts,
        )
