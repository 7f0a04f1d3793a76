"""Reads a workload trace in the Standard Workload Format as submissions to the virtual LSF (sandbox).

The format (Feitelson et al., Parallel Workloads Archive, version 2.2): one job a line, 18 numbers separated by
blanks, ``-1`` for unknown; header lines begin with ``;``. Columns used here, counted from 1: 2 submit time,
4 run time, 5 allocated processors, 8 requested processors, 9 requested time (seconds), 12 user, 13 group, 15 queue.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.spec import JobRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COLUMNS = {
    "submit time": 2,
    "run time": 4,
    "allocated processors": 5,
    "requested processors": 8,
    "requested time": 9,
    "user": 12,
    "group": 13,
    "queue": 15,
}
_WIDTH = 18
_GZIP_MAGIC = b"\x1f\x8b"


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
    for number, line in enumerate(_text(path).splitlines(), start=1):
        text = line.strip()
        if text.startswith(";"):
            header.append(text)
        elif text:
            arrival = _arrival(_numbers(text, f"{path}:{number}"), names or Names())
            if arrival is None:
                left_out += 1
            else:
                arrivals.append(arrival)
    arrivals.sort(key=lambda arrival: arrival.at)
    return Trace(header="\n".join(header), arrivals=tuple(arrivals), left_out=left_out)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"{path}: expected a readable trace, plain or gzipped: {error}", "check the path") from error
    return data.decode("utf-8", errors="replace")


def _numbers(text: str, where: str) -> dict[str, float]:
    columns = text.split()
    if len(columns) < _WIDTH:
        raise ConfigError(f"{where}: line: expected {_WIDTH} columns, found {len(columns)}", "see the SWF definition")
    found = {}
    for name, column in _COLUMNS.items():
        try:
            found[name] = float(columns[column - 1])
        except ValueError:
            raise ConfigError(
                f"{where}: {name}: expected a number, found {columns[column - 1]!r}", "-1 stands for unknown"
            ) from None
    return found


def _arrival(job: Mapping[str, float], names: Names) -> Arrival | None:
    slots = int(job["requested processors"])
    if slots <= 0:
        slots = int(job["allocated processors"])
    run_s = job["run time"]
    if slots <= 0 or run_s < 0:
        return None
    limit = job["requested time"] if job["requested time"] > 0 else None
    user, group = int(job["user"]), int(job["group"])
    return Arrival(
        at=job["submit time"],
        request=JobRequest(
            run_s=run_s if limit is None else min(run_s, limit),
            slots=slots,
            queue=names.queues.get(int(job["queue"]), ""),
            user=f"user{user}" if user >= 0 else "user",
            user_group=_user_group(group if group >= 0 else user, names.labs),
            run_limit_s=limit,
        ),
    )


def _user_group(number: int, labs: tuple[str, ...]) -> str:
    return f"compute-{labs[max(number, 0) % len(labs)]}" if labs else ""
