"""Who gets the nodes when a cap binds: the jobs whose waiting is worth most for the money, whole jobs only (pure).

Rank is (W - b) / (p (r + b)), core for core; what is chosen already counts for more by the release ratio, so that two
jobs near each other do not take turns. Small jobs share nodes of their pool and lab: each goes where least is left over
(best fit); a job over several nodes gets all of them or none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import fsum, inf
from typing import TYPE_CHECKING

from burst.fleet import account_of, commit_usd, dearest
from burst.planner.owed import span_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from burst.fleet import Fleet
    from burst.planner.prices import Quote
    from burst.planner.values import Candidate
    from ris_hybrid.settings import BurstSettings

Place = tuple[str, str]
"""Pool and lab."""


@dataclass(slots=True)
class Packing:
    """New nodes of one pool for one lab, filled job by job."""

    nodes: int = 0
    left: Counter[int] = field(default_factory=Counter)
    """How many of them have so many slots left."""

    def new(self, quote: Quote) -> int:
        """Nodes that the job would add."""
        return 0 if self._fit(quote) else quote.nodes

    def add(self, quote: Quote) -> None:
        """Give it its place."""
        fit = self._fit(quote)
        if fit:
            self.left[fit] -= 1
        else:
            self.nodes += quote.nodes
        over = (fit or quote.nodes * quote.offer.cores) - quote.slots
        if over:
            self.left[over] += 1

    def _fit(self, quote: Quote) -> int:
        """The least room of an open node that holds it; 0 for none."""
        if quote.nodes > 1:
            return 0
        return min((left for left, count in self.left.items() if count and left >= quote.slots), default=0)


class Rooms:
    """What caps and money leave for new nodes, used up as jobs take them.

    The figures are those of ``burst.limits``, but that money has to hold a job's whole run where that is more than what
    its nodes commit.
    """

    def __init__(self, fleet: Fleet, settings: BurstSettings, owed: Mapping[str, float] | None = None) -> None:
        """What the fleet leaves; ``owed`` are dollars by lab that jobs on it will cost beyond what nodes commit."""
        self._owed = owed or {}
        self._span = span_of(fleet, settings)
        self._fleet = fleet
        self._settings = settings
        self._total = settings.caps.nodes - fleet.count()
        self._pools = {pool.name: pool.max_nodes - fleet.count(pool=pool.name) for pool in settings.pools}
        self._each = {pool.name: commit_usd(dearest(pool, settings.prices), settings) for pool in settings.pools}
        self._usd = settings.budget.usd_per_month - fleet.committed_usd(settings) - fsum(self._owed.values())
        self._labs: dict[str, float] = {}
        self._lab_usd: dict[str, float] = {}
        self.packed: defaultdict[Place, Packing] = defaultdict(Packing)

    def take(self, job: Candidate, quote: Quote) -> str:
        """Give the job its nodes, or say which cap is in the way and give nothing."""
        place = quote.offer.pool, job.lab
        new = self.packed[place].new(quote)
        commits = max(new * self._each[quote.offer.pool], self._span.usd(quote, quote.offer.boot_s if new else 0.0))
        usd = commits + job.data_usd
        why = next(self._short(place, new, usd), "")
        if not why:
            self.packed[place].add(quote)
            self._spend(place, new, usd)
        return why

    def _short(self, place: Place, new: int, usd: float) -> Iterator[str]:
        """Every cap that is in the way, in the order in which limits look at them."""
        pool, lab = place
        who = account_of(lab)
        for what, left in (
            (f"pool cap: {pool}", self._pools[pool]),
            (f"lab cap: {who}", self._lab_room(lab)),
            (f"cap: all pools, {self._settings.caps.nodes} nodes", self._total),
        ):
            if new > max(0, left):
                yield f"{what}: {max(0, left)} nodes are left for it, it needs {new} more"
        for what, money in ((f"lab budget: {who}", self._lab_money(lab)), ("budget", self._usd)):
            if usd > max(0.0, money):
                yield f"{what}: ${max(0.0, money):.2f} of this month is left for it, it would commit ${usd:.2f}"

    def _spend(self, place: Place, new: int, usd: float) -> None:
        pool, lab = place
        self._pools[pool] -= new
        self._labs[lab] = self._lab_room(lab) - new
        self._total -= new
        self._lab_usd[lab] = self._lab_money(lab) - usd
        self._usd -= usd

    def _lab_room(self, lab: str) -> float:
        if lab not in self._labs:
            cap = self._settings.caps.labs.get(lab, self._settings.caps.per_lab)
            self._labs[lab] = inf if cap is None else cap - self._fleet.count(lab=lab)
        return self._labs[lab]

    def _lab_money(self, lab: str) -> float:
        if lab not in self._lab_usd:
            budget = self._settings.budget.labs.get(lab)
            committed = self._fleet.committed_usd(self._settings, lab) + self._owed.get(lab, 0.0)
            self._lab_usd[lab] = inf if budget is None else budget - committed
        return self._lab_usd[lab]


def rank(wait_s: float, quote: Quote, job: Candidate, release: float) -> float:
    """Seconds of waiting that a dollar saves, per core: (W - b) / (p (r + b))."""
    usd = quote.usd(quote.offer.boot_s) / (job.slots * quote.offer.slot_cores)
    saved = (wait_s - quote.offer.boot_s) / (release if job.chosen else 1.0)
    return saved / usd if usd > 0.0 else inf
