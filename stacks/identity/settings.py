"""What an environment decides about its layer ``identity``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from stacks.environment import Settings

Principal = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:(iam::\d{12}:(user|role)/[\w+=,.@/-]+"
        r"|rolesanywhere:[a-z0-9-]+:\d{12}:trust-anchor/[0-9a-f-]{36})$"
    ),
]
"""A user, a role, or a trust anchor of IAM Roles Anywhere; never everybody, and never a whole account."""
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]


class IdentitySettings(Settings):
    """Section ``identity`` of the environment's file."""

    controllers: tuple[Principal, ...] = ()
    """Who may take the controller's role; none: it is not made, and the site brings an identity of its own."""
    controller_hosts: tuple[str, ...] = ()
    """Common names of the certificates of hosts that come by a trust anchor."""
    data_hosts: tuple[Principal, ...] = ()
    """Who may take the role that stages data and copies images; none: it is not made. Beside a trust anchor
    ``controller_hosts`` counts for it too."""
    transfer_roles: tuple[Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")], ...] = ()
    """Names of roles of your own that DataSync takes to reach buckets, beside the one ``datasync`` asks for."""
    datasync: bool = False
    """Whether to make the role that DataSync takes to reach the environment's buckets (``role_arn`` of data.yaml)."""
    saml_provider: Annotated[str, Field(pattern=r"^[\w._-]*$")] = ""
    """Name of the account's SAML provider, as in mirror.yaml; empty: people come by IAM Identity Center."""
    node_agent: bool = True
    """Whether admins may open sessions on nodes by Systems Manager, for which nodes have no SSH."""
    node_repositories: tuple[str, ...] = ()
    """ECR repositories nodes pull from beside those of the labs; ``*`` stands for any text."""
    node_log_group: str = ""
    """The CloudWatch log group nodes write to; empty for none."""
    trusted_accounts: tuple[AccountId, ...] = ()
    """Other accounts whose buckets, keys, images and queues may be used: open data, say."""

    @model_validator(mode="after")
    def _whose_certificates(self) -> IdentitySettings:
        """A trust anchor without names would let in every host its authority ever signed for."""
        if any(":trust-anchor/" in one for one in (*self.controllers, *self.data_hosts)) and not self.controller_hosts:
            raise ValueError("expected controller_hosts beside a trust anchor: the names of their certificates")
        return self
