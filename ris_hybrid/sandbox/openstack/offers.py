"""What the cloud offers: Nova's flavors, zones and limits, Glance's images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.openstack import server_json
from ris_hybrid.sandbox.openstack.accounts import FLAVORS, IMAGES, PROJECT_ID, ZONES
from ris_hybrid.sandbox.openstack.creating import METADATA_MOST
from ris_hybrid.sandbox.openstack.lifecycle import gone
from ris_hybrid.sandbox.openstack.paging import page_of
from ris_hybrid.sandbox.openstack.wire import Answer, ApiError, not_in_sandbox

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.state import Cloud
    from ris_hybrid.sandbox.openstack.wire import Call, Json

_NOVA_PAGE = 1000  # nova.conf: max_limit
_MADE = "2026-01-05T09:00:00Z"


def flavors(_cloud: Cloud, call: Call) -> Answer:
    """GET /flavors/detail: all on one page where no limit is asked for, as Nova's is 1000."""
    if left := set(call.query) - {"limit", "marker"}:
        raise not_in_sandbox(f"the filter {min(left)} of flavors")
    page, following = page_of([(one.flavor_id, one) for one in FLAVORS], call.query, _NOVA_PAGE)
    document: Json = {"flavors": [server_json.flavor(one, call) for one in page]}
    if following:
        href = f"{call.url}{server_json.COMPUTE}/flavors/detail?{following}"
        document["flavors_links"] = [{"rel": "next", "href": href}]
    return Answer(document=document)


def flavor(_cloud: Cloud, call: Call) -> Answer:
    """GET /flavors/{id}."""
    found = next((one for one in FLAVORS if one.flavor_id == call.ids[0]), None)
    if found is None:
        raise ApiError(404, f"Flavor {call.ids[0]} could not be found.")
    return Answer(document={"flavor": server_json.flavor(found, call)})


def zones(_cloud: Cloud, _call: Call) -> Answer:
    """GET /os-availability-zone."""
    rows = [{"zoneName": name, "zoneState": {"available": True}, "hosts": None} for name in ZONES]
    return Answer(document={"availabilityZoneInfo": rows})


def limits(cloud: Cloud, _call: Call) -> Answer:
    """GET /limits: of instances, cores and memory; -1 is none."""
    now = cloud.clock.now()
    alive = [one.flavor for one in cloud.servers.values() if not gone(one, now, cloud.timing)]
    absolute = {
        "maxTotalInstances": -1 if cloud.instances_most is None else cloud.instances_most,
        "totalInstancesUsed": len(alive),
        "maxTotalCores": -1,
        "totalCoresUsed": sum(one.vcpus for one in alive),
        "maxTotalRAMSize": -1,
        "totalRAMUsed": sum(one.ram for one in alive),
        "maxServerMeta": METADATA_MOST,
    }
    return Answer(document={"limits": {"rate": [], "absolute": absolute}})


def images(cloud: Cloud, call: Call) -> Answer:
    """GET /v2/images: a page at a time; ``name`` is the whole name."""
    if left := set(call.query) - {"limit", "marker", "name", "status"}:
        raise not_in_sandbox(f"the filter {min(left)} of images")
    name = call.query.get("name", "")
    active = call.query.get("status", "active") == "active"  # as all of them are
    wanted = [(key, (key, one)) for key, one in IMAGES.items() if active and name in {"", one}]
    page, following = page_of(wanted, call.query, cloud.page)
    document: Json = {"images": [_image(*one) for one in page], "first": "/v2/images", "schema": "/v2/schemas/images"}
    if following:
        document["next"] = f"/v2/images?{following}"
    return Answer(document=document)


def image(_cloud: Cloud, call: Call) -> Answer:
    """GET /v2/images/{id}."""
    if call.ids[0] not in IMAGES:
        raise ApiError(404, f"No image found with ID {call.ids[0]}")
    return Answer(document=_image(call.ids[0], IMAGES[call.ids[0]]))


def _image(key: str, name: str) -> Json:
    return {
        "id": key,
        "name": name,
        "status": "active",
        "visibility": "public",
        "owner": PROJECT_ID,
        "created_at": _MADE,
        "updated_at": _MADE,
        "min_disk": 0,
        "min_ram": 0,
        "size": 2_147_483_648,
        "container_format": "bare",
        "disk_format": "qcow2",
        "os_hidden": False,
        "protected": False,
        "tags": [],
        "self": f"/v2/images/{key}",
        "file": f"/v2/images/{key}/file",
        "schema": "/v2/schemas/image",
    }
