"""The scheduler port over LSF's own commands: ask, then parse; a silence is never read as an empty cluster.

Asks with ``-o ... -json`` (bjobs, bhosts and bqueues of LSF 10.1.0.2 and later). Hosts and queues fall back on the
``-w`` tables where the site's commands have no such form.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.lsf.parse import parse_bhosts_text, parse_bqueues_text, parse_hosts, parse_jobs, parse_queues
from onprem.shell import Command, Completed
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onprem.lsf.parse import JobsRead
    from onprem.shell import Shell
    from ris_hybrid.model import Host, Job, Queue

JOB_FIELDS = (
    "jobid",
    "jobindex",
    "stat",
    "queue",
    "user",
    "user_group",
    "proj_name",
    "nreq_slot",
    "pend_reason",
    "pendstate",
    "pend_time",
    "ependtime",
    "dependency",
    "specified_start_time",
    "runtimelimit",
    "run_time",
    "exec_host",
)
"""What a ``Job`` is made of, and nothing more: every field asked for is printed for every job."""
NEWER_FIELDS = frozenset({"pendstate", "ependtime"})
"""Fields an older bjobs does not know; without them every pending second counts as eligible."""
HOST_FIELDS = ("host_name", "status", "max", "njobs", "run")
QUEUE_FIELDS = ("queue_name", "status", "max", "pend", "run")
MOST_LOST = 0.05
"""Above this share of lost jobs the answer is no answer; a single lost job never makes it one."""

_NO_JOB = ("No unfinished job found", "No job found")
_BAD_FIELD = "not a valid field name"
_NO_SUCH_FORM = re.compile(
    rf"(illegal|invalid|unrecognized) option|{_BAD_FIELD}|^\s*usage\b", re.IGNORECASE | re.MULTILINE
)
_HINT = "see whether LSF is up with `lsid` and `badmin showstatus`, then try again"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsAnswer:
    """The jobs, and what a person should know about how completely they were read."""

    jobs: tuple[Job, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LsfScheduler:
    """What LSF says, through bjobs, bhosts and bqueues (the ``Scheduler`` port)."""

    shell: Shell
    timeout_s: float = field(default=30.0, kw_only=True)

    def jobs(self) -> tuple[Job, ...]:
        """See ``ris_hybrid.ports.Scheduler``; notices go to the log."""
        answer = self.read_jobs()
        for notice in answer.notices:
            _log.warning("%s", notice)
        return answer.jobs

    def read_jobs(self) -> JobsAnswer:
        """Every unfinished job, with notices. Raises ``SiteUnavailable`` when too many could not be read."""
        done = self._ask(_bjobs(JOB_FIELDS))
        if "{" not in done.stdout and _BAD_FIELD in done.stderr + done.stdout:
            done = self._ask(_bjobs([name for name in JOB_FIELDS if name not in NEWER_FIELDS]))
        if "{" not in done.stdout:
            if any(words in done.stdout + done.stderr for words in _NO_JOB):
                return JobsAnswer(jobs=())
            raise _silent("bjobs", done)
        read = parse_jobs(done.stdout)
        if read.lost > max(1.0, MOST_LOST * (len(read.jobs) + read.lost)) or (read.lost and not read.jobs):
            raise SiteUnavailable(
                f"bjobs: {read.lost} of {len(read.jobs) + read.lost} jobs could not be read"
                + (f" ({read.complaint})" if read.complaint else ""),
                "run the same bjobs command by hand; too much of the queue is unknown to act on it",
            )
        return JobsAnswer(jobs=read.jobs, notices=_notices(read, done))

    def hosts(self) -> tuple[Host, ...]:
        """See ``ris_hybrid.ports.Scheduler``."""
        done = self._ask(("bhosts", "-o", " ".join(HOST_FIELDS), "-json"))
        if _refused(done):
            return parse_bhosts_text(_table("bhosts", self._ask(("bhosts", "-w"))))
        return parse_hosts(_json("bhosts", done))

    def queues(self) -> tuple[Queue, ...]:
        """See ``ris_hybrid.ports.Scheduler``."""
        done = self._ask(("bqueues", "-o", " ".join(QUEUE_FIELDS), "-json"))
        if _refused(done):
            return parse_bqueues_text(_table("bqueues", self._ask(("bqueues", "-w"))))
        return parse_queues(_json("bqueues", done))

    def _ask(self, argv: tuple[str, ...]) -> Completed:
        return self.shell.run(Command(argv=argv, timeout_s=self.timeout_s))


def _bjobs(fields: Sequence[str]) -> tuple[str, ...]:
    return ("bjobs", "-u", "all", "-o", " ".join(fields), "-json")


def _notices(read: JobsRead, done: Completed) -> tuple[str, ...]:
    notices = []
    if read.unreadable:
        notices.append(f"bjobs: {read.unreadable} job(s) left out as unreadable: {read.complaint}")
    if read.announced is not None and read.announced != read.listed:
        notices.append(f"bjobs announced {read.announced} job(s) and listed {read.listed}")
    if done.rc and read.listed:
        notices.append(f"bjobs ended with {done.rc}: {_words(done.stderr) or 'no message'}")
    return tuple(notices)


def _refused(done: Completed) -> bool:
    """Whether the command said it does not know this form, which an older or another LSF does."""
    return "{" not in done.stdout and _NO_SUCH_FORM.search(done.stderr + "\n" + done.stdout) is not None


def _json(command: str, done: Completed) -> str:
    if "{" not in done.stdout:
        raise _silent(command, done)
    return done.stdout


def _table(command: str, done: Completed) -> str:
    if done.rc or not done.stdout.strip():
        raise _silent(command, done)
    return done.stdout


def _silent(command: str, done: Completed) -> SiteUnavailable:
    said = _words(done.stderr) or _words(done.stdout) or "it printed nothing"
    refused = _refused(done)
    hint = "bjobs with -o and -json is needed: LSF 10.1.0.2 or later" if refused else _HINT
    return SiteUnavailable(f"{command} gave no answer (exit code {done.rc}): {said}", hint)


def _words(text: str) -> str:
    """LSF's own words on one line, each once: its clients repeat themselves while they wait."""
    lines = dict.fromkeys(line.strip() for line in text.splitlines() if line.strip())
    return " / ".join(lines)[:200]
