"""The site of a soak put together: clouds on loopback, the virtual LSF, ebrokerd, and the calls between them."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from burst.shapes import with_shapes
from onprem.shell import Completed
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.outputs import merge_outputs
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.sandbox import cloud, knife, lsf_top
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.history import History
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.ebrokerd import Ebrokerd
from ris_hybrid.sandbox.lsf.rcconf import read_rc_conf
from ris_hybrid.sandbox.lsf.server import CommandServer, install_commands, serving
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec
from ris_hybrid.sandbox.machine_room import CloudMachineRoom
from ris_hybrid.sandbox.narrator import Narrator
from ris_hybrid.sandbox.second import pointed, started
from ris_hybrid.sandbox.soak.fate import entered
from ris_hybrid.sandbox.soak.ordeals import never_joins
from ris_hybrid.sandbox.world import World
from ris_hybrid.wiring import DATA_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.shell import Command
    from ris_hybrid.sandbox.places import Places
    from ris_hybrid.sandbox.soak.ordeals import Day
    from ris_hybrid.settings import BurstSettings

STARTS = 1_800_000_000.0
BOOT_S = 180.0
_LATE_MIN = 30
"""provHostTimeOut of odd seeds: LSF then waits longer for a node than we do, and we must give it up ourselves."""
_SPEC = ClusterSpec(
    name="soak",
    hosts=(HostSpec(prefix="exec", count=2, slots=8, memory_mib=32768),),
    queues=(QueueSpec(name="general", rc_hosts="awshost"),),
    default_queue="general",
)


class Room:
    """Machines as the sandbox's clouds see them; some come up and never join."""

    def __init__(self, room: CloudMachineRoom, day: Day) -> None:
        self._room, self._day = room, day
        self.never: set[str] = set()

    def state(self, machine_id: str, name: str) -> Literal["running", "gone", "booting"]:
        """``booting`` for ever for one that never joins."""
        found = self._room.state(machine_id, name)
        if found == "running" and never_joins(self._day, machine_id):
            self.never.add(machine_id)
            return "booting"
        return found


class ClusterShell:
    """LSF's commands without processes (the ``Shell`` port of ``onprem``); silent while the server is down."""

    def __init__(self, cluster: Cluster, server: CommandServer) -> None:
        self._cluster, self._server = cluster, server

    def run(self, command: Command) -> Completed:
        """What the command prints."""
        if self._server.down:
            raise SiteUnavailable(f"{command.argv[0]} did not answer", "LSF is down")
        reply = run_command(self._cluster, command.argv, {})
        return Completed(rc=reply.rc, stdout=reply.stdout, stderr=reply.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running site."""

    settings: BurstSettings
    world: World
    cluster: Cluster
    ebrokerd: Ebrokerd
    server: CommandServer
    room: Room
    history: History
    env: dict[str, str]
    """What scripts run in; its clock follows the virtual time."""
    data: Path
    """PRO_DATA_DIR."""
    conf: Path
    """PRO_CONF_DIR."""

    @property
    def aws(self) -> SandboxAws:
        """Its AWS."""
        return self.world.aws

    def set_clock(self, now: float) -> None:
        """Virtual time for the clouds and for every script from here on."""
        self.world.set_clock(now)
        self.env[CLOCK_VARIABLE] = repr(now)

    def lose_files(self) -> None:
        """What the data directory of another master holds: nothing."""
        for path in sorted(self.data.glob("*")):
            if path.is_file():
                path.unlink()


@contextmanager
def built(day: Day, places: Places, *, clouds: bool = False) -> Iterator[Site]:
    """Start the site of a day, with an OpenStack beside EC2 where ``clouds`` says so, in an empty folder.

    All it started has ended when the block ends.
    """
    settings = with_shapes(load_burst(Path(__file__).with_name("burst-clouds.yaml" if clouds else "burst.yaml")))
    with started(settings, STARTS) as second, _aws(day, settings, places) as aws:
        world = World(aws=aws, second=second)
        world.set_clock(STARTS)
        settings = pointed(replace(settings, endpoint_url=aws.url), world.urls())
        outputs = cloud.build(settings, aws, places.root)
        settings = merge_outputs(replace(settings, outputs=outputs.name), places.root)
        top = lsf_top.write(places.lsf_top, settings)
        if day.seed % 2:
            _wait_longer(top.conf / "resource_connector" / "hostProviders.json")
        site = _site(day, settings, world, top, _environment(places, world, top))
        install_commands(places.bin, places.socket)
        with serving(site.server, places.socket), entered(site.env):
            yield site


@contextmanager
def _aws(day: Day, settings: BurstSettings, places: Places) -> Iterator[SandboxAws]:
    aws = SandboxAws.start(places.aws_state, seed=day.seed, region=settings.region)
    try:
        yield aws
    finally:
        aws.stop()


def _site(day: Day, settings: BurstSettings, world: World, top: lsf_top.LsfTop, env: dict[str, str]) -> Site:
    cluster = Cluster(_SPEC, STARTS)
    history = History(started=STARTS)
    room = Room(CloudMachineRoom(world, lambda: cluster.now), day)
    ebrokerd = Ebrokerd(
        cluster, read_rc_conf(top.top), env, observer=Narrator(history), machine_room=room, boot_s=BOOT_S
    )
    return Site(
        settings=settings,
        world=world,
        cluster=cluster,
        ebrokerd=ebrokerd,
        server=CommandServer(cluster, ebrokerd.rc_rows),
        room=room,
        history=history,
        env=env,
        data=top.data,
        conf=top.conf / "resource_connector" / settings.provider,
    )


def _wait_longer(path: Path) -> None:
    listed = json.loads(path.read_text(encoding="utf-8"))
    for entry in listed["providers"]:
        entry["provHostTimeOut"] = _LATE_MIN
    path.write_text(json.dumps(listed), encoding="utf-8")


def _environment(places: Places, world: World, top: lsf_top.LsfTop) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join(
            [str(places.bin), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        ),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "LSF_ENVDIR": str(top.conf),
        "RIS_HYBRID_RC": str(knife.write_command(places.root / "cut-rc")),
        DATA_VARIABLE: str(top.data),
        CLOCK_VARIABLE: repr(STARTS),
        **world.env(),
    }
