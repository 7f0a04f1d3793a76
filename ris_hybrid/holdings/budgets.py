"""Budgets, and which of them act when they are reached. Source: AWS Budgets API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.holdings.answers import listed
from ris_hybrid.holdings.values import Budget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.holdings.reading import Reading

_MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUALLY": 12}


def read_budgets(reading: Reading) -> tuple[Budget, ...] | None:
    """Every budget of the account; None when they could not be listed."""
    client, account = reading.client("budgets"), reading.account
    found = reading.ask(
        "budgets", lambda: listed(client, "describe_budgets", "Budgets", AccountId=account, PageSize=100)
    )
    if not found:
        return None if found is None else ()
    actions = reading.ask(
        "actions of budgets",
        lambda: listed(client, "describe_budget_actions_for_account", "Actions", AccountId=account, PageSize=100),
    )
    acting = None if actions is None else {one["BudgetName"] for one in actions}
    read = [_budget(reading, one, acting) for one in found]
    return tuple(sorted(read, key=lambda budget: budget.name))


def _budget(reading: Reading, one: Mapping[str, Any], acting: set[str] | None) -> Budget:
    name, limit = one["BudgetName"], one.get("BudgetLimit") or {}
    months = _MONTHS.get(one.get("TimeUnit", ""))
    usd = None
    if months is not None and limit.get("Unit") == "USD":
        usd = round(float(limit["Amount"]) / months, 2)
    else:
        reading.note(f"budget {name}: dollars a month", "its limit is not in dollars for a month, quarter or year")
    return Budget(name=name, usd_per_month=usd, has_action=None if acting is None else name in acting)
