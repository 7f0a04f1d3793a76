"""The two clouds of a trial as the tests steer them, behind the provider's back; ids are those of our books."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from burst.clouds.naming import plain, qualified
from burst.shapes import with_shapes
from ris_hybrid.settings import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.settings import BurstSettings

CLOUD = "research"
_GONE = {"shutting-down", "terminated"}


def on_second(settings: BurstSettings, cloud: SecondCloud, side: type[OpenStackSide]) -> BurstSettings:
    """The same settings with one pool, nova, on this cloud of the sandbox, and nothing on EC2."""
    pool = Pool(
        name="nova",
        provider="libcloud",
        cloud=CLOUD,
        instance_types=(side.size,),
        slots=8,
        memory_mib=15000,
        max_nodes=100,
        image="lsf-node",
        networks=("hpc",),
        zones=side.zones,
    )
    return with_shapes(replace(settings, pools=(pool,), clouds=(replace(cloud, prices={side.size: 0.34}),)))


class Ec2Side:
    """The sandbox's AWS; worlds on it are told apart by their provider's name."""

    launches, every = "CreateFleet", "ec2:"
    full = "InsufficientInstanceCapacity"
    silent = "AWS did not answer"
    many, some = 500, 200
    stranger = "i-00000000000000000"

    def __init__(self, aws: Any, client: Any, provider: str) -> None:
        self._aws, self._client, self._provider = aws, client, provider

    def has(self, machine_id: str) -> bool:
        return "/" not in machine_id

    def env(self) -> dict[str, str]:
        return dict(self._aws.env())

    def set_clock(self, now: float) -> None:
        self._aws.set_clock(now)

    def _rows(self) -> list[Any]:
        return [row for row in self._aws.instances() if row["tags"].get("ris_provider") == self._provider]

    def alive(self) -> set[str]:
        return {row["id"] for row in self._rows() if row["state"] in {"pending", "running"}}

    def standing(self) -> set[str]:
        return {row["id"] for row in self._rows() if row["state"] not in _GONE}

    def requests(self) -> dict[str, str]:
        return {row["id"]: row["tags"]["ris_request"] for row in self._rows() if row["state"] in {"pending", "running"}}

    def names(self) -> dict[str, str]:
        return {row["id"]: row["name"] for row in self._rows()}

    def end(self, machine_id: str) -> None:
        self._client.terminate_instances(InstanceIds=[machine_id])

    def stop(self, machine_id: str) -> None:
        self._client.stop_instances(InstanceIds=[machine_id])

    def faults(self, rules: Iterable[dict[str, Any]]) -> None:
        self._aws.faults(list(rules))

    def refuse_ends(self, refused: bool) -> None:
        rule = {"match": "TerminateInstances", "do": {"error": {"code": "UnauthorizedOperation", "status": 403}}}
        self._aws.faults([rule] if refused else [])

    def grant(self, machines: int | None) -> None:
        rule = {"match": "CreateFleet", "do": {"grant": machines}}
        self._aws.faults([rule] if machines is not None else [])


class OpenStackSide:
    """The sandbox's OpenStack, emptied for every world."""

    size, zones = "m1.xlarge", ("nova-1", "nova-2")
    launches, every = "POST /servers", ".*"
    alive_as = frozenset({"BUILD", "ACTIVE"})
    full = "InsufficientCapacity"
    silent = "did not answer"
    many, some = 40, 16
    stranger = f"{CLOUD}/00000000-0000-0000-0000-000000000000"

    pages = 1000

    def __init__(self, server: Any, now: float) -> None:
        self._server = server
        server.reset()
        server.set_clock(now)
        server.timing(building_s=10, deleting_s=10)
        if self.pages:
            server.pages(self.pages)

    def has(self, machine_id: str) -> bool:
        return "/" in machine_id

    def env(self) -> dict[str, str]:
        return dict(self._server.env())

    def set_clock(self, now: float) -> None:
        self._server.set_clock(now)

    def _rows(self, *, every: bool = False) -> dict[str, Any]:
        rows = self._server.all_servers() if every else self._server.servers()
        return {qualified(CLOUD, row["id"]): row for row in rows}

    def _ending(self, row: Any) -> bool:
        return bool(row["task"] == "deleting")

    def alive(self) -> set[str]:
        rows = self._rows().items()
        return {key for key, row in rows if row["status"] in self.alive_as and not self._ending(row)}

    def standing(self) -> set[str]:
        """Those in ERROR too: they count against the project's quota."""
        return {key for key, row in self._rows().items() if not self._ending(row)}

    def requests(self) -> dict[str, str]:
        alive = self.alive()
        return {key: row["metadata"]["ris_request"] for key, row in self._rows().items() if key in alive}

    def names(self) -> dict[str, str]:
        return {key: row["name"] for key, row in self._rows(every=True).items()}

    def end(self, machine_id: str) -> None:
        self._server.remove(plain(machine_id))

    def stop(self, machine_id: str) -> None:
        self._server.stop(plain(machine_id))

    def faults(self, rules: Iterable[dict[str, Any]]) -> None:
        """OpenStack says "too many requests" by the status alone."""
        told = json.dumps(list(rules)).replace('"RequestLimitExceeded", "status": 503', '"overLimit", "status": 429')
        self._server.faults(json.loads(told))

    def refuse_ends(self, refused: bool) -> None:
        """Every server there is now is locked, or none."""
        for key in self.standing():
            self._server.lock(plain(key), refused)

    def grant(self, machines: int | None) -> None:
        """So many more in the first zone, none in the second."""
        room = None if machines is None else {self.size: len(self.alive()) + machines}
        self._server.capacity(None if room is None else {self.zones[0]: room, self.zones[1]: {self.size: 0}})

    def place_late(self, seconds: float) -> None:
        """The cloud says only after so long whether there is room."""
        self._server.timing(placing_s=seconds)


class GceSide(OpenStackSide):
    """The sandbox's Google, emptied for every world; what has ended is in no list of it any more."""

    size, zones = "n2-standard-8", ("us-central1-a", "us-central1-b")
    launches = "POST /zones/{zone}/instances"
    alive_as = frozenset({"PROVISIONING", "STAGING", "RUNNING"})
    pages = 0

    def env(self) -> dict[str, str]:
        return {name: os.environ[name] for name in ("GOOGLE_APPLICATION_CREDENTIALS", "NO_PROXY")}

    def _rows(self, *, every: bool = False) -> dict[str, Any]:  # noqa: ARG002  # the same of all
        return {qualified(CLOUD, row["id"]): row for row in self._server.servers()}

    def _ending(self, row: Any) -> bool:
        return bool(row["status"] == "STOPPING")
