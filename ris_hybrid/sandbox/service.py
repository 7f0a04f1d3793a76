"""``sandbox start``: a sandbox that stays, for trying commands and policies by hand.

Runs as ``python -m ris_hybrid.sandbox.service``, a process of its own. Virtual time runs ``speed`` times as fast as
real time, or as fast as the scripts allow where that is slower; submissions come from the trace, once, and from
anybody's bsub.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError, RisHybridError, SiteUnavailable
from ris_hybrid.sandbox import places as whereabouts
from ris_hybrid.sandbox import rig as rigs
from ris_hybrid.sandbox.places import Places
from ris_hybrid.sandbox.rig import Order
from ris_hybrid.sandbox.scenario import example_scenario, load_scenario
from ris_hybrid.sandbox.second import pointed_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.rig import Rig

_TURN_S = 0.1  # real seconds between two looks at the clock
_LATE_S = 1.0  # real seconds that a turn makes up for; time lost beyond them is not caught up
_START_S = 60.0
_KEPT = 1000  # samples and happenings a sandbox that stays remembers
KIND = "service"


def start(order: Order, *, speed: float) -> Places:
    """Start the service in the background and wait until it answers; the running one if there is one.

    Raises:
        ConfigError: burst.yaml, or where the sandbox would be kept, cannot be used.
        SiteUnavailable: it ended as it started, or did not answer in a minute; its log is named.
    """
    with whereabouts.one_at_a_time():
        return whereabouts.running() or _started(order, speed)


def _started(order: Order, speed: float) -> Places:
    places = Places(root=whereabouts.root() / whereabouts.SERVICE)
    whereabouts.end(places)
    places.create()
    log = places.root.parent / f"{whereabouts.SERVICE}.log"
    command = [sys.executable, "-m", "ris_hybrid.sandbox.service", "--root", str(places.root)]
    command += ["--burst", str(order.burst_yaml), "--speed", str(speed), "--seed", str(order.seed)]
    command += ["--replay"] * order.replay + ["--broker"] * order.broker
    command += ["--host-providers", str(order.host_providers)] if order.host_providers else []
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _await(child, places, log)
    except (RisHybridError, KeyboardInterrupt):
        child.terminate()
        child.wait()
        whereabouts.end(places)
        raise
    return places


def _await(child: subprocess.Popen[bytes], places: Places, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not places.state():
        code = child.poll()
        if code is not None:
            raise _ended(code, log)
        if time.monotonic() > deadline:
            raise SiteUnavailable(f"the sandbox did not answer within {_START_S:g} s", f"its log is {log}")
        time.sleep(0.05)


def _ended(code: int, log: Path) -> RisHybridError:
    """Why a service ended as it started: its own words when it foresaw it, else the last line of its log."""
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    if code == ConfigError.exit_code:
        return ConfigError(said, f"mend what it names; the log is {log}")
    last = said.rpartition("\n")[2]
    return SiteUnavailable(f"the sandbox ended as it started: {last}", f"its log is {log}")


def serve(places: Places, order: Order, *, speed: float, stop: threading.Event) -> None:
    """Run the sandbox until told to stop."""
    with rigs.built(order, places) as rig:
        told = pointed_text(order.burst_yaml.read_text(encoding="utf-8"), rig.world.urls())
        places.burst_yaml.write_text(told, encoding="utf-8")
        last = time.monotonic()
        places.write_state(KIND, rig.env)
        while not stop.wait(_TURN_S):
            began = time.monotonic()
            _turn(rig, min(began - last, _LATE_S) * speed, stop)
            last = began
            places.write_state(KIND, rig.env)


def _turn(rig: Rig, seconds: float, stop: threading.Event) -> None:
    """Move the sandbox on by so many virtual seconds, or until it is told to stop."""
    simulation = rig.simulation
    now = simulation.cluster.now + seconds
    while not stop.is_set() and simulation.next_time() <= now:
        simulation.step(simulation.next_time())
    if not stop.is_set():
        simulation.step(now)
        rig.set_clock(now)
        simulation.history.forget(_KEPT)


def main(argv: Sequence[str] | None = None) -> int:
    """The process's own entry."""
    parser = argparse.ArgumentParser(prog="ris_hybrid.sandbox.service", description="a sandbox that stays")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--burst", type=Path, required=True)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--broker", action="store_true")
    parser.add_argument("--host-providers", type=Path)
    asked = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        order = Order(
            scenario=load_scenario(example_scenario()),
            burst_yaml=asked.burst,
            seed=asked.seed,
            replay=asked.replay,
            host_providers=asked.host_providers,
            broker=asked.broker,
        )
        serve(Places(root=asked.root), order, speed=asked.speed, stop=stop)
    except RisHybridError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main())
