"""POST /servers: what Nova checks of it, in its order, and the server it makes."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.openstack.accounts import FLAVORS, IMAGES, NETWORKS, PROJECT_ID, ZONES, made_id
from ris_hybrid.sandbox.openstack.lifecycle import gone, zone_for
from ris_hybrid.sandbox.openstack.state import Server
from ris_hybrid.sandbox.openstack.wire import ApiError, not_in_sandbox

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.accounts import Network
    from ris_hybrid.sandbox.openstack.state import Cloud
    from ris_hybrid.sandbox.openstack.wire import Json

METADATA_MOST = 128
_TEXT_MOST = 255
_USER_DATA_MOST = 65535
_NETWORKS_NEEDED = 37  # from this microversion on nothing is chosen for who names no network
_KEY = re.compile(r"[a-zA-Z0-9\-_:. ]{1,255}")
_UNDERSTOOD = frozenset(
    {
        *("name", "imageRef", "flavorRef", "networks", "metadata", "availability_zone", "user_data", "security_groups"),
        *("config_drive", "OS-DCF:diskConfig", "adminPass", "accessIPv4", "accessIPv6"),
    }
)
_LEFT_OUT = frozenset({"block_device_mapping", "block_device_mapping_v2", "personality", "tags", "description"})


def create(cloud: Cloud, document: Json, minor: int) -> Server:
    """A new server, placed where there is room, or nowhere. Raises ``ApiError`` as Nova would."""
    asked = document.get("server")
    if not isinstance(asked, dict):
        raise _invalid("server", asked, "it is a required property")
    _check_words(asked, document)
    metadata = checked_metadata(asked.get("metadata", {}))
    user_data = _user_data(asked.get("user_data", ""))
    flavor = next((one for one in FLAVORS if one.flavor_id == str(asked.get("flavorRef"))), None)
    if flavor is None:
        raise ApiError(400, "Invalid flavorRef provided.")
    if asked.get("imageRef") not in IMAGES:
        raise ApiError(400, "Can not find requested image" if asked.get("imageRef") else "Invalid imageRef provided.")
    zone = str(asked.get("availability_zone") or "")
    if zone and zone not in ZONES:
        raise ApiError(400, "The requested availability zone is not available")
    networks = _networks(asked.get("networks"), minor)
    groups = _groups(cloud, asked.get("security_groups") or [{"name": "default"}])
    now = cloud.clock.now()
    alive = [one for one in cloud.servers.values() if not gone(one, now, cloud.timing)]
    _check_quota(cloud, len(alive))
    number = len(cloud.servers)
    made = Server(
        server_id=made_id("server", number),
        number=number,
        name=str(asked["name"]).strip(),
        flavor=flavor,
        image_id=str(asked["imageRef"]),
        networks=networks,
        asked_zone=zone,
        zone=zone_for(flavor.name, zone, alive, cloud.capacity),
        metadata=metadata,
        user_data=user_data,
        groups=groups,
        created=now,
        updated=now,
    )
    cloud.servers[made.server_id] = made
    return made


def checked_metadata(told: object) -> dict[str, str]:
    """Metadata as it may be written. Raises ``ApiError`` 400 for a key or value Nova's schema does not have."""
    if not isinstance(told, dict):
        raise _invalid("metadata", told, "it is not of type 'object'")
    for key, value in told.items():
        if not _KEY.fullmatch(key):
            raise _invalid("metadata", key, "it does not match '^[a-zA-Z0-9-_:. ]{1,255}$'")
        if not isinstance(value, str):
            raise _invalid(key, value, "it is not of type 'string'")
        if len(value) > _TEXT_MOST:
            raise _invalid(key, value, "it is too long")
    check_count(told)
    return dict(told)


def check_count(items: Json) -> None:
    """Raises ``ApiError`` 403 for more items than the quota."""
    if len(items) > METADATA_MOST:
        raise ApiError(403, f"Maximum number of metadata items exceeds {METADATA_MOST}")


def _check_words(asked: Json, document: Json) -> None:
    if "os:scheduler_hints" in document or "OS-SCH-HNT:scheduler_hints" in document:
        raise not_in_sandbox("a scheduler hint")
    if left := _LEFT_OUT & set(asked):
        raise not_in_sandbox(f"{min(left)} of a new server")
    if asked.get("min_count", 1) != 1 or asked.get("max_count", 1) != 1:
        raise not_in_sandbox("more than one server by one call")
    if asked.get("key_name"):
        raise ApiError(400, "Invalid key_name provided.")
    if unknown := set(asked) - _UNDERSTOOD - {"min_count", "max_count", "key_name"}:
        raise ApiError(400, f"Additional properties are not allowed ('{min(unknown)}' was unexpected)")
    name = asked.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _TEXT_MOST:
        raise _invalid("name", name, "it is no name of 1 to 255 characters")


def _user_data(told: object) -> str:
    text = str(told or "")
    try:
        b64decode(text, validate=True)
    except (NotBase64, ValueError):
        raise _invalid("user_data", text[:40], "it is not a 'base64'") from None
    if len(text) > _USER_DATA_MOST:
        raise _invalid("user_data", f"{text[:40]}...", "it is too long")
    return text


def _networks(told: Any, minor: int) -> tuple[Network, ...]:
    if told is None and minor >= _NETWORKS_NEEDED:
        raise _invalid("server", "networks", "it is a required property")
    if told in (None, [], "auto"):
        return tuple(one for one in NETWORKS if not one.external)
    if told == "none":
        return ()
    if not isinstance(told, list):
        raise _invalid("networks", told, "it is not of type 'array'")
    return tuple(_network(str(one.get("uuid", "")) if isinstance(one, dict) else "") for one in told)


def _network(key: str) -> Network:
    found = next((one for one in NETWORKS if one.network_id == key), None)
    if found is None:
        raise ApiError(400, f"Network {key} could not be found.")
    if found.external:
        raise ApiError(403, f"It is not allowed to create an interface on external network {key}")
    return found


def _groups(cloud: Cloud, told: Any) -> tuple[str, ...]:
    if not isinstance(told, list):
        raise _invalid("security_groups", told, "it is not of type 'array'")
    return tuple(_group(cloud, str(one.get("name", "")) if isinstance(one, dict) else "") for one in told)


def _group(cloud: Cloud, asked: str) -> str:
    """By name or id, as Nova finds them."""
    found = [key for key, one in cloud.groups.items() if asked in {key, one.name}]
    if not found:
        raise ApiError(400, f"Security group {asked} not found for project {PROJECT_ID}.")
    if len(found) > 1:
        raise ApiError(409, f"Multiple security groups found matching '{asked}'. Use an ID to be more specific.")
    return found[0]


def _check_quota(cloud: Cloud, alive: int) -> None:
    most = cloud.instances_most
    if most is not None and alive >= most:
        used = f"Requested 1, but already used {alive} of {most} instances"
        raise ApiError(403, f"Quota exceeded for instances: {used}")


def _invalid(field: str, value: object, why: str) -> ApiError:
    return ApiError(400, f"Invalid input for field/attribute {field}. Value: {str(value)[:80]}. {why}")
