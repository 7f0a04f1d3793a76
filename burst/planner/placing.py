"""Where worthy jobs go: room that is there, new nodes of which pool, or which cap keeps them here (pure)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from burst.fleet import commit_usd, dearest
from burst.planner.kernel import worth_it
from burst.planner.mixed import mixed
from burst.planner.owed import owed_by_coming, span_of
from burst.planner.ranking import Rooms, rank
from burst.planner.weigh import value_s

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.fleet import Fleet
    from burst.planner.prices import Quote
    from burst.planner.ranking import Place
    from burst.planner.weigh import Weighed
    from ris_hybrid.settings import BurstSettings


_CENT = 0.01
_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where worthy jobs go, by id: the pool, or the cap that keeps one here; and the new nodes that makes."""

    jobs: Mapping[str, Quote | str]
    nodes: Mapping[Place, int]


def place(
    weighed: Sequence[Weighed], fleet: Fleet, settings: BurstSettings, running: Mapping[str, float] = _NOTHING
) -> Placed:
    """Room that is there costs no cap. New nodes are filled largest job first; where a cap binds, by rank instead.

    ``running``: dollars by lab that what runs on cloud nodes will cost beyond what they commit.
    """
    owed = Counter(running)
    owed.update(owed_by_coming(weighed, span_of(fleet, settings)))
    release = settings.planner.release_ratio
    there: dict[str, Quote | str] = {
        one.offered.job.job_id: one.offered.near for one in weighed if one.chosen and one.there and one.offered.near
    }
    asking = [one for one in weighed if one.chosen and not one.there]
    largest = sorted(asking, key=lambda one: -one.offered.quotes[0].slots)
    placed = _given(largest, Rooms(fleet, settings, owed), release)
    if any(isinstance(where, str) for where in placed.jobs.values()):
        ranks = {id(one): rank(one.wait_s, one.offered.quotes[0], one.offered.job, release) for one in asking}
        placed = _given(sorted(asking, key=lambda one: -ranks[id(one)]), Rooms(fleet, settings, owed), release)
    placed = _dealt_anew(largest, placed, fleet, settings)
    return replace(placed, jobs={**placed.jobs, **there})


def _given(asking: Iterable[Weighed], rooms: Rooms, release: float) -> Placed:
    jobs = {one.offered.job.job_id: _first_with_room(one, rooms, release) for one in asking}
    return Placed(jobs=jobs, nodes={where: one.nodes for where, one in rooms.packed.items() if one.nodes})


def _first_with_room(one: Weighed, rooms: Rooms, release: float) -> Quote | str:
    """The least of the pools that is worth it and has room under the caps; else the cap of the first."""
    why = ""
    for quote in one.offered.quotes:
        if not is_worth(one, quote, release):
            continue
        short = rooms.take(one.offered.job, quote)
        if not short:
            return quote
        why = why or short
    return why


def is_worth(one: Weighed, quote: Quote, release: float) -> bool:
    """Whether the job is worth new nodes of this pool."""
    job, boot_s = one.offered.job, quote.offer.boot_s
    ratio = release if job.chosen else 1.0
    return worth_it(value_s(job, quote), one.wait_s, boot_s, quote.usd(boot_s), ratio)


def _dealt_anew(largest: Sequence[Weighed], placed: Placed, fleet: Fleet, settings: BurstSettings) -> Placed:
    """The same jobs over their pools as it is least for all of them together, and for no lab dearer than before."""
    release = settings.planner.release_ratio
    rows = [
        (one.offered.job, tuple(other for other in one.offered.quotes if is_worth(one, other, release)))
        for one in largest
        if not isinstance(placed.jobs[one.offered.job.job_id], str)
    ]
    dealt = mixed(rows, placed.nodes, fleet, settings)
    if dealt is None:
        return placed
    before, after = _commits(placed.nodes, settings), _commits(dealt.nodes, settings)
    if any(usd > before[lab] + _CENT for lab, usd in after.items()):
        return placed
    return Placed(jobs={**placed.jobs, **dealt.jobs}, nodes=dealt.nodes)


def _commits(nodes: Mapping[Place, int], settings: BurstSettings) -> defaultdict[str, float]:
    """Dollars by lab that these nodes commit."""
    usd: defaultdict[str, float] = defaultdict(float)
    for pool in settings.pools:
        each = commit_usd(dearest(pool, settings.prices), settings)
        for (name, lab), count in nodes.items():
            if name == pool.name:
                usd[lab] += count * each
    return usd
