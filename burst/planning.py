"""The planner's part of a turn: look, plan, put the plan in place for the policy script, steer, and say what changed.

    observed ─▶ traits of the first jobs ─▶ plan (pure) ─▶ plan file ─▶ bswitch / bmod ─▶ audit log, figures

The file is there before a job is moved, so that LSF never asks for nodes the file does not know of. What fails is said
and left for the next turn: the reaper, which comes before, never waits for a plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst.engine import observe
from burst.lock import if_free
from burst.plan_file import plan_text, write_plan
from burst.planner import live
from burst.planner.candidates import Sight, in_order, served
from burst.planner.own_queue import homed
from burst.planner.runtimes import NO_HISTORY, History
from burst.planner.weigh import PLAIN, Rule
from burst.planning_events import differences, told_plan
from burst.steering.memory import Memory
from burst.steering.moves import Seen
from burst.steering.turn import Steered, never, take
from burst.turn import Problem
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from burst.engine import Observed
    from burst.planner.values import Plan
    from burst.provider import Provider
    from ris_hybrid.model import Event
    from ris_hybrid.ports import Scheduler, Steers, Traits
    from ris_hybrid.settings import BurstSettings

STAND_BY_S = 100.0
"""So long after the last plan of another host its service is taken to be alive: three turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a plan stands on beside what LSF and the ledger show."""

    traits: Traits | None = None
    """None where nothing beside slots can be asked: then every job asks for slots alone."""
    history: History = NO_HISTORY
    rule: Rule = PLAIN
    memory: Memory = field(default_factory=Memory)
    stuck: frozenset[str] = frozenset()
    """Jobs that were to be moved in this turn, and were not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """The ports of one turn."""

    scheduler: Scheduler
    steers: Steers
    ground: Ground
    enough: Callable[[], bool] = never
    """Whether the turn's time is over; asked before every command that moves jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who plans, and with which hands in this turn."""

    planning: Planning
    hands: Hands


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What came of the planner's part of a turn."""

    mode: str
    observed: Observed | None = None
    plan: Plan | None = None
    """None where nothing could be planned, for the problems' reasons."""
    steered: Steered | None = None
    problems: tuple[Problem, ...] = ()
    standby: str = ""
    """Why it is not ours to plan now; empty when it is."""

    @property
    def stuck(self) -> frozenset[str]:
        """Chosen jobs that are not where the cloud's nodes would run them: no node is to be launched for those."""
        if self.plan is None:
            return frozenset()
        moved = self.steered.moved if self.steered else ()
        return frozenset(one.job.job_id for one in self.plan.jobs if one.chosen and not one.job.chosen).difference(
            moved
        )


def make(observed: Observed, settings: BurstSettings, ground: Ground, reaching: str = "") -> Plan:
    """The plan for what is observed. Raises ``SiteUnavailable`` when jobs' traits cannot be asked for.

    ``reaching`` a job, it goes as deep as that takes; jobs between the settings' depth and that one count by slots.
    """
    return _made(observed, settings, ground, reaching)[0]


def place_of(job_id: str, observed: Observed, settings: BurstSettings) -> int:
    """How many jobs are planned before this one; -1 for one that more slots would not start."""
    ordered, _ = in_order(homed(observed.jobs, settings), observed.queues, len(observed.jobs))
    return next((index for index, job in enumerate(ordered) if job.job_id == job_id), -1)


def _made(observed: Observed, settings: BurstSettings, ground: Ground, reaching: str = "") -> tuple[Plan, Sight]:
    planner = settings.planner
    goes = served(settings)
    first, _ = in_order(homed(observed.jobs, settings), observed.queues, planner.depth, goes)
    ids = [job.job_id for job in first if goes(job)]
    place = place_of(reaching, observed, settings) if reaching else -1
    if place >= len(first):
        ids.append(reaching)
        settings = replace(settings, planner=replace(planner, depth=place + 1))
    sight = Sight(
        jobs=observed.jobs,
        queues=observed.queues,
        hosts=observed.hosts,
        fleet=observed.fleet,
        pressure=observed.pressure,
        traits=ground.traits.traits(ids) if ground.traits and ids else {},
        data=observed.word.jobs if observed.word else None,
        history=ground.history,
        memory=ground.memory,
        stuck=ground.stuck,
    )
    return live.plan(sight, settings, ground.rule), sight


class Planning:
    """Plans turn after turn. What it keeps is for the log's sake: LSF itself shows what is chosen."""

    def __init__(self, path: Path, past: Callable[[], Iterable[Event]], by: str = "") -> None:
        """Put the plan into ``path`` as the service of host ``by``; ``past`` gives the audit log.

        The log is read once, and again after another host planned: what it moved we do not know.
        """
        self._path = path
        self._by = by
        self._at = 0.0
        """Of our last plan in the file."""
        self._past = past
        self._memory: Memory | None = None
        self._before: Memory | None = None
        """What was remembered before this turn's moves."""
        self._words: dict[str, bool] = {}
        self._told: object = None

    def take(self, provider: Provider, hands: Hands) -> Planned:
        """Look and plan. Never raises: what went wrong is in the answer and in the audit log.

        Services may run on every master candidate, on one data directory: one of them plans, the others stand by
        until its plan is so old that it must have ended.
        """
        blank = Planned(mode=provider.settings.mode)
        try:
            with if_free(self._path.with_suffix(".lock")) as ours:
                standby = self._standby(provider) if ours else "another service plans now"
                if standby:
                    return replace(blank, standby=standby)
                return self.go(observe(hands.scheduler, provider), provider, hands)
        except RisHybridError as error:
            return self._failed(blank, error.message, provider)

    def _standby(self, provider: Provider) -> str:
        standing = provider.standing()
        other = standing.by not in {"", self._by} and not standing.problem
        if not other or provider.now - standing.at >= STAND_BY_S:
            return ""
        return f"the service of {standing.by} planned {provider.now - standing.at:.0f} s ago"

    def go(self, observed: Observed, provider: Provider, hands: Hands) -> Planned:
        """The same for what is observed already."""
        planned = Planned(mode=provider.settings.mode, observed=observed)
        try:
            memory = self._before = self._recalled(provider)
            plan, sight = _made(observed, provider.settings, replace(hands.ground, memory=memory))
        except RisHybridError as error:
            return self._failed(planned, error.message, provider)
        planned = replace(planned, plan=plan)
        self._tell(plan, provider)
        try:
            write_plan(self._path, plan_text(plan, observed.fleet.machines, provider.settings, self._by))
            self._at = plan.at
        except OSError as error:
            return self._failed(planned, f"{self._path}: cannot be written: {error.strerror}", provider)
        return self._steer(planned, plan, sight, (provider, hands))

    def again(
        self, observed: Observed, settings: BurstSettings, ground: Ground, stuck: frozenset[str] = frozenset()
    ) -> Plan:
        """The plan alone, nothing told or moved. Raises ``SiteUnavailable`` as ``make`` does.

        It goes by what was remembered when the jobs were looked at: since then they may have been moved by us. Jobs
        that are ``stuck`` were to be moved, and were not.
        """
        return make(observed, settings, replace(ground, memory=self._before or self._recalled(), stuck=stuck))

    def _steer(self, planned: Planned, plan: Plan, sight: Sight, by: tuple[Provider, Hands]) -> Planned:
        provider, hands = by
        seen = Seen(now=provider.now, jobs=sight.jobs, queues=sight.queues, traits=sight.traits, memory=sight.memory)
        steered = take(plan, seen, provider, hands.steers, hands.enough)
        self._memory = steered.memory
        problems = tuple(Problem(what="steering", text=text) for text in steered.problems)
        return replace(planned, steered=steered, problems=planned.problems + problems)

    def _recalled(self, provider: Provider | None = None) -> Memory:
        at = provider.standing().at if provider else 0.0
        if at and at != self._at:
            self._memory, self._told = None, None
        if self._memory is None:
            self._memory = Memory().after(self._past())
        return self._memory

    def _tell(self, plan: Plan, provider: Provider) -> None:
        """One line for the whole, one for each job whose word is another than before."""
        before = self._words if self._told else dict.fromkeys(provider.standing().chosen, True)
        words = differences(plan, before)
        self._words = {one.job.job_id: one.chosen for one in plan.jobs}
        short = told_plan(plan)
        if words or short != self._told:
            provider.note("plan", mode=provider.settings.mode, **short)
        self._told = short
        for word in words:
            provider.note(word.kind, **word.fields)

    def _failed(self, planned: Planned, message: str, provider: Provider) -> Planned:
        text = f"nothing is planned or moved: {message}"
        provider.note("turn problem", what="plan", message=text)
        return replace(planned, problems=(*planned.problems, Problem(what="plan", text=text)))
