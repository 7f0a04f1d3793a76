"""Carries the moves of a turn out, each written into the audit log before and after.

    moving (jobs, target) ─▶ bswitch / bmod ─▶ moved | moved back | not moved (jobs, target, why)

Killed anywhere in between, the next turn reads from LSF where each job is, and goes on from there. Without an answer
nothing is known, and no other command is tried in this turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.steering.decide import decide
from burst.steering.memory import BACK, MOVED, MOVING, NOT_MOVED, Memory
from burst.steering.moves import Moves, Seen
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from burst.planner.values import Plan
    from burst.provider import Provider
    from burst.steering.moves import Move
    from ris_hybrid.ports import Steers

MOST_JOBS = 100
"""Jobs of one command; after each the clock is looked at."""


def never() -> bool:
    """For a caller whose time is not short."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """What came of the moves of one turn."""

    moves: Moves = field(default_factory=Moves)
    moved: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Job id to LSF's words."""
    left: tuple[str, ...] = ()
    """Not tried, for lack of time or of an answer."""
    problems: tuple[str, ...] = ()
    memory: Memory = field(default_factory=Memory)
    """For the next turn."""


def take(plan: Plan, seen: Seen, provider: Provider, steers: Steers, enough: Callable[[], bool] = never) -> Steered:
    """Decide and carry out, in mode ``planned`` alone: any other mode moves nothing. Never raises for LSF.

    ``enough`` is asked before every command whether the turn's time is over.
    """
    memory = seen.memory.within({job.job_id for job in seen.jobs})
    if provider.settings.mode != "planned":
        return Steered(memory=memory)
    moves = decide(plan, seen, provider.settings.planner)
    return carry_out(moves, memory, provider, steers, enough)


def carry_out(
    moves: Moves, memory: Memory, provider: Provider, steers: Steers, enough: Callable[[], bool] = never
) -> Steered:
    """Make moves that are decided already, in any mode. Never raises for LSF."""
    return _Hand(provider, steers, enough).carry_out(moves, memory)


class _Hand:
    """One turn's commands."""

    def __init__(self, provider: Provider, steers: Steers, enough: Callable[[], bool]) -> None:
        self._provider = provider
        self._steers = steers
        self._enough = enough
        self._events: list[Event] = []
        self._done: dict[str, list[str]] = {MOVED: [], BACK: []}
        self._refused: dict[str, str] = {}
        self._problems: list[str] = []

    def carry_out(self, moves: Moves, memory: Memory) -> Steered:
        left: list[str] = []
        for batch in _batches(moves.moves):
            if self._problems or self._enough():
                left += (move.job_id for move in batch)
            else:
                self._move(batch)
        return Steered(
            moves=moves,
            moved=tuple(self._done[MOVED]),
            back=tuple(self._done[BACK]),
            refused=self._refused,
            left=tuple(left),
            problems=tuple(self._problems),
            memory=memory.after(self._events),
        )

    def _move(self, batch: Sequence[Move]) -> None:
        """One batch: all of one kind, to one target."""
        ids = [move.job_id for move in batch]
        kind, target = MOVED if batch[0].kind == "chosen" else BACK, batch[0].target
        self._note(MOVING, jobs=ids, target=target, to=kind)
        try:
            said = self._said(batch, target)
        except SiteUnavailable as error:
            self._problems.append(f"steering: {error.message}")
            self._note(NOT_MOVED, unsure=ids, target=target, why=f"not known whether it was done: {error.message}")
            return
        done = [job_id for job_id in ids if said.get(job_id) == ""]
        if done:
            self._done[kind] += done
            self._note(kind, jobs=done, target=target)
        self._note_refused({job_id: why for job_id, why in said.items() if why}, target)

    def _said(self, batch: Sequence[Move], target: str) -> Mapping[str, str]:
        (first, *_) = batch
        if first.resreq is None:
            return self._steers.switch([move.job_id for move in batch], target)
        return {first.job_id: self._steers.require(first.job_id, first.resreq)}

    def _note_refused(self, refused: Mapping[str, str], target: str) -> None:
        by_words: dict[str, list[str]] = {}
        for job_id, why in refused.items():
            by_words.setdefault(why, []).append(job_id)
        for why, ids in by_words.items():
            self._note(NOT_MOVED, jobs=ids, target=target, why=why)
        self._refused |= refused

    def _note(self, kind: str, **fields: object) -> None:
        self._provider.note(kind, **fields)
        self._events.append(Event(at=self._provider.now, kind=kind, fields=fields))


def _batches(moves: Sequence[Move]) -> Iterator[Sequence[Move]]:
    """Jobs that go the same way in one command each hundred; a requirement is one job's own."""
    groups: dict[tuple[str, str, str], list[Move]] = {}
    for move in moves:
        alone = "" if move.resreq is None else move.job_id
        groups.setdefault((move.kind, move.target, alone), []).append(move)
    for group in groups.values():
        for start in range(0, len(group), MOST_JOBS):
            yield group[start : start + MOST_JOBS]
