"""What the plan looks at and what it says, job by job."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.decide import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a job is taken to run, and why so."""

    seconds: float
    source: str
    """``RUNLIMIT``, or the class of jobs it is estimated from, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One pending job that more slots would start, in the order in which the scheduler takes them."""

    job_id: str
    queue: str
    """Its own queue, where it was submitted: not the burst queue it may have been moved to."""
    lab: str
    slots: int
    length: Length
    pend_s: float
    value: float
    """Dollars an hour of its waiting is worth, per core: the knob v, as pacing lowers it now."""
    value_source: str = ""
    """Where v is set, and how far pacing lowers it, in words."""
    chosen: bool = False
    """Whether it was chosen before, as the scheduler itself shows (its queue, its resource requirement)."""
    barred: str = ""
    """Why it may not go, in words: excluded by the admin, gate closed, data not there; empty when it may."""
    one_host: bool = False
    """``span[hosts=1]``: all its slots on one host."""
    memory_mib: int = 0
    """Of the whole job; 0 where it did not say."""
    gpus: int = 0
    """Of the whole job."""
    rerunnable: bool = False
    """Whether it may be started again, so that a spot node may be taken from under it."""
    names_spot: bool = True
    """Whether its requirement names the flag of spot nodes, without which they take no job."""
    data_usd: float = 0.0
    """Dollars of staging and egress that sending it costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOffer:
    """What a node of one pool gives and costs."""

    pool: str
    cores: int
    """Slots of one node that jobs can use, as LSF counts them."""
    usd_per_core_hour: float
    """Per physical core, of the pool's dearest type, on demand."""
    slot_cores: float = 1.0
    """Physical cores of one slot: a half where the cluster counts threads."""
    purchase: str = "on-demand"
    """``on-demand``, ``spot`` or ``mixed``."""
    on_demand_ratio: float = 1.0
    """Share of its nodes that is bought on demand."""
    hazard: float = 0.0
    """Chance in an hour that a spot node of it is taken."""
    boot_s: float
    """Seconds from launch to joined: as measured, else as burst.yaml expects."""
    memory_mib: int = 0
    gpus: int = 0
    spot_usd_per_core_hour: float | None = None
    """None where the pool buys no spot, or its price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One candidate with what the plan found: the figures of the rule and the word."""

    job: Candidate
    wait_s: float
    """W: planned seconds until it would start on-premises; ``kernel.NEVER`` when it is wider than the cluster."""
    pool: str
    """The pool that would take it; empty for none."""
    purchase: str
    """``on-demand`` or ``spot``."""
    boot_s: float
    """b: seconds until the pool's node is there; 0 where room is there, or will be."""
    cores: float
    """n': physical cores that are billed for it."""
    usd_per_core_hour: float
    """p."""
    worth_usd: float
    """v n (W - b)."""
    cost_usd: float
    """p n' (r + b) and its data."""
    chosen: bool
    why: str
    """One sentence with the figures: why it is sent, or why it stays."""
    site_slots: int = 0
    """Slots in service of the site's own hosts that serve its queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Nodes of one pool that chosen jobs of one lab need beside those that are there or on their way."""

    nodes: int = 0
    jobs: int = 0
    """Chosen jobs that the pool's nodes are to run, those with room on nodes that are there included."""
    slots: int = 0
    data_usd: float = 0.0
    """Dollars of staging and egress of the jobs that need the new nodes."""
    instead: int = 0
    """Nodes of it that would do in place of other pools' for jobs of the lab that are worth these too: which pool comes
    is LSF's choice in the end, by the templates' priority."""


NOTHING = Want()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One turn's plan for the whole cluster."""

    at: float
    jobs: tuple[PlannedJob, ...] = ()
    """Every candidate the plan reached, first come first; those behind its depth are counted in ``beyond``."""
    decisions: tuple[Decision, ...] = ()
    """Nodes to launch by pool and lab, with reasons; zero is one too."""
    beyond: int = 0
    capacity: int = 0
    """On-premises slots that the plan counted on."""
    notes: tuple[str, ...] = ()
    """What holds for all of it: pacing, a gate, a cap that binds."""
    chosen_by_cap: Mapping[str, str] = field(default_factory=dict)
    """Job id to the cap that keeps a worthy job here."""
    wants: Mapping[tuple[str, str], Want] = field(default_factory=dict)
    """Pool and lab to the nodes that chosen jobs need; before limits of pace (step, cool-down)."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Lab to what is left of its v by pacing, 0 to 1; empty text for the site as a whole."""

    @property
    def chosen(self) -> frozenset[str]:
        """Ids of the jobs that only the cloud's nodes are to run."""
        return frozenset(one.job.job_id for one in self.jobs if one.chosen)

    @property
    def usd(self) -> float:
        """What the chosen jobs are expected to cost."""
        return fsum(one.cost_usd for one in self.jobs if one.chosen)

    def job(self, job_id: str) -> PlannedJob | None:
        """What was found of one job; None where the plan did not reach it."""
        return next((one for one in self.jobs if one.job.job_id == job_id), None)
