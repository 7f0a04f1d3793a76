"""What an environment decides about its layer ``guardrails``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.environment import Settings

Retention = Literal[30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""Days CloudWatch Logs can keep a group, from a month up."""


class GuardrailsSettings(Settings):
    """Section ``guardrails`` of the environment's file."""

    account_wide: bool = False
    """Whether this environment also sets what an account has once: exactly one of an account's environments does."""
    management_account: bool = False
    """Whether the account pays for the organization: only there can tags be made to show in the bill."""
    trail_retention_days: Annotated[int, Field(ge=90)] = 2190
    """Of the trail's and Config's files; HIPAA's documents are kept six years (45 CFR 164.316(b)(2))."""
    log_group_retention_days: Retention = 365
    """Of the trail's copy that alarms look at."""
    config_rules: bool = True
    """Whether AWS Config judges the account by its HIPAA pack; with ``account_wide``."""
    service_linked_roles: tuple[
        Literal["config.amazonaws.com", "ec2fleet.amazonaws.com", "spot.amazonaws.com"], ...
    ] = (
        "config.amazonaws.com",
        "ec2fleet.amazonaws.com",
        "spot.amazonaws.com",
    )
    """Those the account does not have yet; take out one that it has. With ``account_wide``."""
    metadata_hop_limit: Literal[1, 2] = 1
    """For machines that say nothing else; 2 lets containers reach the machine's credentials."""
    budget_emails: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """Who hears of every budget, beside the topic."""
    budget_actions: bool = True
    """Whether a spent budget stops the lab's roles from starting machines. Money that is spent comes in a day late."""
    cost_export: bool = False
    """Whether the account's costs are written to a bucket, line by line (CUR 2.0); only in us-east-1."""
