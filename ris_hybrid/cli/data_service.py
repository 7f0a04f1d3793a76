"""``ris-hybrid data run``: turn after turn, for a service; other commands may work between two turns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks
from ris_hybrid.cli import show
from ris_hybrid.cli.data_site import EVERY_S, EveryOption, open_data
from ris_hybrid.cli.which_data import ConfOption
from ris_hybrid.errors import RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from ris_hybrid.cli.data_drive import Drive
    from ris_hybrid.data_word import SeenJobs
    from ris_hybrid.ports import Clock
    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.world import World
    from ris_hybrid.staging_wiring import DataPlane

_ASK_S = 30.0
"""Between two questions to the batch system about every job: it has others to answer. Leases stay as they are."""
_TELL_S = 60.0
"""Between two words to burst: each asks ECR about images."""
_LOOK_AGAIN_S = 60.0
"""Between two questions whether what blocks a staging is over: each asks GPFS."""


@dataclass(slots=True, kw_only=True)
class Service:
    """Turns that take the journal one by one; what it works with is made once."""

    plane: DataPlane
    clock: Clock
    _drive: Drive | None = None
    _asked_at: float | None = None
    _told_at: float | None = None
    _looked_at: float | None = None
    _told: str = ""

    def turn(self) -> None:
        """One turn for every staging, and a word to burst. Raises ``SiteUnavailable`` while another has the journal."""
        from ris_hybrid import data_word
        from ris_hybrid.staging.journal import writing

        with writing(self.plane.journal) as journal:
            seen = self._seen()
            drive = self._over(journal)
            drive.uses = None if seen is None else partial(data_word.uses, self.plane, seen)
            now = self.clock.now()
            self._look_again(drive.world, now)
            drive.once()
            if seen is not None and (self._told_at is None or now - self._told_at >= _TELL_S):
                self._say(data_word.tell_burst(self.plane, journal, seen, now, show.warn))
                self._told_at = now

    def _look_again(self, world: World, now: float) -> None:
        """Whether what blocked some is over: a cache that was dirty, a month that was full."""
        from ris_hybrid.data.values import StagingState
        from ris_hybrid.staging.unblocking import look_again

        if self._looked_at is not None and now - self._looked_at < _LOOK_AGAIN_S:
            return
        self._looked_at = now
        if any(one.state is StagingState.BLOCKED for one in world.journal.stagings()):
            for told in look_again(self.plane.ground(world), now):
                show.note(f"{told.staging_id}: {told.what}")

    def turn_or_wait(self) -> None:
        """The same; what keeps it from one turn is told, and it waits for the next.

        Once a turn was done the settings are good: a full disk or a file that cannot be read passes.
        """
        try:
            self.turn()
        except SiteUnavailable as failure:
            show.note(failure.message)
        except RisHybridError as failure:
            if self._told_at is None:
                raise
            show.warn(f"{failure.message}; {failure.hint}" if failure.hint else failure.message)

    def _say(self, told: str) -> None:
        """What burst was told, where it is not what it was told before."""
        if told not in {"", self._told}:
            show.note(f"burst: {told}")
        self._told = told

    def _over(self, journal: SqliteJournal) -> Drive:
        from ris_hybrid.cli.data_drive import Drive

        if self._drive is None:
            self._drive = Drive(world=self.plane.world(journal), clock=self.clock, every_s=0.0)
        self._drive.world = replace(self._drive.world, journal=journal, history=journal)
        return self._drive

    def _seen(self) -> SeenJobs | None:
        """None where it was asked a moment ago, or does not answer."""
        from ris_hybrid.data_word import seen_jobs

        now = self.clock.now()
        if self._asked_at is not None and now - self._asked_at < _ASK_S:
            return None
        self._asked_at = now
        try:
            return seen_jobs(self.plane)
        except SiteUnavailable as failure:
            show.warn(f"jobs could not be asked for, so no lease ends: {failure.message}")
            return None


def run(
    conf: ConfOption = None,
    every: EveryOption = EVERY_S,
    *,
    once: Annotated[bool, typer.Option("--once", help="One turn, and end.")] = False,
) -> None:
    """Take every staging onward, and note which jobs use them, until Ctrl-C or --once.

    What is blocked by a dirty cache, an old listing or a full month goes on by itself when that is over.
    Between two turns the journal is free for other commands; while one of those has it, turns wait.
    """
    opened = open_data(conf)
    service = Service(plane=opened.plane, clock=opened.clock)
    if once:
        service.turn()
        return
    while True:
        service.turn_or_wait()
        clocks.wait(every)
