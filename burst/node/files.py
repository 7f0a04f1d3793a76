"""The files every node of a pool gets, whichever cloud it is of (pure).

Nothing in them belongs to one request or one machine: account, template, cluster and provider are read by the node from
its own tags. The scripts are those of ``burst/node/scripts``, without their comments.
"""

from __future__ import annotations

import shlex
from importlib.resources import files
from typing import TYPE_CHECKING

from burst.node.cloud_config import Written
from burst.node.paths import fstab_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.settings import BurstSettings, Node, Pool

ETC, LIBEXEC = "/etc/ris-hybrid", "/usr/local/libexec/ris-hybrid"  # SELinux labels the second as programs
UNITS, BIN = "/etc/systemd/system", "/usr/local/bin"


def node_files(pool: Pool, settings: BurstSettings, metadata: str, more: Mapping[str, str]) -> Iterator[Written]:
    """Every file that has a use.

    Args:
        pool: of the node.
        settings: of the site.
        metadata: the script that asks this cloud what a machine is.
        more: variables of the scripts beside those that every cloud's nodes have, without their ``RIS_``.
    """
    node = settings.node
    mounts = (*(" ".join(line.split()) for line in node.mounts), *map(fstab_line, pool.paths))
    yield Written(path=f"{ETC}/node.conf", text=_conf({**_variables(pool, settings), **more}))
    yield Written(path=f"{ETC}/mounts", text="".join(f"{line}\n" for line in mounts))
    yield script(f"{LIBEXEC}/metadata.sh", metadata)
    yield script(f"{LIBEXEC}/node.sh", "node.sh")
    yield script(f"{LIBEXEC}/boot.sh", "boot.sh")
    yield Written(path=f"{LIBEXEC}/docker-options", text=_options(node), program=True)
    yield unit("ris-node.service")
    if mounts:
        yield script(f"{LIBEXEC}/paths.sh", "paths.sh")
        yield from map(unit, ("ris-paths.service", "ris-paths.timer"))
    if mounts and node.paths_there:
        yield script(f"{LIBEXEC}/paths-there", "paths-there.sh")


def script(path: str, name: str) -> Written:
    """A program of ours, as it lies on the node."""
    return Written(path=path, text=_shipped(name), program=True)


def unit(name: str) -> Written:
    """A unit of systemd."""
    return Written(path=f"{UNITS}/{name}", text=_shipped(name))


def _variables(pool: Pool, settings: BurstSettings) -> dict[str, str]:
    node = settings.node
    return {
        "LSF_TOP": node.lsf_top,
        "LSF_ADMIN": node.lsf_admin,
        "MASTERS": " ".join(node.masters),
        "FLAGS": " ".join(dict.fromkeys((settings.host_flag, *node.resources))),
        # Exclusive: LSF puts only those jobs on the node that name it.
        "SPOT_FLAG": f"!{settings.spot_flag}" if settings.spot_flag and pool.purchase != "on-demand" else "",
        **({"BURST_FLAG": f"!{settings.planner.steering.flag}"} if settings.steers_by_flag else {}),
        "NCPUS": settings.ncpus,
        "GPUS": str(pool.gpus),
    }


def _conf(values: Mapping[str, str]) -> str:
    """Variables of the scripts, as a shell reads them."""
    return "".join(f"RIS_{key}={shlex.quote(value)}\n" for key, value in values.items())


def _options(node: Node) -> str:
    """A program that prints the options, as LSF's ``CONTAINER=docker[options(@PROGRAM)]`` and site wrappers call it."""
    return f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(' '.join(node.docker_options))}\n"


def _shipped(name: str) -> str:
    """A file of ours without its comments."""
    lines = files("burst.node").joinpath("scripts", name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith("#!") or not line.lstrip().startswith("#"))
