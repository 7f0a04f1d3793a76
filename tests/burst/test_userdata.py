from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints

from burst.aws.userdata import user_data
from ris_hybrid.config.user_data import MOST_BYTES, filled, is_filled_from, packed, unpacked
from ris_hybrid.errors import ConfigError
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.pool_settings import PathMount
from ris_hybrid.settings import Node

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
NODE = Node(
    masters=("lsf1.example.org", "lsf2.example.org"),
    mounts=(
        "nas.example.org:/storage1 /storage1 nfs4 rw,hard,sec=krb5p 0 0",
        "nas.example.org:/cache1   /cache1 nfs4 rw,hard,sec=krb5p 0 0",
        "nas.example.org:/scratch1 /scratch1 nfs4 rw,hard 0 0",
    ),
    docker_options=("--security-opt label=disable", "--ulimit memlock=-1"),
    registry=REGISTRY,
)
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d"
PATHS = (
    PathMount(path="/storage2/wucci/Active", kind="s3", source="ris-wucci", prefix="Active/", owner_gid=7, key_arn=KEY),
    PathMount(path="/storage2/wucci/Archive", kind="s3", source="ris-wucci", read_only=True, cache="/mnt/cache"),
    PathMount(path="/storage2/wucci/Old", kind="s3", source="ris-old", read_only=True, owner_uid=5, owner_gid=7),
    PathMount(path="/scratch2/wucci", kind="lustre", source="fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd/wucci"),
    PathMount(path="/home2", kind="nfs", source="ces.example.org:/home", read_only=True, options=("sec=krb5p",)),
)
KINDS = {
    "on-demand": {},
    "spot": {"purchase": "spot"},
    "gpu-efa": {"gpus": 8, "efa": True, "placement_group": "close"},
    "paths": {"labs": ("wucci",), "paths": PATHS},
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Ntp(Strict):
    enabled: Literal[True]
    ntp_client: Literal["chrony"]
    servers: list[str]


class File(Strict):
    path: Annotated[str, StringConstraints(pattern=r"^/(etc|usr/local)/[a-zA-Z0-9._/-]+$")]
    permissions: Literal["0644", "0755"]
    content: str


class CloudConfig(Strict):
    """The keys of cloud-init that we use, with the types its own schema gives them."""

    ntp: Ntp
    write_files: list[File]
    runcmd: list[list[str]]


def text_of(make: Any, node: Node = NODE, **pool: Any) -> str:
    return user_data(make.pool(**pool), make.settings(node=node))


def files_of(text: str) -> dict[str, File]:
    return {file.path: file for file in CloudConfig.model_validate(yaml.safe_load(text)).write_files}


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_each_kind_of_pool(make: Any, golden: Any, kind: str) -> None:
    golden(f"userdata/{kind}.yaml", text_of(make, **KINDS[kind]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("node", [NODE, Node()], ids=["all said", "nothing said"])
def test_it_is_cloud_config_of_known_keys_and_the_same_each_time(make: Any, kind: str, node: Node) -> None:
    text = text_of(make, node, **KINDS[kind])
    assert text.startswith("#cloud-config\n")
    read = CloudConfig.model_validate(yaml.safe_load(text))
    ntp = read.ntp
    assert (ntp.enabled, ntp.ntp_client, ntp.servers) == (True, "chrony", ["169.254.169.123"])
    assert read.runcmd[-1] == ["systemctl", "start", "--no-block", "ris-node.service"]
    assert all((file.permissions == "0755") == file.content.startswith("#!/bin/sh\n") for file in read.write_files)
    assert len({file.path for file in read.write_files}) == len(read.write_files)
    assert all(
        not line.startswith(("\t", "#")) or line == "#!/bin/sh"
        for f in read.write_files
        for line in f.content.splitlines()
    )
    assert text == text_of(make, node, **KINDS[kind])


def test_only_what_has_a_use_is_sent(make: Any) -> None:
    plain, spot = (set(files_of(text_of(make, Node(), purchase=kind))) for kind in ("on-demand", "mixed"))
    assert {path.rpartition("/")[2] for path in spot - plain} == {"notice.sh", "ris-notice.service"}
    with_registry = set(files_of(text_of(make, Node(registry=REGISTRY)))) - plain
    assert "/usr/local/bin/docker-credential-ris-ecr" in with_registry


def test_paths_are_watched_and_images_mapped_where_there_are_some(make: Any) -> None:
    plain = set(files_of(text_of(make, Node())))
    watched = set(files_of(text_of(make, Node(), **KINDS["paths"]))) - plain
    assert {path.rpartition("/")[2] for path in watched} == {"paths.sh", "ris-paths.service", "ris-paths.timer"}
    node = Node(registry=REGISTRY, namespace="prod/{lab}", namespaces={"wucci": "prod/wucci_2", "lee": "prod/lee_2"})
    files = files_of(text_of(make, node, labs=("wucci",)))
    assert "/usr/local/libexec/ris-hybrid/docker-image" in files
    assert files["/usr/local/libexec/ris-hybrid/bin/docker"].content.startswith("#!/bin/bash -p\n")
    without = files_of(text_of(make, replace(node, map_images=False), labs=("wucci",)))
    assert set(files) - set(without) == {"/usr/local/libexec/ris-hybrid/bin/docker"}
    conf = files["/etc/ris-hybrid/node.conf"].content.splitlines()
    assert conf[-3:] == [f"RIS_REGISTRY={REGISTRY}", "RIS_NAMESPACE='prod/{lab}'", "RIS_NAMESPACES=wucci=prod/wucci_2"]


def test_the_environments_own_scratch_is_filled_in_by_the_stack(make: Any) -> None:
    own = PathMount(path="/scratch1/fs1/wucci", kind="lustre", source="scratch/wucci")
    text = text_of(make, Node(), paths=(own,))
    built = filled(text, "fs-0a1b.fsx.us-east-1.amazonaws.com", "abcd")
    mounts = files_of(built)["/etc/ris-hybrid/mounts"].content
    assert mounts.startswith("fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd/wucci /scratch1/fs1/wucci lustre ")
    assert is_filled_from(built, text)
    assert not is_filled_from(text, text)  # nobody filled it in: the path would not mount
    assert not is_filled_from(built.replace("/abcd/wucci ", "/abcd/lee "), text)


def test_a_path_nobody_checked_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"pool cpu: paths.0.source: expected a pool whose labs name one alone"):
        text_of(make, paths=PATHS[:1])


def test_nothing_in_it_belongs_to_a_request_or_a_lab(make: Any) -> None:
    one, other = (text_of(make, name=name, labs=labs) for name, labs in (("cpu", ("lee",)), ("gpu", ())))
    assert one == other


def test_metadata_is_asked_with_a_token_only(make: Any) -> None:
    for path, file in files_of(text_of(make, purchase="spot")).items():
        for line in file.content.splitlines():
            if "meta-data" in line or "169.254.169.254" in line:
                assert path.endswith("/metadata.sh"), path
    shared = files_of(text_of(make))["/usr/local/libexec/ris-hybrid/metadata.sh"].content
    assert re.search(r'TOKEN.*-X PUT .*"\$IMDS/api/token"', shared)
    assert "X-aws-ec2-metadata-token: %s" in shared
    assert "curl" not in shared.replace("curl -sf -m 2 --retry 3 -X PUT", "").replace(
        "curl -sf -m 2 --retry 3 -K -", ""
    )


def test_docker_options_are_printed_as_written(make: Any) -> None:
    node = replace(NODE, docker_options=("--security-opt label=disable", "--label 'a b'=$HOME"))
    program = files_of(text_of(make, node))["/usr/local/libexec/ris-hybrid/docker-options"].content
    assert program == ("#!/bin/sh\nprintf '%s\\n' '--security-opt label=disable --label '\"'\"'a b'\"'\"'=$HOME'\n")


def test_the_spot_flag_is_exclusive_and_only_where_machines_can_be_spot(make: Any) -> None:
    conf = "/etc/ris-hybrid/node.conf"
    assert "RIS_SPOT_FLAG='!risspot'\n" in files_of(text_of(make, purchase="mixed"))[conf].content
    assert "RIS_SPOT_FLAG=''\n" in files_of(text_of(make))[conf].content
    none = user_data(make.pool(purchase="spot"), make.settings(spot_flag=""))
    assert "RIS_SPOT_FLAG=''\n" in files_of(none)[conf].content


def test_the_flag_of_chosen_jobs_is_exclusive_and_only_where_they_are_steered_by_it(make: Any) -> None:
    conf = "/etc/ris-hybrid/node.conf"
    by_flag = Planner(steering=Steering(way="flag"))
    said = {
        mode: files_of(user_data(make.pool(), make.settings(mode=mode, planner=by_flag)))[conf].content
        for mode in ("planned", "shadow", "thresholds")
    }
    assert "RIS_BURST_FLAG='!risburst'\n" in said["planned"]
    assert "BURST_FLAG" not in said["shadow"] + said["thresholds"]
    by_queue = user_data(make.pool(), make.settings(mode="planned", planner=Planner()))
    assert "BURST_FLAG" not in files_of(by_queue)[conf].content
    with pytest.raises(ConfigError, match=r"planner\.steering\.flag: cannot use 'a b'"):
        user_data(make.pool(), make.settings(planner=Planner(steering=Steering(flag="a b"))))


def test_what_ec2_would_not_take_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=rf"pool cpu: user data of \d+ bytes as it is sent, EC2 takes {MOST_BYTES}"):
        text_of(make, many(600))


def test_what_is_longer_than_ec2_takes_is_sent_packed(make: Any) -> None:
    text = text_of(make, many(60))
    assert len(text.encode()) > MOST_BYTES >= len(packed(text))
    assert unpacked(packed(text)) == text
    assert packed(text) == packed(text)
    short = text_of(make)
    assert packed(short) == short.encode()


def test_a_node_with_everything_stays_well_below_what_ec2_takes(make: Any) -> None:
    kinds = {key: value for kind in KINDS.values() for key, value in kind.items()}
    text = text_of(make, replace(NODE, namespace="prod/{lab}"), **{**kinds, "purchase": "mixed"})
    assert unpacked(packed(text)) == text
    assert len(packed(text)) < MOST_BYTES * 0.75


def many(count: int) -> Node:
    """So many mounts, each with a name that no packing makes short."""
    names = (sha256(str(number).encode()).hexdigest() * 2 for number in range(count))
    return replace(NODE, mounts=tuple(f"nas:/a /storage1/{name} nfs4 rw 0 0" for name in names))


def test_bytes_that_only_look_packed_are_shown_as_they_are() -> None:
    assert unpacked(b"\x1f\x8bxyz").endswith("xyz")
    assert unpacked(b"#cloud-config\n") == "#cloud-config\n"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"masters": ("lsf1 lsf2",)}, "node.masters: cannot use 'lsf1 lsf2'"),
        ({"masters": ('lsf1"',)}, "node.masters: cannot use"),
        ({"lsf_top": "opt/lsf"}, "node.lsf_top: cannot use 'opt/lsf'"),
        ({"lsf_admin": "root;true"}, "node.lsf_admin: cannot use"),
        ({"resources": ("docker]",)}, "node.resources: cannot use"),
        ({"registry": "registry.example.org"}, "node.registry: cannot use"),
        ({"docker_options": ("--a\n--b",)}, "node.docker_options: cannot use"),
        ({"docker_options": ("-e DB_PASSWORD=x",)}, "node.docker_options: holds a secret"),
        ({"mounts": ("nas:/a",)}, "node.mounts: 'nas:/a' is no line of fstab"),
        ({"mounts": ("nas:/a storage1 nfs4",)}, "is no line of fstab"),
        ({"mounts": ("nas:/a /a nfs4 rw 0 0 more",)}, "is no line of fstab"),
        ({"mounts": ("nas:/a /a nfs4\nx /y z",)}, "is no line of fstab"),
        ({"mounts": ("//nas/a /a cifs user=x,password=y 0 0",)}, "node.mounts: holds a secret"),
    ],
)
def test_what_would_break_a_node_is_refused(make: Any, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        text_of(make, replace(NODE, **fields))
    assert caught.value.hint


@pytest.mark.parametrize("flag", ["host_flag", "spot_flag"])
def test_a_flag_lsf_could_not_read_is_refused(make: Any, flag: str) -> None:
    with pytest.raises(ConfigError, match=f"{flag}.*: cannot use 'aws host'"):
        user_data(make.pool(), make.settings(**{flag: "aws host"}))
