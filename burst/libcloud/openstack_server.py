"""A server of Nova ⇄ a machine of ours (pure). Source: Nova API reference, Servers; Nova API guide, Server concepts.

ERROR is three things: no host was found (it never had one), it could not be built on the host it had, or something
broke later, when it had already worked. Only the middle one counts against the pool, as a machine that never came up.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from burst.libcloud.faults import NO_HOST, NOT_BUILT
from burst.libcloud.values import Node
from ris_hybrid.model import MachineState, UnknownWord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.libcloud.values import Wanted

Json = dict[str, Any]
LONGEST = 255
"""Characters of a metadata value, or of a description."""
_CRASHED = 6  # OS-EXT-STS:power_state
_ABORTED = re.compile(r"^build of instance .* aborted", re.IGNORECASE | re.DOTALL)
"""Nova takes the host away again from what it could not build there (nova/compute/manager.py, BuildAbortException)."""
_NO_ROOM = re.compile(r"quota|limit|maximum number|no (more )?(fixed )?ip\b|resources", re.IGNORECASE)
"""What of that is lack of room all the same: addresses, ports."""
_STATES: Mapping[str, MachineState] = {
    "BUILD": MachineState.PENDING,
    "REBUILD": MachineState.PENDING,
    "ACTIVE": MachineState.RUNNING,
    "REBOOT": MachineState.RUNNING,
    "HARD_REBOOT": MachineState.RUNNING,
    "PASSWORD": MachineState.RUNNING,
    "MIGRATING": MachineState.RUNNING,
    "VERIFY_RESIZE": MachineState.RUNNING,
    "SHUTOFF": MachineState.STOPPED,
    "SHELVED": MachineState.STOPPED,
    "SHELVED_OFFLOADED": MachineState.STOPPED,
    "SOFT_DELETED": MachineState.TERMINATED,
    "DELETED": MachineState.TERMINATED,
}
"""Others stay Nova's words: PAUSED, SUSPENDED, RESCUE, RESIZE and UNKNOWN are somebody's business, and no proof of an
end: an operator's pause, or the moment at the end of a migration, keeps memory, and LSF's jobs go on after it."""
_ON_ITS_WAY = frozenset({"deleting", "soft-deleting"})


def is_whole(server: Json) -> bool:
    """Whether Nova tells all of it: of a server in a cell that is down it knows hardly more than the id."""
    return {"name", "metadata", "status"} <= server.keys()


def node_of(server: Json, flavors: Mapping[str, str]) -> Node:
    """A whole server; flavor names by id, for a Nova that gives ids alone."""
    had_host = bool(server.get("hostId"))
    worked = bool(server.get("OS-SRV-USG:launched_at"))
    fault = _fault(server, had_host or worked)
    return Node(
        node_id=server["id"],
        name=server["name"],
        state=_state(server, worked),
        size=_size(server.get("flavor") or {}, flavors),
        zone=server.get("OS-EXT-AZ:availability_zone") or "",
        private_ip=_address(server.get("addresses") or {}),
        launched=datetime.fromisoformat(server["created"]).timestamp(),
        tags={str(key): str(value) for key, value in server["metadata"].items()},
        fault=fault,
        placed=not fault.startswith(NO_HOST) and (had_host or worked or server["status"] != "BUILD"),
        gave_up=server["status"] == "SHUTOFF",  # by itself or by somebody's stop: Nova does not tell them apart
    )


def new_server(wanted: Wanted, flavor: str, image: str, networks: tuple[str, ...]) -> Json:
    """The body of POST /servers; flavor, image and networks are ids. No network at all: Nova's own choice."""
    server: Json = {
        "name": wanted.name,
        "flavorRef": flavor,
        "imageRef": image,
        "networks": [{"uuid": one} for one in networks] or "auto",
        "metadata": {key: cut(value) for key, value in wanted.tags.items()},
        "user_data": base64.b64encode(wanted.user_data.encode()).decode("ascii"),
        "config_drive": True,  # where Nova's metadata service is not reached, a node learns who it is from its drive
    }
    if wanted.zone:
        server["availability_zone"] = wanted.zone
    if wanted.security_groups:
        server["security_groups"] = [{"name": one} for one in wanted.security_groups]
    return {"server": server}


def cut(value: str) -> str:
    """As much of a value as Nova takes."""
    return value[:LONGEST]


def _state(server: Json, worked: bool) -> MachineState | UnknownWord:
    status = str(server["status"])
    if server.get("OS-EXT-STS:task_state") in _ON_ITS_WAY and status not in {"DELETED", "SOFT_DELETED"}:
        return MachineState.SHUTTING_DOWN
    if status == "ERROR" and not worked:
        return MachineState.STOPPED
    return _STATES.get(status, UnknownWord(status))


def _fault(server: Json, had_place: bool) -> str:
    if server["status"] == "ERROR":
        told = str((server.get("fault") or {}).get("message") or "Nova gives no reason")
        if had_place or told.startswith(NO_HOST):
            return told
        aborted = _ABORTED.search(told) and not _NO_ROOM.search(told)
        return f"{NOT_BUILT if aborted else NO_HOST}: {told}"
    if server["status"] == "ACTIVE" and server.get("OS-EXT-STS:power_state") == _CRASHED:
        return "its guest has crashed, the hypervisor says"
    return ""


def _size(flavor: Json, flavors: Mapping[str, str]) -> str:
    named = str(flavor.get("original_name") or "")
    given = str(flavor.get("id") or "")
    return named or flavors.get(given, given)


def _address(addresses: Json) -> str:
    """The first fixed one; IPv4 before IPv6."""
    fixed = [one for some in addresses.values() for one in some if one.get("OS-EXT-IPS:type", "fixed") == "fixed"]
    fixed.sort(key=lambda one: one.get("version", 4))
    return str(fixed[0]["addr"]) if fixed else ""
