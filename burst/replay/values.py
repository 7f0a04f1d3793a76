"""What is replayed, under which policy, and what comes of it: arrays of numpy, one entry per job or node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    """Jobs of the past by time of submission. Seconds are relative to the first submission."""

    submitted: Floats
    """Ascending: when more slots could have started it (submission and what it was not eligible for)."""
    run_s: Floats
    """How long it really ran, at most its limit."""
    limit_s: Floats
    """Run limit; where it had none the estimate, as the live planner would have made it then."""
    slots: Whole
    queue: Whole
    """Index into ``queues``."""
    lab: Whole
    """Index into ``labs``."""
    recorded_wait_s: Floats
    """From ``submitted`` until it started in the record; NaN where unknown."""
    queues: tuple[str, ...]
    labs: tuple[str, ...]
    name: str = ""
    began: float = 0.0
    """Epoch seconds of second 0; 0 where the record does not say."""
    notes: tuple[str, ...] = ()
    """What was left out or repaired when it was read, with counts."""

    @property
    def jobs(self) -> int:
        """How many."""
        return len(self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPool:
    """Nodes of one kind."""

    name: str
    cores: int
    usd_per_hour: float
    boot_s: float
    max_nodes: int
    queues: tuple[str, ...] = ()
    """Empty: all."""
    labs: tuple[str, ...] = ()
    spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The cluster of the record and what it may burst to."""

    capacity: int
    """On-premises slots."""
    pools: tuple[ReplayPool, ...]
    max_nodes: int
    """Over all pools."""
    tick_s: float = 30.0
    nodes_by_lab: bool = False
    """Whether a node takes jobs of the lab it was started for only (RC_ACCOUNT), or of any."""
    spot_hazard: float = 0.0
    """Chance in an hour that a spot node is taken from under its jobs, which then start again."""
    rerunnable_queues: tuple[str, ...] = ()
    """Spot pools take jobs of these queues only."""
    usd_per_month: float = float("inf")
    commit_hours: float = 1.0
    """How long a node is taken to run on from now when committed cost is counted (``Budget.commit_hours``); ours counts
    the whole runs of the jobs that it chose where those are longer."""
    scheduling: Literal["easy", "fit"] = "easy"
    """``easy``: first come, first served, with EASY backfilling. ``fit``: whatever fits starts, nothing is reserved."""
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One way to decide, with its figures."""

    kind: Literal["none", "planned", "perfect", "gates", "lsf", "count", "immediate", "karpenter", "aqtp"]
    """``planned`` is ours; ``perfect`` is ours with real run times in place of limits; ``gates`` are burst.yaml's alone
    (``mode: thresholds``): figures ``gates`` (four each: jobs, seconds they have waited, slots, seconds of expected
    wait; -1 for none), ``release`` (jobs, slots), ``step_nodes`` in ``step_s``, ``idle_s``. Ours may have ``gates``."""
    v: float = 0.0
    """Dollars per core and hour of waiting; ``planned`` and ``perfect`` decide by it."""
    figures: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    """What its kind is tuned by; see ``burst.replay.peers``. Missing ones are the peer's documented defaults."""
    label: str = ""

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.label or self.kind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What one replay came to."""

    policy: Policy
    started: Floats
    """Per job, seconds like ``Workload.submitted``."""
    ended: Floats
    pool: Whole
    """Per job: index of the pool whose nodes ran it, -1 for on-premises."""
    node: Whole
    """Per job: index of the node that ran it, the first of several; -1 for on-premises."""
    node_pool: Whole
    """Per node launched."""
    node_launched: Floats
    node_ended: Floats
    node_used_s: Floats
    """Core-seconds that jobs ran on it."""
    usd: float
    """List price of all nodes from launch to end, a minute at least."""
    restarts: int = 0
    """Runs that a taken spot node ended."""
