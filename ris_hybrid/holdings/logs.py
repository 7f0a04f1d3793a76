"""Log groups of CloudWatch. Source: CloudWatch Logs API reference, DescribeLogGroups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.holdings.answers import listed
from ris_hybrid.holdings.values import LogGroup

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import LogGroupTypeDef

    from ris_hybrid.holdings.reading import Reading


def read_log_groups(reading: Reading) -> tuple[LogGroup, ...] | None:
    """The log groups that are ours or wanted; None when they could not be listed."""
    logs: CloudWatchLogsClient = reading.client("logs")
    found = reading.ask("log groups", lambda: listed(logs, "describe_log_groups", "logGroups", PageSize=50))
    if found is None:
        return None
    read = reading.each(lambda one: _group(reading, logs, one), found)
    return tuple(sorted(read, key=lambda group: group.name))


def _group(reading: Reading, logs: CloudWatchLogsClient, one: LogGroupTypeDef) -> LogGroup | None:
    name = one["logGroupName"]
    # Tags are asked for by the arn without its last part, which stands for the group's streams.
    arn = one.get("logGroupArn") or one["arn"].removesuffix(":*")
    tags = reading.ask(
        f"log group {name}: tags", lambda: dict(logs.list_tags_for_resource(resourceArn=arn).get("tags", {}))
    )
    if not reading.scope.covers(tags, name):
        return LogGroup(name=name, tags=None) if tags is None else None
    # What is encrypted with a key of AWS's names none.
    return LogGroup(
        name=name, tags=tags, retention_days=one.get("retentionInDays", 0), encrypted=bool(one.get("kmsKeyId"))
    )
