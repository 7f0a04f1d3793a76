from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from burst.replay.metrics import measure
from burst.replay.values import Outcome, Workload
from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.sandbox.scenario import example_site
from ris_hybrid.simulating.premises import Premises
from ris_hybrid.simulating.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.replay.metrics import Metrics
    from burst.replay.values import Policy, Site
    from ris_hybrid.settings import BurstSettings

DAY = 86400.0


@dataclass(slots=True)
class Toy:
    """First come, first served; a job that would wait too long for a policy's taste gets a node of its own."""

    calls: list[tuple[str, int]] = field(default_factory=list)

    def replay(
        self, workload: Workload, site: Site, policy: Policy, progress: Callable[[int, int], None] | None = None
    ) -> Outcome:
        self.calls.append((policy.name, site.capacity))
        if progress is not None:
            progress(1, 2)
        free = [0.0] * site.capacity
        heapq.heapify(free)
        started, sent = [], []
        for at, run, slots in zip(workload.submitted, workload.run_s, workload.slots, strict=True):
            first = sorted(heapq.heappop(free) for _ in range(int(slots)))
            begin = max(float(at), first[-1])
            goes = bool(site.pools) and self.goes(policy, site, begin - float(at), float(run))
            if goes:
                begin = float(at) + site.pools[0].boot_s
            for slot in first:
                heapq.heappush(free, slot if goes else begin + float(run))
            started.append(begin)
            sent.append(goes)
        starts, cloud = np.array(started), np.array(sent, dtype=bool)
        ends = starts + workload.run_s
        boot, usd = (site.pools[0].boot_s, site.pools[0].usd_per_hour) if site.pools else (0.0, 0.0)
        launched, ended = starts[cloud] - boot, ends[cloud]
        return Outcome(
            policy=policy,
            started=starts,
            ended=ends,
            pool=np.where(cloud, 0, -1),
            node=np.where(cloud, np.cumsum(cloud) - 1, -1),
            node_pool=np.zeros(len(launched), dtype=np.int64),
            node_launched=launched,
            node_ended=ended,
            node_used_s=(workload.run_s * workload.slots)[cloud],
            usd=float((np.maximum(60.0, ended - launched) / 3600).sum() * usd),
        )

    @staticmethod
    def goes(policy: Policy, site: Site, wait: float, run: float) -> bool:
        if policy.kind in {"planned", "perfect"}:
            boot, usd = site.pools[0].boot_s, site.pools[0].usd_per_hour / site.pools[0].cores
            return policy.v * (wait - boot) >= usd * (run + boot)
        return policy.kind != "none" and wait > 0

    def measure(self, workload: Workload, site: Site, outcome: Outcome, v: float) -> Metrics:
        return measure(workload, site, outcome, v)


class Quiet:
    """Hears how far it is."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, what: str) -> None:
        self.steps.append(what)

    def share(self, done: float) -> None:
        assert 0 <= done <= 1


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


@pytest.fixture
def written() -> BurstSettings:
    """burst.yaml of the shipped example."""
    return load_burst(example_site() / "burst.yaml")


@pytest.fixture
def premises(written: BurstSettings) -> Premises:
    return Premises(settings=with_shapes(written), capacity=4, capacity_from="--slots")


@pytest.fixture
def load() -> Workload:
    return workload()


@pytest.fixture(scope="session")
def make_load() -> Callable[..., Workload]:
    return workload


@pytest.fixture(scope="session")
def make_row() -> Callable[..., Row]:
    return row


def workload(days: int = 42, **fields: Any) -> Workload:
    """Each morning twelve jobs of four hours come within an hour, and by the record they waited as on four slots."""
    submitted = np.array([day * DAY + job * 300.0 for day in range(days) for job in range(12)])
    jobs = len(submitted)
    plain = Workload(
        submitted=submitted,
        run_s=np.full(jobs, 14400.0),
        limit_s=np.full(jobs, 18000.0),
        slots=np.ones(jobs, dtype=np.int64),
        queue=np.zeros(jobs, dtype=np.int64),
        lab=np.arange(jobs) % 2,
        recorded_wait_s=np.full(jobs, np.nan),
        queues=("general",),
        labs=("wucci", "genomics"),
        name="toy",
    )
    return replace(plain, **fields)


def row(name: str = "ours", **fields: Any) -> Row:
    plain = Row(
        name=name, kind="planned", v=0.1, usd=100.0, usd_per_month=100.0, dearest_month_usd=120.0, mean_wait_s=600.0,
        p50_wait_s=60.0, p95_wait_s=3600.0, p99_wait_s=7200.0, bounded_slowdown=2.0, core_hours_waited=50.0, j=105.0,
        core_weighted_wait_s=700.0, utilisation=0.9, onprem_utilisation=0.8, never_started=0,
        peak_nodes=3, launches=9, node_hours=20.0, wasted_node_hours=2.0, jobs_burst=12, core_hours_burst_share=0.1,
        restarts=0, jobs_burst_by_queue={"general": 12}, jobs_burst_by_lab={"wucci": 12},
    )  # fmt: skip
    return replace(plain, **fields)
