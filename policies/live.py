"""The rules over what AWS really holds (pure: the holdings are given)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.judge import judge, settle
from policies.plan import told_by_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge import Verdicts
    from policies.rules.rule import Context
    from ris_hybrid.config.waiver import Waiver
    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.values import MirrorPlan


def check_holdings(
    held: Sequence[Holdings], plan: MirrorPlan, context: Context, waivers: Sequence[Waiver], today: str
) -> Verdicts:
    """What is broken, waived and not known in some environments of a plan; ``today`` is an ISO date."""
    told = told_by_plan(context, plan)
    found = [one for holdings in held for one in judge(holdings, replace(told, budgets=_budgets(holdings, plan)))]
    return settle(tuple(dict.fromkeys(found)), waivers, today)


def _budgets(holdings: Holdings, plan: MirrorPlan) -> tuple[str, ...]:
    """Those of the allocations in this account and region."""
    here = {one.name for one in plan.environments if (one.account, one.region) == (holdings.account, holdings.region)}
    return tuple(one.budget.name for one in plan.allocations if one.environment in here)
