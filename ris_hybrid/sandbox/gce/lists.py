"""Lists in pages, and the single things beside instances: zones, machine types, images, subnetworks, operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.gce.instances import document
from ris_hybrid.sandbox.gce.wire import (
    ELSEWHERE,
    IMAGES,
    OBSOLETE,
    REGION,
    SUBNETWORKS,
    TYPES,
    ZONES,
    ApiError,
    known,
    not_found,
    url,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.gce.state import Place
    from ris_hybrid.sandbox.gce.wire import Call, Json

_TARGET = re.compile(r'targetLink="([^"]+)"')
_EVERY_ZONE = (*ZONES, ELSEWHERE)


def project(place: Place, _call: Call) -> Json:
    """``projects.get``."""
    return {"kind": "compute#project", "commonInstanceMetadata": place.common.document()}


def zones(place: Place, call: Call) -> Json:
    """``zones.list``."""
    every = [
        {"name": zone, "region": url(f"regions/{zone.rpartition('-')[0]}"), "status": _up(place, zone)}
        for zone in _EVERY_ZONE
    ]
    return _paged(place, call, every)


def machine_types(place: Place, call: Call) -> Json:
    """``machineTypes.list`` of one zone."""
    zone = known(call.ids[0], _EVERY_ZONE, "zones")
    return _paged(place, call, _types(zone))


def all_machine_types(place: Place, call: Call) -> Json:
    """``machineTypes.aggregatedList``."""
    return _scoped(place, call, "machineTypes", [(zone, one) for zone in ZONES for one in _types(zone)])


def images(place: Place, call: Call) -> Json:
    """``images.list``."""
    return _paged(place, call, [_image(name) for name in IMAGES])


def image(_place: Place, call: Call) -> Json:
    """``images.get``."""
    return _image(known(call.ids[0], IMAGES, "global/images"))


def newest(_place: Place, call: Call) -> Json:
    """``images.getFromFamily``."""
    (family,) = call.ids
    found = [name for name, of in IMAGES.items() if of == family and name != OBSOLETE]
    if not found:
        raise not_found(f"global/images/family/{family}")
    return _image(found[-1])


def subnetworks(place: Place, call: Call) -> Json:
    """``subnetworks.list`` of one region."""
    region = known(call.ids[0], (REGION,), "regions")
    return _paged(place, call, _subnetworks(region))


def all_subnetworks(place: Place, call: Call) -> Json:
    """``subnetworks.aggregatedList``."""
    every = [(REGION, one) for one in _subnetworks(REGION)]
    return _scoped(place, call, "subnetworks", every, "regions")


def all_instances(place: Place, call: Call) -> Json:
    """``instances.aggregatedList``: zones without any are there with a warning, and so is one that is down."""
    every = [(one.zone, document(place, one)) for one in place.there() if one.zone != place.down]
    found = _scoped(place, call, "instances", every)
    for zone in _EVERY_ZONE:
        code = "UNREACHABLE" if zone == place.down else "NO_RESULTS_ON_PAGE"
        found["items"].setdefault(f"zones/{zone}", {"warning": {"code": code, "message": "No instances."}})
    return found


def zone_operations(place: Place, call: Call) -> Json:
    """``zoneOperations.list``: all, or those on one resource."""
    zone = known(call.ids[0], _EVERY_ZONE, "zones")
    wanted = call.query.get("filter", "")
    found = _TARGET.fullmatch(wanted)
    if wanted and not found:
        raise ApiError(501, "SandboxNotImplemented", f"filter {wanted}: this is the sandbox, not Google.")
    every = [place.shown(one) for one in place.operations.values() if one.zone == zone]
    return _paged(place, call, [one for one in every if not found or one["targetLink"] == found[1]])


def zone_operation(place: Place, call: Call) -> Json:
    """``zoneOperations.get``."""
    return _operation(place, *call.ids)


def global_operation(place: Place, call: Call) -> Json:
    """``globalOperations.get``."""
    return _operation(place, "", call.ids[0])


def _operation(place: Place, zone: str, name: str) -> Json:
    found = place.operations.get(name)
    if found is None or found.zone != zone:
        where = f"zones/{zone}" if zone else "global"
        raise not_found(f"{where}/operations/{name}")
    return place.shown(found)


def _up(place: Place, zone: str) -> str:
    return "DOWN" if zone == place.down else "UP"


def _types(zone: str) -> list[Json]:
    return [
        {"name": name, "guestCpus": vcpus, "memoryMb": memory, "zone": zone} for name, (vcpus, memory) in TYPES.items()
    ]


def _image(name: str) -> Json:
    shown: Json = {"name": name, "selfLink": url(f"global/images/{name}"), "status": "READY"}
    if IMAGES[name]:
        shown["family"] = IMAGES[name]
    if name == OBSOLETE:
        shown["deprecated"] = {"state": "OBSOLETE"}
    return shown


def _subnetworks(region: str) -> list[Json]:
    return [{"name": name, "region": url(f"regions/{region}")} for name in SUBNETWORKS]


def _cut(place: Place, call: Call, every: Sequence[Any]) -> tuple[Sequence[Any], Json]:
    """One page, and where the next begins."""
    text = call.query.get("pageToken", "0")
    if not text.isdecimal():
        raise ApiError(400, "invalid", f"Invalid value for field 'pageToken': '{text}'.")
    first = int(text)
    after = first + min(place.page, int(call.query.get("maxResults", "500")))
    return every[first:after], {"nextPageToken": str(after)} if after < len(every) else {}


def _paged(place: Place, call: Call, every: Sequence[Json]) -> Json:
    """A list; Google leaves ``items`` out where there is none."""
    items, more = _cut(place, call, every)
    return {**({"items": list(items)} if items else {}), **more}


def _scoped(place: Place, call: Call, kind: str, every: Sequence[tuple[str, Json]], where: str = "zones") -> Json:
    """An aggregated list: items by zone or region."""
    page, more = _cut(place, call, every)
    items: Json = {}
    for name, one in page:
        items.setdefault(f"{where}/{name}", {kind: []})[kind].append(one)
    return {"items": items, **more}
