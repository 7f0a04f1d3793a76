"""User data of OpenStack's and Google's pools: what a machine is launched with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from burst.libcloud.userdata import MOST_BYTES
from burst.userdata import sent, user_data
from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_settings import PathMount, SecondCloud
from ris_hybrid.settings import Node

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Pool

CLOUDS = (
    SecondCloud(name="research", driver="openstack", project="lab", auth_url="https://keystone.example.org:5000"),
    SecondCloud(name="google", driver="gce", project="lab-1"),
)
NODE = Node(
    masters=("lsf1.example.org",),
    mounts=("nas.example.org:/storage1 /storage1 nfs4 rw,hard 0 0",),
    docker_options=("--security-opt label=disable",),
    registry="123456789012.dkr.ecr.us-east-1.amazonaws.com",
    namespace="prod/{lab}",
)
NAMES = {"openstack": "research", "gce": "google"}
NFS = PathMount(path="/home2", kind="nfs", source="ces.example.org:/home", read_only=True)


def pool_of(make: Any, driver: str, **fields: Any) -> Pool:
    pool: Pool = make.pool(provider="libcloud", cloud=NAMES[driver], **fields)
    return pool


def site(make: Any, node: Node = NODE) -> BurstSettings:
    settings: BurstSettings = make.settings(node=node, clouds=CLOUDS)
    return settings


@pytest.mark.parametrize("driver", NAMES)
def test_the_text_of_each_cloud(make: Any, golden: Any, driver: str) -> None:
    text = user_data(pool_of(make, driver, paths=(NFS,)), site(make))
    golden(f"userdata/{driver}.yaml", text)
    assert text == user_data(pool_of(make, driver, paths=(NFS,)), site(make))
    assert sent(pool_of(make, driver), site(make), text) == (len(text.encode()), MOST_BYTES[driver])


@pytest.mark.parametrize(("driver", "servers"), [("openstack", None), ("gce", ["metadata.google.internal"])])
def test_time_is_the_images_or_the_clouds_own_and_nothing_is_aws_s(
    make: Any, driver: str, servers: list[str] | None
) -> None:
    read = yaml.safe_load(user_data(pool_of(make, driver), site(make)))
    assert read.get("ntp", {}).get("servers") == servers
    assert read["runcmd"][-1] == ["systemctl", "start", "--no-block", "ris-node.service"]
    written = {file["path"]: file["content"] for file in read["write_files"]}
    assert {path.rpartition("/")[2] for path in written} == {
        *("node.conf", "mounts", "metadata.sh", "node.sh", "boot.sh", "docker-options", "ris-node.service"),
        *("paths.sh", "ris-paths.service", "ris-paths.timer"),
    }
    assert f"RIS_CLOUD={NAMES[driver]}\n" in written["/etc/ris-hybrid/node.conf"]
    assert not any(
        word in text for text in written.values() for word in ("aws-ec2", "ecr", "amazonaws", "169.254.169.123")
    )


def test_a_bucket_or_fsx_is_refused_there(make: Any) -> None:
    bucket = PathMount(path="/storage2/lee", kind="s3", source="ris-lee", read_only=True)
    pool = pool_of(make, "openstack", labs=("lee",), paths=(NFS, bucket))
    with pytest.raises(ConfigError, match=r"pool cpu: paths\.1\.kind: expected nfs on research, found s3") as caught:
        user_data(pool, site(make))
    assert "EC2 alone" in caught.value.hint


def test_a_cloud_that_nobody_named_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"pool cpu: cloud: expected one of clouds \(research, google\), found 'x'"):
        user_data(make.pool(provider="libcloud", cloud="x"), site(make))
    with pytest.raises(ConfigError, match=r"expected one of clouds \(none\)"):
        user_data(make.pool(provider="libcloud", cloud="x"), make.settings())


def test_what_the_cloud_would_not_take_is_refused(make: Any) -> None:
    lines = tuple(f"nas:/a /storage1/{number:0200} nfs4 rw 0 0" for number in range(200))
    settings = site(make, replace(NODE, mounts=lines))
    with pytest.raises(ConfigError, match=r"pool cpu: user data of \d+ bytes as it is sent, research takes 49149"):
        user_data(pool_of(make, "openstack"), settings)
    assert len(user_data(pool_of(make, "gce"), settings)) > MOST_BYTES["openstack"]


def test_what_would_break_a_node_is_refused_there_too(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"node\.masters: cannot use 'a b'"):
        user_data(pool_of(make, "gce"), site(make, replace(NODE, masters=("a b",))))


def test_ec2s_bound_is_on_what_is_packed(make: Any) -> None:
    assert sent(make.pool(), make.settings(), "x" * 20_000) == (pytest.approx(80, abs=60), 16384)
