"""What a replay takes as given: burst.yaml's settings, what nodes cost, and how wide the cluster is (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from burst.fleet import dearest, price_of
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Life, Pool

if TYPE_CHECKING:
    from collections.abc import Mapping

Scheduling = Literal["easy", "fit"]
"""How the cluster itself starts jobs; see ``burst.replay.values.Site.scheduling``."""

EXAMPLE_POOL = "cloud"
"""The one pool of a replay that no burst.yaml is named for."""
EXAMPLE_IDLE_MINUTES = 3.0
"""Longer than a boot takes, or than this, no idle node is worth keeping."""
_FAR = 1e15
"""Dollars: the budget of a replay that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Before or after a what-if."""

    settings: BurstSettings
    """With types, prices and slots of every pool filled in."""
    capacity: int
    """On-premises slots."""
    capacity_from: str
    """Where that figure comes from, in words."""
    scheduling: Scheduling = "easy"
    pool_usd: Mapping[str, float] = field(default_factory=dict)
    """Dollars an hour of a pool's node, where a what-if has set it."""
    gated: bool = True
    """Whether the site has gates of its own: whether there is a burst.yaml."""
    names_ignored: bool = False
    """Whether pools take jobs of every queue and lab of the record, whatever burst.yaml says."""
    seed: int = 0

    @property
    def v(self) -> float:
        """What an hour of waiting is worth at this site, per core."""
        return self.settings.planner.value

    def node_usd(self, pool: Pool) -> float:
        """Dollars an hour of one node: as set, else as the pool buys its dearest type."""
        if pool.name in self.pool_usd:
            return self.pool_usd[pool.name]
        on_demand = price_of(dearest(pool, self.settings.prices), self.settings.prices)
        spot = on_demand * self.settings.planner.spot_ratio
        share = {"on-demand": 1.0, "spot": 0.0, "mixed": pool.on_demand_ratio}[pool.purchase]
        return share * on_demand + (1 - share) * spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of the premises, before and after a what-if."""

    key: str
    before: object
    after: object


def example_settings(instance_type: str, max_nodes: int, boot_s: float) -> BurstSettings:
    """The settings of a site without burst.yaml: one pool that takes every job, and no budget."""
    pool = Pool(
        name=EXAMPLE_POOL,
        instance_types=(instance_type,),
        max_nodes=max_nodes,
        boot_s=boot_s,
        launch_template="lt",
        subnets=("subnet",),
    )
    return BurstSettings(
        cluster="cluster",
        provider="aws",
        region="us-east-1",
        pools=(pool,),
        gates=(Gate(pending_jobs=1),),
        caps=Caps(nodes=max(1, max_nodes)),
        budget=Budget(usd_per_month=_FAR),
        life=Life(idle_minutes=EXAMPLE_IDLE_MINUTES),
    )


def has_budget(settings: BurstSettings) -> bool:
    """Whether its budget can ever bind."""
    return settings.budget.usd_per_month < _FAR
