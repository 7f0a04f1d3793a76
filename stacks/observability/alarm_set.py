"""The alarms of an environment, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import cloudwatch

from stacks.observability.alarms import Alarm, alarms, namespace, scratch_alarm, sightings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.environment import Environment
    from stacks.observability.alarms import Sighting
    from stacks.observability.settings import ObservabilitySettings


class AlarmSet(pulumi.ComponentResource):
    """Every alarm tells one topic when it rings, when it is over, and when it knows nothing any more."""

    def __init__(
        self,
        environment: Environment,
        settings: ObservabilitySettings,
        topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._name = environment.name
        super().__init__("ris-hybrid:observability:AlarmSet", self._name, None, opts)
        self._environment, self._settings, self._topic = environment, settings, topic_arn
        self._below = pulumi.ResourceOptions(parent=self)
        for one in alarms(environment, settings):
            self._alarm(one, one.dimensions)
        self.register_outputs({})

    def on_trail(self, log_group: pulumi.Input[str]) -> None:
        """Count in the trail's log group, too."""
        for one in sightings(self._settings):
            self._sighting(one, log_group)

    def on_scratch(self, dns_name: pulumi.Output[str]) -> None:
        """Watch the scratch, too; its id begins the name it is mounted by."""
        file_system = dns_name.apply(lambda name: name.partition(".")[0])
        self._alarm(scratch_alarm(self._settings), {"FileSystemId": file_system})

    def _sighting(self, one: Sighting, log_group: pulumi.Input[str]) -> None:
        name = f"{self._name}-{one.name}"
        counted = cloudwatch.LogMetricFilter(
            name,
            name=name,
            log_group_name=log_group,
            pattern=one.pattern,
            metric_transformation=cloudwatch.LogMetricFilterMetricTransformationArgs(
                name=one.name, namespace=namespace(self._environment), value="1"
            ),
            opts=self._below,
        )
        alarm = Alarm(
            name=one.name,
            reason=one.reason,
            namespace=namespace(self._environment),
            metric=one.name,
            statistic="Sum",
            threshold=one.at_least - 1,
        )
        after = pulumi.ResourceOptions.merge(self._below, pulumi.ResourceOptions(depends_on=[counted]))
        self._alarm(alarm, {}, after)

    def _alarm(
        self, alarm: Alarm, dimensions: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        name, told = f"{self._name}-{alarm.name}", [self._topic]
        one = not alarm.query
        query = cloudwatch.MetricAlarmMetricQueryArgs(
            id="q", expression=alarm.query, period=alarm.period_s, return_data=True, label=alarm.name
        )
        cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=alarm.reason,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            namespace=alarm.namespace if one else None,
            metric_name=alarm.metric if one else None,
            dimensions=dict(dimensions) or None,
            statistic=alarm.statistic if one else None,
            period=alarm.period_s if one else None,
            metric_queries=None if one else [query],
            # Nothing counted, no queue, no VPN: that is the quiet state, not a fault.
            treat_missing_data="notBreaching",
            alarm_actions=told,
            ok_actions=told,
            insufficient_data_actions=told,
            tags={**self._environment.all_tags, "Name": name},
            opts=opts or self._below,
        )
