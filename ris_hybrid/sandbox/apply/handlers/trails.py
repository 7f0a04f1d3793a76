"""Trails of CloudTrail (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param
from ris_hybrid.sandbox.apply.handlers.switches import Switched
from ris_hybrid.sandbox.apply.handlers.tagging import Tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.handlers.parts import Params

_WORDS = {
    "field": "Field",
    "equals": "Equals",
    "startsWiths": "StartsWith",
    "endsWiths": "EndsWith",
    "notEquals": "NotEquals",
    "notStartsWiths": "NotStartsWith",
    "notEndsWiths": "NotEndsWith",
}


def _selectors(selectors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "Name": one.get("name", ""),
            "FieldSelectors": [{_WORDS[key]: value for key, value in each.items()} for each in one["fieldSelectors"]],
        }
        for one in selectors
    ]


RECORDED: Params = {
    "s3BucketName": "S3BucketName",
    "isMultiRegionTrail": "IsMultiRegionTrail",
    "includeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "enableLogFileValidation": "EnableLogFileValidation",
    "kmsKeyId": "KmsKeyId",
    "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
    "cloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
}
TRAIL = Switched(
    calls=Calls(
        service="cloudtrail",
        create_call="create_trail",
        id="TrailARN",
        named="name",
        params={"name": "Name", **RECORDED},
        key={"Name": "{name}"},
        also=(
            Also("update_trail", RECORDED, at_creation=False),
            Also(
                "put_event_selectors",
                {"advancedEventSelectors": Param("AdvancedEventSelectors", _selectors)},
                key={"TrailName": "{name}"},
            ),
        ),
        tags=Tags(
            param="TagsList",
            put="add_tags",
            take="remove_tags",
            key={"ResourceId": "{arn}"},
            take_param="TagsList",
            take_form=lambda gone: [{"Key": key} for key in gone],
        ),
        delete_call="delete_trail",
        outputs={"arn": "TrailARN"},
    ),
    switches={"enableLogging": ("start_logging", "stop_logging")},
)
HANDLERS: Mapping[str, Handler] = {"aws:cloudtrail/trail:Trail": TRAIL}
