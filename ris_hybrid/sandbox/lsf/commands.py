"""Runs one LSF command against the virtual cluster: the command's words in, return code and texts out (sandbox)."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.bhosts import bhosts
from ris_hybrid.sandbox.lsf.bjobs import bjobs
from ris_hybrid.sandbox.lsf.bqueues import bqueues
from ris_hybrid.sandbox.lsf.bsub import bsub
from ris_hybrid.sandbox.lsf.control import badmin, bkill, bmod, brequeue, bresume, bstop, bswitch
from ris_hybrid.sandbox.lsf.reply import FAILED, Reply, master_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.ebrokerd import RcRow

__all__ = ["COMMANDS", "Reply", "no_rc_rows", "run_command"]

_VERSION = "LSF 10.1.0 forms, ris-hybrid sandbox (not IBM Spectrum LSF)"


def no_rc_rows() -> tuple[RcRow, ...]:
    """A cluster without a resource connector."""
    return ()


def lsid(cluster: Cluster, _argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Who the cluster is."""
    names = f"My cluster name is {cluster.spec.name}\nMy master name is {master_host(cluster)}\n"
    return Reply(stdout=f"{_VERSION}\n\n{names}")


_ANSWERS: Mapping[str, Callable[[Cluster, Sequence[str], Mapping[str, str]], Reply]] = {
    "badmin": badmin,
    "bjobs": bjobs,
    "bkill": bkill,
    "bmod": bmod,
    "bqueues": bqueues,
    "brequeue": brequeue,
    "bresume": bresume,
    "bstop": bstop,
    "bsub": bsub,
    "bswitch": bswitch,
    "lsid": lsid,
}
COMMANDS = (*_ANSWERS, "bhosts")
"""The names the virtual LSF puts on PATH."""


def run_command(
    cluster: Cluster,
    argv: Sequence[str],
    env: Mapping[str, str],
    rc_rows: Callable[[], Sequence[RcRow]] = no_rc_rows,
) -> Reply:
    """Run ``argv`` (its first word the command, with or without a path) and return (rc, stdout, stderr).

    ``rc_rows`` is ebrokerd's view of its hosts, for ``bhosts -rc``. Never raises for what a user typed: that is
    return code 255 and a text on stderr.
    """
    name = PurePath(argv[0]).name if argv else ""
    if list(argv[1:]) == ["-V"]:
        return Reply(stderr=f"{_VERSION}\n")
    try:
        if name == "bhosts":
            return bhosts(cluster, argv[1:], env, rc_rows)
        if name in _ANSWERS:
            return _ANSWERS[name](cluster, argv[1:], env)
    except ConfigError as error:
        return Reply(rc=FAILED, stderr=f"{error.message}\n")
    return Reply(rc=127, stderr=f"{name}: command not found\n")
