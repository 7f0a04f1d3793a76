"""EC2 and the clouds beside it, seen from outside as one: every machine there ever was, and every clock (sandbox).

Ids and types of a second cloud are called as in our books (``burst.clouds.naming``), for the virtual LSF knows its
hosts by them. What is told here comes from the clouds themselves, not from our ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from burst.clouds.naming import qualified
from burst.clouds.partly import EC2
from ris_hybrid.sandbox import cloud
from ris_hybrid.sandbox.apply.opening import zones
from ris_hybrid.sandbox.capacity import in_first, limits, of_cloud
from ris_hybrid.sandbox.history import Happening
from ris_hybrid.sandbox.openstack.accounts import ZONES
from ris_hybrid.sandbox.second import environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.aws.child import SandboxAws
    from ris_hybrid.sandbox.capacity import Step
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

_STATES = {"BUILD": "pending", "ACTIVE": "running", "SHUTOFF": "stopped", "ERROR": "stopped", "DELETED": "terminated"}


class Machines(Protocol):
    """Tells every machine there ever was."""

    def instances(self) -> list[dict[str, Any]]:
        """Rows of id, name, state, type, zone, launched, ended or None, spot, tags; as ``SandboxAws.instances``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every cloud of one sandbox."""

    aws: SandboxAws
    second: Mapping[str, SandboxOpenStack] = field(default_factory=dict)
    """Those beside EC2, by name."""

    def set_clock(self, now: float) -> None:
        """Virtual time for all of them."""
        self.aws.set_clock(now)
        for one in self.second.values():
            one.set_clock(now)

    def instances(self) -> list[dict[str, Any]]:
        """The machines of all of them, in the rows of ``SandboxAws.instances``; none that never got a place."""
        rows = self.aws.instances()
        for name, one in self.second.items():
            rows += [_row(name, server) for server in one.all_servers() if server["zone"]]
        return rows

    def left(self) -> dict[str, int]:
        """How many machines each of them still has, by name, whatever their tags and whether they ever worked."""
        counts = {EC2: cloud.instances_left(self.aws)}
        for name, one in self.second.items():
            counts[name] = len(one.servers())
        return counts

    def unplaced(self) -> tuple[str, ...]:
        """Ids of those that are there and never got a place."""
        return tuple(
            qualified(name, str(server["id"]))
            for name, one in self.second.items()
            for server in one.servers()
            if not server["zone"]
        )

    def urls(self) -> dict[str, str]:
        """Where those beside EC2 are reached, by name."""
        return {name: one.url for name, one in self.second.items()}

    def limit(self, machines: Mapping[str, int]) -> None:
        """Replace how many machines of a type there are at most; a type that is not named is not limited."""
        ec2 = of_cloud(machines, EC2)
        self.aws.capacity(in_first(ec2, zones(self.aws.url, self.aws.region)) if ec2 else {})
        for name, one in self.second.items():
            by_kind = in_first(of_cloud(machines, name), ZONES)
            one.capacity({zone: {kind: counts[zone] for kind, counts in by_kind.items()} for zone in ZONES})

    def env(self) -> dict[str, str]:
        """What leads a client to them."""
        return {**self.aws.env(), **environment(self.second)}


class Scarcity:
    """Gives the clouds the machines that a scenario says they have, as time passes, and says so in the history."""

    def __init__(self, world: World, steps: Sequence[Step], history: History) -> None:
        self._world, self._steps, self._history = world, steps, history
        self._told: dict[str, int] = {}

    def at(self, now: float) -> None:
        """What holds from ``now`` on, if it is another than before."""
        found = limits(self._steps, self._history.minutes(now))
        if found == self._told:
            return
        self._world.limit(found)
        for kind, count in found.items():
            if self._told.get(kind) != count:
                text = f"the sandbox has {count} machines of {kind} from now on"
                self._history.happenings.append(Happening(at=now, kind="capacity", text=text))
        self._told = found


def _row(cloud_name: str, server: dict[str, Any]) -> dict[str, Any]:
    leaving = server["task"] == "deleting" and server["status"] != "DELETED"
    return {
        "id": qualified(cloud_name, str(server["id"])),
        "name": server["name"],
        "state": "shutting-down" if leaving else _STATES[str(server["status"])],
        "type": qualified(cloud_name, str(server["flavor"])),
        "zone": server["zone"],
        "launched": server["created"],
        "ended": server["deleted"],
        "spot": False,
        "tags": server["metadata"],
    }
