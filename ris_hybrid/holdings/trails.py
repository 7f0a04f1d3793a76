"""Trails of CloudTrail, those of the organization and of other regions included. Source: CloudTrail API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.holdings.values import Trail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_cloudtrail.type_defs import TrailTypeDef

    from ris_hybrid.holdings.reading import Reading

_OBJECTS = "AWS::S3::Object"


def read_trails(reading: Reading) -> tuple[Trail, ...] | None:
    """Every trail that records this region, whoever made it; None when they could not be listed."""
    client: CloudTrailClient = reading.client("cloudtrail")
    found = reading.ask("trails", lambda: client.describe_trails(includeShadowTrails=True)["trailList"])
    if found is None:
        return None
    read = reading.each(lambda one: _trail(reading, client, one), found)
    return tuple(sorted(read, key=lambda trail: trail.name))


def _trail(reading: Reading, client: CloudTrailClient, one: TrailTypeDef) -> Trail:
    name, arn = one["Name"], one["TrailARN"]  # one of another region is known by its arn only
    return Trail(
        name=name,
        multi_region=one.get("IsMultiRegionTrail", False),
        validated=one.get("LogFileValidationEnabled", False),
        customer_key=bool(one.get("KmsKeyId")),
        logging=reading.ask(f"trail {name}: status", lambda: client.get_trail_status(Name=arn)["IsLogging"]),
        data_events=reading.ask(
            f"trail {name}: event selectors", lambda: _objects(client.get_event_selectors(TrailName=arn))
        ),
    )


def _objects(answer: Mapping[str, Any]) -> bool:
    simple = [data for one in answer.get("EventSelectors") or () for data in one.get("DataResources") or ()]
    if any(data.get("Type") == _OBJECTS and data.get("Values") for data in simple):
        return True
    return any(_selects_objects(one["FieldSelectors"]) for one in answer.get("AdvancedEventSelectors") or ())


def _selects_objects(fields: list[Mapping[str, Any]]) -> bool:
    equal = {one["Field"]: one.get("Equals") or () for one in fields}
    return "Data" in equal.get("eventCategory", ()) and _OBJECTS in equal.get("resources.type", ())
