"""The steering port over LSF's own commands: bswitch for queues, bmod for a job's requirement.

Forms: IBM Spectrum LSF 10.1, command reference, bswitch (``bswitch QUEUE "job_ID[index]" ...``, several ids) and bmod
(``bmod -R "res_req" "job_ID[index]"``, ``-Rn`` takes it off, one job). Answers and exit codes are those of OpenLava's
and jhlava's sources, which have the same library: a line for each job, 255 where any was refused, the others done.
What a live LSF 10.1 prints was not seen, so a job counts as moved by exit code 0 or by its own line, and what is not
plain is asked again for each job alone.

Not confirmed: whether bmod of an LSF that has mandatory esubs (LSB_ESUB_METHOD) runs them as the administrator; a site
whose esub refuses or rewrites such a call shows it in the reason of ``not moved``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.shell import Command, Completed
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onprem.shell import Shell

MOST_JOBS = 100
"""Jobs on one command line."""

_JOB_ID = re.compile(r"[0-9]+(\[[0-9]+\])?")
_QUEUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SWITCHED = re.compile(r"Job <([0-9]+(?:\[[0-9]+\])?)> is switched to queue", re.IGNORECASE)
_IS_OVER = re.compile(r"no matching job|is not found|not found|already finished|no unfinished", re.IGNORECASE)
_HAS_STARTED = re.compile(r"already started|cannot be changed now|modify a running job", re.IGNORECASE)
_DENIED = re.compile(r"permission|denied|not an? .*administrator", re.IGNORECASE)
_ALL_REFUSED = re.compile(r"no such queue|queue has been closed", re.IGNORECASE)
_SILENT = re.compile(
    r"lsf is down|cannot connect|not responding|still trying|please wait|non-lsf host|lim is down|communication timeout"
    r"|internal error|connection refused|unable to open file",
    re.IGNORECASE,
)


def switching(job_ids: Sequence[str], queue: str) -> tuple[Command, ...]:
    """The commands that move these jobs, none for no job. Raises ``ConfigError`` for what is no id or no queue."""
    if not _QUEUE.fullmatch(queue):
        raise ConfigError(f"bswitch: {queue[:60]!r} is no queue", "mend planner.steering.queues of burst.yaml")
    wanted = [_checked("bswitch", job_id) for job_id in dict.fromkeys(job_ids)]
    chunks = (wanted[start : start + MOST_JOBS] for start in range(0, len(wanted), MOST_JOBS))
    return tuple(Command(argv=("bswitch", queue, *chunk)) for chunk in chunks)


def requiring(job_id: str, resreq: str) -> Command:
    """The command that gives a job its requirement, or takes it off. Raises ``ConfigError`` for what is no text."""
    if not resreq.isprintable():
        raise ConfigError(f"bmod: job {job_id[:40]}: its requirement holds a character that is no text")
    how = ("-R", resreq) if resreq else ("-Rn",)
    return Command(argv=("bmod", *how, _checked("bmod", job_id)))


def _checked(verb: str, job_id: str) -> str:
    """bswitch without an id moves the latest job, and with 0 all of them."""
    if not _JOB_ID.fullmatch(job_id) or job_id.strip("0") == "":
        raise ConfigError(f"{verb}: {job_id[:60]!r} is no job to act on", "job ids come from LSF itself")
    return job_id


@dataclass(frozen=True, slots=True)
class LsfSteers:
    """Moves pending jobs of LSF (the ``Steers`` port)."""

    shell: Shell
    timeout_s: float = field(default=30.0, kw_only=True)

    def switch(self, job_ids: Sequence[str], queue: str) -> Mapping[str, str]:
        """See ``ris_hybrid.ports.Steers``."""
        found: dict[str, str] = {}
        for command in switching(job_ids, queue):
            ids = command.argv[2:]
            done = self._run(command)
            if not done.rc:
                found |= dict.fromkeys(ids, "")
                continue
            moved = set(_SWITCHED.findall(done.stdout))
            found |= dict.fromkeys((one for one in ids if one in moved), "")
            found |= self._one_by_one([one for one in ids if one not in moved], queue, done, alone=len(ids) == 1)
        return found

    def _one_by_one(self, ids: Sequence[str], queue: str, done: Completed, *, alone: bool) -> dict[str, str]:
        """The jobs a command did not move, each by itself; a queue that takes none is not asked for each of them."""
        found: dict[str, str] = {}
        for at, job_id in enumerate(ids):
            if not alone and not _ALL_REFUSED.search(_said(done)):
                (command,) = switching([job_id], queue)
                done = self._run(command)
            if not done.rc:
                found[job_id] = ""
            elif _ALL_REFUSED.search(_said(done)):
                return found | dict.fromkeys(ids[at:], _line(done))
            elif not _IS_OVER.search(_said(done)):
                found[job_id] = _line(done)
        return found

    def require(self, job_id: str, resreq: str) -> str:
        """See ``ris_hybrid.ports.Steers``."""
        done = self._run(requiring(job_id, resreq))
        if not done.rc:
            return ""
        if _HAS_STARTED.search(_said(done)) or _IS_OVER.search(_said(done)):
            return f"it has started or is over: {_line(done)}"
        return _line(done)

    def _run(self, command: Command) -> Completed:
        done = self.shell.run(Command(argv=command.argv, timeout_s=self.timeout_s))
        denied = _DENIED.search(_said(done))
        silent = "Job <" not in _said(done) and _SILENT.search(_said(done))
        if done.rc and (denied or silent):
            hint = "only an LSF administrator may move others' jobs" if denied else "see whether LSF is up with `lsid`"
            raise SiteUnavailable(f"{command.argv[0]} failed (exit code {done.rc}): {_line(done)}", hint)
        return done


def _said(done: Completed) -> str:
    return f"{done.stderr}\n{done.stdout}"


def _line(done: Completed) -> str:
    lines = dict.fromkeys(line.strip() for line in _said(done).splitlines() if line.strip())
    return " / ".join(lines)[:200] or f"exit code {done.rc} without a message"
