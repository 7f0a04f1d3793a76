from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np

from burst.replay.metrics import measure
from burst.replay.run import replay
from burst.replay.values import Policy, Site, Workload

TRACE = Path(__file__).parents[1] / "golden" / "replay" / "KTH-SP2-1996.swf.xz"
"""KTH-SP2 of the Parallel Workloads Archive, every line as it came; its header names whom to thank."""


def kth() -> Workload:
    """Jobs that ran; runs are cut at the request, as the published figures have it."""
    lines = lzma.decompress(TRACE.read_bytes()).decode().splitlines()
    rows = np.array([line.split()[:9] for line in lines if not line.startswith(";")], np.float64)
    rows = rows[rows[:, 3] > 0]
    submitted, run, slots, limit = rows[:, 1], rows[:, 3], rows[:, 7], rows[:, 8]
    order = np.argsort(submitted, kind="stable")
    none = np.zeros(len(rows), np.int64)
    return Workload(
        submitted=(submitted - submitted.min())[order],
        run_s=np.minimum(run, limit)[order],
        limit_s=limit[order],
        slots=slots[order].astype(np.int64),
        queue=none,
        lab=none,
        recorded_wait_s=rows[order, 2],
        queues=("all",),
        labs=("all",),
    )


def test_easy_without_a_cloud_gives_the_published_figures() -> None:
    """An independent simulator's, for this trace: mean flow 15,696.8 s, mean bounded slowdown 92.58, 28,481 jobs."""
    workload, site = kth(), Site(capacity=100, pools=(), max_nodes=0)
    outcome = replay(workload, site, Policy(kind="none"))
    found = measure(workload, site, outcome, 0.1)
    assert workload.jobs == 28_481
    assert abs(found.mean_flow_s / 15_696.8 - 1) < 0.005
    assert abs(found.bounded_slowdown / 92.58 - 1) < 0.02
    assert (outcome.ended - workload.submitted).max() == 309_231.0
    assert (found.never_started, found.usd, found.jobs_burst) == (0, 0.0, 0)
