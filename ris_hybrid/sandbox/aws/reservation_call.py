"""Capacity reservations and an account's metadata defaults, which moto does not have: kept, shown, without effect.

Reserved machines are not set aside, and launches are not changed by the defaults. Source: EC2 API reference,
CreateCapacityReservation and its kin, ModifyInstanceMetadataDefaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.filters import like, read_filters
from ris_hybrid.sandbox.aws.kept import Record, place_of, taken
from ris_hybrid.sandbox.aws.lifecycle import stamp
from ris_hybrid.sandbox.aws.state import State, dry_run
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, Params, not_in_sandbox, would_have_done, xml_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SHOWN = ("InstanceType", "InstancePlatform", "AvailabilityZone", "PlacementGroupArn")
_DEFAULTS = {"Tenancy": "default", "EndDateType": "unlimited", "InstanceMatchCriteria": "open"}
_METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")
_CANCELLED = "cancelled"


def reservation(state: State, call: Call) -> Answer:
    """Create, describe, change or cancel reservations. Raises ``ApiError`` in EC2's words."""
    if dry_run(call):
        raise would_have_done()
    records, params = state.kept.of(place_of(call), "capacity-reservation"), call.params
    if call.action == "CreateCapacityReservation":
        made = _make(call, state.clock.now())
        records[made["capacityReservationId"]] = made
        return _answer(call, {"capacityReservation": made})
    if call.action == "DescribeCapacityReservations":
        return _answer(call, {"capacityReservationSet": _found(records, params)})
    key = params.get("CapacityReservationId")
    held = taken(records, key, _missing(key))
    if call.action == "CancelCapacityReservation":
        held.update(state=_CANCELLED, availableInstanceCount="0")
    else:
        _change(held, params)
    return _answer(call, {"return": "true"})


def metadata_defaults(state: State, call: Call) -> Answer:
    """Read or change what machines of the account get when nobody says otherwise; ``no-preference`` takes it back."""
    if dry_run(call):
        raise would_have_done()
    level = state.kept.of(place_of(call), "metadata-defaults").setdefault("account", {})
    if call.action == "GetInstanceMetadataDefaults":
        return _answer(call, {"accountLevel": level})
    for name in _METADATA:
        value = call.params.get(name)
        if value:
            level[f"{name[0].lower()}{name[1:]}"] = value
    for name in [name for name, value in level.items() if value in {"no-preference", "-1"}]:
        del level[name]
    return _answer(call, {"return": "true"})


def _make(call: Call, now: float) -> Record:
    params, made_id = call.params, moto_view.new_reservation_id()
    count = str(_count(params))
    if not moto_view.known_type(params.get("InstanceType")):
        raise ApiError("InvalidParameterValue", f"Invalid value '{params.get('InstanceType')}' for InstanceType.")
    given = {_lower(name): params.get(name) for name in _SHOWN if params.get(name)}
    chosen = {_lower(name): params.get(name, plain) for name, plain in _DEFAULTS.items()}
    return {
        "capacityReservationId": made_id,
        "ownerId": call.account,
        "capacityReservationArn": f"arn:aws:ec2:{call.region}:{call.account}:capacity-reservation/{made_id}",
        **given,
        **chosen,
        "totalInstanceCount": count,
        "availableInstanceCount": count,
        "state": "active",
        "createDate": stamp(now),
        "tagSet": _tags(params),
    }


def _tags(params: Params) -> list[Record]:
    return [
        {"key": tag.get("Key"), "value": tag.get("Value")}
        for one in params.items("TagSpecifications")  # unlike most calls of EC2
        if one.get("ResourceType") == "capacity-reservation"
        for tag in one.items("Tag")
    ]


def _change(held: Record, params: Params) -> None:
    if held["state"] == _CANCELLED:
        raise ApiError("InvalidCapacityReservationState", "The reservation is cancelled.")
    if params.get("InstanceCount"):
        held["totalInstanceCount"] = held["availableInstanceCount"] = str(_count(params))
    for name in ("EndDateType", "InstanceMatchCriteria"):
        if params.get(name):
            held[_lower(name)] = params.get(name)


def _count(params: Params) -> int:
    count = params.number("InstanceCount")
    if count is None or count < 1:
        raise ApiError("InvalidParameterValue", "InstanceCount must be at least 1.")
    return count


def _found(records: Mapping[str, Record], params: Params) -> list[Record]:
    for key in params.values("CapacityReservationId"):
        taken(dict(records), key, _missing(key))
    named = set(params.values("CapacityReservationId"))
    wanted = read_filters(params)
    return [row for key, row in records.items() if (not named or key in named) and _passes(row, wanted)]


def _passes(row: Record, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    facts = {"state": row["state"], "instance-type": row["instanceType"]}
    facts |= {f"tag:{tag['key']}": tag["value"] for tag in row["tagSet"]}
    for name in wanted:
        if name not in facts and not name.startswith("tag:"):
            raise not_in_sandbox(f"filter {name} of ec2:DescribeCapacityReservations")
    return all(any(like(one, facts.get(name, "")) for one in values) for name, values in wanted.items())


def _missing(key: str) -> ApiError:
    return ApiError("InvalidCapacityReservationId.NotFound", f"The capacity reservation '{key}' does not exist.")


def _lower(name: str) -> str:
    return f"{name[0].lower()}{name[1:]}"


def _answer(call: Call, content: Record) -> Answer:
    return xml_answer(ec2xml.document(call.action, content))


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    **{f"ec2:{verb}CapacityReservation": reservation for verb in ("Create", "Modify", "Cancel")},
    "ec2:DescribeCapacityReservations": reservation,
    "ec2:GetInstanceMetadataDefaults": metadata_defaults,
    "ec2:ModifyInstanceMetadataDefaults": metadata_defaults,
}
