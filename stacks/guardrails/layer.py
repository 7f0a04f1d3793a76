"""The layer ``guardrails``: what is recorded, what holds for the whole account, and what money may be spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_aws import iam

from stacks.customer_key import CustomerKey
from stacks.documents import document
from stacks.guardrails.account_defaults import AccountDefaults
from stacks.guardrails.budgets import AllocationBudget
from stacks.guardrails.config_rules import ConfigRules
from stacks.guardrails.cost_export import CostExport
from stacks.guardrails.cost_tags import CostTags
from stacks.guardrails.spending_stop import SpendingStop, attaches
from stacks.guardrails.trail import AuditTrail, trail_arn, writes_logs
from stacks.key_statements import care, used_by_logs, used_by_service, used_by_trail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.guardrails.settings import GuardrailsSettings


def build_guardrails(
    environment: Environment, settings: GuardrailsSettings, allocations: Sequence[AllocationPlan]
) -> Mapping[str, object]:
    """All of the layer; what an account has once only where the settings say so."""
    key, boundary = _key(environment), _boundary(environment)
    trail = AuditTrail(
        environment,
        settings,
        phi_buckets=[one.bucket.name for one in allocations if one.data_class == "phi"],
        key_arn=key,
        boundary_arn=boundary,
    )
    stop = SpendingStop(environment, key_arn=key, boundary_arn=boundary)
    for one in allocations:
        AllocationBudget(environment, settings, one, stop)
    if settings.account_wide:
        _account_wide(environment, settings, trail.bucket)
    if settings.management_account:
        CostTags(environment.name)
    if settings.cost_export:
        CostExport(environment, retention_days=settings.trail_retention_days)
    return {"trail_arn": trail.arn, "trail_bucket": trail.bucket, "trail_log_group": trail.log_group}


def _account_wide(environment: Environment, settings: GuardrailsSettings, bucket: pulumi.Output[str]) -> None:
    defaults = AccountDefaults(environment, settings)
    if settings.config_rules:
        ConfigRules(environment, bucket, after=defaults.linked)


def _key(environment: Environment) -> pulumi.Output[str]:
    """Of the trail's files, its log group and the budgets' topic."""
    statements = (
        care(environment),
        *used_by_trail(environment, trail_arn(environment)),
        used_by_logs(environment),
        used_by_service(environment, "UseBudgets", "budgets.amazonaws.com"),
    )
    name = f"{environment.name}-audit"
    return CustomerKey(name, statements, description="Trail and budgets", tags=environment.all_tags).arn


def _boundary(environment: Environment) -> pulumi.Output[str]:
    """The most the two roles of this layer may ever do; the boundary of people's roles is no use to them."""
    name = f"{environment.name}-guardrails-boundary"
    made = iam.Policy(
        name,
        name=name,
        description="Roles of the guardrails do no more than this",
        policy=document([writes_logs(environment), attaches(environment)]),
        tags={**environment.all_tags, "Name": name},
    )
    arn: pulumi.Output[str] = made.arn
    return arn
