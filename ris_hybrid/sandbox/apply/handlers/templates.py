"""How machines start: launch templates, placement groups, capacity reservations (sandbox)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Also, Read, same
from ris_hybrid.sandbox.apply.handlers.tagging import ec2_tags
from ris_hybrid.sandbox.apply.handlers.wording import listed, pascal, unknown_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Made, Props

DATA = frozenset(
    {
        "blockDeviceMappings",
        "iamInstanceProfile",
        "imageId",
        "instanceType",
        "metadataOptions",
        "networkInterfaces",
        "placement",
        "tagSpecifications",
        "userData",
    }
)
"""What makes a version of a template."""
_WORDS = {"true": True, "false": False}
_TEMPLATE = Calls(
    service="ec2",
    create_call="create_launch_template",
    at="LaunchTemplate",
    id="LaunchTemplateId",
    named="name",
    params={"name": "LaunchTemplateName", "updateDefaultVersion": None, "data": "LaunchTemplateData"},
    key={"LaunchTemplateId": "{id}"},
    tags=ec2_tags("launch-template"),
    delete_call="delete_launch_template",
    outputs={
        "arn": "arn:aws:ec2:{region}:{account}:launch-template/{id}",
        "latestVersion": "LatestVersionNumber",
        "defaultVersion": "DefaultVersionNumber",
    },
    reading=Read("describe_launch_templates", at="LaunchTemplates.0", key={"LaunchTemplateIds": ["{id}"]}),
)
_GROUP = Calls(
    service="ec2",
    create_call="create_placement_group",
    at="PlacementGroup",
    id="{name}",
    named="name",
    params={"name": "GroupName"} | same("strategy", "partitionCount", "spreadLevel"),
    key={"GroupName": "{name}"},
    tags=replace(ec2_tags("placement-group"), key={"Resources": ["{placementGroupId}"]}),
    delete_call="delete_placement_group",
    outputs={"arn": "GroupArn", "placementGroupId": "GroupId"},
    reading=Read("describe_placement_groups", at="PlacementGroups.0", key={"GroupNames": ["{id}"]}),
)
RESERVATION = Calls(
    service="ec2",
    create_call="create_capacity_reservation",
    at="CapacityReservation",
    id="CapacityReservationId",
    params=same(
        "availabilityZone",
        "instanceType",
        "instancePlatform",
        "instanceCount",
        "instanceMatchCriteria",
        "placementGroupArn",
    ),
    key={"CapacityReservationId": "{id}"},
    also=(Also("modify_capacity_reservation", same("instanceCount", "instanceMatchCriteria"), at_creation=False),),
    tags=ec2_tags("capacity-reservation"),
    delete_call="cancel_capacity_reservation",
    outputs={"arn": "CapacityReservationArn", "ownerId": "OwnerId"},
    reading=Read(
        "describe_capacity_reservations", at="CapacityReservations.0", key={"CapacityReservationIds": ["{id}"]}
    ),
)


class LaunchTemplates:
    """A launch template: any change of what machines get is a new version."""

    replace_on = frozenset({"name"})
    knows = DATA | {"name", "tags", "updateDefaultVersion"}

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Its first version, which is the default."""
        if error := unknown_to(self.knows, props):
            raise error
        return _TEMPLATE.create(aws, name, _apart(props))

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """A new version where what machines get has changed, the default one where that is asked for."""
        if error := unknown_to(self.knows, new):
            raise error
        before, after = _apart(old), _apart(new)
        given = dict(_TEMPLATE.update(aws, made, {**before, "data": {}}, {**after, "data": {}}))
        if before["data"] != after["data"]:
            answer = aws.get("ec2").create_launch_template_version(
                LaunchTemplateId=made.id, LaunchTemplateData=after["data"]
            )
            given["latestVersion"] = answer["LaunchTemplateVersion"]["VersionNumber"]
        latest = given.get("latestVersion", made.outputs.get("latestVersion"))
        if new.get("updateDefaultVersion") and latest != made.outputs.get("defaultVersion"):
            aws.get("ec2").modify_launch_template(LaunchTemplateId=made.id, DefaultVersion=str(latest))
            given["defaultVersion"] = latest
        return given

    def delete(self, aws: Clients, made: Made) -> None:
        """With all its versions."""
        _TEMPLATE.delete(aws, made)

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """By its name."""
        rows = aws.get("ec2").describe_launch_templates(
            Filters=[{"Name": "launch-template-name", "Values": [props.get("name") or name]}]
        )["LaunchTemplates"]
        return _TEMPLATE.read(aws, rows[0]["LaunchTemplateId"]) if rows else None


def data_of(props: Props) -> dict[str, Any]:
    """What of a template's properties makes a version, in EC2's words."""
    data: dict[str, Any] = _apart(props)["data"]
    return data


def _apart(props: Props) -> dict[str, Any]:
    """What makes a version in EC2's words under ``data``, the rest as it is."""
    data = {key: _ec2(value) for key, value in props.items() if key in DATA}
    return {**{key: value for key, value in props.items() if key not in DATA}, "data": pascal(data)}


def _ec2(value: Any, key: str = "") -> Any:
    """Pulumi writes words for true and false, and two names, in its own way."""
    if key == "tags":
        return listed(value)
    if isinstance(value, dict):
        return {"groups" if name == "securityGroups" else name: _ec2(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_ec2(one) for one in value]
    return _WORDS.get(value, value) if isinstance(value, str) else value


HANDLERS: Mapping[str, Handler] = {
    "aws:ec2/launchTemplate:LaunchTemplate": LaunchTemplates(),
    "aws:ec2/placementGroup:PlacementGroup": _GROUP,
    "aws:ec2/capacityReservation:CapacityReservation": RESERVATION,
}
