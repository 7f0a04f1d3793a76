"""Where a plug-in is tried: AWS on loopback, LSF's commands, an LSF_TOP, and a clock (sandbox).

The clock is the machine's at the start of a probe and moves when the probe moves it; scripts that go by their input
file's date, or by our sandbox's variable, follow it. Every probe finds an empty account and an empty data directory.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from burst.aws.prices import catalog
from burst.shapes import with_shapes
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.config.outputs import merge_outputs
from ris_hybrid.sandbox import cloud, lsf_top
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.conformance import plugin as plugins
from ris_hybrid.sandbox.conformance.process import Ran, Running
from ris_hybrid.sandbox.lsf.calls import Scripts
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import no_rc_rows
from ris_hybrid.sandbox.lsf.ebrokerd import Ebrokerd
from ris_hybrid.sandbox.lsf.rcconf import read_rc_conf
from ris_hybrid.sandbox.lsf.server import CommandServer, install_commands, serving
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec
from ris_hybrid.sandbox.machine_room import CloudMachineRoom
from ris_hybrid.sandbox.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ris_hybrid.sandbox.conformance.plugin import Plugin
    from ris_hybrid.sandbox.lsf.ebrokerd import RcRow
    from ris_hybrid.sandbox.lsf.swf import Arrival
    from ris_hybrid.sandbox.places import Places
    from ris_hybrid.settings import BurstSettings

Words = tuple[str, ...]
"""A command."""
LAUNCHES = frozenset({"ec2:RunInstances", "ec2:CreateFleet", "ec2:RequestSpotFleet", "ec2:RequestSpotInstances"})
LAUNCH = "|".join(f"^{name}$" for name in sorted(LAUNCHES))
_BOOT_S = 120.0
_ENDED = {"shutting-down", "terminated"}
_CLUSTER = ClusterSpec(
    name="probe",
    hosts=(HostSpec(prefix="exec", count=2, slots=4),),
    queues=(QueueSpec(name="general", rc_hosts="awshost"),),
)
_ACCOUNT, _NOTICES = "123456789012", "spot-notices"
_SIGNED = "AWS4-HMAC-SHA256 Credential=sandbox/20270101/{region}/ec2/aws4_request, SignedHeaders=host, Signature=none"


class Stand:
    """One plug-in, ready to be called."""

    def __init__(self, aws: SandboxAws, places: Places, scripts: Scripts, beside: Words) -> None:
        self.aws = aws
        self.ran: list[Ran] = []
        """Every script run of every probe so far."""
        self.now = 0.0
        self.cluster = Cluster(_CLUSTER, 0)
        self._rows: Callable[[], Sequence[RcRow]] = no_rc_rows
        self._places = places
        self._count = 0
        self._beside = beside
        self._conf = read_rc_conf(places.lsf_top)
        self._provider = self._conf.providers[0]
        self._data = self._conf.data_dir(_CLUSTER.name)
        self._env = scripts.environment(self._provider)
        self._input = places.root / "input"
        self._open = build_opener(ProxyHandler({})).open

    def fresh(self, ago_s: float = 0.0) -> None:
        """An empty account with the same network, an empty data directory, and the time of so many seconds ago."""
        self.aws.rebuild()
        self.now = float(int(time.time() - ago_s))
        self.aws.set_clock(self.now)
        self.forget()

    @contextmanager
    def lsf(self) -> Iterator[None]:
        """LSF's commands answer, from a cluster in which nothing has happened yet."""
        self.cluster, self._rows = Cluster(_CLUSTER, self.now), no_rc_rows
        with serving(CommandServer(self.cluster, self._rc_rows), self._places.socket):
            yield

    def _rc_rows(self) -> Sequence[RcRow]:
        return self._rows()

    def simulation(self, arrivals: Sequence[Arrival]) -> tuple[Simulation, Ebrokerd]:
        """The cluster with these jobs and the sandbox's ebrokerd, which calls the plug-in's scripts."""
        env = dict(self._env)

        def set_clock(now: float) -> None:
            self.later(now - self.now)
            env[CLOCK_VARIABLE] = repr(now)

        room = CloudMachineRoom(self.aws, lambda: self.cluster.now, trusting=True)
        ebrokerd = Ebrokerd(self.cluster, self._conf, env, machine_room=room, boot_s=_BOOT_S)
        self._rows = ebrokerd.rc_rows
        driven = Simulation(cluster=self.cluster, arrivals=arrivals, ebrokerd=ebrokerd, set_clock=set_clock)
        return driven, ebrokerd

    def forget(self) -> None:
        """Delete every local file of the plug-in, as on a master that has taken over."""
        for folder in (self._data, self._input):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def later(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.now += seconds
        self.aws.set_clock(self.now)

    def start(self, verb: str, payload: object) -> Running:
        """Start a script with an input file as ebrokerd writes it."""
        return self.start_on(verb, json.dumps(payload).encode(), f"in-{self._count + 1:06d}.json")

    def start_on(self, verb: str, content: bytes | None, name: str) -> Running:
        """Start a script on a file with any content and name; no content means that there is no such file."""
        self._count += 1
        path = self._input / name
        if content is not None:
            path.write_bytes(content)
            os.utime(path, (self.now, self.now))
        command = [str(self._provider.script_dir / "scripts" / f"{verb}.sh"), "-f", str(path)]
        return Running(verb, command, self._env | {CLOCK_VARIABLE: repr(self.now)}, self._input)

    def finish(self, running: Running) -> Ran:
        """Wait for a script and keep what it said."""
        ran = running.finish()
        self.ran.append(ran)
        return ran

    def call(self, verb: str, payload: object) -> Ran:
        """Run a script to its end."""
        return self.finish(self.start(verb, payload))

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Let what the plug-in runs beside its scripts run, if it has such a thing."""
        if not self._beside:
            yield
            return
        running = Running("beside", self._beside, self._env | {CLOCK_VARIABLE: repr(self.now)}, self._input)
        try:
            yield
        finally:
            running.kill()

    def machines(self) -> dict[str, dict[str, Any]]:
        """What EC2 would send a bill for: machines that have not ended, by id."""
        return {one["id"]: one for one in self.aws.instances() if one["state"] not in _ENDED}

    def launch_calls(self) -> int:
        """Launch calls EC2 has received."""
        return sum(count for name, count in self.aws.calls().items() if name in LAUNCHES)

    def ec2(self, action: str, **fields: str) -> None:
        """Do something to EC2 behind the plug-in's back."""
        form = {
            "Action": action,
            "Version": "2016-11-15",
            **{key.replace("__", "."): one for key, one in fields.items()},
        }
        headers = {
            "Authorization": _SIGNED.format(region=self.aws.region),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        asked = Request(self.aws.url, data=urlencode(form).encode(), headers=headers)  # noqa: S310 - loopback
        with self._open(asked, timeout=30) as answer:
            answer.read()

    def only_room_for(self, machines: int, like: Mapping[str, Any]) -> None:
        """From here on EC2 has so many more machines of this one's type and zone, and nothing of any other type."""
        zones = [f"{self.aws.region}{letter}" for letter in "abcdef"]
        limits = {kind: dict.fromkeys(zones, 0) for kind in {*catalog(), like["type"]}}
        same = [one for one in self.machines().values() if (one["type"], one["zone"]) == (like["type"], like["zone"])]
        limits[like["type"]][like["zone"]] = len(same) + machines
        self.aws.capacity(limits)


@contextmanager
def standing(plugin: Plugin | None, places: Places) -> Iterator[Stand]:
    """A stand for somebody's plug-in, or for ours; everything it started has ended when the block ends.

    Raises:
        ConfigError: the plug-in's folder cannot be used.
        SiteUnavailable: the AWS emulator did not start.
    """
    settings = with_shapes(plugins.settings())
    aws = SandboxAws.start(places.aws_state, region=settings.region)
    try:
        settings = replace(settings, endpoint_url=aws.url)
        outputs = cloud.build(settings, aws, places.root)
        ours = merge_outputs(replace(settings, outputs=outputs.name), places.root)
        ours = replace(ours, outputs="", notices=f"{aws.url}/{_ACCOUNT}/{_NOTICES}")
        listed = None if plugin is None else plugin.set_up(places.root, _facts(aws, outputs))
        lsf_top.write(places.lsf_top, ours, listed)
        env = _environment(aws, places) | ({} if plugin is None else dict(plugin.env))
        install_commands(places.bin, places.socket)
        scripts = Scripts(read_rc_conf(places.lsf_top), _CLUSTER.name, env)
        yield Stand(aws, places, scripts, plugin.beside if plugin else _service(places, ours))
    finally:
        aws.stop()


def _service(places: Places, settings: BurstSettings) -> Words:
    """Our own service, which hears of spot notices."""
    plugins.write_burst_yaml(settings, places.burst_yaml)
    command = str(Path(sys.executable).parent / "ris-hybrid")
    return command, "burst", "serve", "--conf", str(places.burst_yaml)


def _facts(aws: SandboxAws, outputs: Path) -> dict[str, str]:
    """What a plug-in's configuration may ask for, as ``@NAME@``."""
    first = next(iter(json.loads(outputs.read_text(encoding="utf-8")).values()))
    return {
        "ENDPOINT_URL": aws.url,
        "REGION": aws.region,
        "LAUNCH_TEMPLATE": first["launch_template"],
        "SUBNET": first["subnets"][0],
        "SUBNETS": ",".join(first["subnets"]),
        "IMAGE": "ami-0123456789abcdef0",
        "NOTICES": f"{aws.url}/{_ACCOUNT}/{_NOTICES}",
    }


def _environment(aws: SandboxAws, places: Places) -> dict[str, str]:
    ours = Path(sys.executable).parent
    return {
        "PATH": os.pathsep.join([str(places.bin), str(ours), os.environ.get("PATH", os.defpath)]),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "RIS_HYBRID_RC": str(ours / "ris-hybrid-rc"),
        **aws.env(),
    }
