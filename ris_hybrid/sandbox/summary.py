"""The figures of a replay: waits with and without bursting, nodes, dollars (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.bill import Bill
    from ris_hybrid.sandbox.lsf.spec import FinishedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds from submission to start over all jobs that ran."""

    mean_s: float
    p95_s: float


def waits_of(jobs: Sequence[FinishedJob]) -> Waits:
    """Mean and 95th percentile (nearest rank); zero for no jobs."""
    waits = sorted(job.started - job.submitted for job in jobs)
    if not waits:
        return Waits(mean_s=0.0, p95_s=0.0)
    return Waits(mean_s=sum(waits) / len(waits), p95_s=waits[ceil(0.95 * len(waits)) - 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the demo prints. Everything but the seconds depends on the seed and the inputs alone."""

    seed: int
    trace: str
    jobs: int
    finished: int
    virtual_hours: float
    bill: Bill
    waits: Waits
    waits_without: Waits
    resources: int
    """That the stacks' programs built before the replay."""
    build_s: float
    instances_left: int
    api_calls: int
    """The product's own."""
    protocol_errors: int
    wall_s: float

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``; seconds and dollars rounded to what they can mean."""
        return {
            "sandbox": True,
            "seed": self.seed,
            "trace": self.trace,
            "jobs": self.jobs,
            "finished": self.finished,
            "virtual_hours": round(self.virtual_hours, 2),
            "episodes": self.bill.episodes,
            "nodes_launched": self.bill.nodes,
            "node_hours": round(self.bill.node_hours, 3),
            "usd": round(self.bill.usd, 2),
            "usd_by_lab": {lab: round(usd, 2) for lab, usd in self.bill.usd_by_lab.items()},
            "mean_wait_s": round(self.waits.mean_s, 1),
            "p95_wait_s": round(self.waits.p95_s, 1),
            "mean_wait_s_without": round(self.waits_without.mean_s, 1),
            "p95_wait_s_without": round(self.waits_without.p95_s, 1),
            "resources": self.resources,
            "build_s": round(self.build_s, 1),
            "instances_left": self.instances_left,
            "api_calls": self.api_calls,
            "protocol_errors": self.protocol_errors,
            "wall_s": round(self.wall_s, 1),
        }
