"""One whole sandbox put together: clouds on loopback, what a pool needs in EC2, LSF_TOP, virtual LSF and ebrokerd."""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from burst.shapes import with_shapes
from ris_hybrid import planner_wiring
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.outputs import merge_outputs
from ris_hybrid.sandbox import cloud, lsf_top
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.brokering import Broker, entered, provider_of
from ris_hybrid.sandbox.capacity import check
from ris_hybrid.sandbox.images.shelf import stocked
from ris_hybrid.sandbox.job_work import SiteWorker, mounts_of
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.ebrokerd import Ebrokerd
from ris_hybrid.sandbox.lsf.rcconf import read_rc_conf
from ris_hybrid.sandbox.lsf.reply import master_host
from ris_hybrid.sandbox.lsf.server import CommandServer, install_commands, serving
from ris_hybrid.sandbox.machine_room import CloudMachineRoom
from ris_hybrid.sandbox.nursery import Nursery
from ris_hybrid.sandbox.second import environment, pointed, started
from ris_hybrid.sandbox.simulation import Simulation
from ris_hybrid.sandbox.turns import ServiceTurns
from ris_hybrid.sandbox.world import Scarcity, World
from ris_hybrid.wiring import DATA_VARIABLE, HOST_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.places import Places
    from ris_hybrid.sandbox.scenario import Scenario
    from ris_hybrid.settings import BurstSettings

_BOOT_S = (180.0, 300.0)  # the seed draws how long a node of this run takes from launch to joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a sandbox is to be made of."""

    scenario: Scenario
    burst_yaml: Path
    seed: int = 0
    replay: bool = True
    """Submit the scenario's trace."""
    host_providers: Path | None = None
    """Somebody else's hostProviders.json, to run in place of our provider and policy."""
    broker: bool = False
    """An LSF without Resource Connector: our broker in place of ebrokerd."""
    mode: str = ""
    """In place of burst.yaml's own mode; empty leaves it, and is thresholds where nobody of ours plans."""

    def settings(self) -> BurstSettings:
        """burst.yaml, in the mode that is asked for. Raises ``ConfigError``."""
        settings = with_shapes(load_burst(self.burst_yaml))
        mode = self.mode or ("thresholds" if self.broker or self.host_providers else settings.mode)
        return replace(settings, mode=mode)  # type: ignore[arg-type]  # one of its words


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A running sandbox."""

    settings: BurstSettings
    world: World
    simulation: Simulation
    ebrokerd: Ebrokerd | Broker
    audit: Path
    """The provider's audit log."""
    env: dict[str, str]
    """What the scripts and LSF's clients run in; its clock follows the virtual time."""
    scarcity: Scarcity

    @property
    def aws(self) -> SandboxAws:
        """Its AWS."""
        return self.world.aws

    def set_clock(self, now: float) -> None:
        """Virtual time for the clouds and for every script started from here on."""
        self.world.set_clock(now)
        self.scarcity.at(now)
        self.env[CLOCK_VARIABLE] = repr(now)


@contextmanager
def built(order: Order, places: Places) -> Iterator[Rig]:
    """Start a sandbox in an empty folder; everything it started has ended when the block ends.

    Raises:
        ConfigError: burst.yaml, the scenario or hostProviders.json cannot be used, or names a cloud there is none of.
        PolicyViolation: what the pools need breaks a rule; nothing was built.
        SiteUnavailable: the AWS emulator did not start.
    """
    settings, scenario = order.settings(), order.scenario
    check(scenario.capacity, (one.name for one in settings.clouds), settings.prices)
    # A connection with a second cloud reads its credentials when it is first used, and again when they are refused.
    with (
        started(settings, scenario.starts) as second,
        _aws(order, settings, places) as aws,
        entered(environment(second)),
    ):
        aws.set_clock(scenario.starts)
        world = World(aws=aws, second=second)
        settings = replace(settings, endpoint_url=aws.url)
        settings = pointed(settings, world.urls())
        outputs = cloud.build(settings, aws, places.root, scenario.phi_labs)
        settings = merge_outputs(replace(settings, outputs=outputs.name), places.root)
        conf = {**lsf_top.LSF_CONF, **scenario.lsf_conf}
        top = lsf_top.write(places.lsf_top, settings, order.host_providers, connector_on=not order.broker, conf=conf)
        cluster = _cluster(scenario, settings, places, aws)
        simulation = Simulation(cluster=cluster, arrivals=scenario.trace.arrivals if order.replay else ())
        env = _environment(places, world, top, cluster)
        rig = _rig(order, settings, world, simulation, top, env)
        install_commands(places.bin, places.socket)
        stocked(places.bin, places.root / "registries")
        try:
            with serving(CommandServer(cluster, rig.ebrokerd.rc_rows), places.socket):
                yield rig
        finally:
            cluster.close_shift()


@contextmanager
def _aws(order: Order, settings: BurstSettings, places: Places) -> Iterator[SandboxAws]:
    aws = SandboxAws.start(places.aws_state, seed=order.seed, region=settings.region)
    try:
        yield aws
    finally:
        aws.stop()


def _cluster(scenario: Scenario, settings: BurstSettings, places: Places, aws: SandboxAws) -> Cluster:
    """With hosts that see the site's folder, and nodes that see what their pool mounts."""
    worker = SiteWorker(
        site=places.site,
        nodes=places.root / "nodes",
        mounts=lambda host: mounts_of(cluster.host(host), settings),
        objects=lambda: closing(SandboxClients.of(aws)),
        carry=aws.carry,
    )
    cluster = Cluster(scenario.cluster_for(settings), scenario.starts, worker)
    return cluster


def _rig(  # the parts that are plugged together
    order: Order,
    settings: BurstSettings,
    world: World,
    simulation: Simulation,
    top: lsf_top.LsfTop,
    env: dict[str, str],
) -> Rig:
    boot_s = float(round(Random(order.seed).uniform(*_BOOT_S)))  # noqa: S311  # a draw of the sandbox, no secret
    ebrokerd: Ebrokerd | Broker
    if order.broker:
        nursery = Nursery(simulation.cluster, world, settings, boot_s)
        provider = provider_of(settings, top.data, simulation.cluster.now, env)
        ebrokerd = Broker(simulation.cluster, provider, nursery, top.data, simulation.history)
    else:
        ebrokerd = Ebrokerd(
            simulation.cluster,
            read_rc_conf(top.top),
            env,
            observer=simulation.narrator(),
            machine_room=CloudMachineRoom(
                world, lambda: simulation.cluster.now, trusting=order.host_providers is not None
            ),
            boot_s=boot_s,
        )
    audit = top.data / f"{settings.provider}-audit.jsonl"
    if settings.mode != "thresholds" and not order.broker and order.host_providers is None:
        simulation.service = ServiceTurns(
            cluster=simulation.cluster,
            provider=provider_of(settings, top.data, simulation.cluster.now, env),
            planning=planner_wiring.planning(settings, top.data),
            env=env,
            history=simulation.history,
        )
    rig = Rig(
        settings=settings,
        world=world,
        simulation=simulation,
        ebrokerd=ebrokerd,
        audit=audit,
        env=env,
        scarcity=Scarcity(world, order.scenario.capacity, simulation.history),
    )
    rig.scarcity.at(simulation.cluster.now)
    simulation.ebrokerd, simulation.set_clock = ebrokerd, rig.set_clock
    return rig


def _environment(places: Places, world: World, top: lsf_top.LsfTop, cluster: Cluster) -> dict[str, str]:
    """What LSF's scripts inherit: commands on PATH, the clouds' addresses and the virtual clock are the sandbox's."""
    ours = Path(sys.executable).parent
    return {
        "PATH": os.pathsep.join([str(places.bin), str(ours), os.environ.get("PATH", os.defpath)]),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "LSF_ENVDIR": str(top.conf),
        "RIS_HYBRID_RC": str(ours / "ris-hybrid-rc"),
        DATA_VARIABLE: str(top.data),
        CLOCK_VARIABLE: repr(cluster.now),
        HOST_VARIABLE: master_host(cluster),
        **world.env(),
    }
