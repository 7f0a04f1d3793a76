"""Everything the replay's loop knows, as rows: records of numpy for numba, objects of these classes as plain Python.

``jobs[3].slots`` reads and writes both. Nothing is held outside, so the loop can stop anywhere, let the caller make
room or say how far it is, and go on. ``NONE`` is the missing index. Times are seconds from the first submission, money
dollars. Rows are mutable for that reason: they are the loop's variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from burst.replay.engine_rule import Gate, Queue, Rule

NONE = -1
WAITING = -2
"""``Work.where`` of a job that has not started; ``NONE`` is on-premises, others are pools."""
BOOTING, READY, GONE = 0, 1, 2
"""States of a node."""


@dataclass(slots=True)
class Job:
    """What is known of a job beforehand."""

    submitted: float = 0.0
    run: float = 0.0
    limit: float = 0.0
    plan: float = 0.0
    """Length that the planner takes it to have."""
    slots: int = 0
    queue: int = 0
    lab: int = 0
    pool: int = NONE
    """The one that would run it; ``NONE``: it stays."""
    group: int = NONE
    """The nodes it can share: those of its pool, or of its pool and lab; ``NONE`` with no pool."""
    nodes: int = 0
    """Whole nodes that it takes; 0 for one that shares a node with others."""
    shape: int = 0
    """The same for jobs of equal slots and planned length."""
    boot: float = 0.0
    cost: float = 0.0
    """Dollars on new nodes, boot included."""
    cost_there: float = 0.0
    """Dollars on nodes that are there."""


@dataclass(slots=True)
class Work:
    """What has become of a job. ``after`` and ``before`` link those that wait; the last row is both ends."""

    after: int = 0
    before: int = 0
    started: float = -1.0
    ended: float = 0.0
    """The end that is coming, once it has started."""
    where: int = WAITING
    node: int = NONE
    """The node of a job that shares one, the first node of one that takes several."""
    mate: int = NONE
    """The next job on its node."""
    chosen: int = 0
    ready: float = 0.0
    """When the choice has come through: before it no node takes the job."""
    breaks: int = 0
    """How often a node was taken from under it."""


@dataclass(slots=True)
class Run:
    """A job that runs on-premises, by its planned end."""

    ends: float = 0.0
    slots: int = 0
    job: int = NONE


@dataclass(slots=True)
class PoolRow:
    """What nodes of a pool give and cost, and how many are up."""

    cores: int = 1
    usd_s: float = 0.0
    boot: float = 0.0
    most: int = 0
    hazard_s: float = 0.0
    """Chance in a second that one is taken; 0 where none is."""
    idle: float = 0.0
    """Seconds without jobs after which a node is returned."""
    up: int = 0
    room: int = 0
    """Nodes that may still be launched, while the policy looks."""


@dataclass(slots=True)
class Node:
    """A node, from launch on."""

    pool: int = 0
    group: int = 0
    lab: int = NONE
    state: int = BOOTING
    free: int = 0
    first: int = NONE
    """The first of the jobs on it."""
    checked: int = 0
    """Whether the heap has a look at its idleness."""
    launched: float = 0.0
    ended: float = 0.0
    idle: float = 0.0
    """Since when it is without jobs."""
    used: float = 0.0
    """Core-seconds."""
    luck: float = 0.0
    """Drawn beforehand, mean 1: how long a spot node lasts, in units of its mean life."""
    place: int = 0
    """Where it is in ``World.live``."""


@dataclass(slots=True)
class Event:
    """What is to come."""

    at: float = 0.0
    what: int = 0
    """Kind and index, see ``burst.replay.engine_heap``."""


@dataclass(slots=True)
class Group:
    """Nodes that the same jobs can share, while the policy looks."""

    left: int = 0
    """Cores free on nodes that are there or on their way."""
    whole: int = 0
    """Nodes without a job."""
    need: int = 0
    """Cores that a peer wants."""


@dataclass(slots=True)
class Trial:
    """A node on paper: one that is up, by its place in ``World.live``, or one that would be launched."""

    free: int = 0
    group: int = 0


@dataclass(slots=True)
class State:
    """The loop's single variables."""

    now: float = 0.0
    free: int = 0
    """Slots on-premises."""
    busy: int = 0
    """Jobs that run on-premises."""
    pending: int = 0
    events: int = 0
    nodes_ever: int = 0
    live: int = 0
    """Nodes that are up."""
    arrived: int = 0
    ended: int = 0
    restarts: int = 0
    head: int = NONE
    """The job whose start is reserved, ..."""
    shadow: float = 0.0
    """... when that is, ..."""
    extra: int = 0
    """... slots that are left beside it, ..."""
    known: int = 0
    """... and whether all of that still holds."""
    open: int = 0
    """Free cores of nodes that are there."""
    cloud: int = 0
    """Whether nodes, or who may use them, have changed since jobs were last put on them."""
    chosen: int = 0
    """Pending jobs that are chosen."""
    dirty: int = 0
    """Whether anything changed since the policy last looked."""
    looked: float = -1.0
    moved: float = 0.0
    """When a job last came or ended."""
    stepped: int = 0
    """Nodes of the present step, ..."""
    step_began: float = 0.0
    """... and since when it is."""
    first: int = 1
    """n of AQTP."""
    batch: float = 0.0
    """First and ..."""
    batch_last: float = 0.0
    """... last arrival of a batch."""
    rate: float = 0.0
    """Dollars a second of all that is up, ..."""
    rate_launch: float = 0.0
    """... the sum of those times their launch, ..."""
    closed_usd: float = 0.0
    """... what ended nodes cost, ..."""
    month_usd: float = 0.0
    """... and what was spent before this month."""
    month: int = 0
    room: int = 0
    """Nodes over all pools that may still be launched, while the policy looks."""
    pledged: float = 0.0
    """Dollars of those that are laid out, while it looks."""


class World(NamedTuple):
    """All of it."""

    jobs: Sequence[Job]
    work: Sequence[Work]
    running: Sequence[Run]
    """By planned end, ascending; ``State.busy`` of them."""
    planned: Sequence[Run]
    """The same by the planner's lengths; the very same rows unless those are the real run times."""
    pools: Sequence[PoolRow]
    nodes: Sequence[Node]
    live: MutableSequence[int]
    """Nodes that are up, in no order."""
    heap: Sequence[Event]
    groups: Sequence[Group]
    trial: Sequence[Trial]
    queues: Sequence[Queue]
    gates: Sequence[Gate]
    pairs: Sequence[float]
    """LSF's pairs, one after the other: jobs, seconds."""
    months: Sequence[float]
    """Begins of the calendar months."""
    rule: Rule
    state: State


class Sheet(NamedTuple):
    """Scratch paper of the planner: what ``burst.planner.kernel`` reads and fills, one place per candidate."""

    job: MutableSequence[int]
    slots: MutableSequence[int]
    length: MutableSequence[float]
    shape: MutableSequence[int]
    value: MutableSequence[float]
    boot: MutableSequence[float]
    cost: MutableSequence[float]
    release: MutableSequence[float]
    group: MutableSequence[int]
    cost_there: MutableSequence[float]
    waits: MutableSequence[float]
    chosen: MutableSequence[int]
    there: MutableSequence[int]
    cursor: MutableSequence[float]
    """By shape."""
    left: MutableSequence[int]
    """By group."""
    times: MutableSequence[float]
    free: MutableSequence[int]
    ends: MutableSequence[float]
    widths: MutableSequence[int]
    """The profile, and what runs."""
    rank: MutableSequence[float]
    order: MutableSequence[int]
