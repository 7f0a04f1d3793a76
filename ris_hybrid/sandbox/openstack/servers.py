"""Nova's servers: make, list, show, stop and start, delete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.openstack import server_json
from ris_hybrid.sandbox.openstack.creating import create
from ris_hybrid.sandbox.openstack.lifecycle import gone, standing
from ris_hybrid.sandbox.openstack.paging import page_of
from ris_hybrid.sandbox.openstack.wire import Answer, ApiError, not_in_sandbox

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.lifecycle import Standing
    from ris_hybrid.sandbox.openstack.state import Cloud, Server
    from ris_hybrid.sandbox.openstack.wire import Call

NEWEST = 69
"""The highest microversion 2.x that is understood; of what came since 2.1 only what a burst can see is there."""
_DOWN_CELLS_TOLD = 69
_FILTERS = frozenset({"limit", "marker", "name", "status"})
_IGNORED = frozenset({"all_tenants"})


def microversion(call: Call) -> int:
    """The minor version asked for; 2.1 where none is. Raises ``ApiError`` 406 for one that is not there."""
    told = call.headers.get("openstack-api-version", "").removeprefix("compute").strip()
    text = told or call.headers.get("x-openstack-nova-api-version", "")
    if text == "latest":
        return NEWEST
    found = re.fullmatch(r"2\.(\d{1,3})", text or "2.1")
    if found is None or not 1 <= int(found[1]) <= NEWEST:
        raise ApiError(406, f"Version {text} is not supported by the API. Minimum is 2.1 and maximum is 2.{NEWEST}.")
    return int(found[1])


def find(cloud: Cloud, key: str) -> tuple[Server, Standing]:
    """One server and where it stands.

    Raises ``ApiError`` 404 for one that never was or is gone, 500 for one whose cell does not answer.
    """
    one, at = _known(cloud, key)
    if one.unseen:
        raise ApiError(500, "Unexpected API Error.")
    return one, at


def _known(cloud: Cloud, key: str) -> tuple[Server, Standing]:
    one, now = cloud.servers.get(key), cloud.clock.now()
    if one is None or gone(one, now, cloud.timing):
        raise ApiError(404, f"Instance {key} could not be found.")
    return one, standing(one, now, cloud.timing)


def need_unlocked(one: Server) -> None:
    """Raises ``ApiError`` 409 for one that an administrator locked."""
    if one.locked:
        raise ApiError(409, f"Instance {one.server_id} is locked")


def need_state(one: Server, at: Standing, doing: str, *states: str) -> None:
    """Raises ``ApiError`` 409 where Nova does this in none but these states, with no task under way."""
    if at.vm_state not in states:
        raise ApiError(409, f"Cannot '{doing}' instance {one.server_id} while it is in vm_state {at.vm_state}")
    if at.task is not None:
        raise ApiError(409, f"Cannot '{doing}' instance {one.server_id} while it is in task_state {at.task}")


def add(cloud: Cloud, call: Call) -> Answer:
    """POST /servers."""
    made = create(cloud, call.document, microversion(call))
    places = server_json.links(call, "servers", made.server_id)
    told = {
        "id": made.server_id,
        "links": places,
        "OS-DCF:diskConfig": "MANUAL",
        "security_groups": [{"name": cloud.groups[key].name} for key in made.groups],
        "adminPass": "of-no-use",
    }
    location = {"Location": places[0]["href"]}
    return Answer(status=202, document={"server": told}, headers=location)


def details(cloud: Cloud, call: Call) -> Answer:
    """GET /servers/detail: the newest first, a page at a time. ``name`` is a pattern, ``status`` Nova's word."""
    minor, now = microversion(call), cloud.clock.now()
    if call.query.get("all_tenants", "0") not in {"0", "False", "false"}:
        raise ApiError(403, "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
    if left := set(call.query) - _FILTERS - _IGNORED:
        raise not_in_sandbox(f"the filter {min(left)} of servers")
    every = list(reversed(cloud.servers.values()))
    alive = {one.server_id: standing(one, now, cloud.timing) for one in every if not gone(one, now, cloud.timing)}
    marks = [(one.server_id, one) for one in every]
    wanted = [(key, one) for key, one in marks if key in alive and _fits(one, alive[key], call, minor)]
    page, following = page_of(wanted, call.query, cloud.page, gone=marks)
    document = {"servers": [server_json.server(cloud, one, alive[one.server_id], call, minor) for one in page]}
    if following:
        href = f"{call.url}{server_json.COMPUTE}/servers/detail?{following}"
        document["servers_links"] = [{"rel": "next", "href": href}]
    return Answer(document=document)


def _fits(one: Server, at: Standing, call: Call, minor: int) -> bool:
    if one.unseen:
        return minor >= _DOWN_CELLS_TOLD
    name, status = call.query.get("name", ""), call.query.get("status", "")
    try:
        return (not name or re.search(name, one.name) is not None) and (not status or status.upper() == at.status)
    except re.error:
        raise ApiError(400, f"Invalid input for query parameters name. Value: {name}") from None


def show(cloud: Cloud, call: Call) -> Answer:
    """GET /servers/{id}."""
    minor = microversion(call)
    one, at = (_known if minor >= _DOWN_CELLS_TOLD else find)(cloud, call.ids[0])
    return Answer(document={"server": server_json.server(cloud, one, at, call, minor)})


def delete(cloud: Cloud, call: Call) -> Answer:
    """DELETE /servers/{id}: again and again, until it is gone."""
    one, _ = find(cloud, call.ids[0])
    need_unlocked(one)
    if one.deleted is None:
        one.deleted = one.updated = cloud.clock.now()
    return Answer(status=204)


def act(cloud: Cloud, call: Call) -> Answer:
    """POST /servers/{id}/action: os-stop and os-start."""
    one, at = find(cloud, call.ids[0])
    action = next(iter(call.document), "")
    if action not in {"os-stop", "os-start"}:
        raise not_in_sandbox(f"the action {action} of a server")
    need_unlocked(one)
    if action == "os-stop":
        need_state(one, at, "stop", "active", *(["error"] if at.placed else []))
        one.crash = ""
    else:
        need_state(one, at, "start", "stopped")
    one.stopped, one.updated = action == "os-stop", cloud.clock.now()
    return Answer(status=202)
