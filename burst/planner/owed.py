"""Dollars that jobs on cloud nodes will still cost this month, beyond what every node commits anyway (pure).

``commit_hours`` is a guess for nodes of which nothing is known. The planner knows how long jobs may run: of a week's
job the budget has to hold the week, or one such job a turn is sent until the month's money is spent many times over.
What runs after the end of the month is the next month's money.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.fleet import price_of
from burst.lifecycle import short_name
from burst.planner.hazard import HOUR_S
from burst.planner.occupied import slots_by_host
from burst.planner.pacing import month_left_s
from burst.planner.runtimes import remaining_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from burst.fleet import Fleet
    from burst.planner.prices import Quote
    from burst.planner.weigh import Weighed
    from ris_hybrid.model import Job, Machine
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What of a run counts against this month's money."""

    most_s: float
    """Until the month ends."""
    commit_s: float
    """What every node commits as it is."""

    def beyond(self, run_s: float) -> float:
        """Seconds of a run that no node's commitment has yet."""
        return max(0.0, min(run_s, self.most_s) - self.commit_s)

    def usd(self, quote: Quote, boot_s: float) -> float:
        """What a run on new nodes costs this month, its data aside."""
        return quote.usd_per_core_hour * quote.cores * min(quote.run_s + boot_s, self.most_s) / HOUR_S


def span_of(fleet: Fleet, settings: BurstSettings) -> Span:
    """As of now."""
    return Span(most_s=month_left_s(fleet.now), commit_s=settings.budget.commit_hours * HOUR_S)


def owed_by_running(
    jobs: Iterable[Job], fleet: Fleet, settings: BurstSettings, means: Mapping[str, float]
) -> dict[str, float]:
    """By lab of the nodes: each job's share of its nodes, for as long as it may run on."""
    machines = {short_name(machine.name): machine for machine in fleet.machines if machine.name and machine.alive}
    span, owed = span_of(fleet, settings), defaultdict[str, float](float)
    for job in jobs if machines else ():
        on = [(machines[name], slots) for name, slots in slots_by_host(job.exec_host).items() if name in machines]
        beyond = span.beyond(remaining_s(job, means)) if on else 0.0
        for machine, slots in on:
            owed[machine.lab] += _slot_usd(machine, settings) * slots * beyond / HOUR_S
    return dict(owed)


def owed_by_coming(weighed: Iterable[Weighed], span: Span) -> dict[str, float]:
    """By lab: jobs that wait for nodes which are there or on their way."""
    owed = defaultdict[str, float](float)
    for one in weighed:
        near = one.offered.near
        if one.chosen and one.there and near is not None:
            cores = near.own_slots * near.offer.slot_cores
            owed[one.offered.job.lab] += near.usd_per_core_hour * cores * span.beyond(near.run_s) / HOUR_S
    return dict(owed)


def _slot_usd(machine: Machine, settings: BurstSettings) -> float:
    pool = settings.pool(machine.pool)
    return price_of(machine.instance_type, settings.prices) / (pool.slots if pool else 1)
