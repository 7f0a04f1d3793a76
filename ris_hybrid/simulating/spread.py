"""How far the weeks of a record are apart: dollars a month and mean wait over draws of whole weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from burst.replay.bootstrap import WEEK_S, interval, weekly
from ris_hybrid.simulating.result import Span
from ris_hybrid.simulating.rows import MONTH_S

if TYPE_CHECKING:
    from burst.replay.values import Outcome, Site, Workload

LEAST_WEEKS = 4
"""Fewer weeks say nothing of how weeks differ."""


def spans(outcome: Outcome, workload: Workload, site: Site, seed: int) -> tuple[Span, Span] | None:
    """Dollars a month and mean wait in seconds; None for a record of too few weeks."""
    weeks = weekly(outcome, workload, site)
    count = len(weeks.usd)
    if count < LEAST_WEEKS:
        return None
    week = (workload.submitted // WEEK_S).astype(np.int64)
    jobs = np.bincount(week, minlength=count).astype(np.float64)
    waits = np.nan_to_num(outcome.started - workload.submitted)  # a job that never starts has none
    waited = np.bincount(week, weights=waits, minlength=count).astype(np.float64)
    usd = interval(weeks.usd, np.ones(count), seed)
    wait = interval(waited, jobs, seed)
    to_month = MONTH_S / WEEK_S
    return Span(low=usd[0] * to_month, high=usd[1] * to_month), Span(low=wait[0], high=wait[1])
