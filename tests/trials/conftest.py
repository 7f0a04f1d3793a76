"""A provider on trial: its verbs, cut at any call, and an LSF that remembers what it was told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import burst.rc
from burst import reaping
from burst.audit import FakeAudit
from burst.aws import model_cut
from burst.aws.client import ec2_client
from burst.fake import FakeCloud, FakeLedger
from burst.journal import FakeJournal
from burst.provider import Provider
from burst.rc import conf, policy, templates, verbs, wire
from burst.spend import FakeSpend
from ris_hybrid import clocks, hook, wiring
from ris_hybrid.errors import Refused, RisHybridError
from ris_hybrid.model import Host, Job, JobStatus, MachineState, Queue
from ris_hybrid.sandbox import knife
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.knife import Cut, Killed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCRIPTS = Path(burst.rc.__file__).parent / "scripts"
Answer = dict[str, Any]
UP = {"pending", "running"}


@dataclass(slots=True, kw_only=True)
class Call:
    """What became of a call; ``answer`` is None when it was killed."""

    code: int
    answer: Answer | None
    calls: list[str] = field(default_factory=list)


class AfterLaunch(knife.Knife):
    """Ends the call that has launched machines, before it can say so."""

    def received(self, **_: object) -> None:
        if self.seen[-1] == "CreateFleet":
            raise Killed


class SandboxWorld:
    """The real scripts over the sandbox AWS: killed ones are child processes, the others run in this process."""

    def __init__(self, top: Path, settings: Any, aws: Any, ec2: Any, environment: dict[str, str]) -> None:
        self.top, self.settings, self.aws, self.ec2 = top, settings, aws, ec2
        self.now = aws.clock()
        self._numbers = count(1)
        self.data = top / "work"
        confdir = top / "provider"
        (confdir / "conf").mkdir(parents=True)
        (confdir / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        model_cut.write(confdir / "conf")
        connector = top / "conf" / "resource_connector"
        connector.mkdir(parents=True)
        listed = {"providers": [{"name": settings.provider, "confPath": str(confdir)}]}
        (connector / "hostProviders.json").write_text(json.dumps(listed))
        self.bin = top / "bin"
        self.bin.mkdir()
        for name in ("bjobs", "bhosts", "bqueues"):
            (self.bin / name).write_text(f'#!/bin/sh\ncat "{self.bin}/{name}.json"\n')
            (self.bin / name).chmod(0o755)
        self._environment = {
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.defpath}",
            "RIS_HYBRID_RC": str(knife.write_command(top / "cut-rc")),
            "LSF_ENVDIR": str(top / "conf"),
            "PRO_LSF_TOP": str(top),
            "PRO_LSF_LOGDIR": str(top / "log"),
            "PRO_DATA_DIR": str(self.data),
            "PRO_CONF_DIR": str(confdir),
            "PROVIDER_NAME": settings.provider,
            "SCRIPT_OPTIONS": "",
            **aws.env(),
            **environment,
        }
        self.see(())
        self.queue_up(0)

    @property
    def environment(self) -> dict[str, str]:
        return {**self._environment, clocks.CLOCK_VARIABLE: repr(self.now)}

    def file(self, content: Any) -> str:
        """An input file as LSF writes it: a new name for every call, dated by the virtual clock."""
        path = self.top / f"in-{next(self._numbers):04d}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        os.utime(path, (self.now, self.now))
        return str(path)

    def command(self, verb: str, payload: Any) -> list[str]:
        options = [self.file(payload)] if verb == "policy" else ["-f", self.file(payload)]
        return [str(SCRIPTS / f"{verb}.sh"), *options]

    def child(self, verb: str, payload: Any, **more: str) -> Call:
        """The real script in a process of its own."""
        log = self.top / f"calls-{next(self._numbers)}"
        environment = {**self.environment, knife.CALLS_VARIABLE: str(log), **more}
        done = subprocess.run(self.command(verb, payload), env=environment, capture_output=True, check=False)
        assert done.stderr == b""
        calls = log.read_text().split() if log.exists() else []
        return Call(code=done.returncode, answer=json.loads(done.stdout) if done.stdout else None, calls=calls)

    def call(self, verb: str, payload: Any, cut: Cut | None = None) -> Call:
        if cut is not None:
            done = self.child(verb, payload, **{knife.CUT_VARIABLE: f"{cut.call} {cut.point}"})
            assert (done.code, done.answer) == (-9, None), f"{verb} was not killed at {cut}: {done}"
            return done
        with knife.drawn(knife.Knife(end=lambda: None)) as seen, pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", self._environment["PATH"])
            code, answer = hook.run([verb, "-f", self.file(payload)], self.environment)
        return Call(code=code, answer=json.loads(json.dumps(answer, allow_nan=False)), calls=seen.seen)

    def whole(self, verb: str, payload: Any) -> Call:
        """The real script to its end: what it calls is what can be cut."""
        return self.child(verb, payload)

    def launch_and_die(self, payload: Any) -> None:
        """requestMachines, killed once CreateFleet has been carried out; in this process, to set a scene."""
        with knife.drawn(AfterLaunch(end=lambda: None)), pytest.raises(Killed):
            hook.run(["requestMachines", "-f", self.file(payload)], self.environment)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.aws.set_clock(self.now)

    def machines(self) -> list[Any]:
        return [row for row in self.aws.instances() if row["tags"].get("ris_provider") == self.settings.provider]

    def alive(self) -> set[str]:
        return {row["id"] for row in self.machines() if row["state"] in UP}

    def requests(self) -> dict[str, str]:
        """Machine to the request it belongs to now."""
        return {row["id"]: row["tags"]["ris_request"] for row in self.machines() if row["state"] in UP}

    def names(self) -> dict[str, str]:
        return {row["id"]: row["name"] for row in self.machines()}

    def end(self, machine_id: str) -> None:
        """Somebody ends a machine without asking us."""
        self.ec2.terminate_instances(InstanceIds=[machine_id])

    def stop(self, machine_id: str) -> None:
        self.ec2.stop_instances(InstanceIds=[machine_id])

    def refuse_ends(self, refused: bool) -> None:
        rule = {"match": "TerminateInstances", "do": {"error": {"code": "UnauthorizedOperation", "status": 403}}}
        self.aws.faults([rule] if refused else [])

    def grant(self, machines: int | None) -> None:
        rule = {"match": "CreateFleet", "do": {"grant": machines}}
        self.aws.faults([rule] if machines is not None else [])

    def lose_files(self) -> None:
        """What a fail-over to a master with an empty data directory means."""
        for path in self.data.glob("*"):
            path.unlink()

    def pool_of(self, machines: int, subnets: tuple[str, ...]) -> None:
        """Let the pool have so many, in these subnets."""
        pools = tuple(replace(pool, max_nodes=machines, subnets=subnets) for pool in self.settings.pools)
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

    def provider(self) -> Any:
        return wiring.hook_provider(wiring.HookPlaces.of(self.environment), self.environment)


class Cutting:
    """Any port, counted and cut: a ``Killed`` before or after one of its calls."""

    def __init__(self, port: Any, state: dict[str, Any]) -> None:
        self._port, self._state = port, state

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._port, name)
        state = self._state

        def cut(*args: Any, **kwargs: Any) -> Any:
            state["calls"].append(f"{type(self._port).__name__}.{name}")
            here: Cut | None = state["cut"] if len(state["calls"]) == getattr(state["cut"], "call", 0) else None
            if here is not None and here.point == "before":
                raise Killed
            result = target(*args, **kwargs)
            if here is not None or name == state.get("after"):
                raise Killed
            return result

        return cut


def hosts_named(names: Any) -> tuple[Host, ...]:
    """What bhosts lists: a host of the site, and these."""
    return tuple(Host(name=name, status="ok", max_slots=8, jobs=0, running=0) for name in ("onprem1", *names))


class FakeLsf:
    """The scheduler port as the tests set it."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.pending = 0

    def hosts(self) -> tuple[Host, ...]:
        return hosts_named(self.names)

    def jobs(self) -> tuple[Job, ...]:
        plain = dict.fromkeys(Job._fields, "")
        figures = {"slots": 8, "pend_s": 600.0, "run_s": 0.0, "run_limit_s": None}
        words = {"status": JobStatus.PEND, "queue": "general", "lab": "lee"}
        return tuple(Job(**{**plain, **figures, **words, "job_id": str(n)}) for n in range(self.pending))

    def queues(self) -> tuple[Queue, ...]:
        return (Queue(name="general", is_open=True, is_active=True, max_slots=None, pending_slots=0, running_slots=0),)


class RefusingCloud(FakeCloud):
    """Refuses to end machines while told so."""

    refused = False

    def end(self, machine_ids: Any, return_id: str, *reason: Any) -> tuple[str, ...]:
        if self.refused:
            self.fail_next = Refused("not allowed", code="UnauthorizedOperation")
        return super().end(machine_ids, return_id, *reason)


class FakeWorld:
    """The verbs over the shipped fakes, cut at every call of every port."""

    def __init__(self, settings: Any, now: float) -> None:
        self.settings, self.now = settings, now
        self.cloud = RefusingCloud(lambda: self.now, provider=settings.provider)
        self.ledger = FakeLedger(self.cloud)
        self.lsf = FakeLsf()
        self.audit = FakeAudit()
        self._numbers = count(1)
        self.lose_files()

    def lose_files(self) -> None:
        self.journal, self.spend = FakeJournal(), FakeSpend()

    def provider(self, state: dict[str, Any] | None = None) -> Provider:
        ports: dict[str, Any] = {
            "cloud": self.cloud,
            "ledger": self.ledger,
            "journal": self.journal,
            "spend": self.spend,
            "audit": self.audit,
        }
        if state is not None:
            ports = {name: Cutting(port, state) for name, port in ports.items()}
        return Provider(settings=self.settings, now=self.now, **ports)

    def call(self, verb: str, payload: Any, cut: Cut | None = None) -> Call:
        state: dict[str, Any] = {"cut": cut, "calls": []}
        provider = self.provider(state)
        try:
            answer = self._answer(verb, payload, provider)
        except Killed:
            return Call(code=-9, answer=None, calls=state["calls"])
        except RisHybridError as error:
            return Call(code=1, answer=wire.failure(verb, wire.error_text(error)), calls=state["calls"])
        assert cut is None, f"{verb} was not killed at {cut}"
        return Call(code=0, answer=answer, calls=state["calls"])

    def _answer(self, verb: str, payload: Any, provider: Provider) -> Answer:
        if verb == "requestMachines":
            return verbs.request_machines(payload, f"in-{next(self._numbers)}", self.now, provider)
        if verb == "getRequestStatus":
            return verbs.get_request_status(payload, provider)
        if verb == "requestReturnMachines":
            return verbs.request_return_machines(payload, provider)
        if verb == "policy":
            return policy.answer(wire.read_demand(payload), self.lsf, provider)
        return verbs.get_return_requests(payload, provider, self.lsf.hosts)

    def whole(self, verb: str, payload: Any) -> Call:
        """The verb to its end: what it calls is what can be cut."""
        return self.call(verb, payload)

    def launch_and_die(self, payload: Any) -> None:
        """requestMachines, killed once the cloud has launched."""
        state: dict[str, Any] = {"cut": None, "calls": [], "after": "launch"}
        with pytest.raises(Killed):
            self._answer("requestMachines", payload, self.provider(state))

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def alive(self) -> set[str]:
        return {one.machine_id for one in self.cloud.machines() if one.alive}

    def requests(self) -> dict[str, str]:
        return {one.machine_id: one.request_id for one in self.cloud.machines() if one.alive}

    def names(self) -> dict[str, str]:
        return {one.machine_id: one.name for one in self.cloud.machines()}

    def end(self, machine_id: str) -> None:
        self.cloud.set_state(machine_id, MachineState.TERMINATED)

    def stop(self, machine_id: str) -> None:
        self.cloud.set_state(machine_id, MachineState.STOPPED)

    def refuse_ends(self, refused: bool) -> None:
        self.cloud.refused = refused

    def grant(self, machines: int | None) -> None:
        alive = len(self.alive())
        self.cloud.capacity = 1000 if machines is None else alive + machines

    def see(self, names: Any) -> None:
        self.lsf.names = tuple(names)

    def queue_up(self, jobs: int) -> None:
        self.lsf.pending = jobs


class Lsf:
    """What ebrokerd remembers and does next, no more: ids it was given, machines it was told of."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.open: dict[str, int] = {}
        self.returning: dict[str, set[str]] = {}
        self.known: dict[str, str] = {}
        self.reported: set[str] = set()

    def do(self, verb: str, payload: Any, cut: Cut | None = None) -> Call:
        """One call; what it answers is remembered."""
        done: Call = self.world.call(verb, payload, cut)
        if done.answer is not None and done.code == 0:
            self._remember(verb, payload, done.answer)
        return done

    def _remember(self, verb: str, payload: Any, answer: Answer) -> None:
        if verb == "requestMachines":
            assert answer["requestId"] not in self.open, "a request id that is open already"
            self.open[answer["requestId"]] = payload["template"]["machineCount"]
        elif verb == "getRequestStatus":
            self._settle(answer["requests"])
        elif verb == "requestReturnMachines":
            ids = {row["machineId"] for row in payload["machines"]}
            self.returning.setdefault(answer["requestId"], set()).update(ids)
        elif verb == "getReturnRequests":
            self.reported |= {row["machineId"] for row in answer["requests"]}

    def ask_for(self, machines: int) -> Answer:
        return {"template": {"templateId": "cpu", "machineCount": machines}, "rc_account": "lee", "userData": {}}

    def pending_ids(self) -> Answer:
        return {"requests": [{"requestId": one} for one in [*self.open, *self.returning]]}

    def held(self, *only: str) -> Answer:
        rows = {key: name for key, name in self.known.items() if key in only or not only}
        return {"machines": [{"name": name, "machineId": key} for key, name in rows.items()]}

    def settle(self) -> None:
        """Ask about what is open until it is settled, at LSF's pace."""
        for _ in range(8):
            if not self.open and not self.returning:
                return
            self.do("getRequestStatus", self.pending_ids())
            self.world.advance(60)
        raise AssertionError(f"never settled: {self.open} {self.returning}")

    def join(self) -> None:
        """Every machine LSF was told of joins and is listed."""
        self.world.see(self.known.values())

    def reconcile(self) -> None:
        """Time passes in LSF's steps; it asks what the provider wants back, hands that over, and our reaper runs."""
        for _ in range(4):
            self.world.advance(600)
            self.join()
            self.do("getReturnRequests", self.held())
            lost = [one for one in self.known if one in self.reported]
            if lost:
                self.do("requestReturnMachines", self.held(*lost))
                self.settle()
            reaping.reap(self.world.provider(), hosts_named(self.known.values()), held=frozenset(self.known))

    def _settle(self, rows: Any) -> None:
        for row in rows:
            if row["requestId"] in self.open:
                self._created(row)
            elif row["requestId"] in self.returning:
                self._returned(row)

    def _created(self, row: Any) -> None:
        for machine in row["machines"]:
            if machine["result"] == "succeed":
                self.known[machine["machineId"]] = machine["name"]
            elif machine["result"] == "fail":
                self.known.pop(machine["machineId"], None)
        if row["status"] == "complete":
            assert sum(one["result"] == "succeed" for one in row["machines"]) == self.open[row["requestId"]]
        if row["status"] != "running":
            del self.open[row["requestId"]]

    def _returned(self, row: Any) -> None:
        mine = self.returning[row["requestId"]]
        done = {one["machineId"] for one in row["machines"] if one["result"] == "succeed"}
        if row["status"] != "running":
            done = mine - {one["machineId"] for one in row["machines"] if one["result"] != "succeed"}
        for machine_id in mine & done:
            self.known.pop(machine_id, None)
        self.returning[row["requestId"]] = mine - done
        if not mine - done:
            del self.returning[row["requestId"]]


@pytest.fixture
def lsf_over() -> Callable[[Any], Lsf]:
    return Lsf


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An AWS in a process of its own: there it is not measured either, and works while the verbs do."""
    aws = SandboxAws.start(tmp_path_factory.mktemp("aws") / "aws.json", seed=11)
    yield aws.url
    aws.stop()


@pytest.fixture(scope="session")
def ec2(sandbox_server: str, make: Any) -> Any:
    """The product's own client of that AWS: the other rooms' is of the one they share."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SandboxAws.attach(sandbox_server).env().items():
            patch.setenv(name, value)
        return ec2_client(make.settings(endpoint_url=sandbox_server))


@pytest.fixture
def sandbox_world(
    tmp_path: Path, sandbox_aws: Any, ec2: Any, ec2_settings: Any, coverage_environment: dict[str, str]
) -> Callable[..., SandboxWorld]:
    """Worlds on one sandbox AWS that do not see each other: each has a provider name and launch template of its own."""
    numbers = count(1)
    sandbox_aws.timing(pending_s=10, shutting_down_s=10)
    node = {"ImageId": "ami-12c6146b", "InstanceType": "c6i.4xlarge"}

    def make(**fields: Any) -> SandboxWorld:
        number = next(numbers)
        template = ec2.create_launch_template(LaunchTemplateName=f"node{number}", LaunchTemplateData=node)
        template_id = template["LaunchTemplate"]["LaunchTemplateId"]
        pools = tuple(replace(pool, launch_template=template_id) for pool in ec2_settings.pools)
        settings = replace(ec2_settings, provider=f"aws{number}", pools=pools, **fields)
        return SandboxWorld(tmp_path / f"w{number}", settings, sandbox_aws, ec2, coverage_environment)

    return make


@pytest.fixture
def wide_subnets(ec2: Any, ec2_settings: Any) -> tuple[str, ...]:
    """Room for a thousand machines."""
    assert ec2_settings
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zones = {"us-east-1a": "10.9.0.0/20", "us-east-1b": "10.9.16.0/20"}
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone) for zone, block in zones.items()]
    return tuple(one["Subnet"]["SubnetId"] for one in made)


@pytest.fixture
def fake_world(make: Any) -> Callable[..., FakeWorld]:
    return lambda **fields: FakeWorld(make.settings(**fields), make.now)


@pytest.fixture
def coverage_environment() -> dict[str, Any]:
    """What a child process needs to be measured, if this run is."""
    return {name: value for name, value in os.environ.items() if name.startswith("COV")}
