"""What burst.yaml tells the planner: what waiting is worth, which jobs are left alone, how chosen ones move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_STRICT = {"extra": "forbid"}  # read by pydantic when burst.yaml is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """How chosen jobs, and no others, get onto cloud nodes (``mode: planned``)."""

    __pydantic_config__ = _STRICT

    way: Literal["queue", "flag"] = "queue"
    """``queue``: ``bswitch`` to a burst queue, whose RC_HOSTS alone names the cloud's hosts; it may keep the site's own
    hosts too, and the job starts where there is room first. ``flag``: ``bmod -R`` adds the flag to ``select[...]``;
    nodes carry it as an exclusive resource, and the job waits for one of them."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """Queue to its burst queue, one for each, so that the way back needs no memory. ``way: queue`` steers no other."""
    flag: str = "risburst"
    """The Boolean of lsf.shared that nodes carry (``way: flag``)."""
    fallback: Literal["none", "thresholds"] = "none"
    """What the policy script does while the plan is older than ``plan_minutes``: launch nothing, or what gates allow.
    ``thresholds`` needs ``way: flag``: nodes launched then carry it as a plain resource, and every job may use them."""
    plan_minutes: float = 5.0
    """Older than this a plan is none: the service is down, or LSF has failed over to a host without one."""
    moves_per_turn: int = 500
    """At most so many jobs are moved in one turn; the rest follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """Jobs the planner never touches: any one that matches stays as its owner left it."""

    __pydantic_config__ = _STRICT

    jobs: tuple[str, ...] = ()
    """Job ids; an array's id stands for all its elements."""
    users: tuple[str, ...] = ()
    labs: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """The rule that says which jobs are worth a cloud node, behind the gates."""

    __pydantic_config__ = _STRICT

    value: float = 0.10
    """v: dollars that an hour of waiting is worth, per core. 0 sends nothing; more sends more."""
    queues: Mapping[str, float] = field(default_factory=dict)
    """Queue to its own v."""
    labs: Mapping[str, float] = field(default_factory=dict)
    """Lab to its own v; it goes before that of the queue."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Queue to patterns of the hosts that serve it, blanks between them (``exec-* big-*``): a condo's hosts do not help
    a job of the general queue. Queues that name none share the hosts that no pattern matches."""
    release_ratio: float = 0.8
    """A chosen job stays chosen until its worth is below so much of its cost."""
    depth: int = 1000
    """So many pending jobs that may go are planned, first come first; those behind them wait for the next turn. Each is
    asked about in LSF (``bjobs -UF``), so this bounds what a turn costs there."""
    spot_hazard: float = 0.01
    """Chance in an hour that a spot node is taken, until a pool's own has been learnt."""
    spot_ratio: float = 0.35
    """Price of spot as a share of the price on demand, where no price of spot is known."""
    pacing: bool = True
    """Whether v is lowered while the month's money is spent faster than the month goes by."""
    history: str = ""
    """Where jobs' past run times are kept (JSON, path relative to the provider's data directory; ``burst learn`` writes
    it), for jobs without a run limit. Empty: the mean limit of their queue's other jobs."""
    exclude: Exclude = field(default_factory=Exclude)
    steering: Steering = field(default_factory=Steering)


PLANNER_KINDS = (Planner, Steering, Exclude)
