"""Instances and metadata: what the calls do to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.gce.state import Instance, Metadata, timestamp
from ris_hybrid.sandbox.gce.wire import (
    IMAGES,
    PROJECT,
    REGION,
    SUBNETWORKS,
    TYPES,
    ZONES,
    ApiError,
    invalid,
    known,
    not_found,
    url,
)

if TYPE_CHECKING:
    from ris_hybrid.sandbox.gce.state import Place
    from ris_hybrid.sandbox.gce.wire import Call, Json

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_LONGEST, _TAGS_MOST = 262_144, 64
_NO_ROOM = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"


def insert(place: Place, call: Call) -> Json:
    """``instances.insert``: the operation tells, when the instance would be placed, whether there was room."""
    zone = known(call.ids[0], ZONES, "zones")
    body = call.document
    name = str(body.get("name", ""))
    path = f"zones/{zone}/instances/{name}"
    _checked(body, name, zone)
    if any(one.name == name and one.zone == zone for one in place.there()):
        raise ApiError(409, "alreadyExists", f"The resource 'projects/{PROJECT}/{path}' already exists")
    if place.most is not None and len(place.there()) >= place.most:
        told = f"Quota 'INSTANCES' exceeded.  Limit: {place.most:.1f} in region {REGION}."
        raise ApiError(403, "quotaExceeded", told)
    items = {str(one["key"]): str(one["value"]) for one in body.get("metadata", {}).get("items", ())}
    made = Instance(
        number=len(place.instances) + 1,
        name=name,
        zone=zone,
        body=body,
        metadata=Metadata(_items(items)),
        created=place.clock.now(),
    )
    if not _room(place, made):
        made.fault = _NO_ROOM
    place.instances.append(made)
    why = f"The zone 'projects/{PROJECT}/zones/{zone}' does not have enough resources available to fulfill the request."
    return place.ordered("insert", path, zone, place.timing.placing_s, (made.fault, why if made.fault else ""))


def show(place: Place, call: Call) -> Json:
    """``instances.get``."""
    return document(place, _found(place, call))


def delete(place: Place, call: Call) -> Json:
    """``instances.delete``: one that is protected is kept."""
    one = _found(place, call)
    if one.protected:
        told = "Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion.'."
        raise ApiError(400, "invalidResourceUsage", told)
    if one.deleted is None:
        one.deleted = place.clock.now()
    return place.ordered("delete", f"zones/{one.zone}/instances/{one.name}", one.zone, place.timing.deleting_s)


def set_metadata(place: Place, call: Call) -> Json:
    """``instances.setMetadata``: all items at once, by the fingerprint of what was read."""
    one = _found(place, call)
    path = f"zones/{one.zone}/instances/{one.name}"
    if one.deleted is not None:
        raise ApiError(400, "resourceNotReady", f"The resource 'projects/{PROJECT}/{path}' is not ready")
    return _written(place, one.metadata, call.document, path, one.zone)


def set_common(place: Place, call: Call) -> Json:
    """``projects.setCommonInstanceMetadata``."""
    return _written(place, place.common, call.document, "", "")


def document(place: Place, one: Instance) -> Json:
    """An instance as Google shows it."""
    region = one.zone.rpartition("-")[0]
    return {
        "kind": "compute#instance",
        "id": str(4_000_000_000_000_000_000 + one.number),
        "name": one.name,
        "selfLink": url(f"zones/{one.zone}/instances/{one.name}"),
        "zone": url(f"zones/{one.zone}"),
        "machineType": url(f"zones/{one.zone}/machineTypes/{one.machine_type}"),
        "status": place.status(one),
        "creationTimestamp": timestamp(one.created),
        "networkInterfaces": [
            {
                "name": "nic0",
                "networkIP": f"10.128.{one.number // 250}.{one.number % 250 + 2}",
                "subnetwork": url(f"regions/{region}/subnetworks/{_subnetwork(one.body)}"),
            }
        ],
        "metadata": one.metadata.document(),
        "tags": one.body.get("tags", {}),
        "scheduling": {"provisioningModel": "STANDARD", "onHostMaintenance": "MIGRATE"}
        | one.body.get("scheduling", {}),
        "deletionProtection": one.protected,
    }


def _found(place: Place, call: Call) -> Instance:
    zone, name = call.ids
    for one in place.there():
        if (one.zone, one.name) == (zone, name):
            return one
    raise not_found(f"zones/{zone}/instances/{name}")


def _written(place: Place, metadata: Metadata, body: Json, path: str, zone: str) -> Json:
    raced = place.races > 0
    if raced:
        place.races -= 1
        metadata.writes += 1
    if body.get("fingerprint") != metadata.document()["fingerprint"]:
        told = "Supplied fingerprint does not match current metadata fingerprint."
        if raced and place.told_late:
            return place.ordered("setMetadata", path, zone, place.timing.writing_s, ("CONDITION_NOT_MET", told))
        raise ApiError(412, "conditionNotMet", told)
    metadata.items = _items({str(one["key"]): str(one["value"]) for one in body.get("items", ())})
    metadata.writes += 1
    return place.ordered("setMetadata", path, zone, place.timing.writing_s)


def _items(items: dict[str, str]) -> dict[str, str]:
    for key, value in items.items():
        if not _KEY.fullmatch(key) or len(value) > _LONGEST:
            raise invalid("metadata.items", key, "Metadata keys take letters, digits, hyphens and underscores.")
    return items


def _checked(body: Json, name: str, zone: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid("resource.name", name, f"Must be a match of regex '{_NAME.pattern}'")
    known(str(body["machineType"]).rpartition("/")[2], TYPES, f"zones/{zone}/machineTypes")
    (disk,) = body["disks"]
    known(str(disk["initializeParams"]["sourceImage"]).rpartition("/")[2], IMAGES, "global/images")
    known(_subnetwork(body), SUBNETWORKS, f"regions/{REGION}/subnetworks")
    tags = body.get("tags", {}).get("items", ())
    if len(tags) > _TAGS_MOST or not all(_NAME.fullmatch(tag) for tag in tags):
        raise invalid("resource.tags.items", tags, "Network tags are names.")


def _subnetwork(body: Json) -> str:
    (interface,) = body["networkInterfaces"]
    return str(interface.get("subnetwork", SUBNETWORKS[0])).rpartition("/")[2]


def _room(place: Place, wanted: Instance) -> bool:
    most = place.capacity.get(wanted.zone, {}).get(wanted.machine_type)
    taken = (one for one in place.there() if not one.fault and one.deleted is None)
    same = sum((one.zone, one.machine_type) == (wanted.zone, wanted.machine_type) for one in taken)
    return most is None or same < most
