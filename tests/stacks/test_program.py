"""The program Pulumi runs: which layer it builds, from which file, and what it says when it cannot."""

from __future__ import annotations

import runpy
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
import yaml

from ris_hybrid.config.plan_file import plan_text
from ris_hybrid.errors import ConfigError
from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan
from stacks import references
from stacks.layers import LAYERS, split
from stacks.outputs import NetworkOutputs
from stacks.program import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "stacks" / "config"
NETWORK_OUTPUTS: dict[str, Any] = {
    "vpc_id": "vpc-1",
    "vpc_cidr": "10.80.0.0/16",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "route_table_id": "rtb-1",
    "node_group_id": "sg-1",
    "endpoint_ids": ["vpce-1"],
    "inbound_resolver_ips": [],
    "flow_log_group": "/x",
}


def test_a_stack_names_its_layer_and_environment(run_program):
    graph = run_program(main, stack="network-example")
    assert graph.of("aws:ec2/vpc:Vpc").keys() == {"compute1-example"}
    assert set(graph.outputs) == {field.name for field in fields(NetworkOutputs)}


def test_an_environment_may_have_a_hyphen():
    assert split("network-prod-east") == ("network", "prod-east")


@pytest.mark.parametrize("stack", ["storag-prod", "network", "network-", "prod", ""])
def test_a_layer_we_do_not_have_is_refused(stack):
    with pytest.raises(ConfigError, match="expected <layer>-<environment> with a layer of network, storage") as caught:
        split(stack)
    assert "pulumi stack init network-prod" in caught.value.hint


def test_an_environment_without_a_file_is_refused(run_program):
    with pytest.raises(ConfigError, match=r"nowhere.yaml:1: cannot be read") as caught:
        run_program(main, stack="network-nowhere")
    assert caught.value.hint == "see stacks/config/example.yaml"


def test_the_stacks_configuration_may_name_another_file(run_program, tmp_path):
    file = tmp_path / "other.yaml"
    text = (CONFIG / "example.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("cluster: compute1", "cluster: compute9"), encoding="utf-8")
    graph = run_program(main, stack="network-prod", config={"ris-hybrid:environment": str(file)})
    assert graph.of("aws:ec2/vpc:Vpc").keys() == {"compute9-prod"}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("aws:region", "us-west-2", "aws:region: expected us-east-1 as in the environment's file, found us-west-2"),
        ("aws:allowedAccountIds", '["210987654321"]', r"aws:allowedAccountIds: expected \[123456789012\]"),
    ],
)
def test_another_place_than_the_files_is_refused(run_program, key, value, said):
    with pytest.raises(ConfigError, match=said):
        run_program(main, stack="network-example", config={key: value})


def test_the_place_of_the_file_is_built(run_program):
    place = {"aws:region": "us-east-1", "aws:allowedAccountIds": '["123456789012"]'}
    assert run_program(main, stack="network-example", config=place).made


@pytest.fixture
def plan_of() -> Callable[..., str]:
    def make(organization: str = "wustl-ris", **place: Any) -> str:
        fixed = {"name": "example", "account": "123456789012", "region": "us-east-1", "partition": "aws"}
        environment = EnvironmentPlan(**{**fixed, **place, "data_classes": ("phi",)})
        return plan_text(MirrorPlan(organization=organization, cluster="compute1", environments=(environment,)))

    return make


def test_a_mirror_plan_that_places_the_environment_elsewhere_is_refused(run_program, tmp_path, plan_of):
    path = tmp_path / "mirror.json"
    path.write_text(plan_of(region="us-west-2"), encoding="utf-8")
    with pytest.raises(ConfigError, match="environment example is in 123456789012 us-west-2, the stacks' file says"):
        run_program(main, stack="network-example", config={"ris-hybrid:mirror": str(path)})
    path.write_text(plan_of(), encoding="utf-8")
    assert run_program(main, stack="network-example", config={"ris-hybrid:mirror": str(path)}).made


def test_a_mirror_plan_of_another_organization_is_refused(run_program, tmp_path, plan_of):
    path = tmp_path / "mirror.json"
    path.write_text(plan_of(organization="ris-example"), encoding="utf-8")
    with pytest.raises(ConfigError, match="organization is ris-example, the stacks' file says wustl-ris") as caught:
        run_program(main, stack="network-example", config={"ris-hybrid:mirror": str(path)})
    assert caught.value.hint.startswith("make mirror.yaml and the environment's file agree")


def test_as_pulumi_runs_it_an_error_is_two_lines_and_no_traceback(run_program):
    def program() -> None:
        runpy.run_path(str(ROOT / "stacks" / "program.py"), run_name="__main__")

    with pytest.raises(pulumi.RunError, match=r"(?s)stack other-prod: expected .*\nfor example"):
        run_program(program, stack="other-prod")
    assert run_program(program, stack="network-example").made


def test_another_layers_outputs_are_read_with_their_types(run_program):
    found: list[NetworkOutputs] = []

    def program() -> None:
        pulumi.export("seen", references.network("prod").apply(lambda it: found.append(it) or it.vpc_id))

    graph = run_program(program, stack="compute-prod", references={"network": NETWORK_OUTPUTS})
    assert graph.outputs == {"seen": "vpc-1"}
    assert found[0].subnet_ids == ("subnet-1", "subnet-2")


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ({}, "output network-prod.vpc_id: expected a value, found nothing"),
        ({**NETWORK_OUTPUTS, "subnet_ids": "x"}, "output network-prod.subnet_ids: expected a list, found 'x'"),
    ],
)
def test_an_output_that_is_missing_or_of_another_shape_is_named(outputs, said):
    with pytest.raises(ConfigError, match=said) as caught:
        references.typed("network-prod", outputs, NetworkOutputs)
    assert caught.value.hint == "build it again first: pulumi up --stack network-prod"


def test_pulumi_yaml_names_this_program_and_its_configuration():
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert (ROOT / project["main"]).samefile(ROOT / "stacks" / "program.py")
    assert (ROOT / project["stackConfigDir"]).samefile(CONFIG)
    assert project["name"] == "ris-hybrid"
    assert all(layer in project["description"] for layer in LAYERS)
