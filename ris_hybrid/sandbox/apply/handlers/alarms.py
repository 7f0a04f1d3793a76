"""Topics of SNS, alarms, dashboards and metric filters of CloudWatch (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param, same
from ris_hybrid.sandbox.apply.handlers.switches import Switched
from ris_hybrid.sandbox.apply.handlers.tagging import Tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.handlers.parts import Params

TOPIC = Calls(
    service="sns",
    create_call="create_topic",
    id="TopicArn",
    named="name",
    params={"name": "Name", "kmsMasterKeyId": "Attributes.KmsMasterKeyId"},
    key={"TopicArn": "{id}"},
    also=(
        Also(
            "set_topic_attributes",
            {"kmsMasterKeyId": Param("AttributeValue", default="")},
            fixed={"AttributeName": "KmsMasterKeyId"},
            at_creation=False,
        ),
    ),
    tags=Tags(),
    delete_call="delete_topic",
    outputs={"arn": "TopicArn"},
)
_POLICY: Params = {"policy": "AttributeValue"}
_NAMED = {"AttributeName": "Policy"}
TOPIC_POLICY = Switched(
    calls=Calls(
        service="sns",
        create_call="set_topic_attributes",
        id="{arn}",
        params={"arn": "TopicArn", **_POLICY},
        fixed=_NAMED,
        key={"TopicArn": "{arn}"},
        also=(Also("set_topic_attributes", _POLICY, fixed=_NAMED, at_creation=False),),
        delete_call="set_topic_attributes",
    ),
    leaving={**_NAMED, "AttributeValue": '{{"Version": "2008-10-17", "Statement": []}}'},
)
SUBSCRIPTION = Calls(
    service="sns",
    create_call="subscribe",
    id="SubscriptionArn",
    params={"topic": "TopicArn", **same("protocol", "endpoint")},
    fixed={"ReturnSubscriptionArn": True},
    key={"SubscriptionArn": "{id}"},
    delete_call="unsubscribe",
    outputs={"arn": "SubscriptionArn"},
)


def _dimensions(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


WATCHED: Params = {
    **same("alarmDescription", "comparisonOperator", "threshold", "evaluationPeriods", "namespace", "metricName"),
    **same("statistic", "period", "treatMissingData", "alarmActions", "insufficientDataActions"),
    "name": "AlarmName",
    "okActions": "OKActions",
    "dimensions": Param("Dimensions", _dimensions),
    "metricQueries": "Metrics",
}
ALARM = Switched(
    calls=Calls(
        service="cloudwatch",
        create_call="put_metric_alarm",
        id="{name}",
        named="name",
        params=WATCHED,
        key={"AlarmNames": ["{name}"]},
        also=(Also("put_metric_alarm", WATCHED, key={}, at_creation=False),),
        tags=Tags(key={"ResourceARN": "{arn}"}),
        delete_call="delete_alarms",
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"},
    ),
    replaced=frozenset({"name"}),
)
_SHOWN: Params = {"dashboardBody": "DashboardBody", "dashboardName": "DashboardName"}
DASHBOARD = Switched(
    calls=Calls(
        service="cloudwatch",
        create_call="put_dashboard",
        id="{dashboardName}",
        params=_SHOWN,
        key={"DashboardNames": ["{dashboardName}"]},
        also=(Also("put_dashboard", _SHOWN, key={}, at_creation=False),),
        delete_call="delete_dashboards",
    ),
    replaced=frozenset({"dashboardName"}),
)


def _transformation(one: Mapping[str, str]) -> list[dict[str, str]]:
    words = {"name": "metricName", "namespace": "metricNamespace", "value": "metricValue"}
    return [{words.get(key, key): value for key, value in one.items()}]


_COUNTED: Params = {
    "pattern": "filterPattern",
    "metricTransformation": Param("metricTransformations", _transformation),
}
METRIC_FILTER = Calls(
    service="logs",
    create_call="put_metric_filter",
    id="{name}",
    named="name",
    params={"logGroupName": "logGroupName", "name": "filterName", **_COUNTED},
    key={"logGroupName": "{logGroupName}", "filterName": "{name}"},
    also=(Also("put_metric_filter", _COUNTED, at_creation=False),),
    delete_call="delete_metric_filter",
)
HANDLERS: Mapping[str, Handler] = {
    "aws:cloudwatch/dashboard:Dashboard": DASHBOARD,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": METRIC_FILTER,
    "aws:cloudwatch/metricAlarm:MetricAlarm": ALARM,
    "aws:sns/topic:Topic": TOPIC,
    "aws:sns/topicPolicy:TopicPolicy": TOPIC_POLICY,
    "aws:sns/topicSubscription:TopicSubscription": SUBSCRIPTION,
}
