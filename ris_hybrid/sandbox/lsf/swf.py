"""A workload trace in the Standard Workload Format as submissions to the virtual LSF (sandbox).

``onprem.swf`` reads the lines; here they become requests. Columns used, counted from 1: 2 submit time, 4 run time,
5 allocated processors, 8 requested processors, 9 requested time (seconds), 12 user, 13 group, 15 queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.compressed import read_lines
from onprem.swf import BadLine, row
from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.spec import JobRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onprem.swf import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How the numbers of a trace become names of the site."""

    labs: tuple[str, ...] = ()
    """Group numbers (user numbers where the group is unknown) are dealt to these in turn; empty: no lab."""
    queues: Mapping[int, str] = field(default_factory=dict)
    """Queue number to queue; a number not in it goes to the cluster's default queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One submission and when it comes, in the trace's own seconds."""

    at: float
    request: JobRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The header as text, the submissions by time, and how many lines held no job that ran."""

    header: str
    arrivals: tuple[Arrival, ...]
    left_out: int


def read_swf(path: Path, names: Names | None = None) -> Trace:
    """Read a plain or gzipped trace; ``ConfigError`` as ``file:line: field: expected`` for the first bad line.

    A job that ran longer than it had asked for is cut to what it asked for, so that a replay's run limit does
    not kill what the real site let end. Jobs without a run time or processors (cancelled before their start)
    are left out.
    """
    header: list[str] = []
    arrivals: list[Arrival] = []
    left_out = 0
    for number, line in enumerate(read_lines(path, "trace"), start=1):
        text = line.strip()
        if text.startswith(";"):
            header.append(text)
        elif text:
            arrival = _arrival(_whole(text, f"{path}:{number}"), names or Names())
            if arrival is None:
                left_out += 1
            else:
                arrivals.append(arrival)
    arrivals.sort(key=lambda arrival: arrival.at)
    return Trace(header="\n".join(header), arrivals=tuple(arrivals), left_out=left_out)


def _whole(text: str, where: str) -> Row:
    found = row(text)
    if isinstance(found, BadLine):
        raise ConfigError(found.at(where), "-1 stands for unknown; see the SWF definition")
    return found


def _arrival(job: Row, names: Names) -> Arrival | None:
    slots = int(job.requested) if job.requested > 0 else int(job.allocated)
    if slots <= 0 or job.run_s < 0:
        return None
    limit = job.requested_s if job.requested_s > 0 else None
    user, group = int(job.user), int(job.group)
    return Arrival(
        at=job.submitted,
        request=JobRequest(
            run_s=job.run_s if limit is None else min(job.run_s, limit),
            slots=slots,
            queue=names.queues.get(int(job.queue), ""),
            user=f"user{user}" if user >= 0 else "user",
            user_group=_user_group(group if group >= 0 else user, names.labs),
            run_limit_s=limit,
        ),
    )


def _user_group(number: int, labs: tuple[str, ...]) -> str:
    return f"compute-{labs[max(number, 0) % len(labs)]}" if labs else ""
