"""What shapes the bill and moto has not: cost allocation tags, exports of the bill; and the account's key of volumes.

Sources: AWS Cost Explorer, Data Exports and EC2 API references. Plain records: the sandbox sends no bill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.moto_api._internal import mock_random

from ris_hybrid.sandbox.aws import ec2xml, moto_account
from ris_hybrid.sandbox.aws.kept import asked, place_of, taken
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer, xml_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_JSON = "application/x-amz-json-1.1"
_TAGS, _EXPORTS = "cost-allocation-tag", "data-export"
_EVERYWHERE = "aws-global"
_AWS_KEY = "alias/aws/ebs"
_TAGS_MAX = 20


def activate(state: State, call: Call) -> Answer:
    """Switch tags on and off. Raises ``ApiError`` for more than twenty in a call."""
    given = asked(call)["CostAllocationTagsStatus"]
    if len(given) > _TAGS_MAX:
        raise ApiError("ValidationException", f"At most {_TAGS_MAX} cost allocation tags in a call.")
    rows = state.kept.of((call.account, _EVERYWHERE), _TAGS)
    for one in given:
        rows[one["TagKey"]] = {**one, "Type": "UserDefined"}
    return json_answer({"Errors": []}, kind=_JSON)


def tags(state: State, call: Call) -> Answer:
    """Those that were ever switched, by key and status."""
    given = asked(call)
    rows = state.kept.of((call.account, _EVERYWHERE), _TAGS)
    found = [
        row
        for key, row in rows.items()
        if key in given.get("TagKeys", [key]) and row["Status"] == given.get("Status", row["Status"])
    ]
    return json_answer({"CostAllocationTags": found}, kind=_JSON)


def create_export(state: State, call: Call) -> Answer:
    """An export. Raises ``ApiError`` for a name that is taken."""
    given, rows = asked(call), state.kept.of((call.account, _EVERYWHERE), _EXPORTS)
    name = given["Export"]["Name"]
    if any(row["Export"]["Name"] == name for row in rows.values()):
        raise ApiError("ValidationException", f"An export named {name} exists already.")
    arn = f"arn:aws:bcm-data-exports:{call.region}:{call.account}:export/{name}-{mock_random.uuid4()}"
    tagged = {tag["Key"]: tag["Value"] for tag in given.get("ResourceTags", [])}
    rows[arn] = {"Export": {**given["Export"], "ExportArn": arn}, "tags": tagged}
    return json_answer({"ExportArn": arn}, kind=_JSON)


def change_export(state: State, call: Call) -> Answer:
    """Another query or destination."""
    given = asked(call)
    row = _export(state, call, given["ExportArn"])
    row["Export"] = {**given["Export"], "ExportArn": given["ExportArn"]}
    return json_answer({"ExportArn": given["ExportArn"]}, kind=_JSON)


def export(state: State, call: Call) -> Answer:
    """One, with its status."""
    row = _export(state, call, asked(call)["ExportArn"])
    return json_answer({"Export": row["Export"], "ExportStatus": {"StatusCode": "HEALTHY"}}, kind=_JSON)


def exports(state: State, call: Call) -> Answer:
    """All of the account."""
    rows = state.kept.of((call.account, _EVERYWHERE), _EXPORTS)
    shown = [
        {"ExportArn": arn, "ExportName": row["Export"]["Name"], "ExportStatus": {"StatusCode": "HEALTHY"}}
        for arn, row in rows.items()
    ]
    return json_answer({"Exports": shown}, kind=_JSON)


def delete_export(state: State, call: Call) -> Answer:
    """What it wrote stays in its bucket."""
    arn = asked(call)["ExportArn"]
    _export(state, call, arn)
    del state.kept.of((call.account, _EVERYWHERE), _EXPORTS)[arn]
    return json_answer({"ExportArn": arn}, kind=_JSON)


def tag_export(state: State, call: Call) -> Answer:
    """Tags of an export."""
    given = asked(call)
    tagged = _export(state, call, given["ResourceArn"])["tags"]
    tagged.update({tag["Key"]: tag["Value"] for tag in given.get("ResourceTags", [])})
    for key in given.get("ResourceTagKeys", []):
        tagged.pop(key, None)
    shown = {"ResourceTags": [{"Key": key, "Value": value} for key, value in tagged.items()]}
    return json_answer(shown if call.action.startswith("List") else {}, kind=_JSON)


def reset_volumes_key(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps it
    """Volumes are encrypted with AWS's own key again."""
    moto_account.forget_volumes_key(place_of(call))
    return xml_answer(ec2xml.document(call.action, {"kmsKeyId": _AWS_KEY}))


def volumes_key(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps it
    """The key that volumes are encrypted with."""
    key = moto_account.volumes_key(place_of(call)) or _AWS_KEY
    return xml_answer(ec2xml.document(call.action, {"kmsKeyId": key}))


def _export(state: State, call: Call, arn: str) -> Record:
    missing = ApiError("ResourceNotFoundException", f"Export {arn} does not exist.", 404)
    return taken(state.kept.of((call.account, _EVERYWHERE), _EXPORTS), arn, missing)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "ce:ListCostAllocationTags": tags,
    "ce:UpdateCostAllocationTagsStatus": activate,
    "bcm-data-exports:CreateExport": create_export,
    "bcm-data-exports:UpdateExport": change_export,
    "bcm-data-exports:GetExport": export,
    "bcm-data-exports:ListExports": exports,
    "bcm-data-exports:DeleteExport": delete_export,
    "bcm-data-exports:TagResource": tag_export,
    "bcm-data-exports:UntagResource": tag_export,
    "bcm-data-exports:ListTagsForResource": tag_export,
    "ec2:GetEbsDefaultKmsKeyId": volumes_key,
    "ec2:ResetEbsDefaultKmsKeyId": reset_volumes_key,
}
