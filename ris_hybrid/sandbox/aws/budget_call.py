"""Budgets that can be changed, and their actions, which moto has not: plain records.

Source: AWS Budgets API reference. No money is ever spent in the sandbox, so no action ever runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.moto_api._internal import mock_random

from ris_hybrid.sandbox.aws.kept import asked, taken
from ris_hybrid.sandbox.aws.moto_account import budget
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_JSON = "application/x-amz-json-1.1"
_ACTIONS, _TAGS = "budget-action", "budget-tags"
_EVERYWHERE = "aws-global"
_TELLING = ("NotificationType", "ComparisonOperator", "Threshold")
"""What tells a budget's notifications apart."""
_NOT_SHOWN = frozenset({"ResourceTags", "AccountId"})


def update_budget(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps the budgets
    """Another limit, other filters; notifications have calls of their own."""
    given = asked(call)
    new = given["NewBudget"]
    budget(given["AccountId"], new["BudgetName"]).budget.update(new)
    return json_answer({}, kind=_JSON)


def subscribers(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps the budgets
    """Whom a notification tells. Raises ``ApiError`` NotFoundException for one there is not."""
    given = asked(call)
    wanted = {key: given["Notification"].get(key) for key in _TELLING}
    for one in budget(given["AccountId"], given["BudgetName"]).notifications:
        if {key: one.details.get(key) for key in _TELLING} == wanted:
            return json_answer({"Subscribers": one.subscribers}, kind=_JSON)
    raise ApiError("NotFoundException", "Unable to get subscribers: the notification doesn't exist.")


def create(state: State, call: Call) -> Answer:
    """An action that waits for its budget. Raises ``ApiError`` NotFoundException for a budget there is not."""
    given = asked(call)
    budget(given["AccountId"], given["BudgetName"])
    its_id = str(mock_random.uuid4())
    kept = {key: value for key, value in given.items() if key not in _NOT_SHOWN}
    _rows(state, call)[its_id] = {**kept, "ActionId": its_id, "Status": "STANDBY"}
    tags = {tag["Key"]: tag["Value"] for tag in given.get("ResourceTags", [])}
    arn = f"arn:aws:budgets::{call.account}:budget/{given['BudgetName']}/action/{its_id}"
    _tags(state, call, arn).update(tags)
    shown = {"AccountId": given["AccountId"], "BudgetName": given["BudgetName"], "ActionId": its_id}
    return json_answer(shown, kind=_JSON)


def update(state: State, call: Call) -> Answer:
    """Other roles, another threshold."""
    given = asked(call)
    row = _one(state, call, given)
    old = dict(row)
    row.update({key: value for key, value in given.items() if key not in _NOT_SHOWN})
    told = {"AccountId": call.account, "BudgetName": row["BudgetName"], "OldAction": old, "NewAction": row}
    return json_answer(told, kind=_JSON)


def delete(state: State, call: Call) -> Answer:
    """It never acts again; what it attached stays attached."""
    given = asked(call)
    row = _one(state, call, given)
    del _rows(state, call)[row["ActionId"]]
    return json_answer({"AccountId": call.account, "BudgetName": row["BudgetName"], "Action": row}, kind=_JSON)


def describe(state: State, call: Call) -> Answer:
    """One, those of a budget, or those of the account, whichever is asked."""
    given = asked(call)
    if "ActionId" in given:
        row = _one(state, call, given)
        return json_answer({"AccountId": call.account, "BudgetName": row["BudgetName"], "Action": row}, kind=_JSON)
    name = given.get("BudgetName")
    found = [row for row in _rows(state, call).values() if name in {None, row["BudgetName"]}]
    return json_answer({"Actions": found}, kind=_JSON)


def delete_budget(state: State, call: Call) -> Answer:
    """A budget goes with its actions."""
    answer = state.plain(call)
    if answer.ok:
        rows, name = _rows(state, call), asked(call)["BudgetName"]
        for key in [key for key, row in rows.items() if row["BudgetName"] == name]:
            del rows[key]
    return answer


def tag(state: State, call: Call) -> Answer:
    """Tags of budgets and actions."""
    given = asked(call)
    tags = _tags(state, call, given["ResourceARN"])
    tags.update({one["Key"]: one["Value"] for one in given.get("ResourceTags", [])})
    for key in given.get("ResourceTagKeys", []):
        tags.pop(key, None)
    shown = {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    return json_answer(shown if call.action.startswith("List") else {}, kind=_JSON)


def _rows(state: State, call: Call) -> dict[str, Record]:
    return state.kept.of((call.account, _EVERYWHERE), _ACTIONS)


def _tags(state: State, call: Call, arn: str) -> Record:
    return state.kept.of((call.account, _EVERYWHERE), _TAGS).setdefault(arn, {})


def _one(state: State, call: Call, given: Record) -> Record:
    missing = ApiError("NotFoundException", f"Budget action {given['ActionId']} does not exist.")
    return taken(_rows(state, call), given["ActionId"], missing)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "budgets:UpdateBudget": update_budget,
    "budgets:DeleteBudget": delete_budget,
    "budgets:DescribeSubscribersForNotification": subscribers,
    "budgets:CreateBudgetAction": create,
    "budgets:UpdateBudgetAction": update,
    "budgets:DeleteBudgetAction": delete,
    "budgets:DescribeBudgetAction": describe,
    "budgets:DescribeBudgetActionsForBudget": describe,
    "budgets:DescribeBudgetActionsForAccount": describe,
    "budgets:TagResource": tag,
    "budgets:UntagResource": tag,
    "budgets:ListTagsForResource": tag,
}
