"""The long form of bjobs (``-l``, ``-UF``) into what the short forms do not say about pending jobs (pure).

``-l`` wraps near column 79, inside words too, and begins the rest with 21 blanks (26 where times have a year), so a
blank at the break is lost: every pattern allows for that. ``-UF`` does not wrap. Forms: recorded answers of LSF 7 to
10.1 (``tests/golden/lsf/bjobs-l``, ``bjobs-UF``) and what OpenLava's bjobs prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.lsf.durations import run_limit
from onprem.lsf.fields import lab_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WRAPPED = 21  # blanks at least before the rest of a line; the tables of load figures have fewer
_JOB = re.compile(r"^Job <([0-9]+(?:\[[0-9]+\])?)>", re.MULTILINE)
COMMAND = re.compile(r",\s*Command(?:\(Spooled\))?\s*<")
NAME = re.compile(r",\s*Job\s*Name\s*<.*?>,\s*User\s*<", re.DOTALL)
_GROUP = re.compile(r",\s*User\s*Group\s*<([^<>]+)>")
SUBMITTED = re.compile(
    r"^(?P<at>\w{3} \w{3} +\d{1,2} \d\d:\d\d:\d\d(?: \d{4})?):\s*Submitted\s*from\s*host\s*(?P<rest><.*)$", re.MULTILINE
)
QUOTED = re.compile(r"<[^<>]*>")
_SLOTS = re.compile(r",\s*(\d{1,9})(?:-\d+|,\s*\d+)?\s*(?:Processors\s*Requested|Task\(s\)|Tasks?\s*Requested)")
_DEPENDENCY = re.compile(r",\s*Dependency\s*Condition\s*<(.*?)>(?=[,;]|$)")
_START = re.compile(r",\s*Specified\s*Start\s*Time\s*<([^<>]*)>")
_LIMIT = re.compile(r"^ *RUNLIMIT[^\n]*\n\s*([0-9.]+)\s*min", re.MULTILINE)
_REASONS = re.compile(r"^ *PENDING\s*REASONS:[^\n]*\n((?:[^\n]*\S[^\n]*\n?)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongJob:
    """What the long form says of one job; None or empty where it does not."""

    slots: int
    """One where no number is printed: LSF leaves it out for a serial job."""
    run_limit_s: float | None
    lab: str
    dependency: str
    specified_start: str
    reason: str
    submitted: str
    """As printed, in the local time of the host that asked."""


def parse_long(text: str) -> Mapping[str, LongJob]:
    """Every job by id (``12``, ``12[3]``); other text is passed over. Raises ``SiteUnavailable`` for an odd limit."""
    found: dict[str, LongJob] = {}
    for job_id, block in blocks(unwrapped(text)):
        job = _long_job(block)
        if job is not None:
            found.setdefault(job_id, job)
    return found


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each job's id and what is said of it, of text that is not wrapped."""
    starts = list(_JOB.finditer(text))
    for number, start in enumerate(starts, 1):
        end = starts[number].start() if number < len(starts) else len(text)
        yield start[1], text[start.end() : end]


def _long_job(block: str) -> LongJob | None:
    submitted = SUBMITTED.search(block)
    if submitted is None:
        return None
    rest, after = submitted["rest"], block[submitted.end() :]
    # The job's own texts stand in angle brackets: without them no user's file name can look like a request.
    slots = _SLOTS.search(QUOTED.sub("<>", rest))
    limit = _LIMIT.search(after)
    reasons = _REASONS.search(after)
    return LongJob(
        slots=max(1, int(slots[1])) if slots else 1,
        run_limit_s=run_limit(limit[1]) if limit else None,
        lab=_lab(block[: submitted.start()]),
        dependency=_first(_DEPENDENCY, rest),
        specified_start=_first(_START, rest).strip(),
        reason=" ".join(reasons[1].split()) if reasons else "",
        submitted=submitted["at"],
    )


def _lab(header: str) -> str:
    """From the user group; the job's name and command, which are the user's own words, are cut off first."""
    end = COMMAND.search(header)
    return lab_of(_first(_GROUP, NAME.sub(", User <", header[: end.start()] if end else header, count=1)))


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def unwrapped(text: str) -> str:
    """Each wrapped line in one: the indentation of a text is that of its least indented rest."""
    lines = text.splitlines()
    depths = [depth for line in lines if line.strip() and (depth := len(line) - len(line.lstrip())) >= _WRAPPED]
    indent = min(depths, default=_WRAPPED)
    whole: list[str] = []
    for line in lines:
        if whole and line.startswith(" " * indent) and line.strip():
            whole[-1] += line[indent:]
        else:
            whole.append(line)
    return "\n".join(whole)
