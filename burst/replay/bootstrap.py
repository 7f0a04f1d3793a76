"""How sure a ratio of two policies is: whole weeks are drawn again and again (block bootstrap).

Jobs of one week hang together (a deadline, a broken rack), those of different weeks hardly: blocks of weeks keep that
(Kuensch, Ann. Statist. 17(3), 1989). A job's waiting counts for the week of its submission, a node's dollars for the
week of its launch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from burst.replay.values import Floats, Outcome, Site, Workload

WEEK_S = 7 * 86400.0
DRAWS = 2000
LEAST_BILLED_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weekly:
    """Dollars and core-hours waited, week by week."""

    usd: Floats
    core_hours_waited: Floats

    def j(self, v: float) -> Floats:
        """J of each week."""
        return np.asarray(self.usd + v * self.core_hours_waited)


def weekly(outcome: Outcome, workload: Workload, site: Site) -> Weekly:
    """One replay cut into weeks from the first submission; nodes that start after the last one count to the last."""
    job_week = (workload.submitted // WEEK_S).astype(np.int64)
    weeks = int(job_week.max(initial=0)) + 1
    waited = (outcome.started - workload.submitted) * workload.slots / 3600
    rates = np.array([pool.usd_per_hour for pool in site.pools], dtype=np.float64)[outcome.node_pool]
    billed = np.maximum(outcome.node_ended - outcome.node_launched, LEAST_BILLED_S) / 3600
    node_week = np.minimum((outcome.node_launched // WEEK_S).astype(np.int64), weeks - 1)
    return Weekly(
        usd=np.bincount(node_week, weights=rates * billed, minlength=weeks).astype(np.float64),
        core_hours_waited=np.bincount(job_week, weights=waited, minlength=weeks).astype(np.float64),
    )


def interval(peer: Floats, ours: Floats, seed: int = 0) -> tuple[float, float]:
    """The middle 95 % of sum(peer) / sum(ours) over draws of weeks, the same weeks for both."""
    drawn = np.random.default_rng(seed).integers(0, len(ours), size=(DRAWS, len(ours)))
    below = ours[drawn].sum(axis=1)
    ratios = peer[drawn].sum(axis=1)[below > 0] / below[below > 0]
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(low), float(high)
