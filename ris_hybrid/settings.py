"""What a burst is told: pools, gates, caps and budget. Plain dataclasses, so that the hook loads them without pydantic.

``ris_hybrid.config`` validates burst.yaml against these same classes; ``burst.rc.conf`` writes them as the
provider's JSON and reads them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

_STRICT = {"extra": "forbid"}  # read by pydantic when burst.yaml is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Interchangeable cloud nodes LSF knows as one template."""

    __pydantic_config__ = _STRICT

    name: str
    """Also LSF's templateId: letters, digits and hyphens, no underscore."""
    instance_types: tuple[str, ...]
    """In order of preference; each must have at least ``slots`` cores and ``memory_mib``."""
    slots: int
    memory_mib: int
    max_nodes: int
    launch_template: str = ""
    """Id or name; empty until the stacks' outputs are merged in."""
    subnets: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    """Queues whose jobs may use it; empty means every queue LSF lets borrow."""
    labs: tuple[str, ...] = ()
    """Labs that may use it; empty means all."""
    purchase: Literal["on-demand", "spot"] = "on-demand"
    priority: int = 10
    boot_s: float = 300.0
    """Expected seconds from launch to joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One launch condition; it is met when every figure given is reached. Several gates are alternatives."""

    __pydantic_config__ = _STRICT

    pending_jobs: int | None = None
    """At least so many eligible jobs ..."""
    for_minutes: float = 0.0
    """... that have been pending at least this long."""
    pending_slots: int | None = None
    expected_wait_minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Once nodes are up the gate stays open until pressure is below both figures (hysteresis)."""

    __pydantic_config__ = _STRICT

    pending_jobs: int = 1
    pending_slots: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Upper bounds on nodes alive at once, and on how fast they may come."""

    __pydantic_config__ = _STRICT

    nodes: int
    per_lab: int | None = None
    labs: Mapping[str, int] = field(default_factory=dict)
    """Lab name to its own cap; overrides ``per_lab``."""
    step_nodes: int | None = None
    """At most so many new nodes per decision and pool."""
    cooldown_s: float = 0.0
    """Seconds between two launches of one pool for one lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Dollars per calendar month (UTC), committed cost included. At the stop nothing is launched or killed."""

    __pydantic_config__ = _STRICT

    usd_per_month: float
    labs: Mapping[str, float] = field(default_factory=dict)
    commit_hours: float = 1.0
    """How long a node is assumed to run on from now when committed cost is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstSettings:
    """Everything the provider and the policy need."""

    __pydantic_config__ = _STRICT

    cluster: str
    provider: str
    region: str
    pools: tuple[Pool, ...]
    gates: tuple[Gate, ...]
    caps: Caps
    budget: Budget
    release: Release = field(default_factory=Release)
    endpoint_url: str = ""
    """EC2 endpoint; empty for AWS's own. The sandbox sets a loopback address."""
    host_flag: str = "awshost"
    """The Boolean of LSB_RC_EXTERNAL_HOST_FLAG."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """Dollars per hour by instance type; a type missing here is priced from the shipped catalogue."""
    outputs: str = ""
    """The stacks' outputs (JSON, path relative to burst.yaml) that name launch templates and subnets."""

    def pool(self, name: str) -> Pool | None:
        """The pool of that name, or None."""
        return next((pool for pool in self.pools if pool.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOutputs:
    """What the stacks built for one pool."""

    __pydantic_config__ = _STRICT

    launch_template: str
    subnets: tuple[str, ...]


def with_outputs(settings: BurstSettings, outputs: Mapping[str, PoolOutputs]) -> BurstSettings:
    """The settings with what the stacks built filled in; pools without outputs stay as written."""
    pools = tuple(
        replace(pool, launch_template=out.launch_template, subnets=out.subnets)
        if (out := outputs.get(pool.name))
        else pool
        for pool in settings.pools
    )
    return replace(settings, pools=pools)
