"""An instance of Google's Compute Engine ⇄ a node (pure). Fields: Compute Engine API v1, resource "instances".

A machine's id here is ``<name>.<zone>``: a name is given once in a zone of a project, and is ours, of token,
number and place.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from burst.libcloud.values import Node
from burst.tags import RETURN
from ris_hybrid.model import MachineState, UnknownWord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from burst.libcloud.values import Wanted

USER_DATA = "user-data"
"""The metadata key that cloud-init reads; all others are the ledger."""
_ID = re.compile(r"([a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)\.([a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)", re.ASCII)
_UNPLACED = frozenset({"PROVISIONING", "PENDING"})
_ENDING = frozenset({"STOPPING", "DEPROVISIONING"})
_STATES = {
    "PROVISIONING": MachineState.PENDING,
    "STAGING": MachineState.PENDING,
    "PENDING": MachineState.PENDING,
    "RUNNING": MachineState.RUNNING,
    "STOPPING": MachineState.STOPPING,
    "PENDING_STOP": MachineState.STOPPING,
    "DEPROVISIONING": MachineState.STOPPING,
    "STOPPED": MachineState.STOPPED,
    "TERMINATED": MachineState.STOPPED,
}
"""TERMINATED is Google's word for stopped: such a machine keeps its disk, which costs. One deleted is not listed."""
_BY_ITSELF = "compute.instances.guestTerminate"
_BY_OTHERS = frozenset(
    {
        "stop",
        "compute.instances.hostError",
        "compute.instances.terminateOnHostMaintenance",
        "compute.instances.preempted",
    }
)
"""Types of operations that stop a machine; Google's own begin with ``compute.`` (Compute Engine, "System events")."""
_HYPERDISK_ONLY = ("a4", "c4", "h4d", "m4", "n4", "x4")
_NO_MIGRATION = ("a2", "a3", "a4", "g2", "g4", "h3", "h4d")


def node_id(name: str, zone: str) -> str:
    """What we call the machine."""
    return f"{name}.{zone}"


def place_of(machine: str) -> tuple[str, str] | None:
    """Name and zone of an id; None for one that no machine of Google's can have."""
    found = _ID.fullmatch(machine)
    return (found[1], found[2]) if found else None


def path_of(name: str, zone: str) -> str:
    """Of the instance, within the project."""
    return f"/zones/{zone}/instances/{name}"


def last(url: str) -> str:
    """The name at the end of a resource's URL."""
    return url.rpartition("/")[2]


def items(metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """Metadata's items by key."""
    return {str(one["key"]): str(one.get("value", "")) for one in (metadata or {}).get("items") or ()}


def as_items(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Items as Google takes them."""
    return [{"key": key, "value": value} for key, value in values.items()]


def merged(before: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, str]:
    """The values with these marks beside the others; an empty mark takes a value away."""
    return {key: value for key, value in {**before, **marks}.items() if value or key not in marks}


def node_of(instance: Mapping[str, Any]) -> Node:
    """An instance as our ports tell it. One that is stopping and was asked back is being deleted, for we stop none."""
    name, zone, word = str(instance["name"]), last(str(instance.get("zone", ""))), str(instance.get("status", ""))
    tags = {key: value for key, value in items(instance.get("metadata")).items() if key != USER_DATA}
    interfaces = instance.get("networkInterfaces") or [{}]
    state: MachineState | UnknownWord = _STATES.get(word) or UnknownWord(word)
    if word in _ENDING and tags.get(RETURN):
        state = MachineState.SHUTTING_DOWN
    return Node(
        node_id=node_id(name, zone),
        name=name,
        state=state,
        size=last(str(instance.get("machineType", ""))),
        zone=zone,
        private_ip=str(interfaces[0].get("networkIP", "")),
        launched=seconds(str(instance.get("creationTimestamp", ""))),
        tags=tags,
        placed=word not in _UNPLACED,
        gave_up=state is MachineState.STOPPED,
        spot=(instance.get("scheduling") or {}).get("provisioningModel") == "SPOT",
    )


def switched_itself_off(operations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a machine that has stopped did so by itself, by the operations on it.

    Where none tells, for Google writes its own down later, it is taken to have: that is what a node does whose boot
    fails.
    """
    last = latest(operations, _BY_OTHERS | {_BY_ITSELF})
    return last is None or last["operationType"] == _BY_ITSELF


def latest(operations: Iterable[Mapping[str, Any]], types: frozenset[str]) -> Mapping[str, Any] | None:
    """The last operation of these types."""
    found = [one for one in operations if one.get("operationType") in types]
    return max(found, key=lambda one: seconds(str(one.get("insertTime", ""))), default=None)


def failed(name: str, zone: str, order: Mapping[str, Any], fault: str) -> Node:
    """A machine that never was, by the operation that should have made it."""
    return Node(
        node_id=node_id(name, zone),
        name=name,
        state=MachineState.TERMINATED,
        size="",
        zone=zone,
        private_ip="",
        launched=seconds(str(order.get("insertTime", ""))),
        fault=fault,
        placed=False,
    )


def beginning(wanted: Wanted, launched: float, fault: str = "") -> Node:
    """A machine that was ordered and that the cloud does not tell of yet, or, with a fault, never will."""
    return Node(
        node_id=node_id(wanted.name, wanted.zone),
        name=wanted.name,
        state=MachineState.TERMINATED if fault else MachineState.PENDING,
        size=wanted.size,
        zone=wanted.zone,
        private_ip="",
        launched=launched,
        tags=dict(wanted.tags),
        fault=fault,
        placed=False,
    )


def insert_body(wanted: Wanted, image: str) -> dict[str, Any]:
    """What ``instances.insert`` takes. No outside address, no service account; the boot disk goes with the machine.

    Args:
        wanted: names a zone, and one subnetwork of its region or none for the network ``default``.
        image: the image's URL, or its path from ``projects/``.
    """
    series = wanted.size.partition("-")[0]
    region = wanted.zone.rpartition("-")[0]
    subnetworks = [{"subnetwork": f"regions/{region}/subnetworks/{name}"} for name in wanted.networks]
    body: dict[str, Any] = {
        "name": wanted.name,
        "machineType": f"zones/{wanted.zone}/machineTypes/{wanted.size}",
        "disks": [
            {
                "boot": True,
                "autoDelete": True,
                "initializeParams": {
                    "sourceImage": image,
                    "diskType": f"zones/{wanted.zone}/diskTypes/{_disk(series)}",
                },
            }
        ],
        "networkInterfaces": subnetworks or [{"network": "global/networks/default"}],
        "tags": {"items": list(wanted.security_groups)},
        "metadata": {"items": as_items({**wanted.tags, **_user_data(wanted.user_data)})},
    }
    if series.startswith(_NO_MIGRATION):
        body["scheduling"] = {"onHostMaintenance": "TERMINATE"}
    return body


def names(found: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The names of resources."""
    return frozenset(str(one["name"]) for one in found)


def _disk(series: str) -> str:
    """The disk that every machine of a series takes: newer ones refuse Google's own default, pd-standard."""
    return "hyperdisk-balanced" if series.startswith(_HYPERDISK_ONLY) else "pd-balanced"


def _user_data(text: str) -> dict[str, str]:
    return {USER_DATA: text} if text else {}


def seconds(timestamp: str) -> float:
    """Epoch seconds of a time as Google writes it; 0 for what is none."""
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return 0.0
