"""Budgets and their actions, cost allocation tags, exports of the bill (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import is_gone, listed, pascal, plain, unknown_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props
    from ris_hybrid.sandbox.apply.handlers.parts import Params

_TAGS = Tags(
    param="ResourceTags", key={"ResourceARN": "{arn}"}, take_param="ResourceTagKeys", form=listed, at_creation=plain
)


def _filters(filters: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {one["name"]: one["values"] for one in filters}


def _told(notification: Mapping[str, Any]) -> dict[str, Any]:
    """A notification with whom it tells."""
    mails = notification.get("subscriberEmailAddresses") or []
    topics = notification.get("subscriberSnsTopicArns") or []
    figures = ("notificationType", "comparisonOperator", "threshold", "thresholdType")
    return {
        "Notification": pascal({key: notification[key] for key in figures if key in notification}),
        "Subscribers": [
            *({"SubscriptionType": "EMAIL", "Address": one} for one in mails),
            *({"SubscriptionType": "SNS", "Address": one} for one in topics),
        ],
    }


_BUDGET: Params = {
    "name": "BudgetName",
    "budgetType": "BudgetType",
    "timeUnit": "TimeUnit",
    "limitAmount": "BudgetLimit.Amount",
    "limitUnit": "BudgetLimit.Unit",
    "costFilters": Param("CostFilters", _filters),
}


def _within(place: str, params: Params) -> Params:
    """The same parameters, inside a structure."""
    return {
        prop: Param(f"{place}.{to.to}", to.by) if isinstance(to, Param) else f"{place}.{to}"
        for prop, to in params.items()
        if to is not None
    }


CALLS = Calls(
    service="budgets",
    create_call="create_budget",
    id="{accountId}:{name}",
    named="name",
    params={
        "accountId": "AccountId",
        **_within("Budget", _BUDGET),
        "notifications": Param("NotificationsWithSubscribers", lambda all_of: [_told(one) for one in all_of]),
    },
    key={"AccountId": "{accountId}", "BudgetName": "{name}"},
    also=(Also("update_budget", _within("NewBudget", _BUDGET), key={"AccountId": "{accountId}"}, at_creation=False),),
    tags=_TAGS,
    delete_call="delete_budget",
    outputs={"arn": "arn:aws:budgets::{account}:budget/{name}"},
)


class Budget:
    """A budget; its notifications are taken away and put again."""

    knows = CALLS.knows
    replace_on = CALLS.replace_on - {"notifications"} | {"name", "accountId"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """With its notifications, in one call."""
        return CALLS.create(aws, name, props)

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Change what it counts and its limit, then whom it tells."""
        given = CALLS.update(aws, made, old, new)
        if old.get("notifications") == new.get("notifications"):
            return given
        key = {"AccountId": new["accountId"], "BudgetName": made.outputs["name"]}
        client = aws.get("budgets")
        for one in client.describe_notifications_for_budget(**key)["Notifications"]:
            client.delete_notification(**key, Notification=one)
        for one in new.get("notifications") or []:
            client.create_notification(**key, **_told(one))
        return given

    def delete(self, aws: Clients, made: Made) -> None:
        """With its actions."""
        CALLS.delete(aws, made)

    def deletes_first(self, old: Props, new: Props) -> bool:
        """A budget of the same name cannot be there twice."""
        return bool(old.get("name")) and old.get("name") == new.get("name")

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """The budget of that name."""
        key = {"AccountId": props["accountId"], "BudgetName": props.get("name") or name}
        try:
            aws.get("budgets").describe_budget(**key)
        except ClientError as error:
            if is_gone(error.response["Error"]["Code"]):
                return None
            raise
        arn = f"arn:aws:budgets::{aws.account}:budget/{key['BudgetName']}"
        return Made(id=":".join(key.values()), outputs={"arn": arn, "name": key["BudgetName"]})


ACTION_PARAMS: Params = {
    **same("notificationType", "definition", "executionRoleArn", "approvalModel", "subscribers"),
    "actionThreshold": "ActionThreshold",
}
ACTION = Calls(
    service="budgets",
    create_call="create_budget_action",
    id="ActionId",
    params={**same("accountId", "budgetName", "actionType"), **ACTION_PARAMS},
    key={"AccountId": "{accountId}", "BudgetName": "{budgetName}", "ActionId": "{id}"},
    also=(Also("update_budget_action", ACTION_PARAMS, at_creation=False),),
    tags=_TAGS,
    delete_call="delete_budget_action",
    outputs={"actionId": "ActionId", "arn": "arn:aws:budgets::{account}:budget/{budgetName}/action/{id}"},
)


class CostTag:
    """A cost allocation tag: there from the day something carries it, and switched on or off."""

    knows = frozenset({"tagKey", "status"})
    replace_on = frozenset({"tagKey"})

    def create(self, aws: Clients, name: str, props: Props) -> Made:  # noqa: ARG002  # it is named by its key
        """Switch it. Raises ``ConfigError`` when the bill does not know the tag yet."""
        error = unknown_to(self.knows, props)
        if error is not None:
            raise error
        _switch(aws, props["tagKey"], props["status"])
        return Made(id=props["tagKey"], outputs={"type": "UserDefined"})

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:  # noqa: ARG002
        """Switch it again."""
        _switch(aws, made.id, new["status"])
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """Switch it off; the tag itself stays."""
        _switch(aws, made.id, "Inactive")


def _switch(aws: Clients, key: str, status: str) -> None:
    wanted = [{"TagKey": key, "Status": status}]
    answer = aws.get("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=wanted)
    for error in answer.get("Errors", []):
        raise ConfigError(f"cost allocation tag {key}: {error['Message']}", "tag something with it, and wait a day")


def _export(export: Mapping[str, Any]) -> dict[str, Any]:
    """Pulumi's lists of one as AWS's structures; names of tables and their settings stay as they are."""
    query, target = export["dataQueries"][0], export["destinationConfigurations"][0]["s3Destinations"][0]
    destination = {**target, "s3OutputConfigurations": target["s3OutputConfigurations"][0]}
    tables = query.get("tableConfigurations")
    given = {key: export[key] for key in ("name", "description") if export.get(key)}
    return {
        **pascal(given),
        "DataQuery": {
            "QueryStatement": query["queryStatement"],
            **({"TableConfigurations": tables} if tables else {}),
        },
        "DestinationConfigurations": {"S3Destination": pascal(destination)},
        "RefreshCadence": pascal(export["refreshCadences"][0]),
    }


_EXPORTED: Params = {"export": Param("Export", _export)}
EXPORT = Calls(
    service="bcm-data-exports",
    create_call="create_export",
    id="ExportArn",
    params=_EXPORTED,
    key={"ExportArn": "{id}"},
    also=(Also("update_export", _EXPORTED, at_creation=False),),
    tags=Tags(param="ResourceTags", key={"ResourceArn": "{id}"}, take_param="ResourceTagKeys"),
    delete_call="delete_export",
    outputs={"arn": "ExportArn"},
    reading=Read("get_export", at="Export"),
)
HANDLERS: Mapping[str, Handler] = {
    "aws:bcmdata/export:Export": EXPORT,
    "aws:budgets/budget:Budget": Budget(),
    "aws:budgets/budgetAction:BudgetAction": ACTION,
    "aws:costexplorer/costAllocationTag:CostAllocationTag": CostTag(),
}
