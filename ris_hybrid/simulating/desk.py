"""Replays one policy after the other on one record and keeps what the table needs of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ris_hybrid.simulating.levels import mean_levels
from ris_hybrid.simulating.rows import MONTH_S, Row
from ris_hybrid.simulating.sites import site_of, without_excluded

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.replay.metrics import Metrics
    from burst.replay.values import Floats, Outcome, Policy, Site, Workload
    from ris_hybrid.simulating.premises import Premises

_MOST_MONTHS = 1200
"""Of a record that lasts longer the rest is in no month."""
LEAST_BILLED_S = 60.0
"""Amazon EC2 bills by the second, a minute at least."""


class Engine(Protocol):
    """What replays and what measures; ``burst.replay`` has both."""

    def replay(
        self, workload: Workload, site: Site, policy: Policy, progress: Callable[[int, int], None] | None = None
    ) -> Outcome:
        """See ``burst.replay.run.replay``."""
        ...

    def measure(self, workload: Workload, site: Site, outcome: Outcome, v: float) -> Metrics:
        """See ``burst.replay.metrics.measure``."""
        ...


class Tell(Protocol):
    """Somebody who is told how far it is."""

    def step(self, what: str) -> None:
        """The next replay begins."""
        ...

    def share(self, done: float) -> None:
        """So much of it is done, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One replay."""

    row: Row
    outcome: Outcome


@dataclass(slots=True, kw_only=True, eq=False)
class Desk:
    """One record at one site. A policy that was replayed before is not replayed again."""

    workload: Workload
    premises: Premises
    engine: Engine
    tell: Tell
    _rows: dict[str, Row] = field(default_factory=dict)

    def row(self, policy: Policy) -> Row:
        """Its figures."""
        key = repr(policy)
        return self._rows[key] if key in self._rows else self.run(policy).row

    def run(self, policy: Policy) -> Run:
        """Its figures, and everything that happened."""
        site = self.site(policy)
        outcome = self.replay(site, policy)
        months = by_month(outcome, site, self.workload)
        row = self._row(policy, site, outcome, months)
        self._rows[repr(policy)] = row
        return Run(row=row, outcome=outcome)

    def site(self, policy: Policy) -> Site:
        """The site as this policy may use it."""
        site = site_of(self.premises, self.workload)
        if policy.kind in {"planned", "perfect"}:
            return without_excluded(site, self.premises.settings.planner.exclude, self.workload)
        return site

    def replay(self, site: Site, policy: Policy, workload: Workload | None = None) -> Outcome:
        """The replay itself, with its progress told; of another workload where one is given."""
        self.tell.step(policy.name)
        load = self.workload if workload is None else workload
        return self.engine.replay(load, site, policy, lambda done, of: self.tell.share(done / max(1, of)))

    def _row(self, policy: Policy, site: Site, outcome: Outcome, months: Floats) -> Row:
        found = self.engine.measure(self.workload, site, outcome, self.premises.v)
        hours = np.maximum(outcome.node_ended - outcome.node_launched, LEAST_BILLED_S) / 3600
        return Row(
            name=policy.name,
            kind=policy.kind,
            v=policy.v if policy.kind in {"planned", "perfect"} else None,
            usd=found.usd,
            usd_per_month=found.usd / months_of(self.workload),
            dearest_month_usd=float(months.max(initial=0.0)),
            mean_wait_s=found.mean_wait_s,
            p50_wait_s=found.p50_wait_s,
            p95_wait_s=found.p95_wait_s,
            p99_wait_s=found.p99_wait_s,
            bounded_slowdown=found.bounded_slowdown,
            core_weighted_wait_s=found.core_weighted_wait_s,
            core_hours_waited=found.core_hours_waited,
            j=found.j,
            peak_nodes=found.peak_nodes,
            launches=found.launches,
            node_hours=float(hours.sum()),
            wasted_node_hours=found.wasted_node_hours,
            utilisation=found.utilisation,
            onprem_utilisation=found.onprem_utilisation,
            jobs_burst=found.jobs_burst,
            core_hours_burst_share=found.core_hours_burst_share,
            restarts=found.restarts,
            never_started=found.never_started,
            jobs_burst_by_queue=dict(found.burst_by_queue),
            jobs_burst_by_lab=dict(found.burst_by_lab),
        )


def span_s(workload: Workload) -> float:
    """Seconds from the first submission to the last one, an hour at least."""
    return max(3600.0, float(workload.submitted[-1] - workload.submitted[0]))


def months_of(workload: Workload) -> float:
    """How many months the record covers; less than one for a short one."""
    return span_s(workload) / MONTH_S


def by_month(outcome: Outcome, site: Site, workload: Workload) -> Floats:
    """Dollars of each calendar month (UTC), of thirty days each where no date is known; minutes of grace left out."""
    last = float(outcome.node_ended.max(initial=0.0))
    edges = _month_edges(workload.began, last)
    usd_s = np.array([pool.usd_per_hour / 3600 for pool in site.pools] or [0.0])[outcome.node_pool]
    levels = mean_levels(outcome.node_launched, outcome.node_ended, usd_s, edges)
    return np.asarray(levels * np.diff(edges))


def _month_edges(began: float, last_s: float) -> Floats:
    """Where months begin, seconds from the first submission, from the one before it until one after ``last_s``."""
    if not began:
        return np.arange(0.0, last_s + 2 * 30 * 86400, 30 * 86400)
    first = datetime.fromtimestamp(began, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    edges: list[float] = []
    month = first.year * 12 + first.month - 1
    while not edges or (edges[-1] <= last_s and len(edges) < _MOST_MONTHS):
        begin = first.replace(year=month // 12, month=month % 12 + 1)
        edges.append(begin.timestamp() - began)
        month += 1
    return np.array(edges) if len(edges) > 1 else np.array([edges[0], edges[0] + 31 * 86400.0])
