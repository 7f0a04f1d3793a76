"""The layer ``compute``: how the nodes of every pool start, whose they are, and what burst reads of it."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ris_hybrid.config.pools_file import PoolsFile, pools_data, read_pools
from ris_hybrid.config.user_data import SCRATCH, unpacked
from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_outputs import PoolOutputs
from stacks.compute.layer import profile_of, with_scratch
from stacks.compute.pool_plan import only_lab, plan_pools
from stacks.compute.settings import ComputeSettings
from stacks.environment import Environment
from stacks.marks import POOL_MARKS
from stacks.outputs import ComputeOutputs, IdentityOutputs, StorageOutputs
from stacks.references import typed
from tests.stacks.labs import KEY, NETWORK, lab, node, pools

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDENTITY = {
    "node_profile": "compute1-example-node",
    "jobs_profiles": {"wucci": "compute1-example-wucci.jobs"},
    "controller_role_arn": "",
    "boundary_arn": "b",
    "role_names": [],
}
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NOISE = "".join(sha256(b"%d" % number).hexdigest() for number in range(600))  # no packing makes it short
IMAGE = "ami-0123456789abcdef0"
MPI = node("mpi", instance_type="hpc7a.96xlarge", efa=True, placement_group="close", reservations=True)


@pytest.fixture
def compute(layer_graph: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def build(file: PoolsFile, *allocations: Any, phi: bool = True, **written: Any) -> Any:
        path = tmp_path / "pools.json"
        path.write_text(json.dumps(pools_data(file)))
        section = {"pools": str(path), "image_id": IMAGE, **written}
        return layer_graph(
            "compute",
            sections={"compute": section, "phi": phi},
            allocations=allocations,
            references={"network": NETWORK, "identity": IDENTITY},
        )

    return build


def environment(**changed: Any) -> Environment:
    plain = {"cluster": "compute1", "provider": "ris-aws", "organization": "wustl-ris", "env": "example"}
    return Environment(**{**plain, "account": "123456789012", "region": "us-east-1", **changed})


def test_the_graph_of_three_pools(compute, golden):
    reserved = [{"pool": "mpi", "zone": "us-east-1a", "count": 2}]
    graph = compute(pools(node(), node("lab", labs=("wucci",)), MPI), lab("wucci"), reservations=reserved)
    golden("stacks/compute.json", graph.text())


def test_burst_gets_by_ssm_what_the_stack_gives_out(compute):
    graph = compute(pools(node(), node("cpu32")))
    read = {row["name"]: json.loads(row["insecureValue"]) for row in graph.of("aws:ssm/parameter:Parameter").values()}
    assert read == {f"/ris-hybrid/compute1-example/pools/{name}": row for name, row in graph.outputs["pools"].items()}
    assert PoolOutputs(**graph.outputs["pools"]["cpu16"]) == PoolOutputs(
        launch_template="LaunchTemplate/compute1-example-cpu16",
        subnets=["subnet-a", "subnet-b"],
        notices="https://sqs.example/compute1-example-notices",
    )
    assert graph.outputs["notices_queue_name"] == "compute1-example-notices"


def test_without_a_pools_file_there_are_only_notices(compute):
    graph = compute(pools(), pools="")
    assert graph.outputs["pools"] == {}
    assert not graph.of(TEMPLATE)
    assert graph.of("aws:sqs/queue:Queue")


def test_a_node_is_told_how_to_join_and_may_read_its_own_tags(compute):
    row = compute(pools(node()), volume_key=KEY, by_pool={"cpu16": {"root_gib": 300}}).of(TEMPLATE)[
        "compute1-example-cpu16"
    ]
    assert b64decode(row["userData"]).decode() == node().user_data
    assert row["metadataOptions"]["instanceMetadataTags"] == "enabled"
    assert row["networkInterfaces"] == [
        {
            "deviceIndex": 0,
            "interfaceType": "interface",
            "associatePublicIpAddress": "false",
            "securityGroups": ["sg-nodes"],
        }
    ]
    assert row["blockDeviceMappings"][0]["ebs"]["kmsKeyId"] == KEY
    assert row["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 300
    assert {one["resourceType"] for one in row["tagSpecifications"]} == {"volume", "network-interface", "instance"}


def test_a_labs_own_machines_are_billed_to_its_allocation_and_leave_the_ledger_to_the_launch(compute):
    rows = compute(pools(node("own", labs=("wucci",))), lab("wucci")).of(TEMPLATE)
    given = {one["resourceType"]: one["tags"] for one in rows["compute1-example-own"]["tagSpecifications"]}
    assert given["instance"] == {"ris_allocation": "wucci", "ris_data_class": "phi", "ris_env": "example"}
    assert given["volume"]["ris_allocation"] == "wucci"


def test_a_pool_of_one_lab_gets_that_labs_profile_and_others_nobodys(compute):
    nodes = (node(), node("own", labs=("wucci",)), node("two", labs=("wucci", "other")))
    rows = compute(pools(*nodes), lab("wucci")).of(TEMPLATE)
    profiles = {name: row["iamInstanceProfile"]["name"] for name, row in rows.items()}
    assert profiles == {
        "compute1-example-cpu16": "compute1-example-node",
        "compute1-example-own": "compute1-example-wucci.jobs",
        "compute1-example-two": "compute1-example-node",
    }
    assert rows["compute1-example-own"]["tags"]["ris_allocation"] == "wucci"
    assert "ris_plan" not in rows["compute1-example-own"]["tags"]


def test_whose_pool_it_is_is_not_guessed():
    twice = replace(lab("wucci2"), lab="wucci")
    assert only_lab(node(labs=("wucci",)), [lab("wucci"), twice]) is None
    assert only_lab(node(labs=("wucci", "x")), [lab("wucci")]) is None
    assert only_lab(node(), [lab("wucci")]) is None


def test_nodes_of_multi_node_jobs_are_close_and_reach_each_other_alone(compute):
    graph = compute(pools(MPI, node("mpi2", instance_type="", placement_group="close"), node()))
    (group,) = graph.of("aws:ec2/placementGroup:PlacementGroup").values()
    assert (group["name"], group["strategy"]) == ("close", "cluster")
    rows = graph.of(TEMPLATE)
    for name in ("compute1-example-mpi", "compute1-example-mpi2"):
        assert rows[name]["placement"] == {"groupName": "close"}
        assert rows[name]["networkInterfaces"][0]["securityGroups"] == ["sg-nodes", f"SecurityGroup/{name}-among"]
    assert "instanceType" not in rows["compute1-example-mpi2"]
    among = graph.of("aws:ec2/securityGroup:SecurityGroup")
    assert set(among) == {"compute1-example-mpi-among", "compute1-example-mpi2-among"}
    for row in among.values():
        for rules in (row["ingress"], row["egress"]):
            assert [(rule["protocol"], rule["self"]) for rule in rules] == [("-1", True)]
            assert not any("cidrBlocks" in rule for rule in rules)


def test_reserved_machines_are_those_the_pool_launches(compute):
    wanted = [{"pool": "mpi", "zone": "us-east-1a", "count": 4}]
    (row,) = compute(pools(MPI), reservations=wanted).of("aws:ec2/capacityReservation:CapacityReservation").values()
    assert (row["instanceType"], row["instanceCount"], row["instanceMatchCriteria"]) == ("hpc7a.96xlarge", 4, "open")
    assert row["placementGroupArn"].endswith("/close")


def test_spot_notices_reach_a_queue_only_from_their_rule(compute):
    graph, name = compute(pools()), "compute1-example-notices"
    assert json.loads(graph.of("aws:cloudwatch/eventRule:EventRule")[name]["eventPattern"]) == {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"],
    }
    said = json.loads(graph.of("aws:sqs/queuePolicy:QueuePolicy")[name]["policy"])["Statement"]
    rule, tls = said
    assert rule["Principal"] == {"Service": "events.amazonaws.com"}
    assert rule["Condition"] == {
        "ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/compute1-example-notices"}
    }
    assert tls["Effect"] == "Deny"
    assert graph.of("aws:sqs/queue:Queue")[name]["sqsManagedSseEnabled"] is True


def test_marks_a_running_burst_writes_on_templates_are_left_alone(compute, monkeypatch):
    asked: dict[str, set[str]] = {}
    real = pulumi.runtime.mocks.MockMonitor.RegisterResource

    def listening(self: Any, request: Any) -> Any:
        asked.setdefault(request.type, set()).update(request.ignoreChanges)
        return real(self, request)

    monkeypatch.setattr(pulumi.runtime.mocks.MockMonitor, "RegisterResource", listening)
    compute(pools())
    assert asked.pop(TEMPLATE) == {f'{field}["{mark}"]' for mark in POOL_MARKS for field in ("tags", "tagsAll")}
    assert not any(asked.values())


NODES = st.builds(
    node,
    st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    efa=st.booleans(),
    placement_group=st.sampled_from(["", "close"]),
    multi_node=st.booleans(),
    labs=st.sampled_from([(), ("wucci",), ("wucci", "other")]),
)


@given(nodes=st.lists(NODES, min_size=1, max_size=4, unique_by=lambda one: one.name), phi=st.booleans())
def test_whatever_the_pools_the_plan_keeps_its_promises(nodes, phi):
    settings = ComputeSettings(image_id=IMAGE)
    for plan in plan_pools(environment(phi=phi), settings, pools(*nodes), [lab("wucci")]):
        assert plan.hop_limit == (1 if phi else 2)
        assert not plan.efa or (plan.placement_group and plan.multi_node)
        assert not plan.placement_group or plan.multi_node
        assert plan.allocation in {"", "wucci"}
        assert plan.tags["ris_pool"] == plan.pool


@pytest.mark.parametrize(
    ("written", "file", "said"),
    [
        ({"image_id": ""}, pools(), "image_id: expected one for pool cpu16"),
        ({"by_pool": {"gpu": {}}}, pools(), "by_pool: no pool gpu"),
        ({"reservations": [{"pool": "x", "zone": "us-east-1a", "count": 1}]}, pools(), "reservations: no pool x"),
        ({"reservations": [{"pool": "cpu16", "zone": "us-east-1a", "count": 1}]}, pools(), "do not ask for"),
        (
            {"reservations": [{"pool": "cpu16", "zone": "us-east-1a", "count": 1}]},
            pools(node(instance_type="", reservations=True)),
            "expected instance_type for pool cpu16",
        ),
        ({}, replace(pools(), cluster="other"), "the file is of other, ris-aws, us-east-1"),
        ({}, pools(node(user_data="#!/bin/sh\n")), "does not begin with #cloud-config"),
        ({}, pools(node(user_data=f"#cloud-config\n{NOISE}")), "EC2 takes 16384"),
    ],
)
def test_what_cannot_be_built_is_refused(written, file, said):
    settings = ComputeSettings.model_validate_json(json.dumps({"image_id": IMAGE, **written}), strict=True)
    with pytest.raises(ConfigError, match=said):
        plan_pools(environment(), settings, file, [])


def test_user_data_too_long_for_ec2_is_sent_packed(compute):
    text = "#cloud-config\n" + "# a path\n" * 3000
    graph = compute(pools(node(user_data=text)))
    assert unpacked(b64decode(graph.of(TEMPLATE)["compute1-example-cpu16"]["userData"])) == text


@pytest.mark.parametrize(
    ("labs", "bucket", "reached"),
    [
        (("wucci",), "wustl-ris-lee-abc123", "only wustl-ris-wucci-abc123"),
        (("wucci", "lee"), "wustl-ris-lee-abc123", "no bucket"),
        ((), "wustl-ris-lee-abc123", "no bucket"),
    ],
)
def test_a_bucket_nodes_could_not_reach_is_refused(labs, bucket, reached):
    settings = ComputeSettings(image_id=IMAGE)
    file = pools(node(labs=labs, buckets=(bucket,)))
    with pytest.raises(ConfigError, match=rf"pool cpu16: paths mount {bucket}, its nodes reach {reached}"):
        plan_pools(environment(), settings, file, [lab("wucci"), lab("lee")])


def test_a_labs_own_bucket_is_mounted_by_its_own_role():
    file = pools(node(labs=("wucci",), buckets=("wustl-ris-wucci-abc123",)))
    (plan,) = plan_pools(environment(), ComputeSettings(image_id=IMAGE), file, [lab("wucci")])
    assert plan.allocation == "wucci"


@pytest.mark.parametrize(
    "written", [{"image_id": "ubuntu"}, {"root_gib": 1}, {"volume_key": "alias/x"}, {"root_device": "sda"}]
)
def test_settings_ec2_would_refuse_are_refused(written):
    with pytest.raises(ValidationError):
        ComputeSettings.model_validate_json(json.dumps(written), strict=True)


def test_nodes_mount_the_scratch_that_storage_has_built(layer_graph, tmp_path):
    plain, own = node(), node("own", user_data=f"#cloud-config\nmounts: {SCRATCH}/wucci\n")
    path = tmp_path / "pools.json"
    path.write_text(json.dumps(pools_data(pools(plain, own))))
    storage = {"allocations": {}, "log_bucket": "l", "scratch_dns_name": "fs-1.example", "scratch_mount_name": "abcd"}
    made = layer_graph(
        "compute",
        sections={"compute": {"pools": str(path), "image_id": IMAGE}},
        references={"network": NETWORK, "identity": IDENTITY, "storage": storage},
    ).of(TEMPLATE)
    texts = {name: unpacked(b64decode(row["userData"])) for name, row in made.items()}
    assert texts["compute1-example-own"] == "#cloud-config\nmounts: fs-1.example@tcp:/abcd/wucci\n"
    assert texts["compute1-example-cpu16"] == plain.user_data


@pytest.mark.parametrize(
    ("dns_name", "said"),
    [("", r"pool own: .*storage-prod\.scratch_dns_name is empty"), (NOISE, "pool own: user_data of")],
)
def test_a_scratch_that_is_not_there_or_does_not_fit_is_told(dns_name, said):
    text = f"#cloud-config\n{SCRATCH}\n"
    (plan,) = plan_pools(environment(), ComputeSettings(image_id=IMAGE), pools(node("own", user_data=text)), [])
    given_out = StorageOutputs(allocations={}, log_bucket="l", scratch_dns_name=dns_name, scratch_mount_name="m")
    with pytest.raises(ConfigError, match=said):
        with_scratch("prod", plan, given_out)


def test_a_profile_identity_has_not_built_is_told():
    given_out = IdentityOutputs(
        node_profile="n", jobs_profiles={}, controller_role_arn="", boundary_arn="", role_names=()
    )
    with pytest.raises(ConfigError, match=r"identity-prod\.jobs_profiles: none for wucci"):
        profile_of("prod", "wucci", given_out)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "pools: "),
        ('{"cluster": "c", "provider": "p", "region": "r", "pools": [{}]}', r"pools\.0\.name"),
    ],
)
def test_a_pools_file_that_is_none_is_told(text, said, tmp_path):
    path = tmp_path / "pools.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        read_pools(path)
    assert "burst userdata" in caught.value.hint


def test_what_the_layer_gives_out_is_what_it_promises(compute):
    given_out = typed("compute-example", compute(pools()).outputs, ComputeOutputs)
    assert given_out.pools["cpu16"].subnets == ("subnet-a", "subnet-b")
    assert given_out.notices_queue_name == "compute1-example-notices"
