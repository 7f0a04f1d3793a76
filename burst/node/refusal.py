"""What of burst.yaml would break lsf.conf, fstab or a shell on every node, or tell every job a secret (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.config.path_faults import path_faults
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Node, Pool

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


def refuse(pool: Pool, settings: BurstSettings) -> None:
    """Raise ``ConfigError`` for the first field of ``node``, flag or path of the pool that cannot be used."""
    for flag in (settings.host_flag, settings.spot_flag or "none", settings.planner.steering.flag):
        if not re.fullmatch(_NAME, flag):
            raise ConfigError(
                f"host_flag, spot_flag, planner.steering.flag: cannot use {flag!r}", "expected Booleans of lsf.shared"
            )
    _refuse_node(settings.node)
    for loc, told in path_faults(pool, settings):
        where = ".".join(map(str, loc))
        raise ConfigError(f"pool {pool.name}: {where}: {told}", "see paths of the pool in burst.yaml")


def too_long(pool: Pool, size: int, cloud: str, most: int) -> ConfigError:
    """The error for user data of that many bytes."""
    return ConfigError(
        f"pool {pool.name}: user data of {size} bytes as it is sent, {cloud} takes {most}",
        "shorten node.mounts, paths or node.docker_options, or put them into the image",
    )


def _refuse_node(node: Node) -> None:
    for key, (shape, hint) in _SHAPES.items():
        written = getattr(node, key)
        for value in (written,) if isinstance(written, str) else written:
            if not re.fullmatch(shape, value):
                raise ConfigError(f"node.{key}: cannot use {value!r}", hint)
    for line in node.mounts:
        if not _is_fstab(line):
            raise ConfigError(f"node.mounts: {line!r} is no line of fstab", "host:/path /path nfs4 options 0 0")
    for key, lines in (("mounts", node.mounts), ("docker_options", node.docker_options)):
        if any(_SECRET.search(line) for line in lines):
            raise ConfigError(f"node.{key}: holds a secret", "every job on the node can read user data")


def _is_fstab(line: str) -> bool:
    parts = line.split()
    return _LEAST_FSTAB <= len(parts) <= _MOST_FSTAB and parts[1].startswith("/") and line.isprintable()
