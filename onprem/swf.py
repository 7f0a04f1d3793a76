"""Workload traces in the Standard Workload Format as a stream of jobs of the past.

The format (Feitelson et al., Parallel Workloads Archive, version 2.2): one job a line, 18 numbers separated by blanks,
``-1`` for unknown; lines that begin with ``;`` are the header, ``; Name: value``. Columns used here, counted from 1:
1 job, 2 submit time, 3 wait time, 4 run time, 5 allocated processors, 7 used memory and 10 requested memory (KB a
processor), 8 requested processors, 9 requested time (seconds), 11 status, 12 user, 13 group, 14 application, 15 queue.
What stands behind column 15 is not looked at. A requested time that a trace has in another column is not guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from onprem.compressed import no_progress, read_lines
from ris_hybrid.errors import ConfigError
from ris_hybrid.past_job import PastJob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NAMES = (
    "job number",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average CPU time",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "application",
    "queue",
)
_USED = len(_NAMES)
_WIDTH = 18
_MOST = 1e15
"""No figure of a trace is larger."""
_MOST_S = 1e10
"""No time is: three centuries. Traces with milliseconds have larger ones."""
_LATEST = 4_102_444_800
"""The year 2100: no trace has begun later."""
_MOST_MIB = 1 << 26
_HEADER = re.compile(r";\s*([A-Za-z]+):\s*(-?\d+)\s*$")
_WHAT = "trace"
_BAD_SHARE = 0.01
"""More bad lines than this of all, and the trace is refused."""
_ENOUGH = 1000
"""Bad lines after which that is looked at before the end."""
_DONE = 1


class Row(NamedTuple):
    """One line's numbers, by column, up to the queue; -1 is unknown."""

    job: float
    submitted: float
    wait_s: float
    run_s: float
    allocated: float
    cpu_s: float
    used_kb: float
    requested: float
    requested_s: float
    requested_kb: float
    status: float
    user: float
    group: float
    application: float
    queue: float


class BadLine(NamedTuple):
    """Why a line holds no job."""

    field: str
    expected: str

    def at(self, where: str) -> str:
        """``file:line: field: expected``."""
        return f"{where}: {self.field}: {self.expected}"


def row(line: str) -> Row | BadLine:
    """The numbers of one line."""
    columns = line.split(None, _WIDTH)
    if len(columns) < _WIDTH:
        return BadLine("line", f"expected {_WIDTH} columns, found {len(columns)}")
    try:
        found = Row(*map(float, columns[:_USED]))
    except ValueError:
        return _first_bad(columns)
    timely = max(abs(found.submitted), abs(found.wait_s), abs(found.run_s)) <= _MOST_S
    return found if timely and all(-_MOST <= number <= _MOST for number in found) else _first_bad(columns)


@dataclass(slots=True, kw_only=True)
class _Tally:
    jobs: int = 0
    bad: int = 0
    first: str = ""
    no_wait: int = 0
    disordered: int = 0
    header: dict[str, int] = field(default_factory=dict)


class SwfReading:
    """The jobs, read as they are asked for, once; what was met on the way is known afterwards.

    Jobs come as the file has them, mostly by submission. Queues, users and groups are numbers: ``queue1``, ``user7``,
    and the group is the lab, ``group5``. Times are epoch seconds where the header has UnixStartTime; else the trace's
    own and one, because a start at 0 would say that the job never started.
    """

    def __init__(self, path: Path, on_bytes: Callable[[int], None]) -> None:
        self._path = path
        self._on_bytes = on_bytes
        self._tally = _Tally()

    def __iter__(self) -> Iterator[PastJob]:
        """The jobs.

        Raises:
            ConfigError: the file cannot be read, holds no job, or more than one line in a hundred is none.
        """
        tally = self._tally
        latest = float("-inf")
        for number, line in enumerate(read_lines(self._path, _WHAT, self._on_bytes), start=1):
            text = line.strip()
            if not text or text.startswith(";"):
                self._head(text)
                continue
            found = row(text)
            if isinstance(found, BadLine):
                self._bad(found.at(f"{self._path}:{number}"))
                continue
            tally.jobs += 1
            tally.disordered += found.submitted < latest
            latest = max(latest, found.submitted)
            yield self._job(found)
        self._judge()
        if not tally.jobs:
            raise ConfigError(f"{self._path}: expected jobs of a trace, found none", "see the SWF definition")

    @property
    def capacity(self) -> int:
        """Processors of the system by the header (MaxProcs, else MaxNodes); 0 where it does not say."""
        return max(0, self._tally.header.get("MaxProcs", 0) or self._tally.header.get("MaxNodes", 0))

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before trusting the jobs; whole once all are read."""
        tally = self._tally
        found = []
        if tally.header.get("UnixStartTime", 0) > _LATEST:
            found.append("UnixStartTime of the header is no time in seconds: when the trace began is unknown")
        if tally.bad:
            found.append(f"{tally.bad} of {tally.bad + tally.jobs} lines passed over, first {tally.first}")
        if tally.no_wait:
            found.append(f"jobs that do not say how long they waited: {tally.no_wait}")
        return tuple(found)

    def notes(self) -> tuple[str, ...]:
        """The warnings, and counts of what is as it should be."""
        tally = self._tally
        found = list(self.warnings())
        if tally.disordered:
            found.append(f"lines that are not in the order of submission: {tally.disordered}")
        return tuple(found)

    def _head(self, text: str) -> None:
        said = _HEADER.match(text)
        if said:
            self._tally.header.setdefault(said[1], int(said[2]))

    def _bad(self, message: str) -> None:
        tally = self._tally
        tally.bad += 1
        tally.first = tally.first or message
        if not tally.bad % _ENOUGH:
            self._judge()

    def _judge(self) -> None:
        tally = self._tally
        if tally.bad > _BAD_SHARE * (tally.bad + tally.jobs):
            raise ConfigError(f"{tally.first} ({tally.bad} such lines of {tally.bad + tally.jobs})", "-1 is unknown")

    def _job(self, found: Row) -> PastJob:
        began = self._tally.header.get("UnixStartTime", 1)
        job = past_job(found, float(began) if 1 <= began <= _LATEST else 1.0)
        self._tally.no_wait += job.wait_unknown
        return job


def read_trace(path: Path, on_bytes: Callable[[int], None] = no_progress) -> SwfReading:
    """Read a trace, plain or gzipped. ``on_bytes`` is given bytes consumed of the file as it lies on disk."""
    return SwfReading(path, on_bytes)


def past_job(found: Row, began: float = 1.0) -> PastJob:
    """The job of one line of a trace whose second 0 is ``began``.

    Slots are those requested, which is what a scheduler places and what published simulators read; those allocated
    where that is unknown. KTH-SP2 has other figures there in 219 of its jobs.
    """
    slots = found.requested if found.requested > 0 else found.allocated
    ran = found.run_s >= 0 and slots > 0
    waited = max(0.0, found.wait_s)
    submitted = began + found.submitted
    started = submitted + waited
    return PastJob(
        job_id=f"{found.job:.0f}",
        submitted=submitted,
        started=started if ran else 0.0,
        ended=started + found.run_s if ran else started,
        slots=max(0, int(slots)),
        run_limit_s=found.requested_s if found.requested_s > 0 else None,
        queue=_numbered("queue", found.queue),
        user=_numbered("user", found.user),
        lab=_numbered("group", found.group),
        project="",
        name=_numbered("application", found.application),
        ineligible_s=0.0,
        memory_mib=_memory_mib(found, slots),
        failed=found.status >= 0 and found.status != _DONE,
        wait_unknown=found.wait_s < 0,
    )


def _numbered(word: str, number: float) -> str:
    return f"{word}{number:.0f}" if number >= 0 else ""


def _memory_mib(found: Row, slots: float) -> int:
    """KB a processor by the format; some traces have bytes there (wagap), which no machine could hold: unknown then."""
    kb = found.requested_kb if found.requested_kb > 0 else found.used_kb
    mib = int(kb * slots / 1024) if kb > 0 and slots > 0 else 0
    return mib if mib <= _MOST_MIB else 0


def _first_bad(columns: list[str]) -> BadLine:
    for name, text in zip(_NAMES, columns, strict=False):
        if not _is_number(text):
            return BadLine(name, f"expected a number, found {text[:40]!r}")
    return BadLine("line", "expected numbers of a size that can be true")


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
