"""EC2 and the sandbox's OpenStack seen as one: machines, clocks, limits, what is left, what each did."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml
from botocore.exceptions import ClientError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox import second
from ris_hybrid.sandbox.bill import bill_of, rented
from ris_hybrid.sandbox.capacity import Step
from ris_hybrid.sandbox.history import History
from ris_hybrid.sandbox.lsf.spec import FinishedJob
from ris_hybrid.sandbox.machine_room import CloudMachineRoom
from ris_hybrid.sandbox.shares import Cloud, shares_of
from ris_hybrid.sandbox.world import Scarcity, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_ec2 import EC2Client

    from ris_hybrid.sandbox.aws.child import SandboxAws
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

CLOUD = SecondCloud(name="research", driver="openstack", project="ris-sandbox", auth_url="https://k:5000")


@pytest.fixture
def world(sandbox_aws: SandboxAws, sandbox_openstack: SandboxOpenStack) -> World:
    sandbox_openstack.timing(building_s=30, deleting_s=15)
    return World(aws=sandbox_aws, second={"research": sandbox_openstack})


@pytest.fixture(scope="session")
def driver(openstack_server: SandboxOpenStack) -> Any:
    """libcloud's own driver, for what the product would do."""
    env = openstack_server.env()
    return get_driver(Provider.OPENSTACK)(
        env["OS_USERNAME"],
        env["OS_PASSWORD"],
        api_version="2.0",
        ex_force_auth_version="3.x_password",
        ex_force_auth_url=openstack_server.url,
        ex_tenant_name=env["OS_PROJECT_NAME"],
        ex_domain_name="Default",
        ex_force_service_region=env["OS_REGION_NAME"],
    )


@pytest.fixture
def launch(driver: Any) -> Callable[[str], Any]:
    size = next(one for one in driver.list_sizes() if one.name == "m1.large")
    image = next(one for one in driver.list_images() if one.name == "lsf-node")

    def make(name: str) -> Any:
        tags = {"ris_pool": "campus", "ris_lab": "lee"}
        networks = driver.ex_list_networks()[:1]
        return driver.create_node(name=name, size=size, image=image, networks=networks, ex_metadata=tags)

    return make


def test_machines_of_both_clouds_are_told_alike(
    world: World, ec2: EC2Client, launch: Callable[[str], Any], make: Any
) -> None:
    ec2.run_instances(ImageId="ami-12c6146b", InstanceType="c7a.xlarge", MinCount=1, MaxCount=1)
    world.set_clock(make.now)
    node = launch("campus-1")
    room = CloudMachineRoom(world, world.aws.clock)
    one, other = world.instances()
    assert one.keys() == other.keys()
    assert (other["id"], other["name"], other["type"]) == (f"research/{node.id}", "campus-1", "research/m1.large")
    assert (other["state"], other["launched"], other["ended"]) == ("pending", make.now, None)
    assert other["tags"] == {"ris_pool": "campus", "ris_lab": "lee"}
    assert world.left() == {"": 1, "research": 1}
    world.set_clock(make.now + 30)
    assert room.state(f"research/{node.id}", "campus-1") == "running"
    assert room.state(node.id, "campus-1") == "gone"  # an id of no cloud: ours says which it is of


def test_a_server_that_is_deleted_is_billed_to_its_end_and_one_without_a_place_not_at_all(
    world: World, launch: Callable[[str], Any], make: Any
) -> None:
    world.limit({"research/m1.large": 1})
    node = launch("campus-1")
    launch("campus-2")
    world.set_clock(make.now + 1800)
    assert [row["name"] for row in world.instances()] == ["campus-1"]
    assert world.left() == {"": 0, "research": 2}  # one in ERROR is still there
    node.destroy()
    assert [row["state"] for row in world.instances()] == ["shutting-down"]
    world.set_clock(make.now + 3600)
    (row,) = world.instances()
    assert (row["state"], row["ended"]) == ("terminated", make.now + 1800)
    bill = bill_of([rented(row)], {"research/m1.large": 0.3}, make.now + 3600)
    assert bill.usd == pytest.approx(0.15)


def test_a_scenario_s_capacity_holds_from_its_minute_on_and_is_told_once(
    world: World, launch: Callable[[str], Any], make: Any
) -> None:
    history = History(started=make.now)
    steps = (Step(machines={"research/m1.large": 0}), Step(from_minute=10, machines={"research/m1.large": 1}))
    scarcity = Scarcity(world, steps, history)
    for minute, name in ((0, "a"), (9, "b"), (10, "c"), (11, "d")):
        world.set_clock(make.now + 60 * minute)
        scarcity.at(make.now + 60 * minute)
        launch(name)
    assert [row["name"] for row in world.instances()] == ["c"]
    assert [(one.at, one.kind, one.text) for one in history.happenings] == [
        (make.now, "capacity", "the sandbox has 0 machines of research/m1.large from now on"),
        (make.now + 600, "capacity", "the sandbox has 1 machines of research/m1.large from now on"),
    ]


def test_ec2_is_limited_over_all_its_zones(world: World, ec2: EC2Client) -> None:
    world.limit({"c7a.xlarge": 1})
    zones = [one["ZoneName"] for one in ec2.describe_availability_zones()["AvailabilityZones"]]
    asked = {"ImageId": "ami-12c6146b", "InstanceType": "c7a.xlarge", "MinCount": 1, "MaxCount": 1}
    for zone in zones:
        with nullcontext() if zone == zones[0] else pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
            ec2.run_instances(**cast("Any", asked), Placement={"AvailabilityZone": zone})
    assert len(zones) > 1
    assert len(world.instances()) == 1


def test_the_environment_lets_a_client_into_both_and_past_a_proxy(world: World) -> None:
    env = world.env()
    assert (env["AWS_ENDPOINT_URL"], env["OS_AUTH_URL"]) == (world.aws.url, world.urls()["research"])
    assert env["OS_PASSWORD"]
    assert "127.0.0.1" in env["no_proxy"]
    assert "OS_PASSWORD" not in World(aws=world.aws).env()


def test_settings_and_burst_yaml_are_pointed_at_the_sandbox(make: Any) -> None:
    theirs = replace(CLOUD, credentials="/etc/secret.json", ca_file="/etc/ca.pem")
    settings = make.settings(clouds=(theirs,))
    urls = {"research": "http://127.0.0.1:1"}
    assert second.pointed(settings, urls).clouds == (replace(CLOUD, auth_url="http://127.0.0.1:1"),)
    text = "cluster: c1\nclouds:\n  - {name: research, auth_url: x, credentials: /etc/secret.json}\n"
    assert second.pointed_text(text, {}) == text
    found = yaml.safe_load(second.pointed_text(text, urls))
    assert found == {"cluster": "c1", "clouds": [{"name": "research", "auth_url": "http://127.0.0.1:1"}]}


def test_a_second_cloud_runs_while_the_block_does_and_only_openstack_can(make: Any) -> None:
    settings = make.settings(clouds=(CLOUD,))
    with second.started(settings, make.now) as clouds:
        assert clouds["research"].clock() == make.now
        assert second.environment(clouds)["OS_AUTH_URL"] == clouds["research"].url
    gce = make.settings(clouds=(replace(CLOUD, driver="gce"),))
    with (
        pytest.raises(ConfigError, match="cloud research: the sandbox demo has EC2 and OpenStack"),
        second.started(gce, make.now),
    ):
        pass


def test_each_cloud_s_share_is_its_own() -> None:
    def row(machine_id: str, name: str, kind: str) -> dict[str, Any]:
        plain = {"id": machine_id, "name": name, "type": kind, "launched": 0.0, "ended": 3600.0}
        return {**plain, "tags": {"ris_lab": "lee"}}

    def job(*hosts: str) -> FinishedJob:
        times = {"submitted": 0.0, "started": 0.0, "ended": 9.0}
        return FinishedJob(job_id="1", queue="q", lab="lee", slots=1, hosts=hosts, **cast("Any", times))

    rows = [row("i-1", "ip-1", "c7a.xlarge"), row("research/a", "c-1", "research/m1.large"), row("i-2", "ip-1", "x")]
    ec2 = Cloud(name="", words="EC2", pools=("cpu",), left=0)
    campus = Cloud(name="research", words="OpenStack research", pools=("campus",), left=1)
    prices = {"c7a.xlarge": 1.0, "x": 2.0, "research/m1.large": 0.25}
    jobs = [job("n-1"), job("ip-1"), job("ip-1", "c-1"), job("c-1")]
    one, other = shares_of((ec2, campus), rows, jobs, prices, 7200.0)
    assert (one.jobs, one.bill.nodes, one.bill.usd, one.left) == (2, 2, 3.0, 0)
    assert other.as_json() == {
        "cloud": "research",
        "pools": ["campus"],
        "nodes_launched": 1,
        "node_hours": 1.0,
        "usd": 0.25,
        "jobs": 2,
        "instances_left": 1,
    }
