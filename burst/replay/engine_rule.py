"""What the replay's loop decides by: the policy's figures, queues and gates, as rows (see ``engine_state``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Queue:
    """A queue of the scheduler."""

    opened: int = 0
    """Whether a gate lets it ask."""
    jobs: int = 0
    """Pending ones that a pool takes, ..."""
    slots: int = 0
    """... their slots ..."""
    wait: float = 0.0
    """... and the sum of their expected waits."""


@dataclass(slots=True)
class Gate:
    """One of burst.yaml's gates; -1 for a figure that it does not give."""

    jobs: float = -1.0
    age: float = 0.0
    """Seconds that those jobs have waited."""
    slots: float = -1.0
    wait: float = -1.0
    """Seconds of expected wait, the mean of the queue's jobs."""


@dataclass(slots=True)
class Rule:
    """The site's and the policy's figures (see ``burst.replay.layout``)."""

    kind: int = 0
    steered: int = 0
    """Whether only chosen jobs may use nodes."""
    easy: int = 1
    """Whether the scheduler reserves."""
    most: int = 0
    """Nodes over all pools."""
    depth: int = 0
    """Jobs that are planned."""
    by_lab: int = 0
    """Whether a node serves one lab."""
    perfect: int = 0
    """Whether the planner knows the real run times."""
    gated: int = 0
    """Whether burst.yaml's gates bar what the planner may choose."""
    aged: int = 0
    """Whether one of them opens by time alone."""
    release_jobs: float = 1.0
    release_slots: float = 1.0
    """At these figures an open gate stays open while nodes are up."""
    capacity: int = 0
    """Slots on-premises."""
    step_nodes: int = 0
    """New nodes in ``step_s`` seconds."""
    shared: int = 1
    """Whether jobs share nodes."""
    value: float = 0.0
    """Dollars a second of waiting, per core."""
    release: float = 1.0
    tick: float = 30.0
    steer: float = 0.0
    """Seconds from the choice of a job until the scheduler lets it onto nodes and asks for new ones."""
    step_s: float = 0.0
    batch_idle: float = 0.0
    batch_most: float = 0.0
    budget: float = 0.0
    """Dollars a month."""
    commit_s: float = 0.0
    """How long a node is taken to run on."""
    pacing: int = 0
    jobs: float = 0.0
    """So many pending jobs open a count's gate ..."""
    age: float = 0.0
    """... that have waited so long."""
    target: float = 0.0
    band: float = 0.0
    """AQTP: the wait it aims at, and how far off it may be."""
    first_most: int = 0
    """AQTP looks at so many jobs at most."""
