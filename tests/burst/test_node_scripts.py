"""The scripts a node gets, run as they are sent: a real shell, metadata on loopback, and commands that note."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from burst.aws.userdata import user_data
from ris_hybrid.settings import Node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = """\
LSF_TOP=/opt/lsf
LSF_LIM_PORT=7869
LSF_SERVER_HOSTS="image"
EGO_DEFINE_NCPUS=threads
LSF_LOCAL_RESOURCES="[resource site]"
"""
MACHINE = {
    "instance-id": "i-0123456789abcdef0",
    "instance-type": "c7a.4xlarge",
    "instance-life-cycle": "on-demand",
    "local-hostname": "ip-10-80-0-7.ec2.internal",
    "placement/region": "us-east-1",
    "tags/instance/ris_cluster": "compute1",
    "tags/instance/ris_provider": "ris-aws",
    "tags/instance/ris_template": "cpu16",
    "tags/instance/ris_lab": "wucci",
}
NOTICE = {"action": "terminate", "time": "2027-01-15T08:02:00Z"}
NOTICE_AT = 1_800_000_120


class Metadata(ThreadingHTTPServer):
    """Instance metadata that answers with a token only. ``later`` are values that come at the n-th question."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.values = dict(MACHINE)
        self.later: dict[str, tuple[int, str]] = {}
        self.asked: list[tuple[str, int]] = []

    def value(self, path: str) -> str | None:
        if path in self.later:
            count, value = self.later[path]
            return value if sum(one == path for one, _ in self.asked) >= count else None
        return self.values.get(path)


class Answer(BaseHTTPRequestHandler):
    server: Metadata

    def do_PUT(self) -> None:
        good = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self.say(200 if good else 400, "secret-token")

    def do_GET(self) -> None:
        path = self.path.removeprefix("/latest/meta-data/")
        value = self.server.value(path)
        code = 401 if self.headers["X-aws-ec2-metadata-token"] != "secret-token" else 404 if value is None else 200
        self.server.asked.append((path, code))
        self.say(code, value or "")

    def say(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Place:
    """A node's file system below one folder, and commands on PATH that note how they were called."""

    def __init__(self, root: Path, metadata: Metadata) -> None:
        self.root, self.metadata = root, metadata
        self.etc, self.libexec, self.bin = (root / name for name in ("etc", "libexec", "bin"))
        self.calls_file = root / "calls"
        for folder in (self.etc, self.libexec, self.bin, root / "lsf" / "conf", root / "lsf" / "etc"):
            folder.mkdir(parents=True)
        (root / "fstab").write_text("LABEL=root / xfs defaults 0 0\n")
        base = f"{BASE}LSF_SERVERDIR={root}/lsf/etc\nLSF_BINDIR={self.bin}\n"
        (root / "lsf" / "conf" / "lsf.conf").write_text(base)
        for name in ("hostnamectl", "chronyc", "mount", "systemctl", "docker", "aws", "badmin", "runuser"):
            self.command(name)
        self.command("mountpoint", 'grep -q "^mount $2\\$" "$CALLS"')  # a mount that was called has worked
        for daemon in ("lim", "res", "sbatchd"):
            self.command(f"../lsf/etc/{daemon}", 'echo "env $LSF_ENVDIR ${DOCKER_CONFIG:-}" >>"$CALLS"')

    def command(self, name: str, program: str = "") -> None:
        path = self.bin / name
        note = f'echo "{path.name} $*" >>"$CALLS"\n'
        path.write_text(f"#!/bin/sh\n{'' if name == 'mountpoint' else note}{program}\n")
        path.chmod(0o755)

    def install(self, text: str) -> None:
        """Write what cloud-init would, under this root."""
        for file in yaml.safe_load(text)["write_files"]:
            top = {
                "/etc/ris-hybrid": self.etc,
                "/usr/local/libexec/ris-hybrid": self.libexec,
                "/usr/local/bin": self.bin,
            }
            for prefix, folder in top.items():
                if file["path"].startswith(f"{prefix}/"):
                    path = folder / file["path"].removeprefix(f"{prefix}/")
                    path.parent.mkdir(exist_ok=True)
                    path.write_text(file["content"])
                    path.chmod(int(file["permissions"], 8))

    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "CALLS": str(self.calls_file),
            "RIS_IMDS": f"http://127.0.0.1:{self.metadata.server_port}",
            "RIS_ETC": str(self.etc),
            "RIS_FSTAB": str(self.root / "fstab"),
            "RIS_SYS": str(self.root / "sys"),
            "RIS_HOME": str(self.root),
            "RIS_POLL_S": "0.02",
            "no_proxy": "127.0.0.1",
        }

    def run(self, script: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.libexec / script), *arguments]
        self.calls_file.touch()
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, timeout=20, env=self.env()
        )

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines()

    def lsf_conf(self) -> list[str]:
        return (self.etc / "lsf" / "lsf.conf").read_text().splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    metadata = Metadata()
    thread = threading.Thread(target=metadata.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Place(tmp_path, metadata)
    metadata.shutdown()
    thread.join()
    metadata.server_close()


def install(place: Place, make: Any, *, node: dict[str, Any] | None = None, **pool: Any) -> None:
    plain = {
        "lsf_top": str(place.root / "lsf"),
        "lsf_admin": getpass.getuser(),
        "masters": ("lsf1", "lsf2"),
        "mounts": (f"nas:/storage1  {place.root}/storage1 nfs4 ro,hard 0 0",),
    }
    place.install(user_data(make.pool(**pool), make.settings(node=Node(**{**plain, **(node or {})}))))


def test_a_machine_becomes_a_host_that_says_whose_it_is(place: Place, make: Any) -> None:
    install(place, make)
    done = place.run("boot.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    said = place.lsf_conf()
    assert said[-1] == (
        'LSF_LOCAL_RESOURCES="[resource site] [resource awshost] [resource docker] [resourcemap wucci*rc_account]'
        " [resourcemap i-0123456789abcdef0*instanceID] [resourcemap c7a.4xlarge*vm_type]"
        ' [resourcemap cpu16*templateID] [resourcemap compute1*clusterName] [resourcemap ris-aws*providerName]"'
    )
    assert {"LSF_GET_CONF=lim", "EGO_DEFINE_NCPUS=cores", 'LSF_SERVER_HOSTS="lsf1 lsf2"', "LSF_LIM_PORT=7869"} <= set(
        said
    )
    keys = [line.partition("=")[0] for line in said]
    assert len(set(keys)) == len(keys)
    assert (place.root / "lsf" / "conf" / "lsf.conf").read_text().startswith(BASE), "the site's own file is left alone"


def test_docker_and_mounts_are_there_before_the_daemons(place: Place, make: Any) -> None:
    install(place, make, node={"registry": "123456789012.dkr.ecr.us-east-1.amazonaws.com"})
    assert place.run("boot.sh").returncode == 0
    calls = place.calls()
    order = ["hostnamectl set-hostname ip-10-80-0-7.ec2.internal", f"mount {place.root}/storage1"]
    order += [
        "systemctl start docker",
        "docker info",
        *(f"{one} -d {place.etc}/lsf" for one in ("lim", "res", "sbatchd")),
    ]
    assert [call for call in calls if call in order] == order
    assert f"env {place.etc}/lsf {place.etc}/docker" in calls
    assert (place.root / ".docker" / "config.json").samefile(place.etc / "docker" / "config.json")
    assert f"nas:/storage1 {place.root}/storage1 nfs4 ro,hard 0 0" in (place.root / "fstab").read_text()
    assert "systemctl start ris-notice.service" not in calls


def test_a_second_boot_says_the_same_and_mounts_nothing_twice(place: Place, make: Any) -> None:
    install(place, make)
    place.run("boot.sh")
    first, fstab = place.lsf_conf(), (place.root / "fstab").read_text()
    assert place.run("boot.sh").returncode == 0
    assert place.lsf_conf() == first
    assert (place.root / "fstab").read_text() == fstab
    assert place.calls().count(f"mount {place.root}/storage1") == 1


def test_a_job_without_a_lab_is_the_default_account(place: Place, make: Any) -> None:
    install(place, make)
    for value in (None, ""):
        place.metadata.values.pop("tags/instance/ris_lab", None)
        if value is not None:
            place.metadata.values["tags/instance/ris_lab"] = value
        assert place.run("boot.sh").returncode == 0
        assert "[resourcemap default*rc_account]" in place.lsf_conf()[-1]


def test_a_spot_machine_of_a_mixed_pool_is_exclusive_and_watched(place: Place, make: Any) -> None:
    install(place, make, purchase="mixed")
    assert place.run("boot.sh").returncode == 0
    assert "risspot" not in place.lsf_conf()[-1]
    place.metadata.values["instance-life-cycle"] = "spot"
    assert place.run("boot.sh").returncode == 0
    assert "[resource awshost] [resource docker] [resource !risspot]" in place.lsf_conf()[-1]
    assert place.calls().count("systemctl start ris-notice.service") == 1


def test_without_masters_the_image_says_where_they_are(place: Place, make: Any) -> None:
    install(place, make, node={"masters": ()})
    assert place.run("boot.sh").returncode == 0
    assert 'LSF_SERVER_HOSTS="image"' in place.lsf_conf()


@pytest.mark.parametrize(
    ("step", "breaks"),
    [
        ("metadata", {"value": ("instance-id", None)}),
        ("metadata", {"value": ("tags/instance/ris_cluster", None)}),
        ("metadata", {"value": ("tags/instance/ris_lab", "a lab]")}),
        ("name", {"command": ("hostnamectl", "exit 1")}),
        ("mounts", {"command": ("mount", "exit 32")}),
        ("devices", {"pool": {"gpus": 4}, "command": ("nvidia-smi", "echo GPU 0")}),
        ("devices", {"pool": {"efa": True}}),
        ("docker", {"command": ("docker", "exit 1")}),
        ("lsf", {"node": {"lsf_top": "/nonexistent"}}),
        ("daemons", {"command": ("../lsf/etc/lim", "exit 1")}),
    ],
)
def test_a_step_that_fails_is_named_and_no_host_joins(
    place: Place, make: Any, step: str, breaks: dict[str, Any]
) -> None:
    install(place, make, node=breaks.get("node"), **breaks.get("pool", {}))
    if "command" in breaks:
        place.command(*breaks["command"])
    if "value" in breaks:
        path, value = breaks["value"]
        place.metadata.values |= {path: value or ""}
        if value is None:
            del place.metadata.values[path]
    done = place.run("boot.sh")
    assert done.returncode != 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"ris-hybrid: {step}: FAILED (")
    assert f"ris-hybrid: {step}: begin" in done.stdout
    assert not any(call.startswith(("res ", "sbatchd ")) for call in place.calls())


def test_devices_a_pool_has_are_looked_for(place: Place, make: Any) -> None:
    install(place, make, gpus=2, efa=True)
    place.command("nvidia-smi", "echo GPU 0: A; echo GPU 1: A")
    (place.root / "sys" / "class" / "infiniband" / "efa_0").mkdir(parents=True)
    done = place.run("boot.sh")
    assert done.returncode == 0, done.stdout


def watch(place: Place, make: Any) -> subprocess.CompletedProcess[str]:
    install(place, make, purchase="spot")
    (place.etc / "lsf").mkdir()
    (place.etc / "lsf" / "lsf.conf").write_text(f"LSF_BINDIR={place.bin}\n")
    return place.run("notice.sh")


TAG = "aws ec2 create-tags --region us-east-1 --resources i-0123456789abcdef0 --tags"
CLOSE = "badmin hclose -C ris-hybrid: spot notice ip-10-80-0-7.ec2.internal"


def test_a_notice_becomes_a_tag_and_closes_the_host(place: Place, make: Any) -> None:
    place.metadata.later["spot/instance-action"] = (3, json.dumps(NOTICE))
    done = watch(place, make)
    assert done.returncode == 0, done.stderr
    assert place.calls() == [f"{TAG} Key=ris_notice,Value={NOTICE_AT}", CLOSE]
    assert f"ris-hybrid: notice: ris_notice={NOTICE_AT}" in done.stdout
    assert {code for _, code in place.metadata.asked} == {200, 404}, "never asked without a token"


def test_a_rebalance_recommendation_is_told_once_and_closes_nothing(place: Place, make: Any) -> None:
    place.metadata.values["events/recommendations/rebalance"] = json.dumps({"noticeTime": "2027-01-15T08:00:00Z"})
    place.metadata.later["spot/instance-action"] = (3, json.dumps(NOTICE))
    watch(place, make)
    rebalance = f"{TAG} Key=ris_rebalance,Value=1800000000"
    assert place.calls() == [rebalance, f"{TAG} Key=ris_notice,Value={NOTICE_AT}", CLOSE]


def test_what_fails_is_tried_again_and_said(place: Place, make: Any) -> None:
    place.metadata.values["spot/instance-action"] = json.dumps(NOTICE)
    for name in ("aws", "badmin"):
        place.command(name, f'[ "$(grep -c "^{name}" "$CALLS")" -ge 3 ]')
    done = watch(place, make)
    assert done.returncode == 0
    assert [sum(call.startswith(name) for call in place.calls()) for name in ("aws", "badmin")] == [3, 3]
    assert done.stdout.count("cannot write ris_notice") == done.stdout.count("cannot close") == 2


def test_another_user_closes_as_the_lsf_administrator(place: Place, make: Any) -> None:
    place.metadata.values["spot/instance-action"] = json.dumps(NOTICE)
    install(place, make, purchase="spot", node={"lsf_admin": "lsfadmin"})
    (place.etc / "lsf").mkdir()
    (place.etc / "lsf" / "lsf.conf").write_text("")
    assert place.run("notice.sh").returncode == 0
    assert f"runuser -u lsfadmin -- {CLOSE}" in place.calls()


def test_a_notice_that_cannot_be_read_means_two_minutes_from_now(place: Place, make: Any) -> None:
    place.metadata.values["spot/instance-action"] = "{}"
    place.command("date", 'case "$*" in +%s) echo 1000 ;; *) exit 1 ;; esac')
    watch(place, make)
    assert f"{TAG} Key=ris_notice,Value=1120" in place.calls()


def test_the_registry_is_logged_in_to_by_a_password_that_is_kept_nowhere(place: Place, make: Any) -> None:
    registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    install(place, make, node={"registry": registry})
    assert json.loads((place.etc / "docker" / "config.json").read_text()) == {"credHelpers": {registry: "ris-ecr"}}
    place.command("aws", "echo the-password")
    done = place.run("../bin/docker-credential-ris-ecr", "get", stdin=registry)
    assert json.loads(done.stdout) == {"ServerURL": registry, "Username": "AWS", "Secret": "the-password"}
    assert place.calls() == ["aws ecr get-login-password --region eu-west-1"]
    assert place.run("../bin/docker-credential-ris-ecr", "store", stdin="x").stdout == ""
