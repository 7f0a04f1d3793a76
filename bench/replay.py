"""A million jobs replayed: no policy, immediate and the planned rule, as ratios to json.loads and to a plain heap loop.

The Gaia trace (PARALLEL WORKLOADS ARCHIVE's UniLu-Gaia-2014-2, gzipped SWF) tiled twenty times in time; its path is
RIS_TRACES/UniLu-Gaia-2014-2.swf.gz. Without that folder the KTH-SP2 trace of the tests, tiled 36 times. Also asked of
it: that the compiled loop and the plain one come to the same, bit for bit; what compiling takes; and the lower bound on
the second half of KTH-SP2.
"""

from __future__ import annotations

import gzip
import heapq
import json
import lzma
import os
import time
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from burst.replay.bound import lower_bound
from burst.replay.metrics import measure
from burst.replay.run import replay
from burst.replay.values import Policy, ReplayPool, Site, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

KTH = Path(__file__).parents[1] / "tests/golden/replay/KTH-SP2-1996.swf.xz"
POOL = ReplayPool(name="c7a.4xlarge", cores=16, usd_per_hour=16 * 0.05132, boot_s=180.0, max_nodes=1000)
V = (0.3, 0.1, 0.03)


def main() -> None:
    """Measure, and print."""
    one, capacity, times = _base()
    many = tiled(one, times)
    rows = list(zip(many.submitted.tolist(), many.run_s.tolist(), many.slots.tolist(), strict=True))
    text = json.dumps(rows)
    parse_s = timed(lambda: json.loads(text))
    loop_s = timed(lambda: plain_loop(rows, capacity))
    site = Site(capacity=capacity, pools=(POOL,), max_nodes=POOL.max_nodes)
    few = part(one, 0, 2000)
    compile_s = timed(lambda: replay(few, site, Policy(kind="planned", v=0.1)))
    print(f"{many.jobs:,} jobs ({one.name} x {times}), json.loads {parse_s:.2f} s, plain heap loop {loop_s:.2f} s")
    print(f"first call (compiles, or loads what is cached): {compile_s:.1f} s")
    print(f"compiled and plain come to the same: {same(few, site)}")
    for slots in (capacity, capacity * 11 // 20):  # the second one has queues thousands of jobs deep
        smaller = changed(site, capacity=slots)
        print(f"{slots} slots on-premises")
        for policy in (Policy(kind="none"), Policy(kind="immediate"), *(Policy(kind="planned", v=v) for v in V)):
            spent = timed(lambda policy=policy, smaller=smaller: replay(many, smaller, policy))
            ratio = f"{spent / parse_s:5.1f} x json.loads, {spent / loop_s:5.1f} x the heap loop"
            print(f"{policy.name:10} v={policy.v:<5g} {spent:6.2f} s, {many.jobs / spent / 1e6:.2f} M jobs/s, {ratio}")
    bounds()


def timed(work: Callable[[], object]) -> float:
    """Seconds of this process, so that neighbours do not count."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def same(workload: Workload, site: Site) -> bool:
    """Whether the plain loop comes to the very same outcome."""
    for policy in (Policy(kind="planned", v=0.1), Policy(kind="lsf"), Policy(kind="karpenter")):
        fast, slow = replay(workload, site, policy), replay(workload, site, policy, plain=True)
        if not np.array_equal(fast.started, slow.started) or fast.usd != slow.usd:
            return False
    return True


def plain_loop(rows: list[tuple[float, float, int]], capacity: int) -> float:
    """First come, first served with a heap of ends, and no more: the least that any event loop does."""
    ends: list[tuple[float, int]] = []
    free, now = capacity, 0.0
    for submitted, run, slots in rows:
        now = max(now, submitted)
        while ends and (ends[0][0] <= now or free < slots):
            end, width = heapq.heappop(ends)
            now, free = max(now, end), free + width
        free -= slots
        heapq.heappush(ends, (now + run, slots))
    return now


def bounds() -> None:
    """J of ours, with and without knowledge of run times, and what no policy can be below: KTH's second half."""
    whole = swf(lzma.decompress(KTH.read_bytes()).decode(), "KTH-SP2")
    half = part(whole, whole.jobs // 2, whole.jobs)
    site = Site(capacity=100, pools=(POOL,), max_nodes=POOL.max_nodes)
    for v in (0.03, 0.1, 0.3):
        begun = time.process_time()
        bound = lower_bound(half, site, v)
        spent = time.process_time() - begun
        ours = (Policy(kind="planned", v=v), Policy(kind="perfect", v=v))
        j = [measure(half, site, replay(half, site, policy), v).j for policy in ours]
        assert min(j) >= bound.usd
        print(f"v={v:<5g} no J is below {bound.usd:,.0f} $ ({bound.variables:,} variables, {spent:.0f} s)", end=": ")
        print(f"ours {j[0]:,.0f} $, knowing run times {j[1]:,.0f} $")


def _base() -> tuple[Workload, int, int]:
    folder = os.environ.get("RIS_TRACES", "")
    path = Path(folder) / "UniLu-Gaia-2014-2.swf.gz"
    if folder and path.exists():
        return swf(gzip.decompress(path.read_bytes()).decode(errors="replace"), "Gaia"), 2004, 20
    return swf(lzma.decompress(KTH.read_bytes()).decode(), "KTH-SP2"), 100, 36


def swf(text: str, name: str) -> Workload:
    """The columns of a trace in the standard workload format that a replay needs."""
    rows = np.array([line.split()[:15] for line in text.splitlines() if line.strip() and line[0] != ";"], np.float64)
    rows = rows[(rows[:, 3] > 0) & (np.maximum(rows[:, 4], rows[:, 7]) > 0)]
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    limit = np.where(rows[:, 8] > 0, rows[:, 8], rows[:, 3])
    none = np.zeros(len(rows), np.int64)
    return Workload(
        submitted=rows[:, 1] - rows[0, 1],
        run_s=np.minimum(rows[:, 3], limit),
        limit_s=limit,
        slots=np.where(rows[:, 7] > 0, rows[:, 7], rows[:, 4]).astype(np.int64),
        queue=none,
        lab=none,
        recorded_wait_s=rows[:, 2],
        queues=("all",),
        labs=("all",),
        name=name,
    )


def part(workload: Workload, begin: int, end: int) -> Workload:
    """Some of the jobs, the first of them at second 0."""
    cut = {name: getattr(workload, name)[begin:end] for name in COLUMNS}
    return changed(workload, **{**cut, "submitted": cut["submitted"] - cut["submitted"][0]})


def tiled(workload: Workload, times: int) -> Workload:
    """The same jobs again and again."""
    span = workload.submitted[-1] + 60.0
    cut = {name: np.tile(getattr(workload, name), times) for name in COLUMNS}
    later = np.repeat(np.arange(times) * span, workload.jobs)
    return changed(workload, **{**cut, "submitted": cut["submitted"] + later})


COLUMNS = ("submitted", "run_s", "limit_s", "slots", "queue", "lab", "recorded_wait_s")

if __name__ == "__main__":
    main()
