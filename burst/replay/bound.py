"""A lower bound of J that no policy can beat, from a transportation problem solved by HiGHS.

Each job's work is spread over slots of time on-premises and over the cloud. Of a rigid job the end is the mean time at
which its work is done plus half its run (equality where it runs in one piece, on all its slots), so a core-second done
on-premises t seconds after submission costs v (t / r - 1/2) dollars of waiting per second of its own run; in the cloud
it costs the price of a core-second and no wait. Never more runs on-premises than there are slots, nor of one job more
than its own slots.

Left out, so that it stays a bound: jobs may be parted and stopped, boots, whole nodes, minutes, caps and budgets, and
that nobody knows what comes next. No job's waiting counts below 0. So it is
loose: see the clairvoyant run of our own rule beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from burst.replay.values import Flags, Floats, Site, Whole, Workload

_HOUR_S = 3600.0
_LEAST_PATIENCE, _MOST_PATIENCE = 1.5, 50.0
"""Cells of a job reach at least and at most so many of its runs beyond its middle; what is later has no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What J cannot be below."""

    usd: float
    variables: int
    slot_s: float


def lower_bound(workload: Workload, site: Site, v: float, slot_s: float = 600.0) -> Bound:
    """J of the best fractional, preemptive, all-knowing schedule.

    Args:
        workload: the jobs; those that fit neither the cluster nor a pool are left out, as ``measure`` does.
        site: the slots and pools; the cheapest core-second of any pool is everybody's.
        v: dollars per core and hour of waiting.
        slot_s: length of a slot of time; shorter is tighter, and more work.

    Raises ``RisHybridError`` where HiGHS finds no optimum, though the problem always has one.
    """
    price = min((pool.usd_per_hour / pool.cores / _HOUR_S for pool in site.pools), default=np.inf)
    kept = _kept(workload, site)
    rows = _Rows(
        submitted=workload.submitted[kept],
        run=np.maximum(workload.run_s[kept], 1e-3),
        slots=workload.slots[kept].astype(np.float64),
        here=workload.slots[kept] <= site.capacity,
    )
    return _solve(_lay_out(rows, site.capacity, price, v / _HOUR_S, slot_s), slot_s)


def _kept(workload: Workload, site: Site) -> Whole:
    widest = max((pool.max_nodes * pool.cores for pool in site.pools), default=0)
    return np.flatnonzero((workload.slots <= max(site.capacity, widest)) & (workload.slots > 0))


class _Rows(NamedTuple):
    """The jobs, one entry each."""

    submitted: Floats
    run: Floats
    slots: Floats
    here: Flags
    """Whether it fits on-premises."""


class _Problem(NamedTuple):
    """Minimise ``cost`` with ``most @ x <= limits``, ``exact @ x == work``, 0 <= x <= bounds."""

    cost: Floats
    most: csr_matrix
    limits: Floats
    exact: csr_matrix
    work: Floats
    bounds: Floats


class _Cells(NamedTuple):
    """Work of a job in one slot of time on-premises, one entry each."""

    job: Whole
    slot: Whole
    at: Floats
    room: Floats
    """Core-seconds of the job that fit there."""


def _cells(rows: _Rows, price: float, v: float, slot_s: float) -> tuple[_Cells, Floats]:
    """The cells in which waiting may still be cheaper than the cloud, and when they end, by job."""
    patience = min(max(price / v, _LEAST_PATIENCE), _MOST_PATIENCE) if v > 0.0 else _MOST_PATIENCE
    first = np.floor(rows.submitted / slot_s).astype(np.int64)
    last = np.floor((rows.submitted + rows.run * (patience + 0.5)) / slot_s).astype(np.int64)
    count = np.where(rows.here, last - first + 1, 0)
    job = np.repeat(np.arange(len(first)), count)
    slot = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[job]
    at = np.maximum(slot * slot_s, rows.submitted[job])
    ends = ((last + 1) * slot_s).astype(np.float64)
    return _Cells(job, slot, at, rows.slots[job] * ((slot + 1) * slot_s - at)), ends


def _within(run: Floats, slot_s: float) -> Floats:
    """How much later than the beginning of its slot work is done at least, on average, as a share of the run.

    A run in one piece fills m whole slots and parts a and b of two more: its work is (m slot^2 + a^2 + b^2) / 2 later.
    That is least with the parts equal, and with one whole slot more or fewer.
    """
    whole = np.floor(run / slot_s)
    rest = run - whole * slot_s
    more = whole * slot_s**2 + rest**2 / 2
    fewer = np.where(whole > 0, (whole - 1) * slot_s**2 + (slot_s + rest) ** 2 / 2, np.inf)
    least: Floats = np.minimum(more, fewer) / 2 / run**2
    return least


def _lay_out(rows: _Rows, capacity: int, price: float, v: float, slot_s: float) -> _Problem:
    """Columns: the cells, then by job work after its cells, work in the cloud, and dollars of waiting.

    Work after a job's last cell costs as at its beginning and takes no capacity: less than it would, so the cut of the
    cells leaves a bound.
    """
    cells, ends = _cells(rows, price, v, slot_s)
    jobs, size = len(rows.run), len(cells.job)
    every = np.arange(jobs)
    within = _within(rows.run, slot_s)
    wait = v * ((cells.at - rows.submitted[cells.job]) / rows.run[cells.job] - 0.5 + within[cells.job])
    late = v * ((ends - rows.submitted) / rows.run - 0.5 + within)
    names, slot = np.unique(cells.slot, return_inverse=True)
    cost = np.concatenate([np.zeros(size + jobs), np.full(jobs, min(price, 1e9)), np.ones(jobs)])
    most = csr_matrix(
        (
            np.concatenate([np.ones(size), wait, late, -np.ones(jobs)]),
            (
                np.concatenate([slot, len(names) + cells.job, len(names) + every, len(names) + every]),
                np.concatenate([np.arange(size), np.arange(size), size + every, size + 2 * jobs + every]),
            ),
        ),
        shape=(len(names) + jobs, size + 3 * jobs),
    )
    exact = csr_matrix(
        (
            np.ones(size + 2 * jobs),
            (
                np.concatenate([cells.job, every, every]),
                np.concatenate([np.arange(size), size + every, size + jobs + every]),
            ),
        ),
        shape=(jobs, size + 3 * jobs),
    )
    work = rows.slots * rows.run
    limits = np.concatenate([np.full(len(names), capacity * slot_s), np.zeros(jobs)])
    free = np.full(3 * jobs, np.inf)
    free[:jobs][~rows.here] = 0.0
    return _Problem(cost, most, limits, exact, work, np.concatenate([np.minimum(cells.room, work[cells.job]), free]))


def _solve(problem: _Problem, slot_s: float) -> Bound:
    found = linprog(
        problem.cost,
        A_ub=problem.most,
        b_ub=problem.limits,
        A_eq=problem.exact,
        b_eq=problem.work,
        bounds=np.stack([np.zeros_like(problem.bounds), problem.bounds], axis=1),
        method="highs",
    )
    if found.status != 0:
        raise RisHybridError(f"HiGHS found no optimum of the lower bound: {found.message}", "take longer slots of time")
    return Bound(usd=float(found.fun), variables=len(problem.cost), slot_s=slot_s)
