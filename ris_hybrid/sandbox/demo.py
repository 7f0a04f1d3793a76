"""The main job in the sandbox: a real trace, replayed twice, with bursting and without; and what came of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.sandbox import cloud
from ris_hybrid.sandbox import rig as rigs
from ris_hybrid.sandbox.bill import bill_of, rented
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.places import Places, root
from ris_hybrid.sandbox.simulation import Simulation
from ris_hybrid.sandbox.summary import Summary, waits_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.cloud import Cloud
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.live import View
    from ris_hybrid.sandbox.rig import Order, Rig
    from ris_hybrid.sandbox.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a demo leaves: figures and both histories."""

    summary: Summary
    history: History
    without: History


def run(order: Order, view: View, say: Callable[[str], None]) -> Outcome:
    """Replay with bursting and without. Everything that was started has ended when this returns or raises."""
    began = time.monotonic()
    scenario = order.scenario
    places = Places(root=root() / f"demo-{os.getpid()}")
    places.create()
    places.write_state("demo", {})
    try:
        with rigs.built(order, places) as rig:
            made = cloud.built(places.root)
            say(f"sandbox: the cloud was built by the stacks' own programs: {made}")
            rig.simulation.watch = view.show
            with view:
                rig.simulation.run()
            without = _without(scenario)
            summary = _summary(order, rig, without, made, time.monotonic() - began)
    finally:
        places.remove()
    return Outcome(summary=summary, history=rig.simulation.history, without=without.history)


def _without(scenario: Scenario) -> Simulation:
    cluster = Cluster(scenario.without_bursting(), scenario.starts)
    simulation = Simulation(cluster=cluster, arrivals=scenario.trace.arrivals)
    simulation.run()
    return simulation


def _summary(order: Order, rig: Rig, without: Simulation, made: Cloud, wall_s: float) -> Summary:
    scenario, cluster = order.scenario, rig.simulation.cluster
    finished = cluster.finished()
    return Summary(
        seed=order.seed,
        trace=scenario.name,
        jobs=len(scenario.trace.arrivals),
        finished=len(finished),
        virtual_hours=(cluster.now - scenario.starts) / 3600,
        bill=bill_of((rented(row) for row in rig.aws.instances()), rig.settings.prices, cluster.now),
        waits=waits_of(finished),
        waits_without=waits_of(without.cluster.finished()),
        resources=made.resources,
        build_s=made.seconds,
        instances_left=cloud.instances_left(rig.aws),
        api_calls=cloud.product_calls(rig.aws),
        protocol_errors=len(rig.ebrokerd.protocol_errors),
        wall_s=wall_s,
    )
