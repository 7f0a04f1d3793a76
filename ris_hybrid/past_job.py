"""One job of the past, as an accounting file or a trace has it."""

from __future__ import annotations

from typing import NamedTuple


class PastJob(NamedTuple):
    """One job of the past, from an accounting file or a trace. Times are epoch seconds, or a trace's own."""

    job_id: str
    submitted: float
    started: float
    """0 when it never started."""
    ended: float
    slots: int
    run_limit_s: float | None
    """RUNLIMIT or the requested time, None when there was none."""
    queue: str
    user: str
    lab: str
    project: str
    name: str
    """Job name or application: what makes a class with user and slots; empty where unknown."""
    ineligible_s: float
    """Of its wait, seconds in which more slots would not have started it."""
    memory_mib: int
    """Asked for, or used where only that is known; 0 for neither."""
    failed: bool
    """Whether it ended as EXIT (or the trace's status is not 1)."""
    wait_unknown: bool = False
    """The record does not say when it started: ``started`` is its submission then, and ``ended - started`` is right."""
