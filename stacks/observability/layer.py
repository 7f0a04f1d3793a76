"""The layer ``observability``: who is told, of what, and where one looks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pulumi_aws import cloudwatch

from stacks import references
from stacks.customer_key import CustomerKey
from stacks.key_statements import care, used_by_logs, used_by_service
from stacks.observability import dashboards
from stacks.observability.alarm_set import AlarmSet
from stacks.observability.log_groups import LogGroups
from stacks.observability.topic import AlarmTopic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.environment import Environment
    from stacks.observability.settings import ObservabilitySettings


def build_observability(
    environment: Environment, settings: ObservabilitySettings, *, scratch: bool
) -> Mapping[str, object]:
    """All of the layer; ``scratch`` is whether the layer ``storage`` has one to be watched."""
    key = CustomerKey(
        f"{environment.name}-observability",
        (
            care(environment),
            used_by_service(environment, "UseAlarms", "cloudwatch.amazonaws.com"),
            used_by_logs(environment),
        ),
        description="Alarms and log groups",
        tags=environment.all_tags,
    )
    topic = AlarmTopic(environment, settings, key.arn)
    LogGroups(environment, settings, key.arn)
    alarms = AlarmSet(environment, settings, topic.arn)
    alarms.on_trail(references.guardrails(environment.env).apply(lambda it: it.trail_log_group))
    if scratch:
        alarms.on_scratch(references.storage(environment.env).apply(lambda it: it.scratch_dns_name))
    return {"alarm_topic_arn": topic.arn, "dashboards": _dashboards(environment, settings)}


def _dashboards(environment: Environment, settings: ObservabilitySettings) -> list[str]:
    bodies = {
        "operations": dashboards.operations(environment),
        "storage": dashboards.storage(environment),
        "costs": dashboards.costs(environment),
        "security": dashboards.security(environment, settings),
    }
    names = {f"{environment.name}-{what}": body for what, body in bodies.items()}
    for name, body in names.items():
        cloudwatch.Dashboard(name, dashboard_name=name, dashboard_body=json.dumps(body, sort_keys=True))
    return list(names)
