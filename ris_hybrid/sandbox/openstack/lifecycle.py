"""How a server comes and goes by the clock, and where there is room for one (pure).

BUILD (task ``scheduling``, then ``spawning``), then ACTIVE; ERROR where no host could be found. A deleted one keeps its
status with task ``deleting`` until it is gone (Nova API guide, Server concepts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ris_hybrid.sandbox.openstack.accounts import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.sandbox.openstack.state import Server, Timing

NO_HOST = "No valid host was found. There are not enough hosts available."
Status = Literal["BUILD", "ACTIVE", "SHUTOFF", "ERROR"]
_VM_STATES: Mapping[Status, str] = {"BUILD": "building", "ACTIVE": "active", "SHUTOFF": "stopped", "ERROR": "error"}
_POWER: Mapping[Status, int] = {"BUILD": 0, "ACTIVE": 1, "SHUTOFF": 4, "ERROR": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a server stands at one moment."""

    status: Status
    task: str | None
    placed: bool
    worked: bool = False
    """Whether it ever came so far."""
    fault: str = ""

    @property
    def vm_state(self) -> str:
        """Nova's inner word."""
        return _VM_STATES[self.status]

    @property
    def power(self) -> int:
        """libvirt's number, as Nova hands it on."""
        return _POWER[self.status]


def standing(server: Server, now: float, timing: Timing) -> Standing:
    """Where it stands; it must not be gone."""
    placed_at = server.created + timing.placing_s
    deleting = "deleting" if server.deleted is not None else None
    if server.crash:
        placed = server.ran or (bool(server.zone) and now >= placed_at)
        return Standing(status="ERROR", task=deleting, placed=placed, worked=server.ran, fault=server.crash)
    if now < placed_at:
        return Standing(status="BUILD", task=deleting or "scheduling", placed=False)
    if not server.zone:
        return Standing(status="ERROR", task=deleting, placed=False, fault=NO_HOST)
    if now < placed_at + timing.building_s:
        return Standing(status="BUILD", task=deleting or "spawning", placed=True)
    return Standing(status="SHUTOFF" if server.stopped else "ACTIVE", task=deleting, placed=True, worked=True)


def gone(server: Server, now: float, timing: Timing) -> bool:
    """Whether no list and no id finds it any more; one without a host goes at once."""
    if server.deleted is None:
        return False
    return server.removed or not server.zone or now >= server.deleted + timing.deleting_s


def zone_for(flavor: str, asked: str, alive: Iterable[Server], capacity: Mapping[str, Mapping[str, int]]) -> str:
    """Where a new server goes: the zone asked for or the emptiest with room; empty where there is none."""
    held = [one for one in alive if one.zone]
    zones = [asked] if asked else sorted(ZONES, key=lambda zone: sum(one.zone == zone for one in held))
    for zone in zones:
        most = capacity.get(zone, {}).get(flavor)
        if most is None or sum((one.zone, one.flavor.name) == (zone, flavor) for one in held) < most:
            return zone
    return ""
