"""The dashboards' bodies, as data.

Source: CloudWatch user guide, "Dashboard body structure and syntax", "Search expression syntax". The widget
``explorer`` groups machines by their tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stacks.observability.alarms import namespace, sightings

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.observability.settings import ObservabilitySettings

_FULL, _HALF, _HEIGHT = 24, 12, 6
_DAY, _FIVE_MINUTES = 86400, 300
Widget = dict[str, Any]


def operations(environment: Environment) -> dict[str, Any]:
    """Nodes by pool, spot notices, the link to the site."""
    queue = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", f"{environment.name}-notices"]
    waiting = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"{environment.name}-notices"]
    return _body(
        _nodes("Load of nodes by pool (%)", "CPUUtilization", environment),
        _nodes("Data into nodes by pool", "NetworkIn", environment),
        _graph("Spot notices: age of the oldest (s), how many wait", environment, [queue, waiting]),
        _graph("vCPUs that run, in the whole account", environment, _vcpus()),
        _graph("VPN tunnels (1 is up)", environment, [[_search("AWS/VPN,VpnId", "TunnelState", "Minimum")]]),
        _graph(
            "Scratch: bytes free", environment, [[_search("AWS/FSx,FileSystemId", "FreeDataStorageCapacity", "Sum")]]
        ),
    )


def storage(environment: Environment) -> dict[str, Any]:
    """What the allocations' buckets hold, by bucket, which has the allocation in its name. AWS counts once a day."""
    size, objects = (
        _search("AWS/S3,BucketName,StorageType", name, "Average", _DAY)
        for name in ("BucketSizeBytes", "NumberOfObjects")
    )
    return _body(
        _graph("Bytes by bucket and storage class", environment, [[size]], period_s=_DAY, width=_FULL),
        _graph("Objects by bucket", environment, [[objects]], period_s=_DAY, width=_FULL),
    )


def costs(environment: Environment) -> dict[str, Any]:
    """The account's bill of the month by service; Cost Explorer has it by allocation, by the tag ``ris_allocation``."""
    by_service = _search("AWS/Billing,Currency,ServiceName", "EstimatedCharges", "Maximum", _DAY)
    whole = ["AWS/Billing", "EstimatedCharges", "Currency", "USD"]
    figures = [
        _graph("Bill of the month (USD)", environment, [whole], period_s=_DAY),
        _graph("Bill of the month by service (USD)", environment, [[by_service]], period_s=_DAY),
    ]
    for one in figures:
        one["properties"]["region"] = "us-east-1"  # the only one that has it
    return _body(*figures)


def security(environment: Environment, settings: ObservabilitySettings) -> dict[str, Any]:
    """What the trail's filters count."""
    counted = [[namespace(environment), one.name] for one in sightings(settings)]
    return _body(_graph("Counted in the trail", environment, counted, stat="Sum", width=_FULL))


def _body(*widgets: Widget) -> dict[str, Any]:
    return {"start": "-P1D", "widgets": list(widgets)}


def _graph(  # a widget has so many fields
    title: str,
    environment: Environment,
    metrics: list[list[Any]],
    *,
    stat: str = "Maximum",
    period_s: int = _FIVE_MINUTES,
    width: int = _HALF,
) -> Widget:
    properties = {
        "title": title,
        "region": environment.region,
        "metrics": metrics,
        "stat": stat,
        "period": period_s,
        "view": "timeSeries",
    }
    return {"type": "metric", "width": width, "height": _HEIGHT, "properties": properties}


def _nodes(title: str, metric: str, environment: Environment) -> Widget:
    """Nodes of this environment, one line a pool."""
    properties = {
        "title": title,
        "region": environment.region,
        "metrics": [{"metricName": metric, "resourceType": "AWS::EC2::Instance", "stat": "Average"}],
        "labels": [{"key": "ris_cluster", "value": environment.cluster}],
        "aggregateBy": {"key": "ris_pool", "func": "AVG"},
        "splitBy": "ris_pool",
        "period": _FIVE_MINUTES,
        "widgetOptions": {"legend": {"position": "bottom"}, "view": "timeSeries", "rowsPerPage": 1, "widgetsPerRow": 1},
    }
    return {"type": "explorer", "width": _HALF, "height": _HEIGHT, "properties": properties}


def _vcpus() -> list[list[Any]]:
    what = ["AWS/Usage", "ResourceCount", "Type", "Resource", "Service", "EC2", "Resource", "vCPU", "Class"]
    return [[*what, "Standard/OnDemand"], [*what, "Standard/Spot"]]


def _search(schema: str, metric: str, stat: str, period_s: int = _FIVE_MINUTES) -> dict[str, str]:
    """Every metric of that name with exactly these dimensions, in the account and region."""
    return {"expression": f"SEARCH('{{{schema}}} MetricName=\"{metric}\"', '{stat}', {period_s})"}
