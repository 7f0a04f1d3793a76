r"""The short answers of a bjobs that knows few fields or none: fifteen of them as JSON, or the ``-w`` table (pure).

Volclava's ``-o`` knows jobid user stat queue from_host exec_host job_name submit_time proj_name cpu_used mem swap pids
start_time finish_time. The table has JOBID USER STAT QUEUE FROM_HOST EXEC_HOST JOB_NAME SUBMIT_TIME; EXEC_HOST is blank
for a job that waits, names may hold blanks, and columns may be out of line, so a row is read from both ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.lsf.envelope import open_envelope
from onprem.lsf.fields import HINT
from onprem.lsf.job_record import Flaw, Gone, read_job
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Job, JobStatus

if TYPE_CHECKING:
    from onprem.lsf.envelope import Record

BRIEF_FIELDS = ("jobid", "user", "stat", "queue", "exec_host", "job_name", "submit_time", "proj_name", "start_time")

_INDEX = re.compile(r"\[([0-9]{1,9})\]\s*$")
_WHEN = r"[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?: [0-9]{4})?"
_ROW = re.compile(
    rf"(?P<JOBID>[0-9]+(?:\[[0-9]+\])?)\s+(?P<USER>\S+)\s+(?P<STAT>[A-Z]+)\s+(?P<QUEUE>\S+)\s+"
    rf"(?P<middle>.*?)\s*(?P<SUBMIT_TIME>{_WHEN})\s*"
)
_WAITING = frozenset({JobStatus.PEND, JobStatus.PSUSP})


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefJob:
    """A job with what a short answer says of it; moments as printed, empty where there are none."""

    job: Job
    submitted: str
    started: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefRead:
    """What one short answer held."""

    jobs: tuple[BriefJob, ...]
    lost: int
    """Jobs that are there and could not be read."""
    complaint: str = ""


def parse_brief(text: str) -> BriefRead:
    """``bjobs -o BRIEF_FIELDS -json``. Raises ``SiteUnavailable`` when the text is no such answer."""
    envelope = open_envelope(text, "bjobs", _brief)
    flaws = [found for found in envelope.records if not isinstance(found, BriefJob | Gone)]
    missing = max(0, (envelope.announced or 0) - envelope.listed)
    return _read(envelope.records, flaws, envelope.broken + missing)


def parse_table(text: str) -> BriefRead:
    """``bjobs -w``. Raises ``SiteUnavailable`` when there is no table."""
    lines = text.splitlines()
    header = next((at for at, line in enumerate(lines) if line.split()[:1] == ["JOBID"]), None)
    if header is None:
        raise SiteUnavailable(f"no table with JOBID in {text[:80]!r}", HINT)
    rows = [_row(line) for line in lines[header + 1 :] if line.strip()]
    return _read(rows, [row for row in rows if isinstance(row, Flaw)], 0)


def _read(found: list[object] | list[BriefJob | Flaw | Gone], flaws: list[object] | list[Flaw], more: int) -> BriefRead:
    jobs = tuple(one for one in found if isinstance(one, BriefJob))
    first = next((flaw.why for flaw in flaws if isinstance(flaw, Flaw)), "a record is no object" if flaws else "")
    return BriefRead(jobs=jobs, lost=len(flaws) + more, complaint=first)


def _row(line: str) -> BriefJob | Flaw | Gone:
    parts = _ROW.fullmatch(line.strip())
    if parts is None:
        return Flaw(f"a row of bjobs is not understood: {line.strip()[:80]!r}")
    words = parts["middle"].split()
    waits = parts["STAT"] in _WAITING
    record = {key: value for key, value in parts.groupdict().items() if key != "middle"}
    record["EXEC_HOST"] = words[1] if not waits and len(words) > 1 else ""
    record["JOB_NAME"] = parts["middle"]
    return _brief(record)


def _brief(record: Record) -> BriefJob | Flaw | Gone:
    read = read_job({**record, "JOBINDEX": _index(record)})
    if not isinstance(read, Job):
        return read
    slots = _slots_of(read.exec_host)
    submitted, started = str(record.get("SUBMIT_TIME", "")), str(record.get("START_TIME", ""))
    return BriefJob(job=read._replace(slots=slots) if slots else read, submitted=submitted, started=started)


def _index(record: Record) -> str:
    """An element of an array has its index at the end of its name, ``arr[3]``, where its id does not show it."""
    name = _INDEX.search(str(record.get("JOB_NAME", "")))
    return name[1] if name and "[" not in str(record.get("JOBID", "")) else ""


def _slots_of(exec_host: str) -> int:
    """Slots a running job holds: ``a:a:b`` is three, ``16*a:b`` seventeen."""
    heads = [host.partition("*")[0] for host in exec_host.split(":") if host]
    return sum(int(head) if head.isdecimal() else 1 for head in heads)
