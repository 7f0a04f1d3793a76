"""What the planner works with: the hands on LSF's jobs, run times of the past, the rule as machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.deadline import left_s
from burst.history import events
from burst.plan_file import plan_path
from burst.planner.runtimes import NO_HISTORY
from burst.planner.weigh import PLAIN, Rule
from burst.planning import Desk, Ground, Hands, Planning
from burst.runs_file import read_runs
from onprem.lsf.steer import LsfSteers
from onprem.lsf.traits import LsfTraits
from onprem.shell import LocalShell
from ris_hybrid import wiring

if TYPE_CHECKING:
    from pathlib import Path

    from burst.planner.runtimes import History
    from ris_hybrid.ports import Steers, Traits
    from ris_hybrid.settings import BurstSettings

COMMAND_S = 20.0
"""For one question to LSF, or one command, of the planner's part of a turn."""


def steers(timeout_s: float = COMMAND_S) -> Steers:
    """The hands on LSF's pending jobs, by the commands on PATH."""
    return LsfSteers(LocalShell(), timeout_s=timeout_s)


def traits(timeout_s: float = 60.0) -> Traits:
    """What pending jobs ask for beside slots, by the commands on PATH."""
    return LsfTraits(LocalShell(), timeout_s=timeout_s)


def history(settings: BurstSettings, data: Path) -> History:
    """Run times of the past, where burst.yaml names them."""
    named = settings.planner.history
    return read_runs(data / named) if named else NO_HISTORY


def ground(settings: BurstSettings, data: Path, rule: Rule | None = None) -> Ground:
    """What a plan stands on; without a ``rule`` the kernel as it stands, which needs no time to begin."""
    return Ground(traits=traits(), history=history(settings, data), rule=rule or PLAIN)


def fast_rule() -> Rule:
    """The kernel as machine code where numba is installed, for a process that stays; else as it stands."""
    from burst.planner.compiled import kernels  # noqa: PLC0415  # half a second, for those who compile

    found = kernels()
    if not found.compiled:
        return PLAIN
    import numpy as np  # noqa: PLC0415  # there where numba is

    return Rule(
        open_profile=found.open_profile,
        plan_queue=found.plan_queue,
        floats=lambda column: np.array(column, dtype=np.float64),
        whole=lambda column: np.array(column, dtype=np.int64),
    )


def planning(settings: BurstSettings, data: Path) -> Planning:
    """Who plans turn after turn."""
    log = data / f"{settings.provider}-audit.jsonl"
    return Planning(plan_path(data, settings.provider), lambda: events(log), wiring.here()[0])


def hands(settings: BurstSettings, data: Path, rule: Rule | None = None) -> Hands:
    """The ports of one turn."""
    return Hands(
        scheduler=wiring.scheduler(COMMAND_S),
        steers=steers(),
        ground=ground(settings, data, rule),
        enough=lambda: left_s() < COMMAND_S,
    )


class Desks:
    """The planner of a process that stays: made when a mode first asks for it, its ports anew for each turn."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._planning: Planning | None = None
        self._rule: Rule | None = None

    def desk(self, settings: BurstSettings) -> Desk | None:
        """None in mode ``thresholds``."""
        if settings.mode == "thresholds":
            return None
        if self._planning is None or self._rule is None:
            self._planning, self._rule = planning(settings, self._data), fast_rule()
        return Desk(planning=self._planning, hands=hands(settings, self._data, self._rule))
