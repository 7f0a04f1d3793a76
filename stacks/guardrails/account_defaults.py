"""What holds for an account in one region whoever builds there, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ebs, ec2, iam, s3

from stacks.customer_key import CustomerKey
from stacks.documents import role_arn
from stacks.key_statements import care, linked_role, resources_of

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.guardrails.settings import GuardrailsSettings

_LAUNCHING = {
    "Spot": "aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
    "Fleet": "aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet",
}
"""What EC2 starts machines as when burst asks for a fleet; both must be able to use the key of their volumes."""


class AccountDefaults(pulumi.ComponentResource):
    """No bucket is public, every volume is encrypted with a key of ours, every machine asks for a token (IMDSv2).

    A destroy leaves all of it as it is: others of the account rely on it, and none of it costs anything.
    """

    def __init__(
        self, environment: Environment, settings: GuardrailsSettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ris-hybrid:guardrails:AccountDefaults", environment.name, None, opts)
        self._below = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        self.linked: list[pulumi.Resource] = [
            iam.ServiceLinkedRole(
                f"{environment.name}-{service.partition('.')[0]}", aws_service_name=service, opts=self._below
            )
            for service in settings.service_linked_roles
        ]
        s3.AccountPublicAccessBlock(
            environment.name,
            account_id=environment.account,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._below,
        )
        self._volumes(environment)
        ec2.InstanceMetadataDefaults(
            environment.name,
            http_tokens="required",
            http_put_response_hop_limit=settings.metadata_hop_limit,
            opts=self._below,
        )
        self.register_outputs({})

    def _volumes(self, environment: Environment) -> None:
        name = f"{environment.name}-volumes"
        launching = [
            one
            for what, role in _LAUNCHING.items()
            for one in linked_role(environment, what, role_arn(environment, role))
        ]
        key = CustomerKey(
            name,
            (care(environment), *resources_of(environment, "ec2"), *launching),
            description="Volumes of machines that name no key",
            tags=environment.all_tags,
            opts=self._below,
        )
        ebs.DefaultKmsKey(name, key_arn=key.arn, opts=self._below)
        ebs.EncryptionByDefault(name, enabled=True, opts=self._below)
