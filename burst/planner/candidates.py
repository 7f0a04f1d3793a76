"""Pending jobs in the order in which the scheduler takes them, each with what the rule looks at (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from burst.decide import serves
from burst.outlook import job_data
from burst.planner import pacing
from burst.planner.own_queue import own_queues
from burst.planner.runtimes import NO_HISTORY, History, pending_length
from burst.planner.values import Candidate
from burst.pressure import waiting
from burst.steering.memory import Memory
from burst.steering.resreq import names
from burst.steering.words import barred, excluded, is_chosen, steerable
from ris_hybrid.job_ask import JobTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.fleet import Fleet
    from burst.pressure import Pressure
    from ris_hybrid.data.readiness import JobData
    from ris_hybrid.model import Host, Job, Queue
    from ris_hybrid.planner_settings import Steering
    from ris_hybrid.settings import BurstSettings

MOST_STAY = 20
"""So many jobs are planned at most for each that may go."""
_ID = re.compile(r"(\d+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything a plan looks at, as of one moment (``fleet.now``)."""

    jobs: Sequence[Job]
    """Every unfinished job, in the queue in which LSF shows it."""
    queues: Sequence[Queue]
    hosts: Sequence[Host]
    fleet: Fleet
    pressure: Pressure
    """Of the jobs in their own queues (``own_queue.homed``)."""
    traits: Mapping[str, JobTraits] = field(default_factory=dict)
    """Of the jobs that the plan will reach; one without is taken to ask for slots alone."""
    data: Mapping[str, JobData] | None = None
    """The data plane's word by job; None where it is not asked."""
    history: History = NO_HISTORY
    memory: Memory = field(default_factory=Memory)
    """Our own earlier moves: what LSF refused, and what its owner took back."""
    stuck: frozenset[str] = frozenset()
    """Jobs that were chosen in this turn and could not be moved in it."""


def in_order(
    jobs: Sequence[Job], queues: Sequence[Queue], depth: int, goes: Callable[[Job], bool] = lambda _: True
) -> tuple[list[Job], int]:
    """The first jobs that more slots would start, by time pending, then by number; and how many are behind them.

    Those are not all that LSF may start first (it has priorities and fair shares), but the order it falls back on.
    Only jobs that ``goes`` says may go count towards ``depth``: ten thousand jobs of a lab that stays on-premises must
    not hide those behind them. They take their room in the plan all the same, ``MOST_STAY`` to one.
    """
    found = waiting(jobs, queues)
    found.sort(key=attrgetter("pend_s"), reverse=True)
    end = _reach(found, depth, goes)
    while 0 < end < len(found) and found[end].pend_s == found[end - 1].pend_s:
        end += 1
    first = sorted(found[:end], key=lambda job: (-job.pend_s, id_order(job.job_id)))
    first = first[: _reach(first, depth, goes)]
    return first, len(found) - len(first)


def _reach(ordered: Sequence[Job], depth: int, goes: Callable[[Job], bool]) -> int:
    most = min(len(ordered), depth * MOST_STAY)
    counted = (index for index, job in enumerate(ordered[:most], start=1) if goes(job))
    return next(islice(counted, depth - 1, None), most) if most else 0


def served(settings: BurstSettings) -> Callable[[Job], bool]:
    """Whether a job, in its own queue, is one that some pool serves and that could be steered there."""

    @cache
    def known(queue: str, lab: str) -> bool:
        steers = settings.mode != "planned" or not steerable(queue, settings.planner)
        return steers and any(serves(pool, queue, lab) for pool in settings.pools)

    return lambda job: known(job.queue, job.lab)


def id_order(job_id: str) -> tuple[int, int, str]:
    """Numbers as numbers, elements of an array by index, anything else behind them."""
    match = _ID.fullmatch(job_id)
    return (int(match[1]), int(match[2] or 0), "") if match else (1 << 62, 0, job_id)


def candidates(
    sight: Sight, first: Sequence[Job], settings: BurstSettings, means: Mapping[str, float]
) -> list[Candidate]:
    """The jobs of ``in_order`` with what the rule looks at."""
    shares = pacing.shares(sight.fleet, settings, {job.lab for job in first})
    moved = own_queues(settings)
    told = {job.job_id: job for job in sight.jobs if job.queue in moved}
    values: dict[tuple[str, str], tuple[float, str]] = {}
    made = []
    for job in first:
        case = job.queue, job.lab
        if case not in values:
            values[case] = _value(job, settings, shares)
        made.append(_candidate(job, told.get(job.job_id, job), sight, settings, (values[case], means)))
    return made


def _candidate(
    job: Job,
    as_told: Job,
    sight: Sight,
    settings: BurstSettings,
    case: tuple[tuple[float, str], Mapping[str, float]],
) -> Candidate:
    (value, source), means = case
    traits = sight.traits.get(job.job_id, _NO_TRAITS)
    data = None if sight.data is None else job_data(job.job_id, sight.data)
    chosen = settings.mode == "planned" and is_chosen(as_told, traits, settings.planner.steering)
    return Candidate(
        job_id=job.job_id,
        queue=job.queue,
        lab=job.lab,
        slots=job.slots,
        length=pending_length(job, traits, sight.history, means),
        pend_s=job.pend_s,
        value=value,
        value_source=source,
        chosen=chosen,
        barred=_barred(as_told, traits, sight, settings) or _by_data(data),
        one_host=traits.one_host,
        memory_mib=traits.memory_mib,
        gpus=traits.gpus,
        rerunnable=job.queue in settings.rerunnable_queues if traits.rerunnable is None else traits.rerunnable,
        names_spot=_names_spot(traits, settings.spot_flag),
        data_usd=data.usd if data else 0.0,
    )


def _names_spot(traits: JobTraits, flag: str) -> bool:
    """LSF starts a job on spot nodes, and counts it for them, only where it names their flag."""
    return not flag or names(traits.combined or traits.resreq or "", flag)


_NO_TRAITS = JobTraits(resreq=None)


def _barred(job: Job, traits: JobTraits, sight: Sight, settings: BurstSettings) -> str:
    """In shadow nothing is steered, so whether it could be does not matter; what is excluded does."""
    planner = settings.planner
    if settings.mode != "planned":
        return excluded(job, planner.exclude, planner.steering)
    why = barred(job, traits, sight.queues, planner)
    return why or ("" if is_chosen(job, traits, planner.steering) else _not_again(job, sight, planner.steering))


def _not_again(job: Job, sight: Sight, steering: Steering) -> str:
    """A job that cannot be moved now makes no node wanted: none would run it."""
    if job.job_id in sight.stuck:
        return "it is not moved yet, and no node would run it where it is"
    refusal = sight.memory.refusals.get(job.job_id)
    if refusal is not None and refusal.holds(sight.fleet.now):
        return f"LSF refused to move it, and is asked again later: {refusal.why}"
    target = steering.flag if steering.way == "flag" else steering.queues.get(job.queue, "")
    if sight.memory.taken_from(job.job_id, target, sight.fleet.now - job.pend_s):
        return "its owner or an admin took it back after we had chosen it: left alone"
    return ""


def _by_data(data: JobData | None) -> str:
    return "" if data is None or data.eligible else f"data: {data.verdict}: {data.reason}"


def _value(job: Job, settings: BurstSettings, shares: Mapping[str, float]) -> tuple[float, str]:
    value, source = pacing.value_of(job.queue, job.lab, settings)
    left = shares.get(job.lab, shares[pacing.SITE])
    if left < 1.0:
        to = pacing.percent(left)
        source += f" {value:g}, lowered to {to} because the month's money is spent faster than the month goes by"
    return value * left, source
