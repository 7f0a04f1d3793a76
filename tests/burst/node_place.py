"""A node as its scripts see it: a real shell, metadata on loopback, and commands that note how they were called."""

from __future__ import annotations

import getpass
import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import yaml

from burst.userdata import user_data
from ris_hybrid.settings import Node

if TYPE_CHECKING:
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
    "local-ipv4": "10.80.0.7",
    "placement/region": "us-east-1",
    "tags/instance/ris_cluster": "compute1",
    "tags/instance/ris_provider": "ris-aws",
    "tags/instance/ris_template": "cpu16",
    "tags/instance/ris_lab": "wucci",
}
MOUNT = 'line=$(grep " $1 " "$RIS_FSTAB") && echo "$line" >>"$RIS_MOUNTS"'  # what is in fstab can be mounted


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
        self.mounts = MOUNT
        self.more_env: dict[str, str] = {}
        for folder in (self.etc, self.libexec, self.bin, root / "lsf" / "conf", root / "lsf" / "etc"):
            folder.mkdir(parents=True)
        (root / "fstab").write_text("LABEL=root / xfs defaults 0 0\n")
        base = f"{BASE}LSF_SERVERDIR={root}/lsf/etc\nLSF_BINDIR={self.bin}\n"
        (root / "lsf" / "conf" / "lsf.conf").write_text(base)
        (root / "hosts").write_text("127.0.0.1 localhost\n10.80.0.7 ip-10-80-0-7.ec2.internal\n")
        (root / "mounted").write_text("/dev/root / xfs rw 0 0\n")
        for name in ("hostnamectl", "chronyc", "systemctl", "docker", "aws", "badmin", "runuser"):
            self.command(name)
        self.command("mount", MOUNT)
        self.command("umount")
        self.command("blkid", "exit 2")
        self.command("getent", 'grep -h " $2$" "$RIS_HOSTS"')  # the resolver knows what its file says
        self.command("bhosts", 'echo HOST_NAME STATUS; echo "$2 ok - 16 0 0 0 0 0"')
        for daemon in ("lim", "res", "sbatchd"):
            self.command(f"../lsf/etc/{daemon}", 'echo "env $LSF_ENVDIR ${DOCKER_CONFIG:-}" >>"$CALLS"')

    def command(self, name: str, program: str = "") -> None:
        path = self.bin / name
        note = f'echo "{path.name} $*" >>"{self.calls_file}"\n'
        path.write_text(f"#!/bin/sh\n{note}{program}\n")
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
                    path.write_text(self.moved(file["content"]))
                    path.chmod(int(file["permissions"], 8))

    def moved(self, text: str) -> str:
        """A script that takes nothing from its environment, below this root."""
        if text.startswith("#!/bin/bash -p\n"):
            text = text.replace("PLACES=(", f"PLACES=({self.bin} ", 1)
            text = text.replace("MAP=/usr/local/libexec/ris-hybrid", f"MAP={self.libexec}", 1)
        elif text.startswith("#!/usr/bin/env -S -i PATH="):
            text = text.replace("PATH=", f"PATH={self.bin}:", 1)
        else:
            return text
        return text.replace("ETC=/etc/ris-hybrid", f"ETC={self.etc}", 1)

    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "CALLS": str(self.calls_file),
            "RIS_IMDS": f"http://127.0.0.1:{self.metadata.server_port}",
            "RIS_ETC": str(self.etc),
            "RIS_FSTAB": str(self.root / "fstab"),
            "RIS_HOSTS": str(self.root / "hosts"),
            "RIS_SYS": str(self.root / "sys"),
            "RIS_HOME": str(self.root),
            "RIS_POLL_S": "0.02",
            "RIS_RUN": str(self.root / "run"),
            "RIS_MOUNTS": str(self.root / "mounted"),
            **self.more_env,
            "no_proxy": "127.0.0.1",
        }

    def run(self, script: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.libexec / script), *arguments]
        self.calls_file.touch()
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, check=False, timeout=20, env=self.env()
        )

    def forget(self) -> None:
        """What was called so far."""
        self.calls_file.write_text("")

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines()

    def lsf_conf(self) -> list[str]:
        return (self.etc / "lsf" / "lsf.conf").read_text().splitlines()


def install(
    place: Place, make: Any, *, node: dict[str, Any] | None = None, site: dict[str, Any] | None = None, **pool: Any
) -> None:
    plain = {
        "lsf_top": str(place.root / "lsf"),
        "lsf_admin": getpass.getuser(),
        "masters": ("lsf1", "lsf2"),
        "mounts": (f"nas:/storage1  {place.root}/storage1 nfs4 ro,hard 0 0",),
    }
    settings = make.settings(node=Node(**{**plain, **(node or {})}), **(site or {}))
    place.install(user_data(make.pool(**pool), settings))
