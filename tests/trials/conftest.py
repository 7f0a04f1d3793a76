"""A provider on trial: its verbs, cut at any call, and an LSF that remembers what it was told."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import count, cycle
from typing import TYPE_CHECKING, Any

import pytest

from burst import reaping
from burst.audit import FakeAudit
from burst.aws.client import ec2_client
from burst.clients import Clients
from burst.fake import FakeCloud, FakeLedger
from burst.journal import FakeJournal
from burst.provider import Provider
from burst.rc import policy, verbs, wire
from burst.spend import FakeSpend
from ris_hybrid.errors import Refused, RisHybridError
from ris_hybrid.model import Host, Job, JobStatus, MachineState, Queue
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.gce import wire as google
from ris_hybrid.sandbox.knife import Cut, Killed
from tests.trials.script_world import Call, Kept, ScriptWorld
from tests.trials.sides import CLOUD, Ec2Side, GceSide, OpenStackSide, on_second

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Answer = dict[str, Any]


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

    templates = ("cpu",)

    def __init__(self, settings: Any, now: float) -> None:
        self.settings, self.now = settings, now
        self.cloud = RefusingCloud(lambda: self.now, provider=settings.provider)
        self.ledger = FakeLedger(self.cloud)
        self.lsf = FakeLsf()
        self.audit = FakeAudit()
        self._numbers = count(1)
        self._input = "in-0", now
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

    def call(self, verb: str, payload: Any, cut: Cut | None = None, *, repeated: bool = False) -> Call:
        if not repeated:
            self._input = f"in-{next(self._numbers)}", self.now
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
            return verbs.request_machines(payload, *self._input, provider)
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

    def standing(self) -> set[str]:
        gone = {MachineState.SHUTTING_DOWN, MachineState.TERMINATED}
        return {one.machine_id for one in self.cloud.machines() if one.state not in gone}

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
        self._templates = cycle(world.templates)
        self.reported: set[str] = set()

    def do(self, verb: str, payload: Any, cut: Cut | None = None, **how: bool) -> Call:
        """One call; what it answers is remembered."""
        done: Call = self.world.call(verb, payload, cut, **how)
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
        """Of the templates in turn: what one does not give LSF asks of the next."""
        template = {"templateId": next(self._templates), "machineCount": machines}
        return {"template": template, "rc_account": "lee", "userData": {}}

    def run(self, machines: int) -> list[str]:
        """So many machines that have joined, of every template some; their ids."""
        left = machines
        for others in reversed(range(len(self.world.templates))):
            share = left - left // (others + 1) * others
            self.do("requestMachines", self.ask_for(share))
            left -= share
        self.world.advance(60)
        self.settle()
        self.join()
        return sorted(self.known)

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
    tmp_path: Path, sandbox_aws: Any, ec2: Any, ec2_settings: Any, kept: Kept
) -> Callable[..., ScriptWorld]:
    """Worlds on one sandbox AWS that do not see each other: each has a provider name and launch template of its own."""
    numbers = count(1)
    sandbox_aws.timing(pending_s=10, shutting_down_s=10)
    node = {"ImageId": "ami-12c6146b", "InstanceType": "c6i.4xlarge"}

    def make(**fields: Any) -> ScriptWorld:
        number = next(numbers)
        template = ec2.create_launch_template(LaunchTemplateName=f"node{number}", LaunchTemplateData=node)
        template_id = template["LaunchTemplate"]["LaunchTemplateId"]
        pools = tuple(replace(pool, launch_template=template_id) for pool in ec2_settings.pools)
        settings = replace(ec2_settings, provider=f"aws{number}", pools=pools, **fields)
        side = Ec2Side(sandbox_aws, ec2, settings.provider)
        return ScriptWorld(tmp_path / f"w{number}", settings, [side], kept, now=sandbox_aws.clock())

    return make


@pytest.fixture
def openstack_world(tmp_path: Path, sandbox_openstack: Any, make: Any, kept: Kept) -> Callable[..., ScriptWorld]:
    """Worlds of one pool on the sandbox's OpenStack, one after the other: each begins with an empty one."""
    numbers = count(1)

    def new(*, children: bool = True, **fields: Any) -> ScriptWorld:
        cloud = SecondCloud(name=CLOUD, driver="openstack", project="ris-sandbox", auth_url=sandbox_openstack.url)
        settings = on_second(make.settings(**fields), cloud, OpenStackSide)
        side = OpenStackSide(sandbox_openstack, make.now)
        top = tmp_path / f"o{next(numbers)}"
        return ScriptWorld(top, settings, [side], kept, now=make.now, children=children)

    return new


@pytest.fixture
def gce_world(tmp_path: Path, sandbox_gce: Any, make: Any, kept: Kept) -> Callable[..., ScriptWorld]:
    """The same on the sandbox's Google."""
    numbers = count(1)

    def new(*, children: bool = True, **fields: Any) -> ScriptWorld:
        cloud = SecondCloud(
            name=CLOUD, driver="gce", project=google.PROJECT, region=google.REGION, endpoint_url=sandbox_gce.url
        )
        settings = on_second(make.settings(**fields), cloud, GceSide)
        side = GceSide(sandbox_gce, make.now)
        return ScriptWorld(tmp_path / f"g{next(numbers)}", settings, [side], kept, now=make.now, children=children)

    return new


@pytest.fixture
def joint_world(sandbox_world: Any, openstack_world: Any, kept: Kept) -> Callable[..., ScriptWorld]:
    """Worlds of a pool on OpenStack and one on EC2; LSF asks them in this order."""

    def new(*, children: bool = True, **fields: Any) -> ScriptWorld:
        aws, nova = sandbox_world(**fields), openstack_world(**fields)
        cpu = next(pool for pool in aws.settings.pools if pool.purchase != "spot")
        settings = replace(
            aws.settings,
            pools=(*nova.settings.pools, cpu),
            clouds=nova.settings.clouds,
            prices={**aws.settings.prices, **nova.settings.prices},
        )
        sides = [*nova.sides, *aws.sides]
        world = ScriptWorld(aws.top / "joint", settings, sides, kept, now=aws.now, children=children)
        world.advance(0)
        return world

    return new


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


@pytest.fixture(scope="session")
def kept(lay_cut: Callable[[Path], object]) -> Kept:
    measured = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return Kept(clients=Clients(), environment=measured, lay_cut=lay_cut)
