"""What a command of the virtual LSF answers, and the few facts all of them need (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.lsf.cluster import Cluster

FAILED = 255
"""The return code LSF's commands give for nearly every failure."""


class Reply(NamedTuple):
    """Return code and texts of one command."""

    rc: int = 0
    stdout: str = ""
    stderr: str = ""


def user_of(env: Mapping[str, str]) -> str:
    """Who runs the command."""
    return env.get("USER") or env.get("LOGNAME") or "user"


def master_host(cluster: Cluster) -> str:
    """The name of the management host, where all jobs are submitted from."""
    return f"{cluster.spec.name}-master"
