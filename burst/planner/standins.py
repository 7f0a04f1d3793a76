"""Nodes that would do in place of those the plan launches: which pool comes is LSF's choice in the end (pure).

A job over several nodes has all of them or none, in place of others too. Where a cap would leave it fewer, LSF's demand
for that pool is not let through for it: its nodes would be paid for and could not run it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import inf
from typing import TYPE_CHECKING

from burst.planner.placing import is_worth
from burst.planner.ranking import Packing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.fleet import Fleet
    from burst.planner.placing import Placed
    from burst.planner.prices import Quote
    from burst.planner.ranking import Place
    from burst.planner.weigh import Weighed
    from ris_hybrid.settings import BurstSettings


def stand_ins(
    weighed: Sequence[Weighed], placed: Placed, fleet: Fleet, settings: BurstSettings
) -> Mapping[Place, Packing]:
    """By pool and lab: new nodes of it for jobs that were placed elsewhere and are worth these too."""
    instead: defaultdict[Place, Packing] = defaultdict(Packing)
    spare = _Spare(placed, fleet, settings)
    for one in weighed:
        job = one.offered.job
        quote = placed.jobs.get(job.job_id, "")
        if isinstance(quote, str) or one.there:
            continue
        for other in one.offered.quotes:
            if other is not quote and is_worth(one, other, 1.0) and spare.take(job.lab, quote, other):
                instead[other.offer.pool, job.lab].add(other)
    return instead


class _Spare:
    """What caps of nodes leave beside all that is placed; each pool is looked at as if it alone stood in."""

    def __init__(self, placed: Placed, fleet: Fleet, settings: BurstSettings) -> None:
        self._placed, self._fleet, self._settings = placed.nodes, fleet, settings
        self._known: dict[tuple[str | None, str | None], float] = {}
        self._pool: Counter[str] = Counter()
        """Nodes that stand in, by pool."""
        self._more: Counter[tuple[str, str | None]] = Counter()
        """Those beyond the nodes that they stand in for, by pool; of one lab, and of all."""

    def take(self, lab: str, quote: Quote, other: Quote) -> bool:
        """Whether the other pool has all its nodes for the job. Of one node each the limits let through what fits."""
        if other.nodes == 1:
            return True
        pool = other.offer.pool
        alone = quote.nodes > 1 or quote.slots >= quote.offer.cores  # else its node may have other jobs too
        more = max(0, other.nodes - (quote.nodes if alone else 0))
        if other.nodes > self._left(pool, None) - self._pool[pool]:
            return False
        if any(more > self._left(None, whose) - self._more[pool, whose] for whose in (lab, None)):
            return False
        self._pool[pool] += other.nodes
        self._more.update({(pool, lab): more, (pool, None): more})
        return True

    def _left(self, pool: str | None, lab: str | None) -> float:
        """Nodes under the cap of the pool, the lab, or with neither the site."""
        if (pool, lab) not in self._known:
            new = sum(n for place, n in self._placed.items() if pool in {None, place[0]} and lab in {None, place[1]})
            self._known[pool, lab] = self._cap(pool, lab) - self._fleet.count(pool=pool, lab=lab) - new
        return self._known[pool, lab]

    def _cap(self, pool: str | None, lab: str | None) -> float:
        caps = self._settings.caps
        if pool is not None:
            return next(one.max_nodes for one in self._settings.pools if one.name == pool)
        cap = caps.nodes if lab is None else caps.labs.get(lab, caps.per_lab)
        return inf if cap is None else cap
