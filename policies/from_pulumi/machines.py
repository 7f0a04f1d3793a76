"""Launch templates, machines and file systems (pure)."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

from policies.from_pulumi.registered import UNKNOWN, known, nested
from ris_hybrid.config.user_data import unpacked
from ris_hybrid.holdings.values import FileSystem, Instance, LaunchTemplate

if TYPE_CHECKING:
    from policies.from_pulumi.registered import Resource, Stack


def template(one: Resource, _: Stack) -> LaunchTemplate:
    """A launch template."""
    options = one.props.get("metadataOptions")
    return LaunchTemplate(
        name=str(one.get("name") or one.name),
        tags=one.tags(),
        http_tokens=known(nested(options, "httpTokens"), ""),
        hop_limit=known(nested(options, "httpPutResponseHopLimit"), 0),
        public_ip=_public(one.props.get("networkInterfaces")),
        volumes_encrypted=_encrypted(one.props.get("blockDeviceMappings")),
        user_data=_text(one.props.get("userData")),
        instance_type=known(one.props.get("instanceType"), ""),
    )


def machine(one: Resource, _: Stack) -> Instance:
    """A machine a stack starts itself."""
    root = nested(one.props, "rootBlockDevice", "encrypted")
    return Instance(
        name=one.name,
        tags=one.tags(),
        public_address=known(one.props.get("associatePublicIpAddress"), default=False),
        http_tokens=known(nested(one.props, "metadataOptions", "httpTokens"), "optional"),
        volumes_encrypted=known(root, default=False),
    )


def file_system(one: Resource, _: Stack) -> FileSystem:
    """A file system of FSx for Lustre; a key that is not known yet is one all the same."""
    return FileSystem(name=one.name, tags=one.tags(), customer_key=bool(one.props.get("kmsKeyId")))


def _public(interfaces: Any) -> bool | None:  # JSON
    if interfaces is UNKNOWN:
        return None
    # Word or truth: the provider takes both.
    given = [nested(one, "associatePublicIpAddress") for one in interfaces or ()]
    if any(str(value).lower() == "true" for value in given):
        return True
    return None if UNKNOWN in given else False


def _encrypted(devices: Any) -> bool | None:  # JSON
    if devices is UNKNOWN:
        return None
    # A device without a volume of EBS is the machine's own disk, which the hardware encrypts.
    volumes = [nested(one, "ebs") for one in devices or ()]
    given = [nested(one, "encrypted") for one in volumes if one is not None]
    if any(str(value).lower() != "true" for value in given if value is not UNKNOWN) or not given:
        return False
    return None if UNKNOWN in given else True


def _text(user_data: Any) -> str | None:  # JSON
    if user_data is UNKNOWN:
        return None
    try:
        return unpacked(b64decode(str(user_data or ""), validate=True))
    except ValueError:  # not base64: given as it is
        return str(user_data)
