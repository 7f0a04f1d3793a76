"""Machines that run in the sandbox's clouds join the virtual LSF by themselves, and vanish from it with their machine.

What user data does on a real node is a waiting time here: the machine's host joins when it has run for the boot time.
The nursery looks at the clouds from outside, as they tell themselves; it reads no ledger of ours but the tags a node
would find out about itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.lsf.dispatch import DEFAULT_ACCOUNT
from ris_hybrid.sandbox.lsf.holdings import Stage
from ris_hybrid.sandbox.lsf.spec import BorrowedHost

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.world import Machines
    from ris_hybrid.settings import BurstSettings

_ALIVE = frozenset({"pending", "running"})
_OVER = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One machine, as far as the virtual LSF goes."""

    machine_id: str
    name: str
    stage: Stage


class Nursery:
    """Call ``look`` whenever time has passed or machines may have changed."""

    def __init__(self, cluster: Cluster, clouds: Machines, settings: BurstSettings, boot_s: float) -> None:
        self._cluster = cluster
        self._clouds = clouds
        self._settings = settings
        self._boot_s = boot_s
        self._rows: list[dict[str, Any]] = []
        self._joined: dict[str, str] = {}

    def look(self) -> tuple[str, ...]:
        """Let machines join that have booted, and hosts go whose machine is gone; gives the names that joined."""
        self._rows = [row for row in self._clouds.instances() if row["state"] != _OVER or row["id"] in self._joined]
        for row in self._rows:
            if row["id"] in self._joined and row["state"] not in _ALIVE:
                self._cluster.release(self._joined.pop(row["id"]))
        self._rows = [row for row in self._rows if row["state"] != _OVER]
        return tuple(self._join(row) for row in self._rows if self._ready(row))

    def next_join(self) -> float | None:
        """When the next machine will have booted, or None."""
        waiting = [row for row in self._rows if row["state"] in _ALIVE and row["id"] not in self._joined]
        return min((float(row["launched"]) + self._boot_s for row in waiting), default=None)

    def nodes(self) -> tuple[Node, ...]:
        """Every machine that has not ended, as of the last look."""
        return tuple(Node(machine_id=row["id"], name=str(row["name"]), stage=self._stage(row)) for row in self._rows)

    def _stage(self, row: dict[str, Any]) -> Stage:
        if row["state"] not in _ALIVE:
            return Stage.RETURNING
        if row["id"] not in self._joined:
            return Stage.BOOTING
        host = self._cluster.host(self._joined[row["id"]])
        return Stage.DRAINING if host is not None and host.status.startswith("closed_Adm") else Stage.JOINED

    def _ready(self, row: dict[str, Any]) -> bool:
        booted = self._cluster.now - float(row["launched"]) >= self._boot_s
        return row["state"] == "running" and row["id"] not in self._joined and booted

    def _join(self, row: dict[str, Any]) -> str:
        tags, name = row["tags"], str(row["name"])
        pool = self._settings.pool(str(tags.get("ris_pool", "")))
        self._cluster.borrow(
            BorrowedHost(
                name=name,
                slots=pool.slots if pool else 1,
                account=str(tags.get("ris_lab", "")) or DEFAULT_ACCOUNT,
                provider=self._settings.provider,
                template=pool.name if pool else "",
                machine_id=str(row["id"]),
            )
        )
        self._joined[row["id"]] = name
        return name
