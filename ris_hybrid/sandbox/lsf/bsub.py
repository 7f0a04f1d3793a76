"""``bsub``: from its options to a submission (sandbox).

How long a job really runs comes from ``RIS_SANDBOX_RUN_S`` in the environment, else from a command ``sleep N``,
else it is a minute. With ``RIS_SANDBOX_EXECUTE=1`` there the command is run as well (``working``). Options that only
matter to a real execution are accepted and have no effect.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.options import Parsed, Syntax, parse
from ris_hybrid.sandbox.lsf.reply import Reply, user_of
from ris_hybrid.sandbox.lsf.resreq import BadResreq
from ris_hybrid.sandbox.lsf.spec import JobRequest
from ris_hybrid.sandbox.lsf.when import begin_time, run_limit
from ris_hybrid.sandbox.lsf.working import EXECUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster

_RUN_S = 60.0
_SLEEP = re.compile(r"(?:\S*/)?sleep\s+(\d+(?:\.\d+)?)")
_SLOTS = re.compile(r"(\d+)(?:,(\d+))?")
_NOT_SUBMITTED = "Job not submitted."

_WITHOUT_EFFECT = ("M", "o", "oo", "e", "eo", "g", "sla", "gpu", "u", "m", "c", "env", "rcacct")
_SHOWN = ("a", "app", "cwd", "Jd")
"""Kept and shown by bjobs; they have no other effect."""

SYNTAX = Syntax(
    command="bsub",
    flags=frozenset({"H", "r", "I", "Is", "Ip", "K", "N", "B", "x", "rn"}),
    valued=frozenset({"q", "n", "J", "G", "P", "W", "b", "w", "R", *_WITHOUT_EFFECT, *_SHOWN}),
    usage="bsub [-q queue_name] [-n slots] [-J job_name] [-G user_group] [-P project_name] "
    '[-W [hour:]minute[/host]] [-b time] [-w "condition"] [-H] [-r] [-R "res_req"] command [argument ...]',
    options_first=True,
)


def bsub(cluster: Cluster, argv: Sequence[str], env: Mapping[str, str]) -> Reply:
    """Submit one job. Arrays are not modelled and are refused."""
    given = parse(SYNTAX, argv)
    if not given.operands:
        raise SYNTAX.fail(f"expected a command. {_NOT_SUBMITTED}")
    command = " ".join(given.operands)
    limit, begin = given.last("W"), given.last("b")
    try:
        request = JobRequest(
            run_s=_run_s(command, env),
            slots=slots_of(given.last("n") or "1"),
            queue=given.last("q") or "",
            user=user_of(env),
            user_group=given.last("G") or "",
            project=given.last("P") or "default",
            name=_name(given, command),
            run_limit_s=None if limit is None else run_limit(limit),
            begin=None if begin is None else begin_time(begin, cluster.now),
            dependency=given.last("w") or "",
            hold="H" in given.flags,
            rerunnable="r" in given.flags,
            resreq=resreq_of(given),
            application=given.last("app") or "",
            esub=" ".join(given.values.get("a", ())),
            cwd=given.last("cwd") or env.get("RIS_SANDBOX_CWD") or "",
            description=given.last("Jd") or "",
            command=command,
            volumes=" ".join(env.get("LSF_DOCKER_VOLUMES", "").split()),
            execute=env.get(EXECUTE) == "1",
        )
        job_id = cluster.submit(request)
    except ConfigError as error:
        raise ConfigError(f"{error.message.rstrip('.')}. {_NOT_SUBMITTED}", error.hint) from error
    queue = cluster.jobs((job_id,))[0].queue
    default = "" if request.queue else "default "
    return Reply(stdout=f"Job <{job_id}> is submitted to {default}queue <{queue}>.\n")


def slots_of(text: str) -> int:
    """``4`` or ``4,8`` (the least number is taken); ``ConfigError`` otherwise."""
    match = _SLOTS.fullmatch(text)
    if match is None or int(match[1]) < 1:
        raise ConfigError(f"{text}: Bad number of slots", "expected a whole number of at least 1")
    return int(match[1])


def resreq_of(given: Parsed) -> str:
    """Every ``-R`` together; ``BadResreq`` when the brackets do not match."""
    resreq = " ".join(given.values.get("R", ()))
    if resreq.count("[") != resreq.count("]"):
        raise BadResreq("Bad resource requirement syntax", f"brackets do not match in {resreq}")
    return resreq


def _name(given: Parsed, command: str) -> str:
    name = given.last("J")
    if name is None:
        return command
    if re.search(r"[\[\]()]", name) or not name.strip():
        raise ConfigError("Bad job name", "job arrays are not part of the sandbox")
    return name


def _run_s(command: str, env: Mapping[str, str]) -> float:
    given = env.get("RIS_SANDBOX_RUN_S")
    if given is not None:
        if re.fullmatch(r"\d+(\.\d+)?", given) is None:
            raise ConfigError(f"RIS_SANDBOX_RUN_S: expected seconds, found {given!r}", "e.g. 600")
        return float(given)
    match = _SLEEP.fullmatch(command)
    return float(match[1]) if match else _RUN_S
