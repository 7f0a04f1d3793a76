"""The main job in the sandbox: a real trace, replayed by thresholds, by the plan and without bursting; what came of it.

Each replay has a cloud of its own, built anew, so that none finds what another left.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst import history as past
from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox import cloud
from ris_hybrid.sandbox import rig as rigs
from ris_hybrid.sandbox.bill import Bill, bill_of, rented
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.places import Places, root
from ris_hybrid.sandbox.shares import Cloud, shares_of
from ris_hybrid.sandbox.simulation import Simulation
from ris_hybrid.sandbox.summary import NO_MOVES, WITHOUT, Moves, Run, Summary, waits_of
from ris_hybrid.sandbox.takeover import Follower, Launch, cloud_words, launch_of, where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ris_hybrid.model import Event
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.live import View
    from ris_hybrid.sandbox.rig import Order, Rig
    from ris_hybrid.sandbox.scenario import Scenario
    from ris_hybrid.sandbox.shares import Share
    from ris_hybrid.settings import BurstSettings

PAIR = ("thresholds", "planned")
"""What is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a demo leaves: figures, and the history of each replay by its mode."""

    summary: Summary
    histories: Mapping[str, History]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replayed:
    """One replay with bursting, when everything it started has ended."""

    run: Run
    history: History
    resources: int
    build_s: float
    instances_left: int
    api_calls: int
    protocol_errors: int


def modes(settings: BurstSettings, asked: str, *, ours: bool) -> tuple[str, ...]:
    """Which replays to make: those asked for, else what burst.yaml has, and thresholds before a plan.

    Raises:
        ConfigError: planned is asked for and cannot be: of a plug-in that is not ours, or without anything to steer by.
    """
    own = PAIR if settings.mode == "planned" else (settings.mode,)
    wanted = {"both": PAIR, "auto": own if ours else ("thresholds",)}.get(asked, (asked,))
    if "planned" not in wanted:
        return wanted
    if not ours:
        raise ConfigError(
            "--mode planned: the sandbox plans for our own provider under ebrokerd alone",
            "leave --host-providers and --broker away",
        )
    steering = settings.planner.steering
    if steering.way == "queue" and not steering.queues:
        raise ConfigError(
            "--mode planned: planner.steering.queues names no burst queue", "see the example site's burst.yaml"
        )
    return wanted


def moves_in(events: Iterable[Event]) -> Moves:
    """How many jobs were moved to the cloud's queue, and back, by an audit log."""
    counted = Counter({"moved": 0, "moved back": 0})
    for event in events:
        if event.kind in counted:
            jobs = event.fields.get("jobs")
            counted[event.kind] += len(jobs) if isinstance(jobs, list | tuple) else 0
    return Moves(chosen=counted["moved"], back=counted["moved back"])


def run(order: Order, modes: Sequence[str], view: Callable[[], View], say: Callable[[str], None]) -> Outcome:
    """Replay in each of the modes, then without bursting. Everything started has ended when this returns or raises."""
    began = time.monotonic()
    done: dict[str, _Replayed] = {}
    for mode in modes:
        if len(modes) > 1:
            say(f"replay by {mode}")
        done[mode] = _replayed(replace(order, mode=mode), view(), "" if done else "sandbox: ", say)
    without = _without(order.scenario)
    made = list(done.values())
    summary = Summary(
        seed=order.seed,
        trace=order.scenario.name,
        jobs=len(order.scenario.trace.arrivals),
        runs={mode: replayed.run for mode, replayed in done.items()} | {WITHOUT: _figures(without, order.scenario)},
        resources=made[-1].resources,
        build_s=made[-1].build_s,
        instances_left=sum(one.instances_left for one in made),
        api_calls=sum(one.api_calls for one in made),
        protocol_errors=sum(one.protocol_errors for one in made),
        wall_s=time.monotonic() - began,
    )
    histories = {mode: replayed.history for mode, replayed in done.items()} | {WITHOUT: without.history}
    return Outcome(summary=summary, histories=histories)


def _replayed(order: Order, view: View, title: str, say: Callable[[str], None]) -> _Replayed:
    places = Places(root=root() / f"demo-{os.getpid()}")
    places.create()
    places.write_state("demo", {})
    try:
        with rigs.built(order, places) as rig:
            made = cloud.built(places.root)
            if title:
                say(f"{title}the cloud was built by the stacks' own programs: {made}")
                _say_clouds(rig.settings, say)
            follower = _follower(rig)
            with view:
                _watched(rig, view, follower).run()
            left = rig.world.left()
            machines = [rented(row) for row in rig.world.instances()]
            bill = bill_of(machines, rig.settings.prices, rig.simulation.cluster.now)
            run = _figures(rig.simulation, order.scenario, bill, moves_in(past.events(rig.audit)))
            return _Replayed(
                run=replace(run, shares=_shares(rig, left), takeovers=follower.found),
                history=rig.simulation.history,
                resources=made.resources,
                build_s=made.seconds,
                instances_left=sum(left.values()),
                api_calls=cloud.product_calls(rig.aws),
                protocol_errors=len(rig.ebrokerd.protocol_errors),
            )
    finally:
        places.remove()


def _say_clouds(settings: BurstSettings, say: Callable[[str], None]) -> None:
    """Which pool is of which cloud, in the order in which LSF asks them; nothing where EC2 is the only one."""
    if settings.clouds:
        pools = sorted(settings.pools, key=lambda pool: (-pool.priority, pool.name))
        asked = ", ".join(where(pool, settings) for pool in pools)
        say(f"sandbox: no real cloud is called; pools in the order in which they are asked: {asked}")


def _follower(rig: Rig) -> Follower:
    def made(ids: Iterable[str]) -> Launch | None:
        return launch_of(rig.world.instances(), ids)

    return Follower(rig.audit, made, rig.settings, rig.simulation.history)


def _watched(rig: Rig, view: View, follower: Follower) -> Simulation:
    """The simulation, shown as it goes; with a second cloud, who took over from whom too."""

    def watch(history: History) -> None:
        if rig.settings.clouds:
            follower.look()
        view.show(history)

    rig.simulation.watch = watch
    return rig.simulation


def _shares(rig: Rig, left: Mapping[str, int]) -> tuple[Share, ...]:
    """What each cloud did, where there is more than one."""
    settings, cluster = rig.settings, rig.simulation.cluster
    if not settings.clouds:
        return ()
    clouds = [
        Cloud(
            name=name,
            words=cloud_words(name, settings),
            pools=tuple(pool.name for pool in settings.pools if pool.cloud == name),
            left=count,
        )
        for name, count in left.items()
    ]
    return shares_of(clouds, rig.world.instances(), cluster.finished(), settings.prices, cluster.now)


def _figures(simulation: Simulation, scenario: Scenario, bill: Bill | None = None, moves: Moves = NO_MOVES) -> Run:
    finished = simulation.cluster.finished()
    return Run(
        finished=len(finished),
        waits=waits_of(finished),
        bill=bill or bill_of((), {}, simulation.cluster.now),
        jobs_burst=sum(job.borrowed for job in finished),
        moves=moves,
        virtual_hours=(simulation.cluster.now - scenario.starts) / 3600,
    )


def _without(scenario: Scenario) -> Simulation:
    cluster = Cluster(scenario.without_bursting(), scenario.starts)
    simulation = Simulation(cluster=cluster, arrivals=scenario.trace.arrivals)
    simulation.run()
    return simulation
