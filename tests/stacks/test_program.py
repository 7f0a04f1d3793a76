"""The program under Pulumi's own mocks, which here imitate ids and arns; no engine, no cloud."""

from __future__ import annotations

import asyncio
import json
import runpy
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
import yaml

from ris_hybrid.errors import ConfigError
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
        return made_id, {**args.inputs, "arn": f"arn:aws:ec2:us-east-1:123456789012:{made_id}"}

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
    program: Callable[[], object], stack: str = "network-example", network: object = WRITTEN
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """What the program made, by type and name, and what its stack gives out."""
    mocks, outputs = Imitation(), dict[str, Any]()
    pulumi.runtime.set_mocks(mocks, project="ris-hybrid", stack=stack, preview=False)
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
        name: PoolOutputs(launch_template=f"LaunchTemplate/compute1-example-{name}", subnets=subnets)
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
