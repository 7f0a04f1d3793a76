"""Rules for money: everything that costs has an upper bound, and something happens when it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import SITE
from policies.rules.rule import none_of, not_known, rule, yes
from ris_hybrid.holdings.values import Budget, Holdings
from ris_hybrid.settings import BurstSettings

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict


@rule(Budget, SITE, fix="give the budget a limit above zero")
def budget_limited(budget: Budget, _: Context) -> Verdict:
    """A budget bounds something."""
    known = None if budget.usd_per_month is None else budget.usd_per_month > 0
    return yes(known, "its limit is zero", "its limit")


@rule(Budget, SITE, fix="give the budget an action that denies new launches at 100 %")
def budget_acts(budget: Budget, _: Context) -> Verdict:
    """When a budget is used up, new cost stops without anybody awake; data is never touched."""
    return yes(budget.has_action, "nothing happens when it is used up", "its actions")


@rule(Holdings, SITE, fix="build the guardrails stack with the recorded plan")
def budgets_present(holdings: Holdings, context: Context) -> Verdict:
    """Every allocation has a budget."""
    if holdings.budgets is None:
        return not_known("the budgets")
    there = {budget.name for budget in holdings.budgets}
    return none_of([name for name in context.budgets if name not in there], "allocations without their budget")


@rule(BurstSettings, SITE, fix="set it above zero in burst.yaml")
def spend_bounded(burst: BurstSettings, _: Context) -> Verdict:
    """Every pool ends at a number of nodes, and the month at a number of dollars."""
    wrong = [f"pool {pool.name} (max_nodes)" for pool in burst.pools if pool.max_nodes < 1]
    wrong += [] if burst.caps.nodes >= 1 else ["caps.nodes"]
    wrong += [] if burst.budget.usd_per_month > 0 else ["budget.usd_per_month"]
    return none_of(wrong, "no upper bound")


RULES = (budget_limited, budget_acts, budgets_present, spend_bounded)
