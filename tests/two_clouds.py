"""EC2 and a second cloud called research, in memory, behind the joint ports; each can stop answering for a while."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burst.audit import FakeAudit
from burst.checks import FakeChecks
from burst.clouds.joint import JointChecks, JointCloud, JointLedger
from burst.clouds.naming import cloud_of, plain
from burst.clouds.quiet import Quiet
from burst.fake import FakeCloud, FakeLedger
from burst.journal import FakeJournal
from burst.provider import Provider
from burst.rc import verbs
from burst.spend import FakeSpend
from onprem.lsf.fake import FakeScheduler
from ris_hybrid.cli.burst_site import BurstSite
from ris_hybrid.clocks import FixedClock
from ris_hybrid.errors import SiteUnavailable, TryAgain
from ris_hybrid.pool_settings import SecondCloud

if TYPE_CHECKING:
    from ris_hybrid.errors import CloudError
    from ris_hybrid.model import Machine
    from ris_hybrid.settings import BurstSettings, Pool

RESEARCH = "research"
CLOUDS = ("", RESEARCH)
POOL_OF = {"": "cpu", RESEARCH: "os"}


class Line:
    """The way to a port, which can be down."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self.down = ""
        """Why it does not answer; empty while it does."""
        self.attempts = 0
        """How often it was asked while it was down."""
        self.refuses: dict[str, CloudError] = {}
        """By method: what it raises."""

    def __getattr__(self, name: str) -> Any:
        if self.down:
            self.attempts += 1
            raise TryAgain(self.down, code="RequestTimeout")
        if name in self.refuses:
            raise self.refuses[name]
        return getattr(self._port, name)


def research_pool(make: Any, name: str = "os", **fields: Any) -> Pool:
    """A pool of the second cloud."""
    plain: dict[str, Any] = {
        "provider": "libcloud",
        "cloud": RESEARCH,
        "instance_types": ("research/m1.xlarge",),
        "launch_template": "",
        "subnets": (),
        "zones": ("nova-1",),
        "image": "lsf-node",
    }
    return make.pool(name, **{**plain, **fields})  # type: ignore[no-any-return]  # ``make`` is a fixture


def two_settings(make: Any, **fields: Any) -> BurstSettings:
    """Pool cpu of EC2 and pool os of research, at half the price."""
    prices = {"c6i.4xlarge": 0.68, "research/m1.xlarge": 0.34, "fake.large": 0.68, "research/fake.large": 0.34}
    plain: dict[str, Any] = {
        "pools": (make.pool(priority=20), research_pool(make)),
        "clouds": (SecondCloud(name=RESEARCH, driver="openstack", project="hpc"),),
        "prices": prices,
    }
    return make.settings(**{**plain, **fields})  # type: ignore[no-any-return]  # ``make`` is a fixture


class TwoClouds:
    """Both clouds, what is written there, and what LSF asks."""

    def __init__(self, make: Any, **settings: Any) -> None:
        self.make = make
        self.now = make.now
        self.settings = two_settings(make, **settings)
        self.fakes = {
            "": FakeCloud(lambda: self.now),
            RESEARCH: FakeCloud(lambda: self.now, host="os"),
        }
        self.fakes[RESEARCH].code = "NoValidHost"
        self.ledgers = {name: FakeLedger(cloud) for name, cloud in self.fakes.items()}
        self.fake_checks = {name: FakeChecks() for name in CLOUDS}
        self._lines = {
            name: [Line(self.fakes[name]), Line(self.ledgers[name]), Line(self.fake_checks[name])] for name in CLOUDS
        }
        self.scheduler = FakeScheduler(hosts=[make.host("onprem-1")], queues=[make.queue()])
        self.journal, self.spend, self.audit = FakeJournal(), FakeSpend(), FakeAudit()

    def down(self, cloud: str, why: str = "no route") -> None:
        """From now on this cloud does not answer; with an empty ``why`` it does again."""
        for line in self._lines[cloud]:
            line.down = why

    @property
    def attempts(self) -> dict[str, int]:
        """How often each cloud was asked while it was down."""
        return {name: sum(line.attempts for line in lines) for name, lines in self._lines.items()}

    def refuse(self, cloud: str, **errors: CloudError) -> None:
        """From now on these methods of this cloud, and no others, raise."""
        for line in self._lines[cloud]:
            line.refuses = errors

    @property
    def cloud(self) -> JointCloud:
        return JointCloud({name: lines[0] for name, lines in self._lines.items()}, self.settings)

    @property
    def ledger(self) -> JointLedger:
        return JointLedger({name: lines[1] for name, lines in self._lines.items()}, self.settings)

    @property
    def checks(self) -> JointChecks:
        return JointChecks({name: lines[2] for name, lines in self._lines.items()})

    @property
    def provider(self) -> Provider:
        """Ports of one call, as the wiring makes them."""
        quiet = Quiet()
        return Provider(
            settings=self.settings,
            cloud=JointCloud({name: lines[0] for name, lines in self._lines.items()}, self.settings, quiet),
            ledger=JointLedger({name: lines[1] for name, lines in self._lines.items()}, self.settings, quiet),
            spend=self.spend,
            audit=self.audit,
            journal=self.journal,
            now=self.now,
            checks=JointChecks({name: lines[2] for name, lines in self._lines.items()}, quiet),
        )

    @property
    def site(self) -> BurstSite:
        return BurstSite(
            settings=self.settings,
            provider=self.provider,
            scheduler=self.scheduler,
            sandbox=False,
            data=Path(),
            clock=FixedClock(self.now),
        )

    def peek(self) -> dict[str, Machine]:
        """What is really there, by the id in our books, whoever answers."""
        return {
            f"{name}/{machine_id}" if name else machine_id: machine
            for name, cloud in self.fakes.items()
            for machine_id, machine in cloud._machines.items()  # looked at behind the port's back
        }

    @property
    def alive(self) -> set[str]:
        return {machine_id for machine_id, machine in self.peek().items() if machine.alive}

    def change(self, machine_id: str, **fields: Any) -> None:
        self.fakes[cloud_of(machine_id)].change(plain(machine_id), **fields)

    def notes(self, kind: str) -> list[dict[str, Any]]:
        return [dict(event.fields) for event in self.audit.events if event.kind == kind]

    def request(self, cloud: str, count: int = 1, *, key: str = "in-1.json") -> str:
        """requestMachines of the cloud's pool; the request's id."""
        payload = {"template": {"templateId": POOL_OF[cloud], "machineCount": count}, "rc_account": "lee"}
        told = verbs.request_machines(payload, key, self.now, self.provider)
        return str(told["requestId"])

    def up(self, count: int = 1) -> tuple[str, ...]:
        """So many machines on each cloud that joined ten minutes after their launch, half an hour ago."""
        for cloud in CLOUDS:
            self.request(cloud, count, key=f"in {cloud}")
        self.now += 1800
        for machine_id in self.alive:
            self.change(machine_id, joined=self.now - 1200)
        return tuple(sorted(self.alive))

    def status(self, *request_ids: str) -> list[dict[str, Any]]:
        payload = {"requests": [{"requestId": request_id} for request_id in request_ids]}
        return list(verbs.get_request_status(payload, self.provider)["requests"])

    def give_back(self, *machine_ids: str) -> dict[str, Any]:
        payload = {"machines": [{"name": f"host of {one}", "machineId": one} for one in machine_ids]}
        return dict(verbs.request_return_machines(payload, self.provider))

    def lost(self, *machines: dict[str, str], hosts: Any = None, control: Any = None) -> list[str]:
        """getReturnRequests of these rows: the ids that are told as gone. ``hosts`` are bhosts' rows, or nothing."""

        def ask() -> Any:
            if hosts is None:
                raise SiteUnavailable("bhosts did not answer in time")
            return [*hosts, self.make.host("onprem-1")]

        told = verbs.get_return_requests({"machines": list(machines)}, self.provider, ask, lambda: control)
        return [row["machineId"] or row["machine"] for row in told["requests"]]

    def rows(self, **fields: Any) -> list[Any]:
        """LSF's rows of every machine that is up."""
        return [self.make.row(machine.name, **fields) for machine in self.peek().values() if machine.alive]


def named(machine_id: str, name: str = "") -> dict[str, str]:
    """A machine as LSF names it."""
    return {"machineId": machine_id, "name": name or f"host of {machine_id}"}


def cheaper(settings: BurstSettings, cloud: str) -> BurstSettings:
    """The same with this cloud's types at a tenth of the other's price."""
    prices = {name: 0.1 if cloud_of(name) == cloud else 1.0 for name in settings.prices}
    return replace(settings, prices=prices)
