"""Every implementation of the Cloud, Ledger and Checks ports, and what a test does to it behind the ports' back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from libcloud.compute.types import NodeState

from burst.aws.checks import Ec2Checks
from burst.aws.client import ec2_client
from burst.aws.fleet import Ec2Cloud
from burst.aws.marks import Ec2Ledger
from burst.checks import FakeChecks
from burst.fake import FakeCloud, FakeLedger
from burst.libcloud.checks import LibcloudChecks
from burst.libcloud.connection import connect
from burst.libcloud.fleet import LibcloudCloud
from burst.libcloud.marks import LibcloudLedger
from burst.libcloud.roll import FakeRoll
from burst.libcloud.sight import Sight
from ris_hybrid.errors import QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.gce import wire as gce_names
from tests.contract.dummy_ports import Dummy

if TYPE_CHECKING:
    from pathlib import Path

    from burst.libcloud.ports import Connection
    from ris_hybrid.ports import Checks, Cloud, Ledger
    from ris_hybrid.settings import BurstSettings

NAME = "research"
HOUR = 3600.0


class Ec2World:
    """EC2 of the sandbox; its machines come and go at once."""

    full = "InsufficientInstanceCapacity"

    def __init__(self, aws: Any, client: Any, settings: BurstSettings, now: float) -> None:
        # the stacks give each pool a template of its own; by name or by id is the same
        cpu, spot = settings.pools
        client.create_launch_template(
            LaunchTemplateName="spot-node", LaunchTemplateData={"InstanceType": "c6i.4xlarge"}
        )
        whole = replace(cpu, name="whole", all_or_none=True)
        self.settings = replace(settings, pools=(cpu, replace(spot, launch_template="spot-node"), whole))
        self.aws, self.client, self.now = aws, client, now
        aws.timing(pending_s=0, shutting_down_s=0)
        self.cloud: Cloud = self.restarted()
        self.ledger: Ledger = Ec2Ledger(client, self.settings)
        self.checks: Checks = Ec2Checks(client)

    def restarted(self) -> Cloud:
        return Ec2Cloud(self.client, self.settings)

    def astray(self, url: str) -> Cloud:
        return Ec2Cloud(ec2_client(replace(self.settings, endpoint_url=url)), self.settings)

    def room(self, first: int, second: int = 0) -> None:
        kinds = {"c6i.4xlarge": first, "m6i.4xlarge": second}
        self.aws.capacity({kind: {"us-east-1a": most, "us-east-1b": 0} for kind, most in kinds.items()})

    def quota(self) -> None:
        error = {"code": "VcpuLimitExceeded", "status": 400}
        self.aws.faults([{"match": "ec2:CreateFleet", "do": {"error": error}}])

    def build_slowly(self) -> None:
        self.aws.timing(pending_s=60)

    def cut_next_launch(self) -> None:
        self.aws.faults([{"match": "ec2:CreateFleet", "times": 3, "do": {"reset": "after"}}])

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "ec2:", "times": 3, "do": {"error": {"code": "Unavailable", "status": 503}}}])

    def protect(self, machine_id: str) -> None:
        self.client.modify_instance_attribute(InstanceId=machine_id, DisableApiTermination={"Value": True})

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.aws.set_clock(self.now)

    def stop(self, machine_id: str) -> None:
        self.client.stop_instances(InstanceIds=[machine_id])

    def remove(self, machine_id: str) -> None:
        self.client.terminate_instances(InstanceIds=[machine_id])

    def impair(self, machine_id: str) -> None:
        self.aws.impair({machine_id: "instance"})


class FakeWorld:
    """The shipped fake."""

    full = "InsufficientInstanceCapacity"

    def __init__(self, settings: BurstSettings, now: float) -> None:
        self.now = now
        self.settings = settings
        self._fake = FakeCloud(lambda: self.now)
        self._checks = FakeChecks()
        self.cloud: Cloud = self._fake
        self.ledger: Ledger = FakeLedger(self._fake)
        self.checks: Checks = self._checks

    def restarted(self) -> Cloud:
        return self._fake

    def room(self, first: int, second: int = 0) -> None:
        self._fake.capacity = first + second

    def quota(self) -> None:
        self._fake.fail_next = QuotaReached("no more machines", code="VcpuLimitExceeded")

    def cut_next_launch(self) -> None:
        self._fake.fail_next = TryAgain("cut")

    def break_next_call(self) -> None:
        self._fake.fail_next = TryAgain("broken")
        self._checks.fail_next = TryAgain("broken")

    def protect(self, machine_id: str) -> None:
        self._fake.fail_next = Refused(f"{machine_id} is protected")

    def later(self, seconds: float) -> None:
        self.now += seconds
        for machine in self._fake.machines():
            if not machine.alive and seconds >= HOUR:
                self._fake.forget(machine.machine_id)

    def stop(self, machine_id: str) -> None:
        self._fake.set_state(machine_id, MachineState.STOPPED)

    def remove(self, machine_id: str) -> None:
        self._fake.set_state(machine_id, MachineState.TERMINATED)

    def impair(self, machine_id: str) -> None:
        self._checks.failed = frozenset({machine_id})


class SecondWorld:
    """What is the same for every driver of libcloud: the ports over its connection, and a roll that may be lost."""

    full = "NoValidHost"
    kinds: tuple[str, str] = ("m1.large", "m1.xlarge")
    zones: tuple[str, ...] = ("nova-1", "nova-2")

    def __init__(self, connection: Connection, make: Any) -> None:
        self.now = make.now
        self.connection = connection
        fields = {
            "provider": "libcloud",
            "cloud": NAME,
            "instance_types": tuple(f"{NAME}/{kind}" for kind in self.kinds),
            "image": "lsf-node",
            "networks": ("hpc",),
            "zones": self.zones,
            "launch_template": "",
            "subnets": (),
        }
        pools = (
            make.pool(**fields),
            make.pool("spot", **fields),  # by name only: there is none of that kind
            make.pool("whole", **fields, all_or_none=True),
        )
        self.settings = make.settings(pools=pools, clouds=(SecondCloud(name=NAME, driver="openstack", project="p"),))
        self.sight = Sight(
            connection=connection, settings=self.settings, cloud=NAME, roll=self.roll(), now=lambda: self.now
        )
        self.cloud: Cloud = self._port(self.sight)
        self.ledger: Ledger = LibcloudLedger(self.sight)
        self.checks: Checks = LibcloudChecks(connection)

    def roll(self) -> Any:
        return FakeRoll(lambda: self.now)

    def restarted(self) -> Cloud:
        """Local files are lost with the master."""
        return self._port(replace(self.sight, roll=self.roll()))

    def astray(self, url: str) -> Cloud:
        cloud = SecondCloud(name=NAME, driver="openstack", project="p", auth_url=url)
        env = {"OS_USERNAME": "u", "OS_PASSWORD": "p"}
        return self._port(replace(self.sight, connection=connect(cloud, env, no_wait)))

    def _port(self, sight: Sight) -> LibcloudCloud:
        return LibcloudCloud(sight, lambda pool: f"#cloud-config\n# {pool.name}\n", no_wait)

    def room(self, first: int, second: int = 0) -> None:
        left = dict(zip(self.kinds, (first, second), strict=True))
        none = dict.fromkeys(self.kinds, 0)
        self.server.capacity({self.zones[0]: left, self.zones[1]: none})

    def quota(self) -> None:
        self.server.quota(0)

    def build_slowly(self) -> None:
        self.server.timing(building_s=60)

    def break_next_call(self) -> None:
        self.server.faults([{"match": ".*", "times": 3, "do": {"error": {"code": "x", "status": 503}}}])

    def protect(self, machine_id: str) -> None:
        self.server.lock(machine_id, True)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.server.set_clock(self.now)

    def stop(self, machine_id: str) -> None:
        self.server.stop(machine_id)

    def remove(self, machine_id: str) -> None:
        self.server.remove(machine_id)

    server: Any


class OpenStackWorld(SecondWorld):
    """OpenStack of the sandbox, over libcloud."""

    def __init__(self, server: Any, connection: Connection, make: Any) -> None:
        self.server = server
        super().__init__(connection, make)

    def cut_next_launch(self) -> None:
        self.server.faults([{"match": "POST /servers", "at": 2, "do": {"reset": "after"}}])

    def impair(self, machine_id: str) -> None:
        self.server.crash(machine_id, "the host is gone")


class GceWorld(SecondWorld):
    """Google's Compute Engine of the sandbox, over libcloud."""

    full = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"
    kinds = ("n2-standard-4", "n2-standard-8")
    zones = ("us-central1-a", "us-central1-b")

    def __init__(self, server: Any, connection: Connection, key_file: Path, make: Any) -> None:
        self.server, self.key_file = server, key_file
        super().__init__(connection, make)

    def astray(self, url: str) -> Cloud:
        return self._port(replace(self.sight, connection=connect(google(url, self.key_file), {}, no_wait)))

    def cut_next_launch(self) -> None:
        self.server.faults([{"match": "POST /zones/{zone}/instances", "at": 2, "do": {"reset": "after"}}])


class DummyWorld(SecondWorld):
    """libcloud's dummy driver."""

    def __init__(self, make: Any) -> None:
        self._dummy = Dummy(make.now)
        super().__init__(self._dummy.connection(), make)

    def cut_next_launch(self) -> None:
        self._dummy.lose_answer_of = 2

    def later(self, seconds: float) -> None:
        self.now += seconds

    def stop(self, machine_id: str) -> None:
        self._dummy.found(machine_id).state = NodeState.STOPPED

    def remove(self, machine_id: str) -> None:
        self._dummy.driver.destroy_node(self._dummy.found(machine_id))


def no_wait(_: float) -> None:
    """Nothing to wait for: the sandboxes do at once what they do."""


def openstack_connection(url: str, env: dict[str, str]) -> Connection:
    cloud = SecondCloud(name=NAME, driver="openstack", project="ris-sandbox", auth_url=url)
    return connect(cloud, env, no_wait)


def google(url: str, key_file: Path) -> SecondCloud:
    return SecondCloud(
        name=NAME,
        driver="gce",
        project=gce_names.PROJECT,
        region=gce_names.REGION,
        endpoint_url=url,
        credentials=str(key_file),
    )


def quietly(cloud: Cloud, launch: Any) -> None:
    """A launch whose answer may be lost."""
    with suppress(TryAgain):
        cloud.launch(launch)
