"""The service's figures for Prometheus, as the file that node_exporter's textfile collector reads.

Format: Prometheus text exposition. The file is replaced in one step, so a reader sees the whole of it. What could
not be asked has no figure: an absent series is an unknown one, and ``ris_hybrid_asked`` says since when.
"""

from __future__ import annotations

import logging
from collections import Counter as Counted
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, write_to_textfile

from burst.clouds.partly import EC2, cloud_word
from ris_hybrid.hook import RELAYED

if TYPE_CHECKING:
    from pathlib import Path

    from burst.outlook import Word
    from burst.planning import Planned
    from burst.turn import Turned
    from ris_hybrid.settings import BurstSettings

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
POOL_STATES = ("on", "held", "off")
_OUTCOME = {0: "answered", 1: "failed"}
_LOG = logging.getLogger(__name__)


class Metrics:
    """Counts what happens and remembers the last turn; several threads may count at once."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series of its own for each counter, which nobody reads
        self.registry = CollectorRegistry()
        self._calls = self._counter("calls", "Calls of the provider's scripts", "verb", "outcome")
        self._seconds = Histogram(
            "ris_hybrid_call_seconds",
            "Seconds to answer a call",
            ["verb"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._turns = self._counter("turns", "Turns of the service")
        self._failures = self._counter("failures", "Turns that could not ask or do something", "what")
        self._ended = self._counter("machines_ended", "Machines ended by the reaper")
        self._noticed = self._counter("notices", "Spot notices written on machines")
        self._machines = self._gauge("machines", "Cloud machines by stage of their life", "pool", "stage")
        self._boot = self._gauge("boot_seconds", "Seconds from launch to joined, as measured lately", "pool")
        self._pools = self._gauge("pool_state", "1 for the state a pool is in", "pool", "state")
        self._usd = self._gauge("committed_usd", "Dollars spent and committed this month, list prices")
        self._budget = self._gauge("budget_usd", "Dollars allowed this month")
        self._data = self._gauge("data_usd", "Dollars of transfers and egress this month, spent or due", "lab")
        self._ready = self._gauge("data_jobs", "Pending jobs by what the data plane says of them", "verdict")
        self._plan_at = self._gauge("plan_timestamp_seconds", "When the last plan was made", "mode")
        self._planned = self._gauge("plan_jobs", "Pending jobs by the plan's word", "word")
        self._planned_usd = self._gauge("plan_usd", "Dollars that the chosen jobs are expected to cost", "mode")
        self._v = self._gauge("plan_share_of_v", "What pacing leaves of v, 0 to 1; site stands for all labs", "lab")
        self._cloud = self._gauge("cloud_asked", "Whether this cloud answered in the last turn", "cloud")
        self._pool = self._gauge("pool_cloud", "1 for the cloud that a pool is of", "pool", "cloud")
        self._at = self._gauge("last_turn_timestamp_seconds", "When the last turn ended")
        self._asked = self._gauge("asked", "Whether this could be asked in the last turn", "what")
        for verb in RELAYED:
            for outcome in _OUTCOME.values():
                self._calls.labels(verb, outcome)

    def called(self, verb: str, code: int, seconds: float) -> None:
        """Count an answered call."""
        self._calls.labels(verb, _OUTCOME[code]).inc()
        self._seconds.labels(verb).observe(seconds)

    def turned(self, turned: Turned, settings: BurstSettings) -> None:
        """Take over what a turn saw and did."""
        self._turns.inc()
        self._at.set(turned.at)
        self._budget.set(settings.budget.usd_per_month)
        self._noticed.inc(len(turned.noticed))
        self._ended.inc(len(turned.ended))
        for what in ("cloud", "lsf", "notices", "spend"):
            self._asked.labels(what).set(what not in turned.unknown)
        self._of_clouds(turned, settings)
        for problem in turned.problems:
            self._failures.labels(problem.what).inc()
        for gauge in (self._machines, self._boot, self._pools):
            gauge.clear()
        for (pool, stage), count in turned.stages.items():
            self._machines.labels(pool, stage).set(count)
        for pool, seconds in turned.boot_s.items():
            self._boot.labels(pool).set(seconds)
        for pool, state in turned.pools.items():
            for one in POOL_STATES:
                self._pools.labels(pool, one).set(state == one)
        self._usd.set(turned.committed_usd)
        self._data_plane(turned.word)
        self._plan(turned.planned)

    def _of_clouds(self, turned: Turned, settings: BurstSettings) -> None:
        """Where burst.yaml names clouds beside EC2: which answered, and which pool is of which."""
        self._cloud.clear()
        self._pool.clear()
        if not settings.clouds:
            return
        every = [*([EC2] if settings.on_ec2 else []), *(cloud.name for cloud in settings.clouds)]
        none = "cloud" in turned.unknown and not turned.unread
        for name in every:
            self._cloud.labels(cloud_word(name)).set(not none and name not in turned.unread)
        for pool in settings.pools:
            self._pool.labels(pool.name, cloud_word(pool.cloud)).set(1)

    def _plan(self, planned: Planned | None) -> None:
        """Figures of a plan stay until the next one; how old it is tells its time. None while another host plans."""
        if planned is None:
            return
        if planned.standby:
            for gauge in (self._plan_at, self._planned_usd, self._planned, self._v):
                gauge.clear()
            return
        self._asked.labels("plan").set(planned.plan is not None)
        plan = planned.plan
        if plan is None:
            return
        for gauge in (self._plan_at, self._planned_usd, self._planned, self._v):
            gauge.clear()
        self._plan_at.labels(planned.mode).set(plan.at)
        self._planned_usd.labels(planned.mode).set(plan.usd)
        words = Counted("chosen" if one.chosen else "barred" if not one.pool else "kept" for one in plan.jobs)
        for word in ("chosen", "kept", "barred"):
            self._planned.labels(word).set(words[word])
        self._planned.labels("beyond").set(plan.beyond)
        for lab, share in plan.values.items():
            self._v.labels(lab or "site").set(share)

    def _data_plane(self, word: Word | None) -> None:
        if word is None:
            return
        self._asked.labels("data").set(not word.problem)
        self._data.clear()
        self._ready.clear()
        for lab, usd in word.spent.items():
            self._data.labels(lab).set(usd)
        for verdict, count in Counted(data.verdict for data in word.jobs.values()).items():
            self._ready.labels(verdict).set(count)

    def write(self, path: Path) -> None:
        """Replace the file. One that cannot be written is said in the service's log; the service goes on."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_to_textfile(str(path), self.registry)
        except OSError as error:
            _LOG.warning("%s: cannot be written: %s", path, error.strerror)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"ris_hybrid_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"ris_hybrid_{name}", text, labels, registry=self.registry)
