"""Metadata of a server: POST writes beside what is there, PUT in its place, DELETE takes one item away.

Nova changes it only where the server works or is stopped, and nothing is under way with it: else 409 conflictingRequest
(nova/compute/api.py, ``check_instance_state`` of ``update_instance_metadata``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.openstack.creating import check_count, checked_metadata
from ris_hybrid.sandbox.openstack.servers import find, need_state, need_unlocked
from ris_hybrid.sandbox.openstack.wire import Answer, ApiError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.state import Cloud, Server
    from ris_hybrid.sandbox.openstack.wire import Call


def items(cloud: Cloud, call: Call) -> Answer:
    """GET /servers/{id}/metadata."""
    one, _ = find(cloud, call.ids[0])
    return Answer(document={"metadata": dict(one.metadata)})


def merge(cloud: Cloud, call: Call) -> Answer:
    """POST /servers/{id}/metadata: answers with all of it."""
    one = _changeable(cloud, call, "update metadata")
    return _written(cloud, one, {**one.metadata, **checked_metadata(call.document.get("metadata"))})


def replace(cloud: Cloud, call: Call) -> Answer:
    """PUT /servers/{id}/metadata."""
    one = _changeable(cloud, call, "update metadata")
    return _written(cloud, one, checked_metadata(call.document.get("metadata")))


def show_item(cloud: Cloud, call: Call) -> Answer:
    """GET /servers/{id}/metadata/{key}."""
    one, _ = find(cloud, call.ids[0])
    return Answer(document={"meta": {call.ids[1]: _item(one, call.ids[1])}})


def write_item(cloud: Cloud, call: Call) -> Answer:
    """PUT /servers/{id}/metadata/{key}."""
    key, told = call.ids[1], checked_metadata(call.document.get("meta"))
    if set(told) != {key}:
        raise ApiError(400, "Request body and URI mismatch")
    one = _changeable(cloud, call, "update metadata")
    _written(cloud, one, {**one.metadata, **told})
    return Answer(document={"meta": told})


def delete_item(cloud: Cloud, call: Call) -> Answer:
    """DELETE /servers/{id}/metadata/{key}."""
    one, _ = find(cloud, call.ids[0])
    _item(one, call.ids[1])
    _changeable(cloud, call, "delete metadata")
    del one.metadata[call.ids[1]]
    one.updated = cloud.clock.now()
    return Answer(status=204)


def _changeable(cloud: Cloud, call: Call, doing: str) -> Server:
    one, at = find(cloud, call.ids[0])
    need_unlocked(one)
    need_state(one, at, doing, "active", "stopped")
    return one


def _written(cloud: Cloud, one: Server, metadata: dict[str, str]) -> Answer:
    check_count(metadata)
    one.metadata, one.updated = metadata, cloud.clock.now()
    return Answer(document={"metadata": dict(metadata)})


def _item(one: Server, key: str) -> str:
    if key not in one.metadata:
        raise ApiError(404, "Metadata item was not found")
    return one.metadata[key]
