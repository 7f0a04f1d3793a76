"""What is decided about steering, job by job: the moves of one turn, and why the others stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from burst.steering.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.job_ask import JobTraits
    from ris_hybrid.model import Job, Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What LSF showed, and what we remember of our own hand."""

    now: float
    jobs: Sequence[Job]
    queues: Sequence[Queue]
    traits: Mapping[str, JobTraits] = field(default_factory=dict)
    """By job id; asked for with ``way: flag`` alone, where a job without them is not touched."""
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One job to move."""

    job_id: str
    kind: Literal["chosen", "released"]
    target: str
    """The queue it goes to, or the flag that it gets or loses."""
    resreq: str | None = None
    """``way: flag``: its whole requirement afterwards; None with ``way: queue``."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One job that is not moved although the plan says another place than LSF, or that nobody may touch."""

    job_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """All of one turn; a job that is where it belongs is in neither."""

    moves: tuple[Move, ...] = ()
    stays: tuple[Stay, ...] = ()
