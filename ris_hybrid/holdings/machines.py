"""Launch templates, in the version that launches take, and the machines that are there. Source: EC2 API reference."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from burst.aws.calls import batches
from ris_hybrid.config.user_data import unpacked
from ris_hybrid.holdings.answers import listed, tags_of
from ris_hybrid.holdings.values import Instance, LaunchTemplate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.holdings.reading import Reading

_PAGE = 200
_THERE = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
_FILTER = 200
"""Values that one filter takes."""


def read_launch_templates(reading: Reading) -> tuple[LaunchTemplate, ...] | None:
    """The templates that are ours or wanted; None when they or their versions could not be listed."""
    ec2 = reading.client("ec2")
    found = reading.ask(
        "launch templates", lambda: listed(ec2, "describe_launch_templates", "LaunchTemplates", PageSize=_PAGE)
    )
    ours = [one for one in found or () if reading.scope.covers(_tags(one), one["LaunchTemplateName"])]
    if found is None or not ours:
        return None if found is None else ()
    versions = reading.ask(
        "default versions of launch templates",
        lambda: listed(
            ec2,
            "describe_launch_template_versions",
            "LaunchTemplateVersions",
            Versions=["$Default"],
            PageSize=_PAGE,
        ),
    )
    contents = {one["LaunchTemplateId"]: one["LaunchTemplateData"] for one in versions or ()}
    read = [_template(one, contents.get(one["LaunchTemplateId"])) for one in ours]
    return tuple(sorted(read, key=lambda template: template.name))


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    return tags_of(one.get("Tags") or ())


def _template(one: Mapping[str, Any], data: Mapping[str, Any] | None) -> LaunchTemplate:
    name, tags = one["LaunchTemplateName"], _tags(one)
    if data is None:
        return LaunchTemplate(name=name, tags=tags)
    metadata = data.get("MetadataOptions") or {}
    disks = [disk["Ebs"] for disk in data.get("BlockDeviceMappings") or () if disk.get("Ebs")]
    return LaunchTemplate(
        name=name,
        tags=tags,
        http_tokens=metadata.get("HttpTokens", ""),
        hop_limit=metadata.get("HttpPutResponseHopLimit", 0),
        public_ip=any(card.get("AssociatePublicIpAddress") for card in data.get("NetworkInterfaces") or ()),
        # Without a disk of its own the template leaves it to the image and the account.
        volumes_encrypted=bool(disks) and all(disk.get("Encrypted") is True for disk in disks),
        user_data=unpacked(base64.b64decode(data.get("UserData", ""))),
        instance_type=data.get("InstanceType", ""),
    )


def read_instances(reading: Reading) -> tuple[Instance, ...] | None:
    """The machines that are ours and have not ended; None when they could not be listed."""
    ec2 = reading.client("ec2")
    found = reading.ask(
        "instances",
        lambda: listed(ec2, "describe_instances", "Reservations", Filters=[_THERE], PageSize=1000),
    )
    if found is None:
        return None
    machines = [one for some in found for one in some["Instances"] if reading.scope.covers(_tags(one))]
    encrypted = _volumes(reading, [one["InstanceId"] for one in machines])
    read = [_instance(one, encrypted) for one in machines]
    return tuple(sorted(read, key=lambda machine: machine.name))


def _volumes(reading: Reading, ids: list[str]) -> Mapping[str, bool]:
    """Whether each volume of these machines is encrypted, by its id."""

    def some(batch: list[str]) -> list[dict[str, Any]] | None:
        # By filter: ids of volumes would be an error as soon as one of them has gone since.
        chosen = [{"Name": "attachment.instance-id", "Values": batch}]
        return reading.ask(
            "volumes of instances",
            lambda: listed(reading.client("ec2"), "describe_volumes", "Volumes", Filters=chosen, PageSize=500),
        )

    answers = reading.each(some, batches(ids, _FILTER))
    return {one["VolumeId"]: bool(one.get("Encrypted")) for answer in answers for one in answer}


def _instance(one: Mapping[str, Any], encrypted: Mapping[str, bool]) -> Instance:
    tags = _tags(one)
    return Instance(
        name=f"{one['InstanceId']} {tags['Name']}" if "Name" in tags else one["InstanceId"],
        tags=tags,
        public_address=bool(one.get("PublicIpAddress")) or any(map(_has_address, one.get("NetworkInterfaces") or ())),
        http_tokens=(one.get("MetadataOptions") or {}).get("HttpTokens"),
        volumes_encrypted=_all_encrypted(one.get("BlockDeviceMappings") or (), encrypted),
    )


def _has_address(card: Mapping[str, Any]) -> bool:
    return bool((card.get("Association") or {}).get("PublicIp"))


def _all_encrypted(disks: Iterable[Mapping[str, Any]], encrypted: Mapping[str, bool]) -> bool | None:
    """None as soon as one volume is not known, unless another is known not to be; a machine without has none bare."""
    said = [encrypted.get(disk["Ebs"]["VolumeId"]) for disk in disks if disk.get("Ebs")]
    if False in said:
        return False
    return None if None in said else True
