"""The program under Pulumi's own mocks, which here imitate ids and arns; no engine, no cloud."""

from __future__ import annotations

import asyncio
import json
import runpy
import threading
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
import yaml

from burst.aws.tags import pool_tags
from ris_hybrid.errors import ConfigError
from ris_hybrid.model import PoolMarks
from ris_hybrid.settings import PoolOutputs
from stacks.plan import plan_network
from stacks.program import environment_of, main, network_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
EXAMPLE = yaml.safe_load((ROOT / "stacks" / "config" / "Pulumi.network-example.yaml").read_text(encoding="utf-8"))
WRITTEN = EXAMPLE["config"]["ris-hybrid:network"]


class Imitation(pulumi.runtime.Mocks):
    """Gives every resource the id and arn a cloud would, and notes it. Called from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.made: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        with self._lock:
            self.made[f"{args.typ} {args.name}"] = dict(args.inputs)
        kind = args.typ.rpartition(":")[2]
        made_id = f"{kind}/{args.name}"
        given = {
            "prefixListId": f"pl-{args.name}",
            "arn": f"arn:aws:ec2:us-east-1:123456789012:{made_id}",
            "url": f"https://sqs.example/{args.name}",
        }
        return made_id, {**given, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"the program asked the cloud for {args.token}")


@pytest.fixture(autouse=True)
def own_loops() -> Iterator[None]:
    """Pulumi's mocks make an event loop in every thread they are called from and leave it open: these are closed."""
    loops: list[asyncio.AbstractEventLoop] = []

    def open_one() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    open_one()
    threads = ThreadPoolExecutor(max_workers=8, initializer=open_one)
    loops[0].set_default_executor(threads)
    yield
    threads.shutdown()
    asyncio.set_event_loop(None)
    for loop in loops:
        loop.close()


def run(
    program: Callable[[], object],
    stack: str = "network-example",
    network: object = WRITTEN,
    monitor: type[pulumi.runtime.mocks.MockMonitor] = pulumi.runtime.mocks.MockMonitor,
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """What the program made, by type and name, and what its stack gives out."""
    mocks, outputs = Imitation(), dict[str, Any]()
    pulumi.runtime.set_mocks(mocks, project="ris-hybrid", stack=stack, preview=False, monitor=monitor(mocks))
    pulumi.runtime.set_all_config({"ris-hybrid:network": json.dumps(network)})

    @pulumi.runtime.test
    def whole() -> pulumi.Output[None]:
        program()
        given = dict(pulumi.runtime.get_root_resource().outputs)
        return pulumi.Output.from_input(given).apply(outputs.update)

    whole()
    return mocks.made, outputs


def test_the_graph_of_the_example_stack(golden):
    made, _ = run(main)
    golden("stacks/network.json", json.dumps(dict(sorted(made.items())), indent=2, sort_keys=True) + "\n")


def test_outputs_are_what_burst_yaml_reads():
    _, outputs = run(main)
    subnets = [f"Subnet/compute1-example-us-east-1{zone}" for zone in "abc"]
    given = {name: PoolOutputs(**value) for name, value in outputs["pools"].items()}
    assert given == {
        name: PoolOutputs(
            launch_template=f"LaunchTemplate/compute1-example-{name}",
            subnets=subnets,
            notices="https://sqs.example/compute1-example-notices",
        )
        for name in ("cpu16", "cpu32")
    }
    assert outputs["vpc_id"] == "Vpc/compute1-example"
    assert outputs["subnet_ids"] == subnets
    assert set(outputs) == {"vpc_id", "subnet_ids", "route_table_id", "security_group_id", "pools"}


def test_everything_the_plan_says_reaches_the_resources():
    made, _ = run(main)
    plan = plan_network(network_settings(WRITTEN, "example"))
    for subnet in plan.subnets:
        inputs = made[f"aws:ec2/subnet:Subnet {subnet.name}"]
        assert (inputs["cidrBlock"], inputs["availabilityZone"]) == (subnet.cidr, subnet.zone)
        assert inputs["mapPublicIpOnLaunch"] is False
    group = made[f"aws:ec2/securityGroup:SecurityGroup {plan.name}-nodes"]
    assert {(rule["protocol"], rule["fromPort"], *rule["cidrBlocks"]) for rule in group["ingress"]} == {
        (rule.protocol, rule.from_port, rule.cidr) for rule in plan.ingress
    }
    for template in plan.launch_templates:
        inputs = made[f"aws:ec2/launchTemplate:LaunchTemplate {template.name}"]
        assert inputs["metadataOptions"]["httpTokens"] == "required"
        assert inputs["networkInterfaces"][0]["associatePublicIpAddress"] == "false"
        assert inputs["networkInterfaces"][0]["securityGroups"] == [f"SecurityGroup/{plan.name}-nodes"]
        assert inputs["blockDeviceMappings"][0]["ebs"]["encrypted"] == "true"
        assert inputs["updateDefaultVersion"] is True


def test_a_node_is_told_how_to_join_and_may_read_its_own_tags(tmp_path):
    file = tmp_path / "cpu16.yaml"
    file.write_text("#cloud-config\nruncmd: [true]\n")
    pool = {"name": "cpu16", "instance_type": "c7a.4xlarge", "user_data": str(file)}
    made, _ = run(main, network={**WRITTEN, "pools": [pool]})
    inputs = made["aws:ec2/launchTemplate:LaunchTemplate compute1-example-cpu16"]
    assert b64decode(inputs["userData"]).decode() == file.read_text()
    assert inputs["metadataOptions"]["instanceMetadataTags"] == "enabled"
    assert inputs["iamInstanceProfile"] == {"name": "compute1-example-node"}
    assert inputs["networkInterfaces"][0]["interfaceType"] == "interface"
    assert "placement" not in inputs


def test_user_data_that_is_not_there_is_told():
    pool = {"name": "cpu16", "instance_type": "c7a.4xlarge", "user_data": "nowhere.yaml"}
    with pytest.raises(ConfigError, match=r"user_data: nowhere.yaml cannot be read") as caught:
        network_settings({**WRITTEN, "pools": [pool]}, "test")
    assert caught.value.hint == "make it: ris-hybrid burst userdata --pool NAME > nowhere.yaml"


def test_nodes_of_multi_node_jobs_are_close_together_and_reach_each_other():
    pools = [
        {"name": "mpi", "instance_type": "hpc7a.96xlarge", "efa": True, "placement_group": "mpi-close"},
        {"name": "mpi2", "instance_type": "", "placement_group": "mpi-close"},
    ]
    made, _ = run(main, network={**WRITTEN, "pools": pools})
    group = made["aws:ec2/placementGroup:PlacementGroup mpi-close"]
    assert (group["name"], group["strategy"]) == ("mpi-close", "cluster")
    first, second = (made[f"aws:ec2/launchTemplate:LaunchTemplate compute1-example-{name}"] for name in ("mpi", "mpi2"))
    assert first["placement"] == second["placement"] == {"groupName": "mpi-close"}
    assert first["networkInterfaces"][0]["interfaceType"] == "efa"
    assert "instanceType" not in second
    nodes = made["aws:ec2/securityGroup:SecurityGroup compute1-example-nodes"]
    for rules in (nodes["ingress"], nodes["egress"]):
        assert {"protocol": "-1", "self": True}.items() <= rules[-1].items()


def test_nodes_of_other_jobs_do_not_reach_each_other():
    made, _ = run(main)
    nodes = made["aws:ec2/securityGroup:SecurityGroup compute1-example-nodes"]
    assert not any(rule.get("self") for rule in nodes["ingress"])


def test_spot_notices_reach_a_queue_only_from_their_rule():
    made, _ = run(main)
    name = "compute1-example-notices"
    assert json.loads(made[f"aws:cloudwatch/eventRule:EventRule {name}"]["eventPattern"]) == {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"],
    }
    queue_arn = f"arn:aws:ec2:us-east-1:123456789012:Queue/{name}"
    assert made[f"aws:cloudwatch/eventTarget:EventTarget {name}"] == {"rule": name, "arn": queue_arn}
    (statement,) = json.loads(made[f"aws:sqs/queuePolicy:QueuePolicy {name}"]["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:ec2:us-east-1:123456789012:EventRule/{name}"}
    }
    assert made[f"aws:sqs/queue:Queue {name}"]["sqsManagedSseEnabled"] is True


def test_nodes_reach_aws_from_inside_the_vpc_where_that_is_asked_for():
    made, _ = run(main, network={**WRITTEN, "aws_endpoints": True})
    found = {name: row for name, row in made.items() if name.startswith("aws:ec2/vpcEndpoint:")}
    assert {(row["serviceName"], row["vpcEndpointType"]) for row in found.values()} == {
        ("com.amazonaws.us-east-1.ec2", "Interface"),
        ("com.amazonaws.us-east-1.ecr.api", "Interface"),
        ("com.amazonaws.us-east-1.ecr.dkr", "Interface"),
        ("com.amazonaws.us-east-1.s3", "Gateway"),
    }
    for row in found.values():
        inside = row["vpcEndpointType"] == "Interface"
        assert len(row.get("subnetIds", ())) == (3 if inside else 0)
        assert row.get("privateDnsEnabled", False) is inside
        assert ("routeTableIds" in row) is not inside
    endpoints = made["aws:ec2/securityGroup:SecurityGroup compute1-example-endpoints"]
    assert [(rule["fromPort"], rule["cidrBlocks"]) for rule in endpoints["ingress"]] == [(443, ["10.80.0.0/20"])]
    nodes = made["aws:ec2/securityGroup:SecurityGroup compute1-example-nodes"]
    assert nodes["egress"][-1]["prefixListIds"] == ["pl-compute1-example-s3"]
    plain, _ = run(main)
    assert not any("vpcEndpoint" in name for name in plain)


def test_marks_a_running_burst_writes_on_templates_are_left_alone():
    asked: dict[str, list[str]] = {}

    class Listening(pulumi.runtime.mocks.MockMonitor):
        def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
            asked[request.type] = list(request.ignoreChanges)
            return super().RegisterResource(request)

    run(main, monitor=Listening)
    marks = pool_tags(PoolMarks(held_until=1.0, held_for="x", join_failures=1, off="y", boot_s=2.0))
    wanted = {f'{field}["{mark}"]' for mark in marks for field in ("tags", "tagsAll")}
    assert set(asked.pop("aws:ec2/launchTemplate:LaunchTemplate")) == wanted
    assert not any(asked.values())


@pytest.mark.parametrize("wanted", [False, True])
def test_an_internet_gateway_only_where_it_is_asked_for(wanted):
    made, _ = run(main, network={**WRITTEN, "internet_gateway": wanted})
    assert any("InternetGateway" in name for name in made) is wanted


def test_the_stack_names_layer_and_environment():
    assert environment_of("network-prod-east") == "prod-east"


@pytest.mark.parametrize("stack", ["storage-prod", "network", "network-", "prod", ""])
def test_a_layer_we_do_not_have_is_refused(stack):
    with pytest.raises(ConfigError, match="expected <layer>-<env> with the layer network") as caught:
        environment_of(stack)
    assert "pulumi stack init network-prod" in caught.value.hint


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "ris-hybrid:network: expected a mapping"),
        ({**WRITTEN, "zone": "us-east-1a"}, "ris-hybrid:network.zone"),
        ({**WRITTEN, "pools": [{"name": "cpu16"}]}, "ris-hybrid:network.pools.0.instance_type"),
    ],
)
def test_a_configuration_we_cannot_read_names_the_field(written, said):
    with pytest.raises(ConfigError, match=said):
        network_settings(written, "test")


def test_as_pulumi_runs_it_an_error_is_two_lines_and_no_traceback():
    def program() -> None:
        runpy.run_path(str(ROOT / "stacks" / "program.py"), run_name="__main__")

    with pytest.raises(pulumi.RunError, match=r"(?s)stack storage-prod: expected .*\nfor example"):
        run(program, stack="storage-prod")
    made, _ = run(program)
    assert "aws:ec2/vpc:Vpc compute1-example" in made


def test_pulumi_yaml_names_this_program_and_its_configuration():
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert (ROOT / project["main"]).samefile(ROOT / "stacks" / "program.py")
    assert (ROOT / project["stackConfigDir"]).is_dir()
    assert project["name"] == "ris-hybrid"
