"""Queues, parameters, templates, records of deeds, alarms and budgets, as AWS shows them (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handlers import alarms, budgets, config_rules, logs, queues, templates, trails
from ris_hybrid.sandbox.apply.handlers.parts import Param
from ris_hybrid.sandbox.apply.handlers.wording import plain, unlisted, upper_first
from ris_hybrid.sandbox.apply.sights.alike import alike
from ris_hybrid.sandbox.apply.sights.sight import Look, Shown, asking, says_gone, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Made, Props
    from ris_hybrid.sandbox.apply.sights.sight import Sight


def _on(prop: str, value: Any) -> dict[str, Param]:
    """What holds where nothing is asked for."""
    return {prop: Param("", plain, default=value)}


def _log_group(aws: Clients, about: Mapping[str, Any]) -> Any:
    rows = aws.get("logs").describe_log_groups(logGroupNamePrefix=about["name"])["logGroups"]
    return next((row for row in rows if row["logGroupName"] == about["name"]), None)


def _metric_filter(aws: Clients, about: Mapping[str, Any]) -> Any:
    asked = {"logGroupName": about["logGroupName"], "filterNamePrefix": about["name"]}
    rows = aws.get("logs").describe_metric_filters(**asked)["metricFilters"]
    return next((row for row in rows if row["filterName"] == about["name"]), None)


def _target(aws: Clients, about: Mapping[str, Any]) -> Any:
    rows = aws.get("events").list_targets_by_rule(Rule=about["rule"])["Targets"]
    return next((row for row in rows if row["Id"] == about["targetId"]), None)


def _notifications(aws: Clients, about: Mapping[str, Any]) -> Any:
    """All that a budget tells, with whom, as they are created."""
    client, key = aws.get("budgets"), {"AccountId": about["accountId"], "BudgetName": about["name"]}
    rows = client.describe_notifications_for_budget(**key)["Notifications"]
    told = [client.describe_subscribers_for_notification(**key, Notification=row)["Subscribers"] for row in rows]
    return {"All": [{"Notification": row, "Subscribers": whom} for row, whom in zip(rows, told, strict=True)]}


@dataclass(frozen=True, slots=True)
class Template:
    """A launch template: what machines get by its version in force."""

    def differing(self, aws: Clients, made: Made, inputs: Props) -> Mapping[str, Any] | None:
        """As ``Sight`` has it; a version that somebody put in force differs where it is not ours."""
        ec2 = aws.get("ec2")
        try:
            tags = ec2.describe_launch_templates(LaunchTemplateIds=[made.id])["LaunchTemplates"][0].get("Tags")
            rows = ec2.describe_launch_template_versions(LaunchTemplateId=made.id, Versions=["$Default"])
        except ClientError as error:
            if says_gone(error):
                return None
            raise
        data, wanted = _without_own(rows["LaunchTemplateVersions"][0]["LaunchTemplateData"]), templates.data_of(inputs)
        found = {
            prop: data.get(upper_first(prop))
            for prop in templates.DATA
            if not alike(wanted.get(upper_first(prop)), data.get(upper_first(prop)))
        }
        same = unlisted(tags) == (inputs.get("tags") or {})
        return found if same else {**found, "tags": unlisted(tags)}


def _without_own(data: dict[str, Any]) -> dict[str, Any]:
    """A version's data without the template's own tags, which moto shows in it."""
    tagged = [one for one in data.get("TagSpecifications") or () if one["ResourceType"] != "launch-template"]
    return {**data, "TagSpecifications": tagged}


def _recorded() -> dict[str, str]:
    """What a trail records: shown where it is asked for, but for one."""
    return {**_watched(trails.RECORDED), "enableLogFileValidation": "LogFileValidationEnabled"}


def _watched(params: Mapping[str, Any]) -> dict[str, str]:
    """Properties that are shown where they are asked for."""
    return {prop: to if isinstance(to, str) else to.to for prop, to in params.items()}


_TRAIL = {"Name": "{arn}"}
_ATTRIBUTES = asking("sqs", "get_queue_attributes", "Attributes", QueueUrl="{id}", AttributeNames=["All"])
_RECORDER: dict[str, Any] = {"ConfigurationRecorderNames": ["{name}"]}
SIGHTS: Mapping[str, Sight] = {
    "aws:sqs/queue:Queue": shown(
        queues.QUEUE,
        Look(ask=_ATTRIBUTES, props={prop: to.to.partition(".")[2] for prop, to in queues.ATTRIBUTES.items()}),
        Look(ask=asking("sqs", "list_queue_tags", QueueUrl="{id}"), tags="Tags"),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Shown(
        looks=(
            Look(
                ask=asking("sqs", "get_queue_attributes", QueueUrl="{queueUrl}", AttributeNames=["Policy"]),
                props={"policy": "Attributes.Policy"},
            ),
        )
    ),
    "aws:cloudwatch/eventRule:EventRule": shown(
        queues.RULE,
        Look(
            ask=asking("events", "describe_rule", Name="{name}"),
            props={
                "description": "Description",
                "eventPattern": "EventPattern",
                "scheduleExpression": "ScheduleExpression",
                "state": "State",
            },
        ),
        params=_on("state", "ENABLED"),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Shown(looks=(Look(ask=_target, props={"arn": "Arn"}),)),
    "aws:ssm/parameter:Parameter": shown(
        queues.PARAMETER,
        Look(
            ask=asking("ssm", "get_parameter", "Parameter", Name="{name}", WithDecryption=True),
            props={"value": "Value", "insecureValue": "Value", "type": "Type"},
        ),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Template(),
    "aws:ec2/placementGroup:PlacementGroup": Shown(
        looks=(Look(ask=asking("ec2", "describe_placement_groups", "PlacementGroups.0", GroupNames=["{name}"])),)
    ),
    "aws:ec2/capacityReservation:CapacityReservation": shown(
        templates.RESERVATION,
        Look(
            ask=asking(
                "ec2", "describe_capacity_reservations", "CapacityReservations.0", CapacityReservationIds=["{id}"]
            ),
            props={"instanceCount": "TotalInstanceCount", "instanceMatchCriteria": "InstanceMatchCriteria"},
            tags="Tags",
        ),
    ),
    "aws:cloudwatch/logGroup:LogGroup": shown(
        logs.LOG_GROUP, Look(ask=_log_group, props={"retentionInDays": "retentionInDays", "kmsKeyId": "kmsKeyId"})
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": shown(
        alarms.METRIC_FILTER,
        Look(
            ask=_metric_filter,
            props={"pattern": "filterPattern", "metricTransformation": "metricTransformations"},
        ),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": shown(
        alarms.ALARM.calls,
        Look(
            ask=asking("cloudwatch", "describe_alarms", "MetricAlarms.0", AlarmNames=["{name}"]),
            props=_watched(alarms.WATCHED),
        ),
    ),
    "aws:cloudwatch/dashboard:Dashboard": shown(
        alarms.DASHBOARD.calls,
        Look(
            ask=asking("cloudwatch", "get_dashboard", DashboardName="{dashboardName}"),
            props={"dashboardBody": "DashboardBody"},
        ),
    ),
    "aws:sns/topic:Topic": shown(
        alarms.TOPIC,
        Look(
            ask=asking("sns", "get_topic_attributes", TopicArn="{id}"),
            props={"kmsMasterKeyId": "Attributes.KmsMasterKeyId"},
        ),
        params={"kmsMasterKeyId": Param("", plain, default="")},
    ),
    "aws:sns/topicPolicy:TopicPolicy": Shown(
        looks=(
            Look(ask=asking("sns", "get_topic_attributes", TopicArn="{arn}"), props={"policy": "Attributes.Policy"}),
        )
    ),
    "aws:sns/topicSubscription:TopicSubscription": Shown(
        looks=(Look(ask=asking("sns", "get_subscription_attributes", SubscriptionArn="{id}")),)
    ),
    "aws:cloudtrail/trail:Trail": shown(
        trails.TRAIL.calls,
        Look(
            ask=asking("cloudtrail", "get_trail", "Trail", **_TRAIL),
            props=_recorded(),
        ),
        Look(ask=asking("cloudtrail", "get_trail_status", **_TRAIL), props={"enableLogging": "IsLogging"}),
        Look(
            ask=asking("cloudtrail", "get_event_selectors", TrailName="{arn}"),
            props={"advancedEventSelectors": "AdvancedEventSelectors"},
        ),
        params={"enableLogging": Param("", plain, default=False)},
    ),
    "aws:cfg/recorder:Recorder": shown(
        config_rules.RECORDER.calls,
        Look(
            ask=asking("config", "describe_configuration_recorders", "ConfigurationRecorders.0", **_RECORDER),
            props={"roleArn": "roleARN", "recordingGroup": "recordingGroup"},
        ),
        passing=frozenset({"recordingStrategy"}),
    ),
    "aws:cfg/recorderStatus:RecorderStatus": Shown(
        looks=(
            Look(
                ask=asking(
                    "config", "describe_configuration_recorder_status", "ConfigurationRecordersStatus.0", **_RECORDER
                ),
                props={"isEnabled": "recording"},
            ),
        ),
        params=_on("isEnabled", value=True),
    ),
    "aws:cfg/deliveryChannel:DeliveryChannel": shown(
        config_rules.CHANNEL.calls,
        Look(
            ask=asking("config", "describe_delivery_channels", "DeliveryChannels.0", DeliveryChannelNames=["{name}"]),
            props={"s3BucketName": "s3BucketName", "s3KeyPrefix": "s3KeyPrefix"},
        ),
    ),
    "aws:cfg/rule:Rule": shown(
        config_rules.RULE.calls,
        Look(
            ask=asking("config", "describe_config_rules", "ConfigRules.0", ConfigRuleNames=["{name}"]),
            props={"description": "Description", "source": "Source", "inputParameters": "InputParameters"},
        ),
    ),
    "aws:budgets/budget:Budget": shown(
        budgets.CALLS,
        Look(
            ask=asking("budgets", "describe_budget", "Budget", AccountId="{accountId}", BudgetName="{name}"),
            props={
                "budgetType": "BudgetType",
                "timeUnit": "TimeUnit",
                "limitAmount": "BudgetLimit.Amount",
                "limitUnit": "BudgetLimit.Unit",
                "costFilters": "CostFilters",
            },
        ),
        Look(ask=_notifications, props={"notifications": "All"}),
        passing=frozenset({"NotificationState"}),
    ),
    "aws:budgets/budgetAction:BudgetAction": shown(
        budgets.ACTION,
        Look(
            ask=asking(
                "budgets",
                "describe_budget_action",
                "Action",
                AccountId="{accountId}",
                BudgetName="{budgetName}",
                ActionId="{id}",
            ),
            props=_watched(budgets.ACTION_PARAMS),
        ),
    ),
    "aws:costexplorer/costAllocationTag:CostAllocationTag": Shown(
        looks=(
            Look(
                ask=asking("ce", "list_cost_allocation_tags", "CostAllocationTags.0", TagKeys=["{id}"]),
                props={"status": "Status"},
            ),
        )
    ),
}
