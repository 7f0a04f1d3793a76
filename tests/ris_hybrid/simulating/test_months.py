"""Dollars by calendar month, as the budget counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from burst.replay.values import Outcome, Policy, ReplayPool, Site
from ris_hybrid.simulating.desk import by_month

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.replay.values import Workload

HOUR, DAY = 3600.0, 86_400.0
SITE = Site(
    capacity=1, pools=(ReplayPool(name="cpu", cores=1, usd_per_hour=2.0, boot_s=60.0, max_nodes=9),), max_nodes=9
)


def nodes(*spans: tuple[float, float]) -> Outcome:
    """Nodes from launch to end, no jobs."""
    nothing = np.array([], dtype=np.float64)
    launched, ended = np.array(spans, dtype=np.float64).reshape(-1, 2).T
    return Outcome(
        policy=Policy(kind="none"),
        started=nothing,
        ended=nothing,
        pool=np.array([], dtype=np.int64),
        node=np.array([], dtype=np.int64),
        node_pool=np.zeros(len(spans), dtype=np.int64),
        node_launched=launched,
        node_ended=ended,
        node_used_s=np.zeros(len(spans)),
        usd=0.0,
    )


@pytest.mark.parametrize(
    ("began", "spans", "usd"),
    [
        (1_769_385_600.0, ((0.0, HOUR), (5.5 * DAY, 6.5 * DAY), (40 * DAY, 40 * DAY + HOUR)), [26.0, 24.0, 2.0]),
        (0.0, ((29 * DAY, 31 * DAY),), [48.0, 48.0]),
        (0.0, (), []),
        (1_769_385_600.0, (), []),
    ],
)
def test_a_node_costs_in_the_months_in_which_it_is_up(
    make_load: Callable[..., Workload], began: float, spans: tuple[tuple[float, float], ...], usd: list[float]
) -> None:
    """26 January 2026: the month ends after six days."""
    found = np.trim_zeros(by_month(nodes(*spans), SITE, make_load(days=1, began=began)), "b")
    assert list(found) == pytest.approx(usd)
