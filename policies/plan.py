"""The rules over a mirror plan, before anything is built (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.from_plan import planned
from policies.judge import judge, settle
from ris_hybrid.errors import PolicyViolation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge import Verdicts
    from policies.rules.rule import Context
    from ris_hybrid.config.waiver import Waiver
    from ris_hybrid.mirror.values import MirrorPlan


def told_by_plan(context: Context, plan: MirrorPlan) -> Context:
    """What a mirror plan knows beside single things: the accounts that may hold PHI, and more labs that have some."""
    return replace(
        context,
        phi_accounts=frozenset(plan.phi_accounts),
        phi_labs=context.phi_labs | {one.lab for one in plan.allocations if one.data_class == "phi"},
    )


def check_plan(plan: MirrorPlan, context: Context, waivers: Sequence[Waiver] = (), today: str = "") -> Verdicts:
    """What the plan breaks; ``today`` is an ISO date for waivers.

    What the plan does not decide is in ``unknown``: the policy pack and ``policy check --live`` answer it.
    """
    told = replace(told_by_plan(context, plan), all_ours=True)
    findings = [one for holdings in planned(plan) for one in judge(holdings, told)]
    return settle(tuple(dict.fromkeys(findings)), waivers, today)


def lines(verdicts: Verdicts) -> tuple[str, ...]:
    """One line for each mandatory rule that is broken, with the way to mend it."""
    return tuple(f"{one}; to mend it: {one.fix}" for one in verdicts.mandatory)


def enforce(verdicts: Verdicts) -> None:
    """Raise ``PolicyViolation`` with every mandatory rule that is broken; none: do nothing."""
    if verdicts.mandatory:
        message = "\n".join(map(str, verdicts.mandatory))
        fixes = dict.fromkeys(f"{one.rule}: {one.fix}" for one in verdicts.mandatory)
        raise PolicyViolation(message, "\n".join(fixes))
