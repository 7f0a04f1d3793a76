"""Servers, flavors and links as Nova shows them to a user who is no administrator."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.openstack.accounts import PROJECT_ID, USER_ID

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.accounts import Flavor
    from ris_hybrid.sandbox.openstack.lifecycle import Standing
    from ris_hybrid.sandbox.openstack.state import Cloud, Server
    from ris_hybrid.sandbox.openstack.wire import Call, Json

COMPUTE = "/compute/v2.1"
_FLAVOR_WHOLE = 47  # from this microversion on a server carries its flavor's figures in place of its id
_LOCKED_SHOWN = 9


def moment(seconds: float) -> str:
    """``2027-01-15T08:00:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def links(call: Call, kind: str, key: str) -> list[Json]:
    """Where one thing of Nova's is."""
    path = f"{kind}/{key}"
    return [
        {"rel": "self", "href": f"{call.url}{COMPUTE}/{path}"},
        {"rel": "bookmark", "href": f"{call.url}/compute/{path}"},
    ]


def flavor(one: Flavor, call: Call) -> Json:
    """A flavor of a list."""
    return {
        "id": one.flavor_id,
        "name": one.name,
        "vcpus": one.vcpus,
        "ram": one.ram,
        "disk": one.disk,
        "swap": "",
        "rxtx_factor": 1.0,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": True,
        "links": links(call, "flavors", one.flavor_id),
    }


def server(cloud: Cloud, one: Server, at: Standing, call: Call, minor: int) -> Json:
    """A server, by itself or in a list; ``minor`` is the microversion's."""
    if one.unseen:
        return _hardly_known(one, call)
    shown: Json = {
        "id": one.server_id,
        "name": one.name,
        "status": at.status,
        "tenant_id": PROJECT_ID,
        "user_id": USER_ID,
        "metadata": dict(one.metadata),
        "hostId": _host(one) if at.placed else "",
        "image": {"id": one.image_id, "links": links(call, "images", one.image_id)[1:]},
        "flavor": _flavor(one.flavor, call, minor),
        "created": moment(one.created),
        "updated": moment(one.updated),
        "addresses": _addresses(one) if at.placed else {},
        "accessIPv4": "",
        "accessIPv6": "",
        "links": links(call, "servers", one.server_id),
        "key_name": None,
        "config_drive": "",
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": one.zone if at.placed else one.asked_zone,
        "OS-EXT-STS:task_state": at.task,
        "OS-EXT-STS:vm_state": at.vm_state,
        "OS-EXT-STS:power_state": at.power,
        "OS-SRV-USG:launched_at": moment(one.created)[:-1] + ".000000" if at.worked else None,
        "OS-SRV-USG:terminated_at": None,
        "os-extended-volumes:volumes_attached": [],
    }
    if at.status in {"BUILD", "ACTIVE"}:
        shown["progress"] = 0
    if at.placed:
        shown["security_groups"] = [{"name": cloud.groups[key].name} for key in one.groups if key in cloud.groups]
    if at.fault:
        shown["fault"] = {"code": 500, "created": moment(one.updated), "message": at.fault}
    if minor >= _LOCKED_SHOWN:
        shown["locked"] = one.locked
    return shown


def _hardly_known(one: Server, call: Call) -> Json:
    """A server in a cell that is down (Nova API guide, Handling Down Cells)."""
    return {
        "id": one.server_id,
        "status": "UNKNOWN",
        "tenant_id": PROJECT_ID,
        "created": moment(one.created),
        "links": links(call, "servers", one.server_id),
    }


def _flavor(one: Flavor, call: Call, minor: int) -> Json:
    if minor < _FLAVOR_WHOLE:
        return {"id": one.flavor_id, "links": links(call, "flavors", one.flavor_id)[1:]}
    figures = {"vcpus": one.vcpus, "ram": one.ram, "disk": one.disk, "ephemeral": 0, "swap": 0}
    return {**figures, "original_name": one.name, "extra_specs": {}}


def address(one: Server, prefix: str) -> str:
    """Its address on a network: of its number, so that no two of a run share one."""
    return f"{prefix}.{one.number // 250 % 250}.{one.number % 250 + 1}"


def _addresses(one: Server) -> Json:
    mac = f"fa:16:3e:{one.number >> 16 & 255:02x}:{one.number >> 8 & 255:02x}:{one.number & 255:02x}"
    return {
        network.name: [
            {
                "addr": address(one, network.prefix),
                "version": 4,
                "OS-EXT-IPS:type": "fixed",
                "OS-EXT-IPS-MAC:mac_addr": mac,
            }
        ]
        for network in one.networks
    }


def _host(one: Server) -> str:
    return hashlib.sha224(f"{PROJECT_ID}{one.zone}-host-{one.number % 4}".encode()).hexdigest()
