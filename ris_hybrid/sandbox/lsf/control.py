"""The commands that change jobs and hosts: bmod, bswitch, bkill, brequeue, bstop, bresume, badmin (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.bsub import resreq_of, slots_of
from ris_hybrid.sandbox.lsf.options import Syntax, parse
from ris_hybrid.sandbox.lsf.reply import FAILED, Reply
from ris_hybrid.sandbox.lsf.resreq import BadResreq
from ris_hybrid.sandbox.lsf.when import begin_time, run_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.options import Parsed

_NONE: frozenset[str] = frozenset()
_BMOD = Syntax(
    command="bmod",
    flags=frozenset({"Rn"}),
    valued=frozenset({"R", "W", "b", "n"}),
    usage='bmod [-R "res_req" | -Rn] [-W [hour:]minute] [-b time] [-n slots] job_ID',
)
_BSWITCH = Syntax(command="bswitch", flags=_NONE, valued=_NONE, usage="bswitch queue_name job_ID ...")
_BADMIN = Syntax(
    command="badmin",
    flags=_NONE,
    valued=frozenset({"C"}),
    usage="badmin ckconfig | reconfig | mbdrestart | hclose [-C comment] host_name ... | hopen host_name ...",
)
_CHECKED = "Checking configuration files ...\n\nNo errors found.\n\n"
_RELOADS = {
    "ckconfig": _CHECKED,
    "reconfig": f"{_CHECKED}Reconfiguration initiated\n",
    "mbdrestart": f"{_CHECKED}MBD restart initiated\n",
}


def bmod(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Change a pending job."""
    given = parse(_BMOD, argv)
    if len(given.operands) != 1 or not (given.values or given.flags):
        raise _BMOD.fail("expected one job ID and at least one option")
    job_id = given.operands[0]
    slots, limit, begin = given.last("n"), given.last("W"), given.last("b")
    try:
        cluster.modify(
            job_id,
            slots=None if slots is None else slots_of(slots),
            run_limit_s=None if limit is None else run_limit(limit),
            begin=None if begin is None else begin_time(begin, cluster.now),
            resreq=_new_resreq(given),
        )
    except BadResreq as error:
        raise ConfigError(f"{error.message}. Job not modified.", error.hint) from error
    return Reply(stdout=f"Parameters of job <{job_id}> are being changed\n")


def _new_resreq(given: Parsed) -> str | None:
    """What ``-R`` gives, nothing for ``-Rn``, None where neither is there and it stays as it is."""
    return "" if "Rn" in given.flags else resreq_of(given) if "R" in given.values else None


def bswitch(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Move unfinished jobs to another queue; one that runs goes on, where the queue may use its hosts."""
    operands = parse(_BSWITCH, argv).operands
    if len(operands) < 2:
        raise _BSWITCH.fail("expected a queue and at least one job ID")
    queue = operands[0]
    return _each(
        operands[1:], lambda job_id: cluster.switch(job_id, queue), f"Job <{{}}> is switched to queue <{queue}>"
    )


def bkill(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """End jobs."""
    return _each(_ids("bkill", argv), cluster.kill, "Job <{}> is being terminated")


def brequeue(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Put running jobs back to pending."""
    return _each(_ids("brequeue", argv), cluster.requeue, "Job <{}> is being requeued")


def bstop(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Hold pending jobs."""
    return _each(_ids("bstop", argv), cluster.hold, "Job <{}> is being stopped")


def bresume(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Let held jobs go on."""
    return _each(_ids("bresume", argv), cluster.resume, "Job <{}> is being resumed")


def badmin(cluster: Cluster, argv: Sequence[str], _env: Mapping[str, str]) -> Reply:
    """Close and open hosts; the commands about configuration files find nothing wrong."""
    given = parse(_BADMIN, argv)
    word, *hosts = given.operands or ("",)
    if word in _RELOADS and not hosts:
        return Reply(stdout=_RELOADS[word])
    if word == "hclose" and hosts:
        return _each(hosts, cluster.close, "Close <{}> ...... done")
    if word == "hopen" and hosts:
        return _each(hosts, cluster.reopen, "Open <{}> ...... done")
    raise _BADMIN.fail(f"illegal command -- {' '.join(given.operands)}")


def _ids(command: str, argv: Sequence[str]) -> tuple[str, ...]:
    syntax = Syntax(command=command, flags=_NONE, valued=_NONE, usage=f"{command} job_ID ...")
    operands = parse(syntax, argv).operands
    if not operands:
        raise syntax.fail("expected at least one job ID")
    return operands


def _each(names: Sequence[str], act: Callable[[str], None], done: str) -> Reply:
    """Act on every name; what fails is said on stderr and does not keep the others back."""
    out, errors = "", ""
    for name in names:
        try:
            act(name)
        except ConfigError as error:
            errors += f"{error.message}\n"
        else:
            out += done.format(name) + "\n"
    return Reply(rc=FAILED if errors else 0, stdout=out, stderr=errors)
