"""The pieces a sandbox is put together from: LSF_TOP, the pools in AWS, the machine room, the service's turns."""

from __future__ import annotations

import json
import os
import threading
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import botocore
import pytest

from burst.aws.client import ec2_client
from burst.aws.fleet import Ec2Cloud
from burst.aws.userdata import user_data
from burst.rc.conf import load
from ris_hybrid.config.outputs import merge_outputs
from ris_hybrid.errors import ConfigError, PolicyViolation, SiteUnavailable
from ris_hybrid.sandbox import cloud, lsf_top, service
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.rcconf import read_rc_conf
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec
from ris_hybrid.sandbox.machine_room import CloudMachineRoom
from ris_hybrid.sandbox.rig import Rig
from ris_hybrid.sandbox.simulation import Simulation
from ris_hybrid.sandbox.world import Scarcity, World

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory, make: Any) -> lsf_top.LsfTop:
    return lsf_top.write(tmp_path_factory.mktemp("lsf"), make.settings(provider="ris-aws"))


def test_lsf_top_has_the_files_of_a_site(top: lsf_top.LsfTop, golden: Any) -> None:
    listing = []
    for path in sorted(top.top.rglob("*")):
        name = str(path.relative_to(top.top)).replace(botocore.__version__, "VERSION")
        if path.is_file() and "botocore-" not in name:
            listing.append(f"{'run ' if os.access(path, os.X_OK) else 'read'} {name}\n")
    golden("sandbox/lsf_top.txt", "".join(listing))
    texts = []
    for name in ("lsf.conf", "resource_connector/hostProviders.json", "resource_connector/policy_config.json"):
        text = (top.conf / name).read_text().replace(str(top.top), "TOP")
        texts.append(f"== {name}\n{text}")
    golden("sandbox/lsf_conf.txt", "".join(texts))


def test_ebrokerd_reads_what_was_written(top: lsf_top.LsfTop, make: Any) -> None:
    conf = read_rc_conf(top.top)
    (provider,) = conf.providers
    ours = top.conf / "resource_connector" / "ris-aws"
    assert (provider.name, provider.conf_dir, provider.script_dir) == ("ris-aws", ours, ours)
    assert conf.policy_script == ours / "scripts" / "policy.sh"
    assert conf.host_flags == {"awshost"}
    assert (conf.update_interval_s, conf.query_interval_s, conf.idle_s) == (120, 240, 300)
    assert conf.warnings == ()
    assert conf.data_dir("c1") == top.data
    for verb in ("getAvailableTemplates", "requestMachines", "getRequestStatus", "policy"):
        assert os.access(ours / "scripts" / f"{verb}.sh", os.X_OK)
    (written,) = (ours / "conf").glob("*.json")
    assert load(written) == make.settings(provider="ris-aws")


def test_writing_again_changes_nothing(top: lsf_top.LsfTop, make: Any) -> None:
    def texts() -> dict[str, str]:
        return {str(path): path.read_text() for path in top.top.rglob("*") if path.is_file()}

    before = texts()
    assert lsf_top.write(top.top, make.settings(provider="ris-aws")) == top
    assert texts() == before


@pytest.mark.parametrize("region", ["us-east-1", "us-west-1"])
def test_the_cloud_is_built_in_the_region_of_the_settings(
    sandbox_aws: SandboxAws, make: Any, tmp_path: Path, region: str
) -> None:
    pool = make.pool(launch_template="", subnets=())
    settings = make.settings(region=region, endpoint_url=sandbox_aws.url, pools=(pool,), outputs="outputs.json")
    there = SandboxAws.attach(sandbox_aws.url, region)
    path = cloud.build(settings, there, tmp_path)
    assert path == tmp_path / "outputs.json"
    merged = merge_outputs(settings, tmp_path)
    assert merged.pools[0].launch_template.startswith("lt-")
    assert 2 <= len(set(merged.pools[0].subnets)) <= 3
    assert cloud.product_calls(there) == 0
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    burst = Ec2Cloud(ec2_client(merged), merged)
    burst.launch(make.launch(2))
    assert {machine.zone[:-1] for machine in burst.machines()} == {region}
    assert cloud.instances_left(there) == 2
    assert cloud.product_calls(there) == 2  # CreateFleet, and one to look
    burst.end([machine.machine_id for machine in burst.machines()], "ret-1")
    assert cloud.instances_left(there) == 0


def test_templates_say_how_a_node_joins_and_where_it_is_put(
    sandbox_aws: SandboxAws, ec2: EC2Client, make: Any, tmp_path: Path
) -> None:
    wide = make.pool("mpi", efa=True, placement_group="close", all_or_none=True, launch_template="", subnets=())
    settings = make.settings(
        endpoint_url=sandbox_aws.url, outputs="outputs.json", pools=(make.pool(launch_template="", subnets=()), wide)
    )
    cloud.build(settings, sandbox_aws, tmp_path)
    merged = merge_outputs(settings, tmp_path)
    assert merged.notices == f"{sandbox_aws.url}/123456789012/c1-sandbox-notices"
    (group,) = ec2.describe_placement_groups()["PlacementGroups"]
    assert (group["GroupName"], group["Strategy"]) == ("close", "cluster")
    for pool in merged.pools:
        (version,) = ec2.describe_launch_template_versions(LaunchTemplateId=pool.launch_template)[
            "LaunchTemplateVersions"
        ]
        data = version["LaunchTemplateData"]
        assert b64decode(data["UserData"]).decode() == user_data(pool, settings)
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert data["MetadataOptions"]["InstanceMetadataTags"] == "enabled"
        assert data.get("Placement", {}).get("GroupName", "") == pool.placement_group
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    burst = Ec2Cloud(ec2, merged)
    burst.launch(make.launch(2, pool="mpi"))
    assert [machine.pool for machine in burst.machines()] == ["mpi", "mpi"]
    rows = [one for page in ec2.describe_instances()["Reservations"] for one in page["Instances"]]
    assert {row["Placement"]["GroupName"] for row in rows} == {"close"}


def test_the_users_own_aws_files_and_proxy_have_no_say_and_a_rebuild_gives_the_same_ids(
    sandbox_aws: SandboxAws, ec2: EC2Client, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_CONFIG_FILE": str(tmp_path),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "NO_PROXY": "",
        "no_proxy": "",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    built = json.loads(cloud.build(make.settings(), sandbox_aws, tmp_path).read_text())
    assert set(built) == {"cpu"}
    made = cloud.built(tmp_path)
    assert made.resources > 50
    assert str(made).endswith(f"resources by the stacks network, identity and compute in {made.seconds:.1f} s")
    ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateId": built["cpu"]["launch_template"]})
    ec2.delete_launch_template(LaunchTemplateId=built["cpu"]["launch_template"])
    for _ in range(2):
        sandbox_aws.rebuild()
        assert sandbox_aws.instances() == []
        (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
        assert template["LaunchTemplateId"] == built["cpu"]["launch_template"]


def test_a_region_the_emulator_does_not_know_is_told(sandbox_aws: SandboxAws, make: Any, tmp_path: Path) -> None:
    nowhere = SandboxAws.attach(sandbox_aws.url, "us-nowhere-1")
    with pytest.raises(ConfigError, match="the sandbox has no region us-nowhere-1: ") as raised:
        cloud.build(make.settings(region="us-nowhere-1"), nowhere, tmp_path)
    assert raised.value.hint == "check region of burst.yaml"


def test_a_burst_that_breaks_a_rule_is_not_built(sandbox_aws: SandboxAws, make: Any, tmp_path: Path) -> None:
    pool = make.pool(purchase="spot")
    with pytest.raises(PolicyViolation, match="no-spot-for-phi"):  # it serves every lab, and one of them holds PHI
        cloud.build(make.settings(pools=(pool,)), sandbox_aws, tmp_path, ("lee",))
    assert "ec2:CreateVpc" not in sandbox_aws.calls()
    assert list(tmp_path.iterdir()) == []


def test_a_cloud_host_answers_when_aws_says_it_runs(
    sandbox_aws: SandboxAws, ec2: Any, ec2_settings: Any, make: Any
) -> None:
    sandbox_aws.timing(pending_s=30, shutting_down_s=30)
    now = [make.now]
    room = CloudMachineRoom(sandbox_aws, lambda: now[0])
    cloud = Ec2Cloud(ec2, ec2_settings)
    (machine_id,) = cloud.launch(make.launch(1)).machine_ids

    def at(seconds: float) -> str:
        now[0] = make.now + seconds
        sandbox_aws.set_clock(now[0])
        return room.state(machine_id, "ip-1")

    assert [at(0), at(29), at(30)] == ["booting", "booting", "running"]
    cloud.end((machine_id,), "ret-1")
    assert room.state(machine_id, "ip-1") == "running"  # one question a moment
    assert [at(31), at(100)] == ["gone", "gone"]
    assert room.state("i-of-nobody", "") == "gone"


class _Aws:
    def __init__(self) -> None:
        self.clock: list[float] = []

    def set_clock(self, now: float) -> None:
        self.clock.append(now)


@pytest.fixture
def rig(make: Any) -> Rig:
    spec = ClusterSpec(
        name="c", hosts=(HostSpec(prefix="n", count=1, slots=1),), queues=(QueueSpec(name="q"),), default_queue="q"
    )
    simulation = Simulation(cluster=Cluster(spec, make.now))
    world = World(aws=cast("SandboxAws", _Aws()))
    scarcity = Scarcity(world, (), simulation.history)
    parts: dict[str, Any] = {
        "world": world,
        "scarcity": scarcity,
        "ebrokerd": None,
        "env": {},
        "audit": Path("audit.jsonl"),
    }
    return Rig(settings=make.settings(), simulation=simulation, **parts)


def test_a_turn_moves_everything_on_and_sets_every_clock(rig: Rig, make: Any) -> None:
    service._turn(rig, 150.0, threading.Event())
    assert rig.simulation.cluster.now == make.now + 150
    assert [sample.at - make.now for sample in rig.simulation.history.samples] == [0, 60, 120]
    assert rig.env == {"RIS_HYBRID_SANDBOX_CLOCK": repr(make.now + 150)}
    assert cast("_Aws", rig.aws).clock == [make.now + 150]


def test_a_turn_ends_when_it_is_told_to_stop(rig: Rig, make: Any) -> None:
    stop = threading.Event()
    rig.simulation.watch = lambda _history: stop.set()
    service._turn(rig, 86400.0, stop)
    assert rig.simulation.cluster.now == make.now
    assert cast("_Aws", rig.aws).clock == []


def test_a_sandbox_that_stays_remembers_only_so_much(rig: Rig) -> None:
    service._turn(rig, 60.0 * (service._KEPT + 50), threading.Event())
    assert len(rig.simulation.history.samples) == service._KEPT


@pytest.mark.parametrize(
    ("code", "text", "kind", "message"),
    [
        (2, "burst.yaml:1: one\nburst.yaml:2: two\n", ConfigError, "burst.yaml:1: one\nburst.yaml:2: two"),
        (1, "Traceback\n  line\nOSError: full\n", SiteUnavailable, "the sandbox ended as it started: OSError: full"),
        (-9, "", SiteUnavailable, "the sandbox ended as it started: "),
    ],
)
def test_a_service_that_ends_as_it_starts_says_why(
    tmp_path: Path, code: int, text: str, kind: type, message: str
) -> None:
    log = tmp_path / "service.log"
    log.write_text(text)
    failure = service._ended(code, log)
    assert type(failure) is kind
    assert failure.message == message
    assert str(log) in failure.hint


def test_another_plugin_is_switched_on_with_its_own_policies(make: Any, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    entry = {"name": "x", "type": "xProv", "confPath": "x", "scriptPath": "/opt/x"}
    (theirs / "hostProviders.json").write_text(json.dumps({"providers": [entry]}))
    (theirs / "policy_config.json").write_text('{"Policies": []}')
    top = lsf_top.write(tmp_path / "lsf", make.settings(), theirs / "hostProviders.json")
    conf = read_rc_conf(top.top)
    assert [(one.name, one.conf_dir, one.script_dir) for one in conf.providers] == [("x", theirs / "x", Path("/opt/x"))]
    assert conf.policy_script is None


def test_another_plugin_that_cannot_be_read_is_told(make: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json: cannot be read: No such file or directory"):
        lsf_top.write(tmp_path / "lsf", make.settings(), tmp_path / "none.json")
