"""The real scripts over the sandbox's clouds: a provider whose verbs can be cut at any of its calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import burst.rc
from burst.clients import Clients
from burst.rc import conf, templates
from ris_hybrid import clocks, hook, relay, wiring
from ris_hybrid.sandbox import knife, knife_http
from ris_hybrid.sandbox.knife import Cut, Killed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SCRIPTS = Path(burst.rc.__file__).parent / "scripts"
Answer = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Call:
    """What became of a call; ``answer`` is None when it was killed."""

    code: int
    answer: Answer | None
    calls: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Axe(knife.Knife):
    """Ends a call of this process as SIGKILL would: once it is dead, none of its threads sends anything more."""

    dead: bool = False

    def kill(self) -> None:
        self.dead = True
        raise Killed

    def sending(self, name: str, request: Any) -> int:
        if self.dead:
            raise Killed
        return knife.Knife.sending(self, name, request)


@dataclass(slots=True, kw_only=True)
class AfterLaunch(knife.Knife):
    """Ends the call that has launched machines, before it can say so."""

    launches: dict[str, int]
    """Call by name, and how often it is made."""

    def received(self, number: int = 0, **_: object) -> None:
        name = self.seen[(number or len(self.seen)) - 1]
        if self.seen.count(name) == self.launches.get(name):
            raise Killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What every world of a run has."""

    clients: Clients
    """Making them takes longer than most calls."""
    environment: dict[str, str]
    """What a child process needs to be measured, if this run is."""
    lay_cut: Callable[[Path], object]
    """Lays the cut of botocore's description below a provider's folder."""


class ScriptWorld:
    """The real scripts: killed ones are child processes; the others run in this process, as in the service.

    With ``children`` false a killed one is a call in this process too, which nothing that handles errors can hold.
    """

    def __init__(
        self, top: Path, settings: Any, sides: Sequence[Any], kept: Kept, *, now: float, children: bool = True
    ) -> None:
        self.top, self.settings, self.now, self.sides = top, settings, now, sides
        self._clients = kept.clients
        self.templates = tuple(pool.name for pool in settings.pools if pool.purchase != "spot")
        self._children = children
        self._numbers, self._last = count(1), ""
        self.data = top / "work"
        confdir = top / "provider"
        (confdir / "conf").mkdir(parents=True)
        (confdir / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        if settings.on_ec2:
            kept.lay_cut(confdir / "conf")
        connector = top / "conf" / "resource_connector"
        connector.mkdir(parents=True)
        listed = {"providers": [{"name": settings.provider, "confPath": str(confdir)}]}
        (connector / "hostProviders.json").write_text(json.dumps(listed))
        self.bin = top / "bin"
        self.bin.mkdir()
        for name in ("bjobs", "bhosts", "bqueues"):
            (self.bin / name).write_text(f'#!/bin/sh\ncat "{self.bin}/{name}.json"\n')
            (self.bin / name).chmod(0o755)
        self._drawn = knife_http.drawn if settings.clouds else knife.drawn
        module = knife_http if settings.clouds else knife
        self._environment = {
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.defpath}",
            "RIS_HYBRID_RC": str(knife.write_command(top / "cut-rc", module.__name__)),
            "LSF_ENVDIR": str(top / "conf"),
            "PRO_LSF_TOP": str(top),
            "PRO_LSF_LOGDIR": str(top / "log"),
            "PRO_DATA_DIR": str(self.data),
            "PRO_CONF_DIR": str(confdir),
            "PROVIDER_NAME": settings.provider,
            "SCRIPT_OPTIONS": "",
            **{name: value for side in sides for name, value in side.env().items()},
            **kept.environment,
        }
        self.see(())
        self.queue_up(0)

    @property
    def environment(self) -> dict[str, str]:
        return {**self._environment, clocks.CLOCK_VARIABLE: repr(self.now)}

    def file(self, content: Any, *, repeated: bool = False) -> str:
        """An input file as LSF writes it: a new name for every call, dated by the virtual clock; or the last again."""
        if repeated:
            return self._last
        path = self.top / f"in-{next(self._numbers):04d}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        os.utime(path, (self.now, self.now))
        self._last = str(path)
        return self._last

    def command(self, verb: str, payload: Any) -> list[str]:
        options = [self.file(payload)] if verb == "policy" else ["-f", self.file(payload)]
        return [str(SCRIPTS / f"{verb}.sh"), *options]

    def child(self, verb: str, payload: Any, **more: str) -> Call:
        """The real script in a process of its own."""
        log = self.top / f"calls-{next(self._numbers)}"
        environment = {**self.environment, knife.CALLS_VARIABLE: str(log), **more}
        done = subprocess.run(self.command(verb, payload), env=environment, capture_output=True, check=False)
        assert done.stderr == b""
        calls = log.read_text().splitlines() if log.exists() else []
        return Call(code=done.returncode, answer=json.loads(done.stdout) if done.stdout else None, calls=calls)

    def call(self, verb: str, payload: Any, cut: Cut | None = None, *, repeated: bool = False) -> Call:
        """One call; ``repeated``: of the last input file, as a script does whose service died over it."""
        if cut is None:
            given = relay.read(self.file(payload, repeated=repeated))
            with self._path_to_lsf():
                code, answer = hook.answer(verb, given, self.environment, self._clients)
            return Call(code=code, answer=json.loads(json.dumps(answer, allow_nan=False)))
        if self._children:
            done = self.child(verb, payload, **{knife.CUT_VARIABLE: f"{cut.call} {cut.point}"})
        else:
            done = self._under_the_axe(verb, payload, cut)
        assert (done.code, done.answer) == (-9, None), f"{verb} was not killed at {cut}: {done}"
        return done

    def _under_the_axe(self, verb: str, payload: Any, cut: Cut | None) -> Call:
        """A call in this process that has its clients to make, as a script has."""
        axe = Axe(cut=cut, end=lambda: axe.kill())  # noqa: PLW0108  # there is none yet
        with self._drawn(axe), self._path_to_lsf():
            try:
                code, answer = hook.run([verb, "-f", self.file(payload)], self.environment)
            except Killed:
                code, answer = -9, None
        return Call(code=code, answer=answer, calls=axe.seen)

    @contextmanager
    def _path_to_lsf(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", self._environment["PATH"])
            yield

    def whole(self, verb: str, payload: Any) -> Call:
        """The call to its end: what it calls is what can be cut."""
        return self.child(verb, payload) if self._children else self._under_the_axe(verb, payload, None)

    def launch_and_die(self, payload: Any) -> None:
        """requestMachines, killed once its machines are launched; in this process, to set a scene."""
        machines = payload["template"]["machineCount"]
        launches = {side.launches: 1 if side.launches == "CreateFleet" else machines for side in self.sides}
        with self._drawn(AfterLaunch(end=lambda: None, launches=launches)), pytest.raises(Killed):
            hook.run(["requestMachines", "-f", self.file(payload)], self.environment)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for side in self.sides:
            side.set_clock(self.now)

    def alive(self) -> set[str]:
        return {key for side in self.sides for key in side.alive()}

    def standing(self) -> set[str]:
        """Those too that do not run and are not gone."""
        return {key for side in self.sides for key in side.standing()}

    def requests(self) -> dict[str, str]:
        """Machine to the request it belongs to now."""
        return {key: request for side in self.sides for key, request in side.requests().items()}

    def names(self) -> dict[str, str]:
        return {key: name for side in self.sides for key, name in side.names().items()}

    def end(self, machine_id: str) -> None:
        """Somebody ends a machine without asking us."""
        self._side_of(machine_id).end(machine_id)

    def stop(self, machine_id: str) -> None:
        self._side_of(machine_id).stop(machine_id)

    def _side_of(self, machine_id: str) -> Any:
        return next(side for side in self.sides if side.has(machine_id))

    def faults(self, what: dict[str, Any] | None) -> None:
        """From now on this happens to every call of every cloud; None ends it. ``match`` is each cloud's own word."""
        for side in self.sides:
            side.faults([] if what is None else [{"match": side.every, **what}])

    def away(self, side: Any) -> None:
        """This cloud answers nothing any more."""
        side.faults([{"match": side.every, "do": {"error": {"code": "Unavailable", "status": 503}}}])

    def faults_of_launches(self, do: dict[str, Any]) -> None:
        """The same of the calls that launch."""
        for side in self.sides:
            side.faults([{"match": side.launches, "do": do}])

    def refuse_ends(self, refused: bool) -> None:
        for side in self.sides:
            side.refuse_ends(refused)

    def grant(self, machines: int | None) -> None:
        for side in self.sides:
            side.grant(machines)

    def lose_files(self) -> None:
        """What a fail-over to a master with an empty data directory means."""
        for path in self.data.glob("*"):
            path.unlink()

    def pool_of(self, machines: int, **fields: Any) -> None:
        """Let the pools have so many, in these subnets say."""
        pools = tuple(replace(pool, max_nodes=machines, **fields) for pool in self.settings.pools)
        self.settings = replace(self.settings, pools=pools)
        Path(self._environment["PRO_CONF_DIR"], "conf", templates.FILE_NAME).write_text(conf.dump(self.settings))

    def see(self, names: Any) -> None:
        """What bhosts lists."""
        hosts = ["onprem1", *names]
        rows = [{"HOST_NAME": name, "STATUS": "ok", "MAX": "8", "NJOBS": "0", "RUN": "0"} for name in hosts]
        (self.bin / "bhosts.json").write_text(json.dumps({"COMMAND": "bhosts", "HOSTS": len(rows), "RECORDS": rows}))

    def queue_up(self, jobs: int) -> None:
        """What bjobs and bqueues list."""
        rows = [
            {"JOBID": str(n), "STAT": "PEND", "QUEUE": "general", "USER_GROUP": "compute-lee", "NREQ_SLOT": "8"}
            | {"PEND_TIME": "600", "USER": "ann"}
            for n in range(1, jobs + 1)
        ]
        (self.bin / "bjobs.json").write_text(json.dumps({"COMMAND": "bjobs", "JOBS": jobs, "RECORDS": rows}))
        queue = {"QUEUE_NAME": "general", "STATUS": "Open:Active", "MAX": "-", "PEND": str(8 * jobs), "RUN": "0"}
        (self.bin / "bqueues.json").write_text(json.dumps({"COMMAND": "bqueues", "QUEUES": 1, "RECORDS": [queue]}))

    def forget_clients(self) -> None:
        """The next calls make their own, and log in anew, as scripts do."""
        self._clients = Clients()

    def provider(self) -> Any:
        return wiring.hook_provider(wiring.HookPlaces.of(self.environment), self.environment, self._clients)
