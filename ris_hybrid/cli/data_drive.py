"""Turns of the engine in the foreground, until what was asked for is done, with progress on stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid import clocks
from ris_hybrid.cli import show
from ris_hybrid.cli.data_site import PATIENCE_S
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.engine import turn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from rich.progress import Progress, TaskID

    from ris_hybrid.cli.data_site import Opened
    from ris_hybrid.ports import Clock
    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.leasing import Use
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging.world import World

BLOCKED, FAILED = 3, 5
"""Exit codes."""
_STOPPED = frozenset({StagingState.BLOCKED, StagingState.FAILED, StagingState.CANCELLED, StagingState.EVICTED})


@dataclass(slots=True, kw_only=True)
class Drive:
    """What is driven, and how."""

    world: World
    clock: Clock
    every_s: float
    uses: Callable[[], Sequence[Use]] | None = None
    """Who uses what; None: leases are left as they are."""
    opened: Callable[[], AbstractContextManager[SqliteJournal]] | None = None
    """Takes the journal for one turn, so that others may work between two; None: the world's own is open."""
    wait: Callable[[float], None] = clocks.wait
    _said: dict[str, str] = field(default_factory=dict)

    def until(self, ids: Collection[str], ends: Collection[StagingState]) -> tuple[Staging, ...]:
        """Turn until each of these stagings is in one of these states, or stands still; how they stand then."""
        with _told_when_stopped(), _shown() as progress:
            while True:
                found = self._turned(ids, progress)
                if found is not None and all(one.state in ends or one.state in _STOPPED for one in found):
                    return found
                self.wait(self.every_s)

    def once(self) -> None:
        """One turn for every staging."""
        self._turn(self.world, None)

    def _turned(
        self, ids: Collection[str], progress: Callable[[World, Sequence[Staging]], None]
    ) -> tuple[Staging, ...] | None:
        """How they stand after a turn; None while another process has the journal, and may be taking them onward."""
        try:
            with self._with_journal() as world:
                self._turn(world, ids)
                found = tuple(one for one in world.journal.stagings() if one.staging_id in ids)
                progress(world, found)
                return found
        except SiteUnavailable as busy:
            self._say("", busy.message)
            return None

    @contextmanager
    def _with_journal(self) -> Iterator[World]:
        if self.opened is None:
            yield self.world
            return
        with self.opened() as journal:
            yield replace(self.world, journal=journal, history=journal)

    def _turn(self, world: World, ids: Collection[str] | None) -> None:
        for told in turn(world, self.clock.now(), self.uses() if self.uses else None, ids):
            self._say(told.staging_id, told.what)

    def _say(self, staging_id: str, what: str) -> None:
        if self._said.get(staging_id) != what:
            self._said[staging_id] = what
            show.note(f"{staging_id}: {what}" if staging_id else what)


@contextmanager
def _told_when_stopped() -> Iterator[None]:
    """Ctrl-C ends the command, not what movers do: that is said."""
    try:
        yield
    except KeyboardInterrupt:
        show.note("stopped; what movers were given goes on. The same command, or `ris-hybrid data run`, takes it up")
        raise


def by_turns(opened: Opened) -> Callable[[], AbstractContextManager[SqliteJournal]]:
    """The journal for one turn: what takes days must not keep `data run` from all other stagings."""
    from ris_hybrid.staging.journal import writing

    return partial(writing, opened.plane.journal, PATIENCE_S)


def returning(stagings: Iterable[Staging], ids: Collection[str]) -> list[str]:
    """Those of them that are on their way back; of others it is said why there is nothing to wait for."""
    mine = [one for one in stagings if one.staging_id in ids]
    for one in mine:
        if one.state not in {StagingState.RETURNING, StagingState.RETURNED, StagingState.IN_USE}:
            show.note(f"{one.staging_id} ({one.plan.dataset}) is {one.state}: nothing is returned of it")
    return [one.staging_id for one in mine if one.state is StagingState.RETURNING]


def exit_code(stagings: Sequence[Staging], ends: Collection[StagingState]) -> int:
    """0 when each is where it was to come to; what failed counts more than what is blocked."""
    states = {one.state for one in stagings if one.state not in ends}
    if states & {StagingState.FAILED, StagingState.CANCELLED, StagingState.EVICTED}:
        return FAILED
    return BLOCKED if states else 0


@contextmanager
def _shown() -> Iterator[Callable[[World, Sequence[Staging]], None]]:
    """Bars with bytes, rate and the time that is left, on a terminal; else nothing: what is done is told by notes."""
    if not sys.stderr.isatty():
        yield lambda _world, _found: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}
        yield lambda world, found: _update(progress, tasks, world, found)


def _update(progress: Progress, tasks: dict[str, TaskID], world: World, found: Sequence[Staging]) -> None:
    from ris_hybrid.cli.data_view import done_and_all

    for one in found:
        if one.staging_id not in tasks:
            tasks[one.staging_id] = progress.add_task(one.staging_id)
        done, total = done_and_all(one, world.history.counts(one.staging_id))
        progress.update(tasks[one.staging_id], completed=done, total=total, description=f"{one.staging_id} {one.state}")
