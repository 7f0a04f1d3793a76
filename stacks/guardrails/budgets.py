"""The budget of one allocation, as one Pulumi component.

AWS counts what is tagged ``ris_allocation``, once that tag is active in the bill, and hears of it 8 to 24 hours late;
``ris-hybrid burst`` keeps its own account and says no earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import budgets

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan
    from stacks.environment import Environment
    from stacks.guardrails.settings import GuardrailsSettings
    from stacks.guardrails.spending_stop import SpendingStop

_SPENT_PERCENT = 100
_ALERTS_MAX = 5
_LAUNCHERS = ("lab", "jobs")


class AllocationBudget(pulumi.ComponentResource):
    """The month's dollars, who hears of them, and the action at 100 %."""

    def __init__(
        self,
        environment: Environment,
        settings: GuardrailsSettings,
        allocation: AllocationPlan,
        stop: SpendingStop,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        planned = allocation.budget
        super().__init__("ris-hybrid:guardrails:AllocationBudget", planned.name, None, opts)
        self._below = pulumi.ResourceOptions(parent=self)
        self._tags = {**environment.all_tags, **allocation.steady_tags}
        made = budgets.Budget(
            planned.name,
            name=planned.name,
            account_id=environment.account,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{planned.usd_per_month:.2f}",
            limit_unit="USD",
            cost_filters=[
                budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:ris_allocation${allocation.name}"])
            ],
            notifications=[self._alert(percent, settings, stop) for percent in planned.alerts_percent[:_ALERTS_MAX]],
            tags=self._tags,
            opts=self._below,
        )
        roles = [role.name for role in allocation.roles if role.kind in _LAUNCHERS]
        if settings.budget_actions and roles:
            self._action(environment.account, made, roles, stop)
        self.register_outputs({})

    @staticmethod
    def _alert(percent: int, settings: GuardrailsSettings, stop: SpendingStop) -> budgets.BudgetNotificationArgs:
        return budgets.BudgetNotificationArgs(
            notification_type="ACTUAL",
            comparison_operator="GREATER_THAN",
            threshold=percent,
            threshold_type="PERCENTAGE",
            subscriber_sns_topic_arns=[stop.topic_arn],
            subscriber_email_addresses=list(settings.budget_emails) or None,
        )

    def _action(self, account: str, budget: budgets.Budget, roles: list[str], stop: SpendingStop) -> None:
        applied = budgets.BudgetActionDefinitionIamActionDefinitionArgs(policy_arn=stop.policy_arn, roles=roles)
        budgets.BudgetAction(
            f"{self._name}-stop",
            account_id=account,
            budget_name=budget.name,
            action_type="APPLY_IAM_POLICY",
            approval_model="AUTOMATIC",
            notification_type="ACTUAL",
            action_threshold=budgets.BudgetActionActionThresholdArgs(
                action_threshold_type="PERCENTAGE", action_threshold_value=_SPENT_PERCENT
            ),
            definition=budgets.BudgetActionDefinitionArgs(iam_action_definition=applied),
            execution_role_arn=stop.role_arn,
            subscribers=[budgets.BudgetActionSubscriberArgs(address=stop.topic_arn, subscription_type="SNS")],
            tags=self._tags,
            opts=self._below,
        )
