"""Every rule of burst.yaml about clouds beside EC2 and the pools in them: said with line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ris_hybrid.config.burst_file import load_advice, load_burst
from ris_hybrid.config.document import UnusableFile

EXAMPLE = Path(__file__).parents[3] / "examples" / "clouds" / "burst.yaml"
STACK = {
    "name": "research",
    "driver": "openstack",
    "auth_url": "https://keystone.example.org:5000",
    "project": "ris",
    "prices": {"m1.xlarge": 0.3},
}
GOOGLE = {"name": "google", "driver": "gce", "project": "ris-1", "prices": {"n2-standard-8": 0.4}}
POOL = {
    "name": "campus",
    "provider": "libcloud",
    "cloud": "research",
    "instance_types": ["m1.xlarge"],
    "image": "lsf-node",
    "networks": ["hpc"],
    "slots": 8,
    "memory_mib": 15000,
    "labs": ["wucci"],
    "max_nodes": 4,
}
ON_GOOGLE = {**POOL, "cloud": "google", "instance_types": ["n2-standard-8"], "zones": ["us-central1-a"]}
EC2 = {"name": "cpu", "instance_types": ["c7a.4xlarge"], "max_nodes": 4}
SITE: dict[str, Any] = {
    "cluster": "c1",
    "provider": "aws",
    "region": "us-east-1",
    "outputs": "outputs.json",
    "clouds": [STACK],
    "pools": [POOL, EC2],
    "gates": [{"pending_jobs": 1}],
    "caps": {"nodes": 4},
    "budget": {"usd_per_month": 10},
}

WRITABLE = "expected letters, digits and ._@+-, which is all that nodes can write into their lsf.conf"
FROM_ROOT = "expected a file's path from the root, such as /etc/ris-hybrid"
ADDRESS = "expected http://HOST or https://HOST, with no name or password in it"
LEAST = "expected what the least of instance_types has, found nothing: no catalogue of this cloud tells"
SECOND = "with provider: libcloud"
BUCKET = {"path": "/storage1", "kind": "s3", "source": "a-bucket", "read_only": True}


def written(folder: Path, **changes: Any) -> Path:
    """A burst.yaml; ``pool`` and ``cloud`` are keys of the first one, in place of the others'."""
    pool, cloud = changes.pop("pool", {}), changes.pop("cloud", {})
    data = {**SITE, **changes}
    if pool:
        data["pools"] = [{**data["pools"][0], **pool}, *data["pools"][1:]]
    if cloud:
        data["clouds"] = [{**data["clouds"][0], **cloud}, *data["clouds"][1:]]
    file = folder / "burst.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return file


def said(folder: Path, **changes: Any) -> list[str]:
    """What is wrong, without file and line."""
    try:
        load_burst(written(folder, **changes))
    except UnusableFile as error:
        for problem in error.problems:
            assert problem.line > 1, problem
        return [f"{problem.field}: {problem.message}" for problem in error.problems]
    return []


def test_the_example_of_two_clouds_loads() -> None:
    campus, ec2 = load_burst(EXAMPLE).pools
    assert (campus.provider, campus.cloud, campus.built, campus.places) == (
        "libcloud", "research", True, ("nova-1", "nova-2")
    )  # fmt: skip
    assert (ec2.provider, ec2.built) == ("ec2", False)
    assert load_advice(EXAMPLE) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pools": [POOL], "region": "", "outputs": ""},  # no pool is EC2's
        {"pool": {"cloud": "", "zones": ["a", "b"], "security_groups": ["node"], "all_or_none": True, "gpus": 1}},
        {"pool": {"paths": [{"path": "/storage1", "kind": "nfs", "source": "nas:/storage1"}]}},
        {"clouds": [STACK, GOOGLE], "pools": [POOL, ON_GOOGLE | {"name": "other"}]},
        {
            "cloud": {
                "credentials": "/etc/ris/research.json",
                "ca_file": "/etc/ca.pem",
                "region": "one",
                "domain": "ris",
            }
        },
        {"cloud": {"auth_url": "http://127.0.0.1:5000/v3"}},
        {"clouds": [GOOGLE | {"endpoint_url": "http://127.0.0.1:9"}], "pools": [ON_GOOGLE]},
    ],
)
def test_what_is_allowed(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert said(tmp_path, **changes) == []


def test_prices_may_be_written_with_all_their_digits(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("m1.xlarge: 0.3", "m1.xlarge: 0.30"), encoding="utf-8")
    assert load_burst(file).clouds[0].prices == {"m1.xlarge": 0.3}


@pytest.mark.parametrize(
    ("cloud", "message"),
    [
        ({"name": "my_cloud"}, "name: expected letters, digits and hyphens, found 'my_cloud'"),
        ({"name": "Ec2"}, "name: expected another name: 'Ec2' is Amazon's in every table and metric"),
        ({"driver": "azure"}, "driver: expected 'openstack' or 'gce', found 'azure'"),
        ({"project": " "}, "project: expected the project's name, found nothing"),
        (
            {"auth_url": ""},
            "auth_url: expected Keystone's address, such as https://keystone.example.org:5000, found nothing",
        ),
        *(
            ({"auth_url": url}, f"auth_url: {ADDRESS}, found {shown}")
            for url, shown in (
                ("keystone:5000", "'keystone:5000'"),
                ("ftp://keystone", "'ftp://keystone'"),
                ("http://[", "'http://['"),
                ("https://keystone:port", "'https://keystone:port'"),
                ("https://ann@keystone", "one with '@'"),
            )
        ),
        ({"domain": ""}, "domain: expected the domain of user and project, found nothing: leave it out for Default"),
        (
            {"endpoint_url": "https://x"},
            "endpoint_url: expected driver: gce beside it, found openstack: leave it out",
        ),
        ({"credentials": "hunter2"}, f"credentials: {FROM_ROOT}/credentials, found something else"),
        ({"ca_file": "ca.pem"}, f"ca_file: {FROM_ROOT}/ca_file, found 'ca.pem'"),
        ({"prices": {"m1.xlarge": 0}}, "prices.m1.xlarge: expected a figure above zero, found 0.0"),
        (
            {"prices": {"m1.xlarge": 1, "research/m1": 1}},
            "prices.research/m1: expected a size as its cloud calls it, 'm1', found 'research/m1'",
        ),
    ],
)  # fmt: skip
def test_each_mistake_of_a_cloud(tmp_path: Path, cloud: dict[str, Any], message: str) -> None:
    assert f"clouds[0].{message}" in said(tmp_path, cloud=cloud)


@pytest.mark.parametrize(
    ("cloud", "message"),
    [
        ({"project": ""}, "project: expected the project's id, found nothing"),
        ({"auth_url": "https://x"}, "auth_url: expected driver: openstack beside it, found gce: leave it out"),
        ({"domain": "ris"}, "domain: expected driver: openstack beside it, found gce: leave it out"),
        ({"region": "us"}, "region: expected driver: openstack beside it, found gce: leave it out"),
        (
            {"endpoint_url": "loopback"},
            f"endpoint_url: {ADDRESS}, found 'loopback'",
        ),
    ],
)
def test_each_mistake_of_googles(tmp_path: Path, cloud: dict[str, Any], message: str) -> None:
    assert said(tmp_path, clouds=[GOOGLE], pools=[ON_GOOGLE], cloud=cloud) == [f"clouds[0].{message}"]


@pytest.mark.parametrize(
    ("cloud", "field"),
    [
        ({"auth_url": "https://ann:hunter2@keystone.example.org"}, "auth_url"),
        ({"password": "hunter2"}, "password"),
        ({"application_credential_secret": "hunter2"}, "application_credential_secret"),
        ({"credentials": {"password": "hunter2"}}, "credentials.password"),
        ({"project": "-----BEGIN PRIVATE KEY----- hunter2"}, "project"),
    ],
)
def test_a_secret_is_refused_and_never_shown(tmp_path: Path, cloud: dict[str, Any], field: str) -> None:
    with pytest.raises(UnusableFile) as caught:
        load_burst(written(tmp_path, cloud=cloud))
    text = f"clouds[0].{field}: expected no secret: put it into a file only its owner can read, and name that by"
    assert f"{text} credentials" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_two_clouds_of_one_name_are_refused(tmp_path: Path) -> None:
    assert said(tmp_path, clouds=[STACK, STACK]) == [
        "clouds[1].name: expected a name of its own, found 'research' again"
    ]


def test_a_price_belongs_to_its_cloud(tmp_path: Path) -> None:
    text = "prices.research/m1.xlarge: expected prices of EC2's types alone: write 'm1.xlarge' into clouds[0].prices"
    assert said(tmp_path, prices={"research/m1.xlarge": 1.0}) == [text]


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        ({"cloud": "none"}, "cloud: expected one of clouds (research), found 'none'"),
        ({"image": ""}, "image: expected the image's name, found nothing: no launch template says which"),
        (
            {"networks": []},
            "networks: expected the name of a network, found none: nodes must reach LSF's master",
        ),
        ({"networks": ["hpc", "hpc"]}, "networks[1]: expected each once, found 'hpc' again"),
        ({"zones": [""]}, "zones[0]: expected a name, found nothing"),
        ({"slots": 0}, f"slots: {LEAST}"),
        ({"memory_mib": 0}, f"memory_mib: {LEAST}"),
        (
            {"instance_types": ["8 cores"]},
            f"instance_types[0]: {WRITABLE}, found '8 cores'",
        ),
        ({"instance_types": []}, "instance_types: expected at least one, none of them empty"),
        (
            {"instance_types": ["m9"]},
            "instance_types[0]: expected a size with a price, found 'm9': add it to prices of cloud research",
        ),
        (
            {"instance_types": ["research/m1.xlarge"]},
            "instance_types[0]: expected a size as its cloud calls it, 'm1.xlarge', found 'research/m1.xlarge'",
        ),
        *(
            ({key: value}, f"{key}: expected provider: ec2 beside it, found libcloud: only EC2 has it, leave it out")
            for key, value in (
                ("requirements", {"vcpus": 1, "memory_mib": 1}),
                ("launch_template", "lt-1"),
                ("subnets", ["subnet-1"]),
                ("placement_group", "mpi"),
                ("efa", True),
                ("reservations", True),
                ("on_demand_ratio", 0.5),
            )
        ),
        ({"purchase": "spot"}, f"purchase: expected on-demand, the only way {SECOND}, found 'spot'"),
        (
            {"labs": ["wucci"], "paths": [BUCKET]},
            f"paths[0].kind: expected nfs {SECOND}, found s3: its nodes have no way into Amazon S3",
        ),
        (
            {"paths": [{"path": "/scratch1", "kind": "lustre", "source": "scratch"}]},
            f"paths[0].kind: expected nfs {SECOND}, found lustre: its nodes have no way into FSx for Lustre",
        ),
    ],
)  # fmt: skip
def test_each_mistake_of_a_pool(tmp_path: Path, pool: dict[str, Any], message: str) -> None:
    assert said(tmp_path, pool=pool) == [f"pools[0].{message}"]


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        ({"zones": []}, "zones: expected at least one zone on gce, such as us-central1-a, found none"),
        ({"networks": ["a", "b"]}, "networks: expected one subnetwork on gce, found 2"),
        (
            {"instance_types": ["t2a-standard-8"]},
            "instance_types[0]: expected a size with Intel or AMD cores (LSF is told X86_64), found 't2a-standard-8'",
        ),
    ],
)
def test_each_mistake_of_a_pool_on_google(tmp_path: Path, pool: dict[str, Any], message: str) -> None:
    assert said(tmp_path, clouds=[GOOGLE], pools=[ON_GOOGLE], pool=pool) == [f"pools[0].{message}"]


def test_which_cloud_must_be_clear(tmp_path: Path) -> None:
    two = {"clouds": [STACK, GOOGLE], "pool": {"cloud": ""}}
    assert said(tmp_path, **two) == ["pools[0].cloud: expected one of clouds (research, google), found nothing"]
    none = {"clouds": [], "pools": [POOL]}
    text = "expected a cloud of the key clouds at the top, found 'research': clouds names none"
    assert said(tmp_path, **none) == [f"pools[0].cloud: {text}"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("cloud", "research"), ("image", "a"), ("networks", ["a"]), ("zones", ["a"]), ("security_groups", ["a"])],
)
def test_a_pool_of_ec2_has_nothing_of_other_clouds(tmp_path: Path, key: str, value: object) -> None:
    text = f"pools[0].{key}: expected provider: libcloud beside it, found ec2: EC2 has no such key"
    assert said(tmp_path, pools=[{**EC2, key: value}]) == [text]


def test_a_pool_of_ec2_with_another_clouds_type_has_forgotten_its_provider(tmp_path: Path) -> None:
    pool = {**EC2, "instance_types": ["research/m1.xlarge"]}
    text = "expected a type of EC2, found 'research/m1.xlarge': add provider: libcloud"
    assert said(tmp_path, pools=[pool]) == [f"pools[0].instance_types[0]: {text}"]


def test_a_pool_of_ec2_needs_a_region(tmp_path: Path) -> None:
    assert said(tmp_path, region="") == ["region: expected a name, found nothing"]


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"pools": [EC2]}, "clouds[0]", "no pool is in research: leave it here until its last machine is gone"),
        ({"cloud": {"auth_url": "http://keystone:5000"}}, "clouds[0].auth_url", "go there in the clear: write https://"),
        ({"node": {"registry": "1.dkr.ecr.us-east-1.amazonaws.com"}}, "node.registry", "those of campus have none"),
        ({"pool": {"labs": []}}, "pools[0].labs", "rule phi-stays-off-second-clouds says no"),
        ({"prices": {"m1.xlarge": 0.2, "m7i.large": 0.1}}, "prices.m1.xlarge", "write it into clouds[0].prices"),
        ({"outlook": "outlook.json"}, "outlook", "where nodes of campus cannot reach them"),
        ({"pools": [POOL]}, "outputs", "is not used: no pool is EC2's"),
        ({"pools": [POOL], "outputs": "", "notices": "https://sqs.example/q"}, "notices", "no pool is EC2's"),
    ],
)  # fmt: skip
def test_what_is_to_no_use_is_told_with_its_line(
    tmp_path: Path, changes: dict[str, Any], field: str, text: str
) -> None:
    (remark,) = load_advice(written(tmp_path, **changes))
    assert (remark.field, remark.line > 1) == (field, True)
    assert text in remark.message
