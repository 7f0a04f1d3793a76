"""The scheduler port over LSF's own commands: ask, then parse; a silence is never read as an empty cluster.

Asks with ``-o ... -json`` (bjobs, bhosts and bqueues of LSF 10.1.0.2 and later). Where the site's commands have no
such form, hosts and queues come from the ``-w`` tables, and jobs as ``onprem.lsf.older`` tells::

    all fields ──bad field──▶ without the newer ones ──bad field──▶ Volclava's few ┐
        └──────────────────── no -o at all ────────────────────────▶ bjobs -w      ┴──▶ bjobs -p -UF, or -l
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.lsf.brief import BRIEF_FIELDS, BriefRead, parse_brief, parse_table
from onprem.lsf.older import joined, waits
from onprem.lsf.parse import parse_bhosts_text, parse_bqueues_text, parse_hosts, parse_jobs, parse_queues
from onprem.shell import Command, Completed
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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

_TABLE = ("bjobs", "-u", "all", "-w")
_LONG_FORMS = (("bjobs", "-u", "all", "-p", "-UF"), ("bjobs", "-u", "all", "-p", "-l"))
_NO_JOB = ("No unfinished job found", "No job found", "No pending job found")
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
    now: Callable[[], float] | None = field(default=None, kw_only=True)
    """Turns the moments that older schedulers print into seconds; without it they count as now."""

    def jobs(self) -> tuple[Job, ...]:
        """See ``ris_hybrid.ports.Scheduler``; notices go to the log."""
        answer = self.read_jobs()
        for notice in answer.notices:
            _log.warning("%s", notice)
        return answer.jobs

    def read_jobs(self) -> JobsAnswer:
        """Every unfinished job, with notices. Raises ``SiteUnavailable`` when too many could not be read."""
        done = self._ask(_bjobs(JOB_FIELDS))
        if _bad_field(done):
            done = self._ask(_bjobs([name for name in JOB_FIELDS if name not in NEWER_FIELDS]))
        if _refused(done):
            return self._older(few_fields=_bad_field(done))
        if "{" not in done.stdout:
            return _none_or_silent("bjobs", done)
        read = parse_jobs(done.stdout)
        _not_too_many(read.lost, len(read.jobs), read.complaint)
        return JobsAnswer(jobs=read.jobs, notices=_notices(read, done))

    def _older(self, *, few_fields: bool) -> JobsAnswer:
        """From a bjobs that does not know our fields, or no field."""
        done = self._ask(_bjobs(BRIEF_FIELDS) if few_fields else _TABLE)
        if not done.stdout.strip() or (few_fields and "{" not in done.stdout):
            return _none_or_silent("bjobs", done)
        read = parse_brief(done.stdout) if few_fields else parse_table(done.stdout)
        _not_too_many(read.lost, len(read.jobs), read.complaint)
        older = joined(read, self._long(read), self.now() if self.now else None)
        lost = f"bjobs: {read.lost} job(s) left out as unreadable: {read.complaint}"
        unknown = f"bjobs: slots of {older.unknown} pending job(s) are unknown and count as one each"
        notices = ((lost, read.lost), (unknown, older.unknown))
        return JobsAnswer(jobs=older.jobs, notices=tuple(text for text, count in notices if count))

    def _long(self, read: BriefRead) -> str:
        """The long form of the pending jobs; nothing when none pends any more, or no long form is known."""
        for argv in _LONG_FORMS if waits(read) else ():
            done = self._ask(argv)
            if done.stdout.strip() and not _refused(done):
                return done.stdout
            if not _refused(done):
                _none_or_silent("bjobs", done)
                break
        return ""

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


def _not_too_many(lost: int, read: int, complaint: str) -> None:
    if lost > max(1.0, MOST_LOST * (read + lost)) or (lost and not read):
        raise SiteUnavailable(
            f"bjobs: {lost} of {read + lost} jobs could not be read" + (f" ({complaint})" if complaint else ""),
            "run the same bjobs command by hand; too much of the queue is unknown to act on it",
        )


def _none_or_silent(command: str, done: Completed) -> JobsAnswer:
    """No job, if LSF said so in words; raises ``SiteUnavailable`` otherwise."""
    if any(words in done.stdout + done.stderr for words in _NO_JOB):
        return JobsAnswer(jobs=())
    raise _silent(command, done)


def _bad_field(done: Completed) -> bool:
    return "{" not in done.stdout and _BAD_FIELD in done.stderr + done.stdout


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
    return SiteUnavailable(f"{command} gave no answer (exit code {done.rc}): {said}", _HINT)


def _words(text: str) -> str:
    """LSF's own words on one line, each once: its clients repeat themselves while they wait."""
    lines = dict.fromkeys(line.strip() for line in text.splitlines() if line.strip())
    return " / ".join(lines)[:200]
