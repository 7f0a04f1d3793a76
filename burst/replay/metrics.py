"""What a replay comes to in figures: dollars, waiting, and how well nodes were used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.replay.values import Floats, Outcome, Site, Whole, Workload

_HOUR_S = 3600.0
_LEAST_BILLED_S = 60.0
TAU_S = 10.0
"""Runs shorter than this count as so long in bounded slowdown (Feitelson, Rudolph, JSSPP 1998)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The figures of one replay. Waits are of jobs that started; without any they are 0."""

    usd: float
    mean_wait_s: float
    p50_wait_s: float
    p95_wait_s: float
    p99_wait_s: float
    mean_flow_s: float
    """From submission to the end."""
    bounded_slowdown: float
    """Mean of max(1, flow / max(run, 10 s))."""
    core_weighted_wait_s: float
    """Mean wait, each job counted by its slots."""
    core_hours_waited: float
    j: float
    """usd + v * core-hours waited."""
    utilisation: float
    """Of cloud nodes: core-hours that jobs ran, of those billed."""
    onprem_utilisation: float
    """Of on-premises slots, from the first submission to the last end."""
    launches: int
    peak_nodes: int
    wasted_node_hours: float
    """Billed hours of nodes that no job ever used."""
    jobs_burst: int
    burst_by_queue: Mapping[str, int]
    burst_by_lab: Mapping[str, int]
    core_hours_burst_share: float
    restarts: int
    never_started: int
    """Jobs wider than the cluster and every pool."""


def measure(workload: Workload, site: Site, outcome: Outcome, v: float) -> Metrics:
    """The figures of one outcome; ``v`` is dollars per core and hour of waiting."""
    ran = ~np.isnan(outcome.started)
    wait, slots = (outcome.started - workload.submitted)[ran], workload.slots[ran]
    flow, run = (outcome.ended - workload.submitted)[ran], workload.run_s[ran]
    work = slots * run
    burst = outcome.pool[ran] >= 0
    waited = float((wait * slots).sum()) / _HOUR_S
    billed_s, cores = billed(outcome), _cores(site, outcome)
    p50, p95, p99 = np.percentile(wait, (50, 95, 99)) if len(wait) else (0.0, 0.0, 0.0)
    last = float(outcome.ended[ran].max(initial=0.0))
    return Metrics(
        usd=outcome.usd,
        mean_wait_s=_mean(wait),
        p50_wait_s=float(p50),
        p95_wait_s=float(p95),
        p99_wait_s=float(p99),
        mean_flow_s=_mean(flow),
        bounded_slowdown=_mean(np.maximum(1.0, flow / np.maximum(TAU_S, run))),
        core_weighted_wait_s=_share(waited * _HOUR_S, float(slots.sum())),
        core_hours_waited=waited,
        j=outcome.usd + v * waited,
        utilisation=_share(float(outcome.node_used_s.sum()), float((billed_s * cores).sum())),
        onprem_utilisation=_share(float(work[~burst].sum()), site.capacity * last),
        launches=len(billed_s),
        peak_nodes=_peak(outcome),
        wasted_node_hours=float(billed_s[outcome.node_used_s == 0].sum()) / _HOUR_S,
        jobs_burst=int(burst.sum()),
        burst_by_queue=_by_name(workload.queue[ran][burst], workload.queues),
        burst_by_lab=_by_name(workload.lab[ran][burst], workload.labs),
        core_hours_burst_share=_share(float(work[burst].sum()), float(work.sum())),
        restarts=outcome.restarts,
        never_started=int((~ran).sum()),
    )


def billed(outcome: Outcome) -> Floats:
    """Seconds that each node is billed for."""
    return np.maximum(_LEAST_BILLED_S, outcome.node_ended - outcome.node_launched)


def nodes_up(outcome: Outcome) -> tuple[Floats, Whole]:
    """Nodes that are up as a step function: times, and how many there are from then on."""
    times = np.concatenate([outcome.node_launched, outcome.node_ended])
    steps = np.concatenate([np.ones(len(outcome.node_launched)), -np.ones(len(outcome.node_ended))])
    order = np.lexsort((steps, times))  # at one time those that end go first
    return times[order], np.cumsum(steps[order]).astype(np.int64)


def _peak(outcome: Outcome) -> int:
    return int(nodes_up(outcome)[1].max(initial=0))


def _cores(site: Site, outcome: Outcome) -> Whole:
    return np.array([pool.cores for pool in site.pools] or [0])[outcome.node_pool]


def _by_name(indices: Whole, names: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(indices, minlength=len(names))
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
