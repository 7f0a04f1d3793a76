"""The figures of a trace that was replayed several ways: waits, nodes, dollars, moves (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.bill import Bill
    from ris_hybrid.sandbox.lsf.spec import FinishedJob
    from ris_hybrid.sandbox.shares import Share
    from ris_hybrid.sandbox.takeover import TakeOver

WITHOUT = "without"
"""The replay in which no queue borrows."""


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
class Moves:
    """Jobs that the service moved onto the cloud's queue and back, as its audit log has them."""

    chosen: int = 0
    back: int = 0


NO_MOVES = Moves()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The figures of one replay."""

    finished: int
    waits: Waits
    bill: Bill
    jobs_burst: int
    """Jobs that ran on a cloud node, or on one beside others."""
    moves: Moves = NO_MOVES
    virtual_hours: float = 0.0
    shares: tuple[Share, ...] = ()
    """What each cloud did of it; empty where EC2 is the only one."""
    takeovers: tuple[TakeOver, ...] = ()
    """Every time a pool launched because another was empty."""

    def as_json(self) -> dict[str, Any]:
        """Seconds and dollars rounded to what they can mean."""
        return {
            "finished": self.finished,
            "virtual_hours": round(self.virtual_hours, 2),
            "episodes": self.bill.episodes,
            "nodes_launched": self.bill.nodes,
            "node_hours": round(self.bill.node_hours, 3),
            "usd": round(self.bill.usd, 2),
            "usd_by_lab": {lab: round(usd, 2) for lab, usd in self.bill.usd_by_lab.items()},
            "mean_wait_s": round(self.waits.mean_s, 1),
            "p95_wait_s": round(self.waits.p95_s, 1),
            "jobs_burst": self.jobs_burst,
            "jobs_moved": self.moves.chosen,
            "jobs_moved_back": self.moves.back,
            **self._of_clouds(),
        }

    def _of_clouds(self) -> dict[str, Any]:
        if not self.shares:
            return {}
        return {
            "clouds": [share.as_json() for share in self.shares],
            "takeovers": [takeover.as_json() for takeover in self.takeovers],
        }


def rows_of(summary: Summary) -> dict[str, tuple[str, ...]]:
    """The table that people read: a row for each figure, a cell for each replay."""
    runs = summary.runs.values()
    return {
        "mean wait, min": tuple(f"{run.waits.mean_s / 60:.1f}" for run in runs),
        "p95 wait, min": tuple(f"{run.waits.p95_s / 60:.1f}" for run in runs),
        "dollars (list price)": tuple(f"{run.bill.usd:.2f}" for run in runs),
        "nodes launched": tuple(str(run.bill.nodes) for run in runs),
        "node-hours": tuple(f"{run.bill.node_hours:.1f}" for run in runs),
        "burst episodes": tuple(str(run.bill.episodes) for run in runs),
        "jobs in the cloud": tuple(str(run.jobs_burst) for run in runs),
        "jobs moved there, back": tuple(f"{run.moves.chosen}, {run.moves.back}" for run in runs),
        "jobs finished": tuple(str(run.finished) for run in runs),
    }


def cloud_rows(run: Run) -> list[tuple[str, ...]]:
    """A head and a row for each cloud: what it did, what it cost, what it has left."""
    head = ("cloud", "pools", "nodes launched", "node-hours", "dollars", "jobs run there", "nodes left")
    return [
        head,
        *(
            (
                share.words,
                ", ".join(share.pools),
                str(share.bill.nodes),
                f"{share.bill.node_hours:.1f}",
                f"{share.bill.usd:.2f}",
                str(share.jobs),
                str(share.left),
            )
            for share in run.shares
        ),
    ]


def took_over(run: Run) -> list[str]:
    """A line for each pair of pools of which one took over from the other, with the code of the cloud."""
    nodes: dict[tuple[str, str, str], int] = {}
    for one in run.takeovers:
        key = (one.empty, one.code, one.pool)
        nodes[key] = nodes.get(key, 0) + one.nodes
    where = {pool: f"{pool} ({share.words})" for share in run.shares for pool in share.pools}
    return [
        f"{where.get(empty, empty)} was empty by {code}: {where.get(pool, pool)} took over with {count} nodes"
        for (empty, code, pool), count in nodes.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the demo prints. Everything but the seconds depends on the seed and the inputs alone."""

    seed: int
    trace: str
    jobs: int
    runs: Mapping[str, Run]
    """By mode, in the order they were made; the last but ``without`` is what burst.yaml asks for."""
    resources: int
    """That the stacks' programs built before a replay."""
    build_s: float
    instances_left: int
    api_calls: int
    """The product's own, of all replays."""
    protocol_errors: int
    wall_s: float

    @property
    def mode(self) -> str:
        """The mode whose figures stand for the whole."""
        return [name for name in self.runs if name != WITHOUT][-1]

    @property
    def main(self) -> Run:
        """The figures of that mode."""
        return self.runs[self.mode]

    def verdict(self) -> str:
        """Whether the plan beat thresholds, in a sentence; empty where the two were not both replayed."""
        if not {"thresholds", "planned"} <= self.runs.keys():
            return ""
        plan, gates = self.runs["planned"], self.runs["thresholds"]
        saved = gates.bill.usd - plan.bill.usd
        dollars = f"${plan.bill.usd:.2f} for ${gates.bill.usd:.2f}"
        wait = f"a mean wait of {plan.waits.mean_s:.0f} s for {gates.waits.mean_s:.0f} s"
        if saved > 0 and plan.waits.mean_s <= gates.waits.mean_s:
            return f"planned beats thresholds: {dollars}, {wait}"
        if saved <= 0 and plan.waits.mean_s >= gates.waits.mean_s:
            return f"planned loses to thresholds: {dollars}, {wait}"
        return f"neither beats the other: planned {'cheaper' if saved > 0 else 'dearer'}, {dollars}, {wait}"

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``: the figures of ``mode`` on top, those of every replay in ``modes``."""
        without = self.runs[WITHOUT].waits
        return {
            "sandbox": True,
            "seed": self.seed,
            "trace": self.trace,
            "jobs": self.jobs,
            "mode": self.mode,
            **self.main.as_json(),
            "mean_wait_s_without": round(without.mean_s, 1),
            "p95_wait_s_without": round(without.p95_s, 1),
            "resources": self.resources,
            "build_s": round(self.build_s, 1),
            "instances_left": self.instances_left,
            "api_calls": self.api_calls,
            "protocol_errors": self.protocol_errors,
            "verdict": self.verdict(),
            "modes": {name: run.as_json() for name, run in self.runs.items()},
            "wall_s": round(self.wall_s, 1),
        }
