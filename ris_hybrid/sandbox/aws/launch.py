"""RunInstances as EC2 does it: as many as there is room for, in the template's subnet and placement group."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.fleet import Pool, Room
from ris_hybrid.sandbox.aws.state import State, dry_run
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, Params, xml_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.aws.moto_view import Place, Template

_ID = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")
_ROOTS = ("/dev/sda1", "/dev/xvda")  # as images name them (EC2 user guide, device names on Linux)
_NO_TYPE = "m1.small"  # EC2's default type, which is also moto's


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a launch goes."""

    instance_type: str
    zone: str
    subnet: str
    group: str


def run_instances(state: State, call: Call) -> Answer:
    """Launch up to MaxCount machines, never fewer than MinCount. Raises ``ApiError`` in EC2's words."""
    if dry_run(call):
        return state.moto.answer(call)
    place, params = (call.account, call.region), call.params
    state.sync(place)
    template = named_template(place, params.sub("LaunchTemplate"))
    target = where(place, params, template.data if template else {})
    check(state, place, target)
    least, most = counts(params)
    count = fitting(state.room(place, (target.subnet,), None), target, least, most)
    answer, ids = start(state, call, completed(params, target, template, count), target.group)
    if not answer.ok:
        return answer
    launch = next(one for one in moto_view.reservations(place) if ids[0] in one.machine_ids)
    items = state.shown(place, [state.book.records[one] for one in ids])
    content = ec2xml.reservation(launch.reservation_id, launch.owner_id, items.values())
    return xml_answer(ec2xml.wrapped("RunInstances", content))


def named_template(place: Place, params: Params) -> Template | None:
    """The launch template a call names, or None. Raises ``ApiError`` when there is none of that name."""
    if not params.flat:
        return None
    return moto_view.template(
        place,
        template_id=params.get("LaunchTemplateId"),
        name=params.get("LaunchTemplateName"),
        version=params.get("Version"),
    )


def where(place: Place, params: Params, data: Mapping[str, Any]) -> Target:
    """Type, zone, subnet and placement group of a launch: the call's own, else the template's, else the default."""
    interfaces = [*params.items("NetworkInterface"), Params({})]
    subnet = params.get("SubnetId") or interfaces[0].get("SubnetId") or template_subnet(data)
    placement: Mapping[str, Any] = data.get("Placement") or {}
    zone = params.get("Placement.AvailabilityZone") or str(placement.get("AvailabilityZone", ""))
    found = moto_view.subnet(place, subnet) if subnet else moto_view.default_subnet(place, zone)
    return Target(
        instance_type=params.get("InstanceType") or str(data.get("InstanceType", _NO_TYPE)),
        zone=found.zone if found else zone,
        subnet=found.subnet_id if found else subnet,
        group=params.get("Placement.GroupName") or str(placement.get("GroupName", "")),
    )


def template_subnet(data: Mapping[str, Any]) -> str:
    """The subnet of a template's first network interface, which moto leaves aside; empty when it names none."""
    interfaces: Sequence[Mapping[str, Any]] = data.get("NetworkInterfaces") or ()
    return str(interfaces[0].get("SubnetId", "")) if interfaces else ""


def template_groups(data: Mapping[str, Any]) -> dict[str, str]:
    """The security groups of a template's first network interface as a launch's own: moto leaves them aside too."""
    interfaces: Sequence[Mapping[str, Any]] = data.get("NetworkInterfaces") or ()
    groups: Sequence[str] = (interfaces[0].get("Groups") or ()) if interfaces else ()
    return {f"SecurityGroupId.{number}": one for number, one in enumerate(groups, 1)}


def template_disks(data: Mapping[str, Any]) -> dict[str, str]:
    """The disks of a template as a launch's own, where the root is one of them.

    moto makes those of a template beside a root of its own, which is not encrypted.
    """
    disks: Sequence[Mapping[str, Any]] = data.get("BlockDeviceMappings") or ()
    if not any(one.get("DeviceName") in _ROOTS for one in disks):
        return {}
    return {
        f"BlockDeviceMapping.{number}.{key}": value
        for number, one in enumerate(disks, 1)
        for key, value in _flat(one).items()
    }


def _flat(disk: Mapping[str, Any]) -> dict[str, str]:
    inner: Mapping[str, Any] = disk.get("Ebs") or {}
    own = {key: _plain(value) for key, value in disk.items() if key != "Ebs"}
    return own | {f"Ebs.{key}": _plain(value) for key, value in inner.items()}


def _names_groups(form: Mapping[str, str]) -> bool:
    return any(key.startswith("SecurityGroup") for key in form)


def check(state: State, place: Place, target: Target) -> None:
    """Raise ``ApiError`` for a type or placement group that does not exist."""
    if not moto_view.known_type(target.instance_type):
        raise ApiError("InvalidParameterValue", f"Invalid value '{target.instance_type}' for InstanceType.")
    state.groups.require(place, target.group)


def counts(params: Params) -> tuple[int, int]:
    """MinCount and MaxCount. Raises ``ApiError`` when one is missing or they make no sense."""
    least, most = params.number("MinCount"), params.number("MaxCount")
    if least is None or most is None:
        raise ApiError("MissingParameter", "The request must contain the parameters MinCount and MaxCount")
    if not 1 <= least <= most:
        raise ApiError("InvalidParameterValue", f"MinCount {least} and MaxCount {most} must be 1 <= min <= max.")
    return least, most


def fitting(room: Room, target: Target, least: int, most: int) -> int:
    """How many of ``most`` there is room for. Raises ``ApiError`` when fewer than ``least``."""
    pool = Pool(index=0, instance_type=target.instance_type, zone=target.zone, subnet=target.subnet)
    count, why = room.take(pool, most)
    if why is not None and count < least:
        # A lack of capacity is EC2's own fault, a full subnet the caller's (EC2 error codes, server and client).
        raise ApiError(*why, 500 if why[0] == "InsufficientInstanceCapacity" else 400)
    return count


def completed(params: Params, target: Target, template: Template | None, count: int) -> dict[str, str]:
    """The form for moto: the exact count, and what moto would not take from the template."""
    form = dict(params.flat) | {"MinCount": str(count), "MaxCount": str(count)}
    if template is None:
        return form
    if not params.items("NetworkInterface"):
        form |= {"SubnetId": target.subnet} if target.subnet else {}
        form |= {} if _names_groups(form) else template_groups(template.data)
    if not params.items("BlockDeviceMapping"):
        form |= template_disks(template.data)
    metadata: Mapping[str, Any] = template.data.get("MetadataOptions") or {}
    return {f"MetadataOptions.{key}": _plain(value) for key, value in metadata.items()} | form


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def start(state: State, call: Call, form: Mapping[str, str], group: str) -> tuple[Answer, list[str]]:
    """moto's own answer to a launch and the ids in it, their placement group noted; no ids when moto refused."""
    answer = state.forward(call.asking(form.items()))
    ids = [found.decode() for found in _ID.findall(answer.body)] if answer.ok else []
    for machine_id in ids:
        state.book.change(machine_id, group=group)
    return answer, ids
