"""The layer ``observability``: alarms with their reasons, and dashboards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
REFERENCES = {
    "guardrails": {
        "trail_arn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/t",
        "trail_bucket": "trail",
        "trail_log_group": "/ris-hybrid/compute1-example/trail",
    },
    "storage": {
        "allocations": {},
        "log_bucket": "logs",
        "scratch_dns_name": "fs-0123.fsx.us-east-1.amazonaws.com",
        "scratch_mount_name": "abcdef",
    },
}


@pytest.fixture
def observability(layer_graph: Callable[..., Any]) -> Callable[..., Any]:
    def build(storage: dict[str, Any] | None = None, **written: Any) -> Any:
        sections = {"observability": written, "storage": storage or {}}
        return layer_graph("observability", sections=sections, references=REFERENCES)

    return build


def test_the_graph_of_an_environment_with_a_scratch(observability, golden):
    graph = observability({"scratch": {}}, alarm_emails=["ris@example.edu"], monthly_usd=20000.0)
    golden("stacks/observability.json", graph.text())


def test_without_a_scratch_storage_is_not_asked_about_one(layer_graph):
    graph = layer_graph("observability", sections={}, references={"guardrails": REFERENCES["guardrails"]})
    assert "compute1-example-scratch-full" not in graph.of(ALARM)
    assert not graph.of("aws:sns/topicSubscription:TopicSubscription")
    assert "compute1-example-bill" not in graph.of(ALARM)


def test_every_alarm_says_why_and_tells_the_topic(observability):
    graph = observability({"scratch": {}}, monthly_usd=100.0)
    topic = graph.outputs["alarm_topic_arn"]
    for alarm in graph.of(ALARM).values():
        assert len(alarm["alarmDescription"]) > 40
        assert alarm["alarmActions"] == alarm["okActions"] == [topic]
        assert ("metricName" in alarm) != ("metricQueries" in alarm)


def test_what_is_counted_in_the_trail_is_what_the_alarm_watches(observability):
    graph = observability(denied_calls=5)
    filters, alarms = graph.of("aws:cloudwatch/logMetricFilter:LogMetricFilter"), graph.of(ALARM)
    for name, one in filters.items():
        counted, alarm = one["metricTransformation"], alarms[name]
        assert (counted["namespace"], counted["name"]) == (alarm["namespace"], alarm["metricName"])
        assert one["logGroupName"] == "/ris-hybrid/compute1-example/trail"
    assert alarms["compute1-example-calls-denied"]["threshold"] == 4  # more than four are five


def test_the_scratch_is_watched_by_its_own_id(observability):
    alarm = observability({"scratch": {}}, scratch_free_gib=50).of(ALARM)["compute1-example-scratch-full"]
    assert alarm["dimensions"] == {"FileSystemId": "fs-0123"}
    assert alarm["threshold"] == 50 * 2**30


def test_dashboards_show_this_environment(observability):
    shown = observability().of("aws:cloudwatch/dashboard:Dashboard")
    operations = json.loads(shown["compute1-example-operations"]["dashboardBody"])
    (load, _), queue = operations["widgets"][:2], operations["widgets"][2]
    assert load["properties"]["splitBy"] == "ris_pool"
    assert load["properties"]["labels"] == [{"key": "ris_cluster", "value": "compute1"}]
    assert queue["properties"]["metrics"][0][-1] == "compute1-example-notices"
    costs = json.loads(shown["compute1-example-costs"]["dashboardBody"])
    assert {one["properties"]["region"] for one in costs["widgets"]} == {"us-east-1"}
