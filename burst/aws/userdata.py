"""User data: what makes a machine of a pool a host of the cluster, as cloud-init reads it (pure).

Nothing in it belongs to one request or one machine: account, template, cluster and provider are read by the node
from its own tags. The scripts are those of ``burst/aws/node``, without their comments. Format: cloud-init's
``#cloud-config`` with the modules ntp, write_files and runcmd.
"""

from __future__ import annotations

import json
import re
import shlex
from importlib.resources import files
from typing import TYPE_CHECKING

from burst.aws.paths import fstab_line
from ris_hybrid.config.path_faults import path_faults
from ris_hybrid.config.user_data import MOST_BYTES, packed
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Node, Pool

_TIME = "169.254.169.123"  # Amazon Time Sync, reached without a route
_ETC, _LIBEXEC = "/etc/ris-hybrid", "/usr/local/libexec/ris-hybrid"  # SELinux labels the second as programs
_UNITS, _BIN = "/etc/systemd/system", "/usr/local/bin"
_LEAST_FSTAB, _MOST_FSTAB = 3, 6  # fields of a line

_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_SHAPES = {
    "lsf_top": (r"(/[A-Za-z0-9._-]+)+", "expected an absolute path"),
    "lsf_admin": (r"[a-z_][a-z0-9_.-]*", "expected the name of a user"),
    "masters": (r"[A-Za-z0-9.-]+", "expected host names"),
    "resources": (_NAME, "expected Boolean resources of lsf.shared"),
    "registry": (
        r"(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?)?",
        "expected ACCOUNT.dkr.ecr.REGION.amazonaws.com",
    ),
    "namespace": (r"([a-z0-9._/-]|\{lab\})*", "expected a namespace such as prod/{lab}"),
    "docker_options": (r"[^\x00-\x1f\x7f]+", "expected options of docker run, each on one line"),
}
"""Field of ``node`` to what each of its texts must look like, and how that is said."""
_SECRET = re.compile(r"(pass|passwd|password|secret|token|credentials?)\s*=", re.IGNORECASE)


def user_data(pool: Pool, settings: BurstSettings) -> str:
    """The text for the launch template of a pool; the same settings give the same bytes.

    Raises:
        ConfigError: a field of ``node`` or a path cannot be used, or the text is longer than EC2 takes.
    """
    _refuse(settings)
    for loc, told in path_faults(pool, settings):
        where = ".".join(map(str, loc))
        raise ConfigError(f"pool {pool.name}: {where}: {told}", "see paths of the pool in burst.yaml")
    entries = "".join(_entry(path, mode, text) for path, mode, text in _written(pool, settings))
    text = f"#cloud-config\n{_NTP}write_files:\n{entries}{_RUN}"
    size = len(packed(text))
    if size > MOST_BYTES:
        raise ConfigError(
            f"pool {pool.name}: user data of {size} bytes as it is sent, EC2 takes {MOST_BYTES}",
            "shorten node.mounts, paths or node.docker_options, or put them into the image",
        )
    return text


_NTP = f"""\
ntp:
  enabled: true
  ntp_client: chrony
  servers:
  - {_TIME}
"""
_RUN = """\
runcmd:
- [systemctl, daemon-reload]
- [systemctl, enable, ris-node.service]
- [systemctl, start, --no-block, ris-node.service]
"""


def _written(pool: Pool, settings: BurstSettings) -> list[tuple[str, str, str]]:
    """Path, mode and text of every file."""
    node = settings.node
    mounts = (*(" ".join(line.split()) for line in node.mounts), *map(fstab_line, pool.paths))
    rows = [
        (f"{_ETC}/node.conf", "0644", _conf(pool, settings)),
        (f"{_ETC}/mounts", "0644", "".join(f"{line}\n" for line in mounts)),
        (f"{_LIBEXEC}/node.sh", "0755", _shipped("node.sh")),
        (f"{_LIBEXEC}/boot.sh", "0755", _shipped("boot.sh")),
        (f"{_LIBEXEC}/docker-options", "0755", _options(node)),
        (f"{_UNITS}/ris-node.service", "0644", _shipped("ris-node.service")),
    ]
    if mounts:
        rows.append((f"{_LIBEXEC}/paths.sh", "0755", _shipped("paths.sh")))
        rows += ((f"{_UNITS}/{name}", "0644", _shipped(name)) for name in ("ris-paths.service", "ris-paths.timer"))
    if mounts and node.paths_there:
        rows.append((f"{_LIBEXEC}/paths-there", "0755", _shipped("paths-there.sh")))
    if pool.purchase != "on-demand":
        rows.append((f"{_LIBEXEC}/notice.sh", "0755", _shipped("notice.sh")))
        rows.append((f"{_UNITS}/ris-notice.service", "0644", _shipped("ris-notice.service")))
    if node.registry and node.namespace:
        rows.append((f"{_LIBEXEC}/docker-image", "0755", _shipped("docker-image.sh")))
        if node.map_images:
            rows.append((f"{_LIBEXEC}/bin/docker", "0755", _shipped("docker.sh")))
    if node.registry:
        login = json.dumps({"credHelpers": {node.registry: "ris-ecr"}}) + "\n"
        rows.append((f"{_BIN}/docker-credential-ris-ecr", "0755", _shipped("docker-credential-ris-ecr.sh")))
        rows.append((f"{_ETC}/docker/config.json", "0644", login))
    return rows


def _conf(pool: Pool, settings: BurstSettings) -> str:
    """Variables of the scripts, as a shell reads them."""
    node = settings.node
    values = {
        "LSF_TOP": node.lsf_top,
        "LSF_ADMIN": node.lsf_admin,
        "MASTERS": " ".join(node.masters),
        "FLAGS": " ".join(dict.fromkeys((settings.host_flag, *node.resources))),
        # Exclusive: LSF puts only those jobs on the node that name it.
        "SPOT_FLAG": f"!{settings.spot_flag}" if settings.spot_flag and pool.purchase != "on-demand" else "",
        **({"BURST_FLAG": f"!{settings.planner.steering.flag}"} if settings.steers_by_flag else {}),
        "NCPUS": settings.ncpus,
        "GPUS": str(pool.gpus),
        "EFA": str(int(pool.efa)),
    }
    if node.namespace:
        known = {lab: named for lab, named in node.namespaces.items() if not pool.labs or lab in pool.labs}
        values["REGISTRY"], values["NAMESPACE"] = node.registry, node.namespace
        values["NAMESPACES"] = " ".join(f"{lab}={named}" for lab, named in sorted(known.items()))
    return "".join(f"RIS_{key}={shlex.quote(value)}\n" for key, value in values.items())


def _options(node: Node) -> str:
    """A program that prints the options, as LSF's ``CONTAINER=docker[options(@PROGRAM)]`` and site wrappers call it."""
    return f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(' '.join(node.docker_options))}\n"


def _shipped(name: str) -> str:
    """A file of ours without its comments."""
    lines = files("burst.aws").joinpath("node", name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith("#!") or not line.lstrip().startswith("#"))


def _entry(path: str, mode: str, text: str) -> str:
    if not text:
        return f"- path: {path}\n  permissions: '{mode}'\n  content: ''\n"
    body = "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
    return f"- path: {path}\n  permissions: '{mode}'\n  content: |\n{body}"


def _refuse(settings: BurstSettings) -> None:
    """Raise for what would break lsf.conf, fstab or a shell on every node, and for secrets."""
    node = settings.node
    for flag in (settings.host_flag, settings.spot_flag or "none", settings.planner.steering.flag):
        if not re.fullmatch(_NAME, flag):
            raise ConfigError(
                f"host_flag, spot_flag, planner.steering.flag: cannot use {flag!r}", "expected Booleans of lsf.shared"
            )
    for key, (shape, hint) in _SHAPES.items():
        written = getattr(node, key)
        for value in (written,) if isinstance(written, str) else written:
            if not re.fullmatch(shape, value):
                raise ConfigError(f"node.{key}: cannot use {value!r}", hint)
    _refuse_lines(node)


def _refuse_lines(node: Node) -> None:
    for line in node.mounts:
        if not _is_fstab(line):
            raise ConfigError(f"node.mounts: {line!r} is no line of fstab", "host:/path /path nfs4 options 0 0")
    for key, lines in (("mounts", node.mounts), ("docker_options", node.docker_options)):
        if any(_SECRET.search(line) for line in lines):
            raise ConfigError(f"node.{key}: holds a secret", "every job on the node can read user data")


def _is_fstab(line: str) -> bool:
    parts = line.split()
    return _LEAST_FSTAB <= len(parts) <= _MOST_FSTAB and parts[1].startswith("/") and line.isprintable()
